"""Languages: which one a reader gets, and the catalogues that speak it.

Here: the four languages, the choice between query, cookie and browser, loading of `.po` files, and `Speech`, which
pages and JSON answers use alike. Not here: how numbers and dates look (`format.py`), and any sentence of the product.

Catalogues are `locale/<language>/LC_MESSAGES/messages.po` beside the code that speaks; they are read as text at
start, so no compiled file can fall behind its source. English needs no file: the message is its own translation.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import services.common

LANGUAGES: Mapping[str, str] = {"en": "English", "ru": "Русский", "uk": "Українська", "ro": "Română"}
"""Language code → its own name for itself, in the order in which a choice shows them."""

BABEL_LOCALES: Mapping[str, str] = {"en": "en_GB", "ru": "ru", "uk": "uk", "ro": "ro"}

_ALIASES = {"mo": "ro"}  # browsers set up in Moldova may still ask for the retired code
_KIT = Path(__file__).parent / "locale"
_SHARED = Path(next(iter(services.common.__path__))) / "locale"


def choose_language(
    *, asked: str | None = None, kept: str | None = None, accepts: str = "", default: str = "en"
) -> str:
    """The reader's language: what the address asks, else what was kept, else the browser's best, else `default`, which
    may be a language that is spoken nowhere here (a store's own): then English.
    """
    for code in (asked, kept):
        if code is not None and code in LANGUAGES:
            return code
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(accepts.split(",")[:20]):
        tag, _, weight = part.strip().partition(";")
        base = tag.strip().lower().partition("-")[0]
        code = _ALIASES.get(base, base)
        if code in LANGUAGES:
            ranked.append((-_quality(weight), position, code))
    wanted = [code for quality, _, code in sorted(ranked) if quality < 0]
    return wanted[0] if wanted else default if default in LANGUAGES else "en"


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


@dataclass(frozen=True)
class Speech:
    """One language, ready to speak: catalogue look-ups with values filled in.

    Values are named: `say("Behind by %(minutes)s min", minutes="4")`. A count is passed as it is for the choice of
    the plural form and as text for what is shown: `count("%(n)s day", "%(n)s days", 4, n="4")`.
    """

    language: str
    catalogue: gettext.NullTranslations

    def say(self, message: str, /, **values: object) -> str:
        """`message` in this language, with `%(name)s` filled from `values`."""
        return _fill(self.gettext(message), values)

    def count(self, one: str, many: str, number: float, /, **values: object) -> str:
        """The plural form for `number`; `%(n)s` is the number itself unless `values` says how it is written."""
        return _fill(self.ngettext(one, many, number), {"n": number, **values})

    def label(self, kind: str, message: str, /) -> str:
        """A short label of a `kind` with a length limit: nav, tile, head, chip or button (see README)."""
        return self.pgettext(kind, message)

    def gettext(self, message: str) -> str:
        return self.catalogue.gettext(message)

    def pgettext(self, context: str, message: str) -> str:
        return self.catalogue.pgettext(context, message)

    def ngettext(self, one: str, many: str, number: float) -> str:
        return self.catalogue.ngettext(one, many, _plural_number(number))

    def npgettext(self, context: str, one: str, many: str, number: float) -> str:
        return self.catalogue.npgettext(context, one, many, _plural_number(number))


def _fill(text: str, values: Mapping[str, object]) -> str:
    """`text` with its values. One that ends in a full stop, as months do («13 дек.»), ends the sentence as well."""
    for name, value in values.items():
        if isinstance(value, str) and value.endswith("."):
            text = text.replace(f"%({name})s.", f"%({name})s")
    return text % values if values else text


def _plural_number(number: float) -> int:
    """gettext knows whole numbers only. In all four languages a fraction takes the form of 2: 1,5 дня, 1,5 zile."""
    whole = int(number)
    return abs(whole) if whole == number else 2


def load_speech(language: str, folders: Iterable[Path] = ()) -> Speech:
    """The language with the catalogues of the kit, of the shared vocabulary and those under `folders`, in files
    `<language>/LC_MESSAGES/messages.po`.
    """
    return _load(language, tuple(folders))


@lru_cache(maxsize=64)
def _load(language: str, folders: tuple[Path, ...]) -> Speech:
    merged: gettext.NullTranslations = gettext.NullTranslations()
    for folder in (_KIT, _SHARED, *folders):
        path = folder / language / "LC_MESSAGES" / "messages.po"
        if path.is_file():
            part = _read(path, language)
            part.add_fallback(merged)
            merged = part
    return Speech(language, merged)


def _read(path: Path, language: str) -> gettext.GNUTranslations:
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
