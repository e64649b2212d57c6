"""Bodies of the API of month closes."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from services.rewards.closing.domain import MONTH, Total
from services.rewards.closing.sql import MonthClose


class MonthCloseIn(BaseModel):
    """Which month to close."""

    model_config = ConfigDict(extra="forbid")

    month: str = Field(pattern=MONTH, description="Where the store is, as 2026-10. The one after the last closed.")


class MonthTotalOut(BaseModel):
    """One kind of account over the month, in minor units or points: closing = opening + debits − credits."""

    account: str
    unit: str
    opening: int = Field(description="Debits less credits of all months before.")
    debits: int
    credits: int
    closing: int

    @classmethod
    def of(cls, total: Total) -> Self:
        """As callers see it."""
        return cls(
            account=total.account,
            unit=total.unit,
            opening=total.opening,
            debits=total.debits,
            credits=total.credits,
            closing=total.closing,
        )


class MonthCloseOut(BaseModel):
    """A month that was closed. It never changes."""

    month: str
    timezone: str = Field(description="In which the month ended.")
    ends_at: datetime
    closed_at: datetime
    first_number: int | None = Field(description="Of the month's first set; null for a month without any.")
    last_number: int = Field(description="Of the last set of the books up to the month's end.")
    last_hash: str = Field(description="Of that set: it covers everything before it.")
    entries: int
    csv_bytes: int
    csv_sha256: str = Field(description="SHA-256 of the file, as `sha256sum` prints it.")
    totals: list[MonthTotalOut]

    @classmethod
    def of(cls, close: MonthClose) -> Self:
        """As callers see it."""
        return cls(
            month=close.month,
            timezone=close.timezone,
            ends_at=close.ends_at,
            closed_at=close.closed_at,
            first_number=close.after_number + 1 if close.last_number > close.after_number else None,
            last_number=close.last_number,
            last_hash=close.last_hash.hex(),
            entries=close.entries,
            csv_bytes=close.csv_bytes,
            csv_sha256=close.csv_sha256.hex(),
            totals=[MonthTotalOut.of(one) for one in close.totals],
        )


class MonthClosesOut(BaseModel):
    """All closed months, the newest first, and the one that comes next."""

    data: list[MonthCloseOut]
    next_month: str | None = Field(description="Null while nothing was posted.")
    next_from: datetime | None = Field(description="When it can be closed: 24 hours after its end.")
