"""What sponsors get: a rule of a program for those who brought the ambassador, and those who brought them."""

from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.expiry import Expiring
from contracts.limits import Limits
from contracts.reward_terms import Span, When

MOST_LEVELS: Final = 10
"""How far up from an ambassador sponsors are looked for."""

Share = Annotated[int, Field(ge=1, le=10_000, strict=True)]
"""Basis points of an order: 10,000 are the whole."""


class SponsorRule(Expiring):
    """What the sponsors of an ambassador get for an order that the ambassador brought, by level: level 1 is the sponsor
    of the ambassador, level 2 that one's sponsor. Who they are is what holds when the order is placed.

    Each level is rounded half up, from level 1 on; what all get together is never over `at_most_basis_points`, rounded
    down: the level that would pass it gets what is left, and those above it nothing.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Unique among all rules.")]
    to: Literal["sponsor"] = "sponsor"
    which: Literal["first", "every"] = "first"
    of: Literal["subtotal", "total"] = "subtotal"
    levels: tuple[Share, ...] = Field(
        min_length=1,
        max_length=MOST_LEVELS,
        description="The share of each level in basis points, level 1 first; each less than the one before.",
    )
    at_most_basis_points: Share | None = Field(
        None,
        validate_default=True,
        description="What all levels together get of an order at most, in basis points. Left out: the sum of `levels`.",
    )
    active_days: int | None = Field(
        None,
        ge=1,
        le=366,
        strict=True,
        description="Only sponsors get it who are active: of whose own orders one was rewarded in so many days before"
        " the order is first decided, and has settled. The share of another is nobody's. Left out: all.",
    )
    pay_as: Literal["cash", "store_credit", "points"] = "store_credit"
    hold_days: int = Field(
        14, ge=0, le=365, strict=True, description="Days from the purchase until the reward can be used."
    )
    limits: Limits = Field(
        Limits(),
        description="`per_order_minor` is for all levels of an order together, `per_ambassador` for each sponsor.",
    )
    when: When | None = Field(None, description="What an order must be. Left out: any order counts.")
    span: Span | None = Field(
        None, description="Which of a friend's orders, where `which` is `every`. Left out: each of them."
    )

    @property
    def most_basis_points(self) -> int:
        """What all levels together get at most."""
        return min(self.at_most_basis_points or sum(self.levels), 10_000)

    @property
    def by_day(self) -> bool:
        """Whether it depends on the day of the purchase where the store is."""
        when, span = self.when, self.span
        return (when is not None and (when.first_day is not None or when.last_day is not None)) or (
            span is not None and span.months is not None
        )

    @field_validator("levels")
    @classmethod
    def _fall(cls, levels: tuple[int, ...]) -> tuple[int, ...]:
        for number, (lower, higher) in enumerate(pairwise(levels), start=1):
            if higher >= lower:
                raise ValueError(
                    f"levels.{number} is {higher}, and the level before it gets {lower}; each gets less than the one"
                    " before"
                )
        return levels

    @field_validator("at_most_basis_points")
    @classmethod
    def _enough_for_one(cls, most: int | None, info: ValidationInfo) -> int | None:
        levels = info.data.get("levels", ())
        if levels and most is not None and most < levels[0]:
            raise ValueError(f"level 1 alone gets {levels[0]}; allow that much or more, or leave it out")
        if levels and most is None and sum(levels) > 10_000:
            raise ValueError(f"all levels together get {sum(levels)}, more than the order; give less, or say at most")
        return most

    @field_validator("when")
    @classmethod
    def _of_the_order_alone(cls, when: When | None) -> When | None:
        if when is not None and (when.tiers or when.memberships):
            raise ValueError("a rule for sponsors goes by no tiers and memberships; leave them out")
        return when

    @field_validator("span")
    @classmethod
    def _of_every_order(cls, span: Span | None, info: ValidationInfo) -> Span | None:
        if span is not None and info.data.get("which") == "first":
            raise ValueError("the first order is one alone; set which to every, or leave span out")
        return span
