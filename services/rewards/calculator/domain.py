"""How large the reward for a friend's purchase can be, both sides together. Pure and exact.

Of so many visitors whom friends invite, a share c buys where there is a reward R, and a share c₀ would have bought
without one. M is the contribution margin: what a friend's orders leave of their price once all is paid that grows with
them. F are the program's own costs in a month, V its invited visitors in a month. By a visitor the program gains

    g(R, c) = c · (M − R) − c₀ · M − F ÷ V

Break-even is where g is nothing. Without F that is the break-even sales change of pricing, −ΔP ÷ (CM + ΔP), with a
price cut of ΔP = −R: sales must grow by R ÷ (M − R), which is (c − c₀) ÷ c₀. See Nagle and Müller, "The Strategy and
Tactics of Pricing", 6th edition 2018, the chapter on financial analysis; with F it is the usual break-even quantity,
fixed costs divided by the contribution margin, in the same chapter.

What a store can afford is the part of the break-even reward that it does not want to keep: it then keeps that share of
what the program would gain if it cost nothing.
"""

from fractions import Fraction
from math import ceil, floor
from typing import Final

from msgspec import Struct

WHOLE: Final = 10_000
"""Basis points in all of something."""
STEPS: Final = (5_000, 7_500, 10_000, 12_500, 15_000)
"""For expectations are uncertain: what if so much of the expected conversion comes true?"""


class Plan(Struct, frozen=True, kw_only=True):
    """What a store expects. Amounts are minor units of one currency, shares basis points."""

    average_order_minor: int
    margin: int
    """Of the price of goods: what is left when everything is paid that grows with an order."""
    conversion: int
    """Of invited visitors: who buys, with a reward."""
    unrewarded: int = 0
    """Of the same visitors: who would buy without one. Below `conversion`."""
    orders: int = 1
    """Orders of a friend that are counted as won."""
    keep: int = 5_000
    """What the store wants to keep of the gain."""
    friend_part: int = 5_000
    """The friend's part of the reward; the rest is the ambassador's."""
    costs_minor: int = 0
    """Of the program itself, in a month."""
    visitors: int = 0
    """Invited in a month; needed where there are costs."""

    @property
    def won_minor(self) -> Fraction:
        """M: what a friend's orders leave, average order × margin × orders."""
        return Fraction(self.average_order_minor * self.margin * self.orders, WHOLE)

    @property
    def lost_minor(self) -> Fraction:
        """What a visitor costs who buys nothing more for the reward: c₀ · M + F ÷ V."""
        costs = Fraction(self.costs_minor, self.visitors) if self.costs_minor else Fraction(0)
        return Fraction(self.unrewarded, WHOLE) * self.won_minor + costs


class Row(Struct, frozen=True):
    """What follows if the conversion is another one."""

    conversion: Fraction
    """In basis points."""
    break_even_minor: int
    affordable_minor: int
    gain_minor: int
    """Of a thousand visitors, with the reward that the expected conversion affords."""


class Answer(Struct, frozen=True, kw_only=True):
    """What the store can give for a friend's purchase. Where nothing is affordable, all amounts are 0."""

    won_minor: int
    break_even_minor: int
    """The reward at which the program gains nothing; rounded down."""
    affordable_minor: int
    friend_minor: int
    ambassador_minor: int
    of_order: int
    """The affordable reward as a share of the average order, in basis points; rounded down."""
    break_even_conversion: Fraction | None
    """In basis points: the conversion from which the affordable reward pays; None where no conversion would do."""
    break_even_orders: int | None
    """Friends in a month that cover the program's costs, with that reward and if none of them would have bought."""
    range: list[Row]


def gain(plan: Plan, reward_minor: int, conversion: Fraction) -> Fraction:
    """What the program gains by an invited visitor: g(R, c), the conversion in basis points."""
    return conversion / WHOLE * (plan.won_minor - reward_minor) - plan.lost_minor


def break_even_reward(plan: Plan, conversion: Fraction) -> Fraction:
    """The reward at which nothing is gained: M − (c₀ · M + F ÷ V) ÷ c. Below zero where even none is too much."""
    return plan.won_minor - plan.lost_minor / (conversion / WHOLE)


def break_even_conversion(plan: Plan, reward_minor: int) -> Fraction | None:
    """The conversion from which a reward pays, in basis points: (c₀ · M + F ÷ V) ÷ (M − R). None where none would do:
    the reward takes all that a friend leaves, or more visitors would have to buy than there are.
    """
    left = plan.won_minor - reward_minor
    if left <= 0:
        return None
    share = plan.lost_minor / left * WHOLE
    return share if share <= WHOLE else None


def affordable_reward(plan: Plan, conversion: Fraction) -> int:
    """What the store can give, both sides together: the break-even reward without the share to be kept."""
    return max(0, floor(break_even_reward(plan, conversion) * (WHOLE - plan.keep) / WHOLE))


def answer(plan: Plan) -> Answer:
    """All of it."""
    expected = Fraction(plan.conversion)
    reward = affordable_reward(plan, expected)
    # The odd unit is the friend's, who decides whether anything is bought.
    friend = ceil(Fraction(reward * plan.friend_part, WHOLE))
    left = plan.won_minor - reward
    return Answer(
        won_minor=floor(plan.won_minor),
        break_even_minor=max(0, floor(break_even_reward(plan, expected))),
        affordable_minor=reward,
        friend_minor=friend,
        ambassador_minor=reward - friend,
        of_order=floor(Fraction(reward * WHOLE, plan.average_order_minor)),
        break_even_conversion=break_even_conversion(plan, reward),
        break_even_orders=ceil(plan.costs_minor / left) if left > 0 else None,
        range=[_row(plan, reward, expected * step / WHOLE) for step in STEPS if expected * step <= WHOLE * WHOLE],
    )


def _row(plan: Plan, reward_minor: int, conversion: Fraction) -> Row:
    return Row(
        conversion,
        max(0, floor(break_even_reward(plan, conversion))),
        affordable_reward(plan, conversion),
        floor(1000 * gain(plan, reward_minor, conversion)),
    )
