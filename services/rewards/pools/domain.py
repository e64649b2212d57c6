"""Pools of codes that are good once: what one is, how its codes look, when it runs low, and lists of codes. Pure."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from services.common.codes import MOST_EVERYWHERE, fold
from services.common.words import Translatable, _

PoolState = Literal["ready", "making", "cancelled", "failed"]
LEAST_SIGNS: Final = 9
"""Chance signs of a code: each is one of 31, so that nine hold 44 bits."""
USUAL_SIGNS: Final = 10
MOST_PREFIX: Final = 8
MOST_SIGNS: Final = MOST_EVERYWHERE
MOST_CODES: Final = 5_000_000
"""In one pool."""
MOST_LINES: Final = 20_000
"""Of a list of the store's own codes, at once."""
_PREFIX = re.compile(rf"[A-Z0-9]{{0,{MOST_PREFIX}}}", re.ASCII)
_HEADINGS: Final = frozenset({"code", "codes", "coupon", "promo code", "promocode"})


class Pool(Struct, frozen=True, kw_only=True):
    """A pool, and how far it is. Codes have places: those up to `handed_place` were handed out, in that order."""

    store_id: str
    pool_id: str
    name: str
    prefix: str
    signs: int
    """Chance signs behind the prefix."""
    low_below: int
    """It runs low with fewer free codes than that; 0: it never does."""
    low_since: datetime | None = None
    state: PoolState
    reason: str | None = None
    """Why making failed."""
    wanted: int
    """How many codes are to be made in all."""
    made: int
    added: int
    """How many the store brought itself."""
    handed: int
    last_place: int
    """The highest place that a code may have."""
    handed_place: int
    start: int
    """How often making was started or resumed: each time has tasks of its own."""
    made_at: datetime

    @property
    def size(self) -> int:
        """How many codes it has."""
        return self.made + self.added

    @property
    def free(self) -> int:
        """How many of them nobody was given."""
        return self.size - self.handed

    @property
    def runs_low(self) -> bool:
        """Whether it has fewer free codes than it should. One that was never filled, or is being filled, does not."""
        return self.size > 0 and self.free < self.low_below and self.state != "making"

    def watched(self, now: datetime) -> "Pool":
        """It, with the moment since which it runs low."""
        if self.runs_low == (self.low_since is not None):
            return self
        return replace(self, low_since=now if self.runs_low else None)


class HandOut(Struct, frozen=True, kw_only=True):
    """A code, and for what it was handed out."""

    code: str
    reference: str
    at: datetime


class Kept(NamedTuple):
    """A code as lists show it; `reference` and `at` where it was handed out."""

    place: int
    code: str
    reference: str | None
    at: datetime | None


class Line(NamedTuple):
    """A code of the store's own: what stands in the line, and what it is to Kith; None where that is no code."""

    number: int
    text: str
    code: str | None


class BadList(ValueError):
    """Why a text is no list of codes."""

    def __init__(self, mend: Translatable) -> None:
        super().__init__(mend)
        self.mend = mend


def checked_prefix(prefix: str, signs: int) -> str | None:
    """What stands in front of each code, in capitals; None where codes would not be taken by every shop."""
    found = prefix.strip().upper()
    if not _PREFIX.fullmatch(found) or not LEAST_SIGNS <= signs <= MOST_SIGNS - len(found):
        return None
    return found


def read_codes(text: str) -> list[Line]:
    """The codes of a list: the first cell of each line, or of the column that a heading calls `code`. Lines are
    numbered as an editor numbers them; empty ones are passed over. Raises `BadList`.
    """
    found: list[Line] = []
    column = 0
    for number, cells in _rows(text.removeprefix("\ufeff").replace("\x00", "")):
        names = [cell.strip().lower() for cell in cells]
        if not found and number == 1 and _HEADINGS & set(names):
            column = next(at for at, name in enumerate(names) if name in _HEADINGS)
            continue
        cell = cells[column].strip() if column < len(cells) else ""
        if not cell and not any(names):
            continue
        if len(found) == MOST_LINES:
            raise BadList(
                Translatable(_("There are more than %(most)s codes: send them in several parts."), most=MOST_LINES)
            )
        found.append(Line(number, cell, fold(cell)))
    if not found:
        raise BadList(Translatable(_("There is no code in it.")))
    return found


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    heading = text.partition("\n")[0]
    separator = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error:
        mend = Translatable(_("Line %(n)s cannot be read: a quotation mark may be left open."), n=reader.line_num)
        raise BadList(mend) from None
