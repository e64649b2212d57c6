"""Bodies of the calculator's API."""

from math import ceil
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from contracts.fields import Currency
from services.kernel.errors import Invalid
from services.rewards.calculator.domain import WHOLE, Answer, Plan, Row

MOST = 1_000_000_000_000
"""Of an amount here: plans are multiplied."""


class CalculationIn(BaseModel):
    """What the store expects. Shares are basis points: 2,500 are 25 %."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "currency": "EUR",
                    "average_order_minor": 5000,
                    "margin_basis_points": 4000,
                    "conversion_basis_points": 800,
                    "unrewarded_conversion_basis_points": 200,
                }
            ]
        },
    )

    currency: Currency = Field(description="Of all amounts.")
    average_order_minor: int = Field(ge=1, le=MOST, strict=True, description="Goods, net of tax, after discounts.")
    margin_basis_points: int = Field(
        ge=1, le=WHOLE, strict=True, description="What is left of it when all is paid that grows with an order."
    )
    conversion_basis_points: int = Field(ge=1, le=WHOLE, strict=True, description="Of invited visitors: who buys.")
    unrewarded_conversion_basis_points: int = Field(
        0, ge=0, le=WHOLE, strict=True, description="Of the same visitors: who would buy without a reward."
    )
    orders_per_friend: int = Field(1, ge=1, le=1000, strict=True, description="That are counted as won.")
    keep_basis_points: int = Field(
        5000, ge=0, le=WHOLE, strict=True, description="Of the gain: what the store wants to keep."
    )
    friend_part_basis_points: int = Field(
        5000, ge=0, le=WHOLE, strict=True, description="The rest is the ambassador's."
    )
    costs_minor: int = Field(0, ge=0, le=MOST, strict=True, description="Of the program itself, in a month.")
    visitors: int = Field(0, ge=0, le=1_000_000_000, strict=True, description="Invited in a month.")

    def plan(self) -> Plan:
        """As it is calculated with. Raises `Invalid` for expectations that contradict each other."""
        if self.unrewarded_conversion_basis_points >= self.conversion_basis_points:
            raise Invalid.field(
                "unrewarded_conversion_basis_points",
                "This is below conversion_basis_points, or a reward wins nobody.",
            )
        if self.costs_minor and not self.visitors:
            raise Invalid.field("visitors", "Costs are spread over visitors: say how many there are in a month.")
        return Plan(
            average_order_minor=self.average_order_minor,
            margin=self.margin_basis_points,
            conversion=self.conversion_basis_points,
            unrewarded=self.unrewarded_conversion_basis_points,
            orders=self.orders_per_friend,
            keep=self.keep_basis_points,
            friend_part=self.friend_part_basis_points,
            costs_minor=self.costs_minor,
            visitors=self.visitors,
        )


class RangeOut(BaseModel):
    """What follows if the conversion is another one."""

    conversion_basis_points: int = Field(description="Rounded down.")
    break_even_reward_minor: int
    affordable_reward_minor: int
    gain_per_thousand_visitors_minor: int = Field(
        description="With the reward that the expected conversion affords; below zero: a loss."
    )

    @classmethod
    def of(cls, row: Row) -> Self:
        """As callers see it."""
        return cls(
            conversion_basis_points=int(row.conversion),
            break_even_reward_minor=row.break_even_minor,
            affordable_reward_minor=row.affordable_minor,
            gain_per_thousand_visitors_minor=row.gain_minor,
        )


class CalculationOut(BaseModel):
    """What the store can give for a friend's purchase, both sides together."""

    currency: str
    won_minor: int = Field(description="What a friend's orders leave: average order × margin × orders.")
    break_even_reward_minor: int = Field(description="At which the program gains nothing.")
    affordable_reward_minor: int = Field(description="The part of it that the store does not want to keep.")
    friend_minor: int
    ambassador_minor: int
    affordable_reward_basis_points: int = Field(description="The same as a share of the average order.")
    break_even_conversion_basis_points: int | None = Field(
        description="From which the affordable reward pays, rounded up; null: no conversion would do."
    )
    break_even_friends: int | None = Field(description="In a month, to cover the costs; null: no number would do.")
    range: list[RangeOut] = Field(description="From half to one and a half of the expected conversion.")

    @classmethod
    def of(cls, currency: str, found: Answer) -> Self:
        """As callers see it."""
        pays = found.break_even_conversion
        return cls(
            currency=currency,
            won_minor=found.won_minor,
            break_even_reward_minor=found.break_even_minor,
            affordable_reward_minor=found.affordable_minor,
            friend_minor=found.friend_minor,
            ambassador_minor=found.ambassador_minor,
            affordable_reward_basis_points=found.of_order,
            break_even_conversion_basis_points=None if pays is None else ceil(pays),
            break_even_friends=found.break_even_orders,
            range=[RangeOut.of(row) for row in found.range],
        )
