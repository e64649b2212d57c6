"""An ambassador's own figures, those of the middle of the program, and what may be expected of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median_low
from typing import Final

from services.common.money import half_up

PEERS: Final = 10
"""Of fewer people no middle is shown: one could guess whose figures these are."""
OTHERS: Final = 3
"""A page is shown as one that sells from so many other people on: no reader can tell whose friends they are."""
PAGES_SHOWN: Final = 5
ENOUGH_CLICKS: Final = 50
ENOUGH_ORDERS: Final = 3
"""From so much of one's own on, an estimate is made of one's own; else of the program's."""
CLICKS_AHEAD: Final = 100


@dataclass(frozen=True, slots=True)
class Sums:
    """What somebody brought. Rewards by their currency, which may be points."""

    clicks: int = 0
    friends: int = 0
    orders: int = 0
    rewards: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: "Sums") -> "Sums":
        """Both together."""
        units = {*self.rewards, *other.rewards}
        rewards = {unit: self.rewards.get(unit, 0) + other.rewards.get(unit, 0) for unit in units}
        return Sums(self.clicks + other.clicks, self.friends + other.friends, self.orders + other.orders, rewards)


@dataclass(frozen=True, slots=True)
class Middle:
    """The medians of the program's active ambassadors; rewards in the program's currency."""

    people: int
    clicks: int
    friends: int
    orders: int
    reward_minor: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What so many more clicks may bring, and what is taken for granted."""

    clicks: int
    orders: Fraction
    reward_minor: int
    own: bool
    """Whether it goes by the ambassador's own figures."""
    clicks_per_order: int
    reward_per_order_minor: int


def middle_of(everybody: Sequence[Sums], currency: str) -> Middle | None:
    """The middle of all who brought something; None where they are too few to stay unknown."""
    active = [one for one in everybody if one.clicks or one.friends or one.orders]
    if len(active) < PEERS:
        return None
    return Middle(
        people=len(active),
        clicks=median_low([one.clicks for one in active]),
        friends=median_low([one.friends for one in active]),
        orders=median_low([one.orders for one in active]),
        reward_minor=median_low([one.rewards.get(currency, 0) for one in active]),
    )


def estimate_of(own: Sums, everybody: Sequence[Sums], currency: str) -> Estimate | None:
    """What `CLICKS_AHEAD` clicks may bring: by one's own figures where these are enough, else by those of all together;
    None where neither says anything, or too few people are all.
    """
    mine = own.clicks >= ENOUGH_CLICKS and own.orders >= ENOUGH_ORDERS
    base = own
    if not mine:
        # The sum of a few people's orders would be theirs, however many others opened links.
        if sum(one.orders > 0 for one in everybody) < PEERS:
            return None
        base = Sums()
        for one in everybody:
            base = base.plus(one)
    if not base.clicks or not base.orders:
        return None
    # More orders than clicks come by codes that were passed on by mouth: those are nothing that a click brings.
    orders = min(Fraction(base.orders, base.clicks), Fraction(1)) * CLICKS_AHEAD
    each = Fraction(max(0, base.rewards.get(currency, 0)), base.orders)
    return Estimate(
        clicks=CLICKS_AHEAD,
        orders=orders,
        reward_minor=half_up(orders * each),
        own=mine,
        clicks_per_order=max(1, half_up(Fraction(base.clicks, base.orders))),
        reward_per_order_minor=half_up(each),
    )
