"""What milestones count, and how much of it is needed; and the base of all that stands in a program."""

from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.fields import MAX_MINOR

MOST_TIMES: Final = 1_000
"""How often a milestone can be reached by what its rule says at most; and how often it is taken to be without."""


class Strict(BaseModel):
    """Base of everything a store may post inside a program: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Goal(Strict):
    """What a milestone counts, of an ambassador's settled orders, and how much of it is needed: each time, or once."""

    of: Literal["friends", "orders", "revenue"] = Field(
        description="People who have a settled order, each once; settled orders; or their subtotals after refunds, in"
        " minor units of the program's currency."
    )
    every: int | None = Field(
        None, ge=1, le=MAX_MINOR, strict=True, description="Reached again each time as many more."
    )
    at: int | None = Field(None, ge=1, le=MAX_MINOR, strict=True, description="Reached once.")

    @model_validator(mode="after")
    def _once_or_each_time(self) -> Self:
        if (self.every is None) == (self.at is None):
            raise ValueError("a goal is reached every so many, or once at so many; give one of every and at")
        return self

    @property
    def size(self) -> int:
        """How much of it is needed, each time or once."""
        return self.every or self.at or 0

    def times(self, at_most: int | None) -> int:
        """How often one ambassador is taken to reach it at most."""
        return 1 if self.every is None else at_most or MOST_TIMES
