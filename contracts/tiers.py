"""Tiers: ranks of a program's ambassadors by what they have brought, or by how long they have been there, and what a
rank makes of their rewards.
"""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.fields import MAX_MINOR
from contracts.goals import Strict

LONGEST_WINDOW_DAYS = 366
LONGEST_TENURE_MONTHS = 1_200

Measure = Literal["friends", "orders", "revenue", "tenure"]
"""What puts somebody into a tier."""


class Ever(Strict):
    """All that an ambassador has brought counts."""

    kind: Literal["ever"] = "ever"


class CalendarWindow(Strict):
    """What settles in the running month, quarter or year counts, where the store is: each begins at nothing."""

    kind: Literal["calendar"]
    period: Literal["month", "quarter", "year"]


class RollingWindow(Strict):
    """What settled today or on the days before counts, so many in all, where the store is."""

    kind: Literal["rolling"]
    days: int = Field(ge=1, le=LONGEST_WINDOW_DAYS, strict=True)


Window = Annotated[Ever | CalendarWindow | RollingWindow, Field(discriminator="kind")]


class Keep(Strict):
    """A tier that was reached is kept, whatever falls away or ends."""

    then: Literal["keep"] = "keep"


class Match(Strict):
    """The tier is the one that the count reaches, at once."""

    then: Literal["match"]


class OneStep(Strict):
    """Who stays below their tier for so many days falls by one, and from there again."""

    then: Literal["one_step"]
    grace_days: int = Field(30, ge=1, le=366, strict=True, description="24-hour days from when the count fell below.")


WhenBelow = Annotated[Keep | Match | OneStep, Field(discriminator="then")]


Privilege = Annotated[str, Field(min_length=1, max_length=160, pattern=r"^[^;\x00-\x1f\x7f\u2028\u2029]+$")]


class Tier(Strict):
    """A rank. It is its name: under another one it is another tier."""

    name: Annotated[
        str,
        Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]+$", description="As people see it."),
    ]
    at: int = Field(
        ge=0,
        le=MAX_MINOR,
        strict=True,
        description="Friends, their clicks, orders, minor units of revenue, or months since joining: reached from here"
        " on. 0 is for everybody.",
    )
    multiplier_basis_points: int = Field(
        10_000,
        ge=1,
        le=100_000,
        strict=True,
        description="What rewards are multiplied by; 10,000 leaves them as they are.",
    )
    hold_days: int | None = Field(
        None,
        ge=0,
        le=365,
        strict=True,
        description="Days from the purchase until the ambassador's rewards for orders can be used, instead of the"
        " rule's; null: as the rule says.",
    )
    privileges: tuple[Privilege, ...] = Field(
        (),
        max_length=10,
        description="What else the store does for who is in it, as people see it. Without semicolons.",
    )


class Tiers(Strict):
    """The tiers of a program, lowest first: who is in which, and for how long."""

    of: Measure = Field(
        description="People who have a settled order, each once; settled orders; their subtotals after refunds, in"
        " minor units of the program's currency; or whole months since joining, from the day after."
    )
    by: Literal["orders", "clicks"] = Field(
        "orders", description="What of `friends` counts: who has a settled order, or each click of a person on a link."
    )
    window: Window = Ever()
    when_below: WhenBelow = Field(
        Keep(), validate_default=True, description="What happens when the count is less again."
    )
    steps: tuple[Tier, ...] = Field(min_length=1, max_length=10)

    @property
    def measure(self) -> Literal["friends", "orders", "revenue", "clicks", "tenure"]:
        """What is counted."""
        return "clicks" if self.by == "clicks" else self.of

    @field_validator("by")
    @classmethod
    def _clicks_of_friends(cls, by: str, info: ValidationInfo) -> str:
        if by == "clicks" and info.data.get("of") != "friends":
            raise ValueError("clicks are friends'; set of to friends, or leave by out")
        return by

    @field_validator("window")
    @classmethod
    def _counted_in(cls, window: Window, info: ValidationInfo) -> Window:
        if info.data.get("of") == "tenure" and window.kind != "ever":
            raise ValueError("time since joining is counted in no window; leave it out")
        return window

    @field_validator("when_below")
    @classmethod
    def _falls(cls, below: WhenBelow, info: ValidationInfo) -> WhenBelow:
        if info.data.get("of") == "tenure" and below.then != "keep":
            raise ValueError("time since joining never grows less; leave it out")
        return below

    @field_validator("steps")
    @classmethod
    def _rise(cls, steps: tuple[Tier, ...], info: ValidationInfo) -> tuple[Tier, ...]:
        for number, (lower, higher) in enumerate(pairwise(steps), start=1):
            if higher.at <= lower.at:
                raise ValueError(
                    f"steps.{number}.at is {higher.at}, and the tier before it begins at {lower.at}; each begins above"
                    " the one before"
                )
        if len({one.name.casefold() for one in steps}) != len(steps):
            raise ValueError("two tiers have the same name; give each its own")
        if info.data.get("of") == "tenure" and steps[-1].at > LONGEST_TENURE_MONTHS:
            raise ValueError(f"steps.{len(steps) - 1}.at is {steps[-1].at} months; at most {LONGEST_TENURE_MONTHS}")
        return steps

    def named(self, name: str | None) -> Tier | None:
        """The tier of that name."""
        return next((one for one in self.steps if one.name == name), None)
