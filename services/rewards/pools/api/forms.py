"""Reading what forms of pools send, and saying what is wrong with it."""

from collections.abc import Mapping
from typing import Final

from services.common.words import Translatable, _
from services.kernel.errors import AppError, Invalid
from services.rewards.pages import Reader
from services.rewards.pools.domain import MOST_CODES
from services.ui import mistakes

LONGEST: Final = 200
"""Letters of a field."""
FIELDS: Final = ("name", "count", "prefix", "low_below", "csv")


def name_of(text: str) -> str:
    """What the store calls it. Raises `Invalid` for nothing."""
    name = text.strip()[:80]
    if not name:
        raise Invalid.field("name", Translatable(_("Give it a name.")))
    return name


def number_of(text: str, field: str, *, least: int = 0) -> int:
    """A count as people write it; an empty one is zero. Raises `Invalid`, of `field`."""
    written = "".join(text.split()).replace(",", "").replace(".", "")
    if not written and not least:
        return 0
    if not (written.isascii() and written.isdigit() and len(written) < 10 and least <= int(written) <= MOST_CODES):
        raise Invalid.field(field, Translatable(_("Write a number, at most %(most)s."), most=MOST_CODES))
    return int(written)


def wrong_fields(reader: Reader, wrong: AppError | None) -> Mapping[str, str]:
    """What is wrong with each field, in the reader's words."""
    return dict.fromkeys(FIELDS, "") | mistakes(reader.speech, wrong)
