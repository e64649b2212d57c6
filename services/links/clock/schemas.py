"""What callers send and get about the clock."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from services.links.clock.sql import Clock

_TEN_YEARS_S = 10 * 366 * 86_400


class ClockIn(BaseModel):
    """How far to move the clock; back if negative."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    advance_seconds: int = Field(ge=-2 * _TEN_YEARS_S, le=2 * _TEN_YEARS_S, strict=True)


class ClockOut(BaseModel):
    """What time it is in the product, and how far that is from the database's clock."""

    now: datetime
    offset_seconds: int

    @classmethod
    def of(cls, clock: Clock) -> Self:
        return cls(now=clock.now, offset_seconds=clock.offset_seconds)
