"""What a store sets for payouts in a currency, and what its own CSV looks like. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

from msgspec import Struct

CsvField = Literal["payout_id", "holder", "destination", "method", "amount", "amount_minor", "currency", "note"]
CSV_FIELDS: Final[tuple[CsvField, ...]] = get_args(CsvField)
USUAL_COLUMNS: Final[tuple[tuple[str, CsvField], ...]] = tuple((field, field) for field in CSV_FIELDS)
PAYER: Final = "payout-payer"
"""Purpose of a store's own account at rest; its owner is the payer's id."""


class Terms(Struct, frozen=True, kw_only=True):
    """A store's terms in one currency. Without any set: no minimum, no second person, nobody may ask."""

    currency: str
    minimum_minor: int = 1
    approval_minor: int | None = None
    may_request: bool = False
    columns: tuple[tuple[str, CsvField], ...] = USUAL_COLUMNS
    payer_id: str | None = None
    payer: bytes | None = None

    def needs_second(self, amount_minor: int) -> bool:
        """Whether a batch of that much must be approved by somebody other than who prepared it."""
        return self.approval_minor is not None and amount_minor > self.approval_minor


def columns_of(kept: Sequence[Sequence[str]] | None) -> tuple[tuple[str, CsvField], ...]:
    """Columns as they are kept; those of a newer build are left out."""
    if kept is None:
        return USUAL_COLUMNS
    known: Mapping[str, CsvField] = {field: field for field in CSV_FIELDS}
    return tuple((heading, known[field]) for heading, field in kept if field in known)
