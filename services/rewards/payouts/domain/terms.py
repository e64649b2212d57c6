"""What a store sets for payouts in a currency, and what its own CSV looks like. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

CsvField = Literal["payout_id", "holder", "destination", "method", "amount", "amount_minor", "currency", "note"]
CSV_FIELDS: Final[tuple[CsvField, ...]] = get_args(CsvField)
USUAL_COLUMNS: Final[tuple[tuple[str, CsvField], ...]] = tuple((field, field) for field in CSV_FIELDS)
LOOSER_AFTER: Final = timedelta(hours=24)
"""How long the tighter limit of before goes on to hold: nobody lifts the limit and approves alone in one breath."""
ALONE_WITHIN: Final = timedelta(hours=24)
"""What one person lets go alone in that time counts together: small batches pass the limit no more than a large one."""
PAYER: Final = "payout-payer"
"""Purpose of a store's own account at rest; its owner is the payer's id."""


class Terms(Struct, frozen=True, kw_only=True):
    """A store's terms in one currency. Without any set: no minimum, no second person, nobody may ask."""

    currency: str
    minimum_minor: int = 1
    approval_minor: int | None = None
    """The limit that was set last, above which a second person approves."""
    former_minor: int | None = None
    """The tighter limit of before, which holds until `looser_at`."""
    looser_at: datetime | None = None
    may_request: bool = False
    columns: tuple[tuple[str, CsvField], ...] = USUAL_COLUMNS
    payer_id: str | None = None
    payer: bytes | None = None

    def limit_at(self, now: datetime) -> int | None:
        """The limit that holds at a moment; None: no batch needs a second person."""
        return self.former_minor if self.looser_at is not None and now < self.looser_at else self.approval_minor

    def needs_second(self, amount_minor: int, *, alone: int, now: datetime) -> bool:
        """Whether a batch of that much must be approved by somebody other than who prepared it, where they prepared
        and approved `alone` by themselves within `ALONE_WITHIN`.
        """
        limit = self.limit_at(now)
        return limit is not None and alone + amount_minor > limit

    def set_after(self, before: "Terms", *, now: datetime) -> "Terms":
        """These, with the moment from which their limit holds: at once, or a day later where it is looser than that
        which holds now. Setting the same again puts nothing off.
        """
        holds = before.limit_at(now)
        if holds is None or (self.approval_minor is not None and self.approval_minor <= holds):
            return replace(self, former_minor=None, looser_at=None)
        if before.looser_at is not None and self.approval_minor == before.approval_minor:
            return replace(self, former_minor=holds, looser_at=before.looser_at)
        return replace(self, former_minor=holds, looser_at=now + LOOSER_AFTER)


def columns_of(kept: Sequence[Sequence[str]] | None) -> tuple[tuple[str, CsvField], ...]:
    """Columns as they are kept; those of a newer build are left out."""
    if kept is None:
        return USUAL_COLUMNS
    known: Mapping[str, CsvField] = {field: field for field in CSV_FIELDS}
    return tuple((heading, known[field]) for heading, field in kept if field in known)
