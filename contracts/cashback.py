"""What buyers get for what they spend themselves: a rule of a program beside those for orders that were referred."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.expiry import Expiring
from contracts.fields import MAX_MINOR
from contracts.gifts import Fixed, no_share
from contracts.reward_terms import MembershipNames

MOST_TIMES: Final = 1_000_000
"""How often one buyer can get it by what a rule says at most; what is spent beyond counts no more."""


class CashbackRule(Expiring):
    """What a buyer gets each time that they have spent so much more, in settled orders that nobody referred.

    Orders count whose moment of purchase a version with the rule was in force at, for as long as something of them is
    left. A rule that counts otherwise (another `per_minor`) begins anew; one that only gives something else goes on.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Unique among all rules.")]
    to: Literal["buyer"] = "buyer"
    per_minor: int = Field(
        ge=1,
        le=MAX_MINOR,
        strict=True,
        description="Given each time that subtotals after refunds come to so much more, in minor units of the"
        " program's currency.",
    )
    give: Fixed
    pay_as: Literal["store_credit", "points"] = "store_credit"
    hold_days: int = Field(
        0, ge=0, le=365, strict=True, description="Days from when it is reached: its orders have settled by then."
    )
    memberships: MembershipNames = Field(
        (), description="Only orders count that were placed by who held one of these memberships of the program."
    )
    at_most: int | None = Field(
        None,
        ge=1,
        le=MOST_TIMES,
        strict=True,
        validate_default=True,
        description="How often one buyer can get it in all.",
    )

    @field_validator("give", mode="before")
    @classmethod
    def _of_something(cls, give: Any) -> Any:
        return no_share(give, "a share is an amount for each so much: give 5 for each 100 where 5 per cent are meant")

    @field_validator("give")
    @classmethod
    def _more_than_nothing(cls, give: Fixed) -> Fixed:
        if not give.amount_minor:
            raise ValueError("it gives nothing; give an amount above 0, or leave the rule out")
        return give

    @field_validator("at_most")
    @classmethod
    def _never_too_much(cls, most: int | None, info: ValidationInfo) -> int | None:
        give = info.data.get("give")
        if isinstance(give, Fixed) and give.amount_minor * (most or MOST_TIMES) > MAX_MINOR:
            raise ValueError(f"given so often it would come to more than {MAX_MINOR}; lower at_most, or what it gives")
        return most

    @property
    def times(self) -> int:
        """How often one buyer can get it."""
        return self.at_most or MOST_TIMES

    @property
    def goal(self) -> str:
        """What is counted, as counters and rewards name it: `free/5000`."""
        return f"{self.name}/{self.per_minor}"
