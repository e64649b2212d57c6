"""What is given for reaching the target that a store set an ambassador for a period: a rule beside those for orders."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.expiry import Expiring
from contracts.gifts import Fixed
from contracts.goals import Strict

PlanPeriod = Literal["month", "quarter", "year"]
"""The calendar periods that have targets."""
PlanMeasure = Literal["revenue", "orders", "friends"]


class PlanGoal(Strict):
    """What a plan counts, of an ambassador's settled orders that were placed within one calendar period."""

    of: PlanMeasure = Field(
        "revenue",
        description="Subtotals after refunds, in minor units of the program's currency; settled orders; or people who"
        " have one, each once.",
    )
    period: PlanPeriod = Field(
        "month", description="Of the calendar where the store is, by the moment of purchase. Each has its own target."
    )


class ShareOfSold(Strict):
    """A share of what was sold in the period: of subtotals after refunds; 10,000 basis points are the whole."""

    kind: Literal["percent"]
    basis_points: int = Field(ge=1, le=10_000, strict=True)


class PlanRule(Expiring):
    """What an ambassador gets for a period in which they reach the target that was set for them: all of it, or nothing.

    Orders count whose program version has the rule, from when they settle, for as long as something of them is left.
    A rule that counts otherwise (another `on`) begins anew, with targets of its own.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Unique among all rules.")]
    on: PlanGoal = PlanGoal()
    to: Literal["ambassador"] = "ambassador"
    give: Annotated[Fixed | ShareOfSold, Field(discriminator="kind")]
    pay_as: Literal["cash", "store_credit", "points"] = "store_credit"
    hold_days: int = Field(
        14,
        ge=0,
        le=365,
        strict=True,
        description="Days from the end of the period until it can be used: its last orders settle meanwhile.",
    )

    @field_validator("give")
    @classmethod
    def _more_than_nothing(cls, give: Fixed | ShareOfSold) -> Fixed | ShareOfSold:
        if isinstance(give, Fixed) and not give.amount_minor:
            raise ValueError("it gives nothing; give an amount above 0, or leave the rule out")
        return give

    @field_validator("pay_as")
    @classmethod
    def _points_are_counted(cls, pay_as: str, info: ValidationInfo) -> str:
        if pay_as == "points" and isinstance(info.data.get("give"), ShareOfSold):
            raise ValueError("a share is one of money; give a fixed number of points, or pay as cash or store_credit")
        return pay_as

    @property
    def goal(self) -> str:
        """What is counted, as counters, targets and rewards name it: `bonus/month/revenue`."""
        return f"{self.name}/{self.on.period}/{self.on.of}"


def plan_of(plans: Iterable[PlanRule], goal: str) -> PlanRule | None:
    """The plan that counts so, as counters and targets name it."""
    return next((rule for rule in plans if rule.goal == goal), None)
