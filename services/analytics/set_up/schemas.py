"""Checks of how a store is connected, as callers see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.analytics.set_up.domain.steps import State, StepName

Spared = Literal["page", "click", "order", "reward"]


class CheckIn(BaseModel):
    """A new check."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    without: Annotated[list[Spared], Field(max_length=4)] = Field(
        [],
        description="Steps that this store does without: `page` and `click` where only codes are used, by its server.",
        examples=[["page", "click"]],
    )


class StepOut(BaseModel):
    """One step of a check."""

    step: StepName
    title: str = Field(description="For people, in the language of `Accept-Language`.")
    state: State = Field(description="`refused`: something was seen, and nothing that is right.")
    needed: bool = Field(description="Whether a check is not well without it.")
    connection_id: str | None = Field(description="Of `delivery`: which connection.")
    at: datetime | None = Field(
        description="When it was last seen, since the check began; null of what stands since before."
    )
    detail: str | None = Field(description="An order, a host, a key or a code: never a person.")
    problem: str | None = Field(
        description="Why something was refused, in one word for programs; of a step that is done, after it."
    )
    problem_of: str | None = Field(description="The order, host, key or code that was refused.")
    text: str | None = Field(description="The same for people.")
    mend: str | None = Field(description="What to do next; null where nothing is to be done.")


class CheckOut(BaseModel):
    """A check, and how far it has come."""

    id: str
    started_at: datetime
    ends_at: datetime = Field(
        description="Until then it sees what happens. It is kept with the newest 20 of the store."
    )
    goes_on: bool
    well: bool = Field(description="All that is needed was seen, and nothing was refused after it.")
    steps: list[StepOut]
