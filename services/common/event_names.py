"""What custom events are called where people read: the usual names in words, others as the store calls them."""

from contracts.program import FRIEND_JOINED
from services.common.words import Translator, _

_USUAL = {
    "signup": _("a friend’s sign-up"),
    "trial": _("a friend’s trial"),
    "survey": _("a friend’s survey"),
    "subscription": _("a friend’s subscription"),
    FRIEND_JOINED: _("a friend who became an ambassador"),
}
USUAL = tuple(_USUAL)
"""Names that are said in words."""
_OTHER = _("“%(name)s” by a friend")


def deed_text(name: str, speech: Translator) -> str:
    """What a friend did, in the middle of a sentence: "a friend’s sign-up"."""
    usual = _USUAL.get(name)
    return speech.say(usual) if usual is not None else speech.say(_OTHER, name=name)


def deed_title(name: str, speech: Translator) -> str:
    """The same where it stands alone."""
    text = deed_text(name, speech)
    return text[:1].upper() + text[1:]
