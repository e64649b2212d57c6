"""Templates: whether one can be filled, and filling it. Pure.

A value is put in as it is; what makes HTML of the result escapes it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from services.common.words import Translatable, _
from services.links.notices.domain.occasions import Words

_VALUE: Final = re.compile(r"\{([^{}\n]*)\}")
_PARAGRAPH: Final = re.compile(r"\n\s*\n")
_BLANKS: Final = re.compile(r"[^\S\xa0\u202f]+")
"""Those that bind an amount to its sign stay: the two keep to one line."""


class BadTemplate(ValueError):
    """A text that cannot be filled."""

    def __init__(self, mend: Translatable) -> None:
        super().__init__(mend)
        self.mend = mend


def check(text: str, allowed: Iterable[str]) -> None:
    """Raises `BadTemplate` for a value that this message does not have, and for a brace that stands alone."""
    known = tuple(allowed)
    for name in _VALUE.findall(text):
        if name not in known:
            listed = ", ".join(f"{{{one}}}" for one in known)
            message = _("%(name)s is no value of this message; use %(listed)s.")
            raise BadTemplate(Translatable(message, name=f"{{{name}}}", listed=listed))
    if re.search(r"[{}]", _VALUE.sub("", text)):
        raise BadTemplate(Translatable(_("A brace stands alone; values are written as in {store}.")))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values. Each is put in once: a brace inside a value stays what it is."""
    return _VALUE.sub(lambda found: values.get(found[1], ""), text)


def subject(words: Words, values: Mapping[str, str]) -> str:
    """One line, whatever its values hold."""
    return _BLANKS.sub(" ", filled(words.subject, values)).strip()


def paragraphs(words: Words, values: Mapping[str, str]) -> tuple[str, ...]:
    """The body's paragraphs, without those that name a code which must not be told. A value of several lines (`news`)
    makes several of them.
    """
    written = _PARAGRAPH.split(words.body)
    kept = written if "code" in values else [part for part in written if "{code}" not in part] or written
    parts = (_BLANKS.sub(" ", part).strip() for part in _PARAGRAPH.split(filled("\n\n".join(kept), values)))
    return tuple(part for part in parts if part)
