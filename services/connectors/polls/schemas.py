"""Polls and gaps as a store sees them."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

PollState = Literal["off", "idle", "running", "stopped"]
GapKind = Literal["missed", "changed"]


class PollIn(BaseModel):
    """A round of a poll, now."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{}]})

    since: Annotated[
        AwareDatetime | None,
        Field(description="Look for what changed from then on, 13 days back at most. Else from where the last ended."),
    ] = None


class PollOut(BaseModel):
    """How far a connection's poll has come."""

    state: PollState = Field(
        description="`off`: there is no access to the platform's API, or it has none that lists orders. `stopped`: "
        "nothing is asked until somebody gives another access, or asks for a round."
    )
    reason: str | None = Field(
        description="How the last round ended; null if well. `http_401`: access was refused. `stood_still`: no"
        " round had looked for 13 days, and what changed before them was not looked at."
    )
    reached_at: datetime | None = Field(
        description="All that changed before this is found, by the platform's clock. Null while it is off."
    )
    began_at: datetime | None
    ended_at: datetime | None
    next_at: datetime | None = Field(description="When the next round begins by itself.")
    found: int = Field(description="Entries that the last round has looked at.")
    missed: int = Field(description="Of them orders that no delivery had told of.")
    changed: int = Field(description="Of them orders of which some change was not told.")


class GapOut(BaseModel):
    """What a poll found that no delivery had reported. It counts since it was found."""

    id: str = Field(description="Of the delivery that the finding is kept as, for two weeks.")
    order_id: str
    kind: GapKind = Field(
        description="`missed`: nothing was told of the order. `changed`: something was, and this was not."
    )
    changed_at: datetime | None = Field(description="When the order changed, by the platform's clock.")
    found_at: datetime
    late_at: datetime | None = Field(description="When a delivery told it after all.")


class GapDay(BaseModel):
    """A day's gaps, by when they were found, in the store's time zone."""

    day: date
    missed: int
    changed: int
    late: int = Field(description="Told after all; counted here alone.")


class GapDays(BaseModel):
    """The gaps of the last days, those without any left out."""

    data: list[GapDay]
