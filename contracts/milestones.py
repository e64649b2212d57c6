"""What is given for having brought so many: a rule of a program beside those for single orders."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.expiry import Expiring
from contracts.fields import MAX_MINOR
from contracts.gifts import Fixed, no_share
from contracts.goals import MOST_TIMES, Goal


class MilestoneRule(Expiring):
    """What an ambassador gets for having brought so many friends, orders, or so much revenue.

    Orders count whose program version has the rule, from when they settle, for as long as something of them is left.
    A rule that counts otherwise (another `on`) begins anew; one that only gives something else goes on counting.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Unique among all rules.")]
    on: Goal
    to: Literal["ambassador"] = "ambassador"
    give: Fixed
    pay_as: Literal["cash", "store_credit", "points"] = "store_credit"
    hold_days: int = Field(
        0, ge=0, le=365, strict=True, description="Days from when it is reached: its orders have settled by then."
    )
    at_most: int | None = Field(
        None,
        ge=1,
        le=MOST_TIMES,
        strict=True,
        validate_default=True,
        description="How often one ambassador can reach it.",
    )

    @field_validator("give", mode="before")
    @classmethod
    def _of_something(cls, give: Any) -> Any:
        return no_share(give, "a milestone gives no percentage; give a fixed amount, or points")

    @field_validator("at_most")
    @classmethod
    def _so_often(cls, most: int | None, info: ValidationInfo) -> int | None:
        goal = info.data.get("on")
        if isinstance(goal, Goal) and goal.at is not None and most is not None:
            raise ValueError("what is reached once, at so many, has no at_most; leave it out, or use on.every")
        if isinstance(goal, Goal) and goal.every is not None and goal.of == "revenue" and most is None:
            raise ValueError("one large order may reach it any number of times; say how often at most")
        give = info.data.get("give")
        if isinstance(goal, Goal) and isinstance(give, Fixed) and goal.times(most) * give.amount_minor > MAX_MINOR:
            raise ValueError(f"reached so often it would give more than {MAX_MINOR}; lower at_most, or what it gives")
        return most

    @property
    def goal(self) -> str:
        """What is counted, as counters and rewards name it: `five/every/5/friends`."""
        how = "at" if self.on.every is None else "every"
        return f"{self.name}/{how}/{self.on.size}/{self.on.of}"
