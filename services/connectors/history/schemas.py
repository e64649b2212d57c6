"""Imports as a store sees them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class HistoryIn(BaseModel):
    """An import, now."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{}]})


class HistoryOut(BaseModel):
    """How far the import of a connection's past orders has come."""

    state: Literal["off", "running", "done", "stopped"] = Field(
        description="`off`: there is no access to the platform's API, or it has none that lists orders. `stopped`: "
        "nothing is asked until somebody gives another access, or asks for it; then it goes on where it was."
    )
    reason: str | None = Field(description="Why it stopped. `refused`: the access may not read orders.")
    placed_before: datetime | None = Field(
        description="When the connection was made: orders placed before are history, by the platform's clock."
    )
    began_at: datetime | None
    ended_at: datetime | None
    found: int = Field(description="Entries of the platform's list that it has looked at.")
    taken: int = Field(description="Of them orders from before, which say who has bought before.")
    unreadable: int = Field(description="Of them those that could not be read.")
