"""Memberships: what somebody buys, for a time, to have better terms; what buys them, and for how long."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from contracts.goals import Strict
from contracts.reward_terms import MembershipName, Names

LONGEST_DAYS: Final = 3_660
LONGEST_MONTHS: Final = 120
MOST: Final = 5
"""Memberships of one program."""


class BoughtBy(Strict):
    """What buys a membership: one of some products in a paid order, or a custom event."""

    products: Names = Field((), description="By the store's own ids of products or by SKU, as orders have them.")
    event: Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,40}$")] | None = Field(
        None, description="Name of a custom event, as the store reports it: `club.paid`."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if bool(self.products) == (self.event is not None):
            raise ValueError("something must buy it: give products, or an event")
        return self


class Lasts(Strict):
    """For how long one purchase is good: 24-hour days, or calendar months by the store's clock."""

    days: int | None = Field(None, ge=1, le=LONGEST_DAYS, strict=True)
    months: int | None = Field(None, ge=1, le=LONGEST_MONTHS, strict=True)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.days is None) == (self.months is None):
            raise ValueError("give one of days and months")
        return self


class Membership(Strict):
    """What can be bought. It is its name: under another one it is another membership."""

    name: MembershipName = Field(description="As people see it, and as rules ask for it.")
    bought_by: BoughtBy
    lasts: Lasts = Field(description="A purchase while it lasts goes on from its end.")


def refuse_missing(memberships: Sequence[Membership], rewards: Sequence[Any], cashback: Sequence[Any]) -> None:
    """Raises `ValueError`, saying where, for a name that two have, or that a rule asks for and nothing has."""
    there = {one.name.casefold() for one in memberships}
    if len(there) != len(memberships):
        raise ValueError("two memberships have the same name; give each its own")
    asked = [
        (f"rewards.{n}.when.memberships", rule.when.memberships if rule.when else ()) for n, rule in enumerate(rewards)
    ]
    asked += [(f"cashback_rewards.{n}.memberships", rule.memberships) for n, rule in enumerate(cashback)]
    for path, names in asked:
        if missing := [name for name in names if name.casefold() not in there]:
            raise ValueError(f"{path} asks for {missing[0]!r}, and the program has no such membership; add it")
