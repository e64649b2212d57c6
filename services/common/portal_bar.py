"""The ambassador's pages, which several services serve: one bar leads through them all."""

from typing import Final, NamedTuple

from services.common.words import Translator, _

SHARE: Final = "/p"
FRIENDS: Final = "/p/friends"
RESULTS: Final = "/p/results"
SETTINGS: Final = "/p/settings"


class Place(NamedTuple):
    """One of the pages."""

    href: str
    label: str
    value: str
    """Its icon."""
    current: bool


_PLACES: Final = (
    (SHARE, _("Share"), "share-2"),
    (FRIENDS, _("Friends"), "users"),
    (RESULTS, _("Results"), "chart-column"),
    (SETTINGS, _("Settings"), "settings"),
)


def portal_bar(speech: Translator, here: str) -> list[Place]:
    """The bar, as it stands on one of the pages."""
    return [Place(href, speech.say(label), icon, href == here) for href, label, icon in _PLACES]
