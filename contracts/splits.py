"""Splits: how a reward of the ambassador's is divided with the friend."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from contracts.goals import Strict

WHOLE: Final = 10_000
Share = Annotated[int, Field(ge=0, le=WHOLE, strict=True)]
"""The ambassador's part in basis points; the rest is the friend's."""


class Split(Strict):
    """Which parts of a reward ambassadors may choose for themselves. What they leave is their friend's."""

    min_basis_points: Share = Field(0, description="The least that an ambassador may choose for themselves.")
    max_basis_points: Share = Field(WHOLE, description="The most.")
    default_basis_points: Share = Field(
        WHOLE, description="The ambassador's part where a link or code says nothing of it."
    )

    @model_validator(mode="after")
    def _within(self) -> Self:
        if self.min_basis_points > self.max_basis_points:
            raise ValueError("min_basis_points is more than max_basis_points; exchange them")
        if not self.allows(self.default_basis_points):
            raise ValueError("default_basis_points is outside of what may be chosen; set it between the two")
        return self

    def allows(self, share: int) -> bool:
        """Whether an ambassador may choose this part for themselves."""
        return self.min_basis_points <= share <= self.max_basis_points
