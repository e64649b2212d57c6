"""How much caps still allow: a program's budget, and limits per ambassador and period. Pure, but it counts along.

`Caps` holds what is granted now in everything that a batch of orders may touch, and is kept up to date while the batch
is decided, so that the second order of a batch sees what the first one took.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from contracts.limits import PerAmbassador
from services.common.periods import Period, window
from services.rewards.grants.domain.reward import Reward
from services.rewards.rules.domain import Reason

BudgetKey = tuple[str, str, str]
"""Store, program, unit."""
LimitKey = tuple[str, str, str, str]
"""Store, program, rule, ambassador."""
Share = tuple[LimitKey, date, int, int]
"""Whose limit a reward counts against, its day, and by how much it moves the number of rewards and their sum."""


class CountKey(NamedTuple):
    """What a counter of a limit is kept for: the limit, and the period by its kind and first day."""

    store_id: str
    program_id: str
    rule: str
    ambassador_id: str
    period: Period
    first: date

    @property
    def limit(self) -> LimitKey:
        """Whose limit it is."""
        return self[:4]


@dataclass(slots=True)
class Tally:
    """Rewards above zero of one rule and ambassador whose day is in [first, last]: how many, and their sum."""

    first: date
    last: date
    count: int
    amount_minor: int


class Bound(Struct, frozen=True):
    """The most that a reward may be worth (None: any amount), and which cap says so."""

    amount_minor: int | None
    by: Reason | None


@dataclass(slots=True)
class Caps:
    """The counters of one batch. All of them are net: what was taken back can be granted again."""

    budgets: Mapping[BudgetKey, int] = field(default_factory=dict)
    spent: dict[BudgetKey, int] = field(default_factory=lambda: defaultdict(int))
    tallies: dict[LimitKey, list[Tally]] = field(default_factory=lambda: defaultdict(list))

    def open(self, key: CountKey, count: int, amount_minor: int) -> None:
        """Begins to count a period, in which so much was granted before."""
        self.tallies[key.limit].append(Tally(*window(key.period, key.first), count, amount_minor))

    def spend(self, key: BudgetKey, difference: int) -> None:
        """Counts an amount against a program's budget, or gives it back."""
        self.spent[key] += difference

    def tally(self, key: LimitKey, day: date, amount_minor: int, *, sign: int, counted: bool = True) -> None:
        """Counts a reward of this worth in (sign 1) or out (sign −1) of every period that holds its day; its amount
        alone, where it is not `counted`.
        """
        if amount_minor == 0:
            return
        for tally in self.tallies[key]:
            if tally.first <= day <= tally.last:
                tally.count += sign * counted
                tally.amount_minor += sign * amount_minor

    def budget_bound(self, key: BudgetKey, *, own: int) -> int | None:
        """What the budget allows a reward that holds `own` of it now. A lowered budget takes nothing away."""
        if key not in self.budgets:
            return None
        return max(own, self.budgets[key] - (self.spent[key] - own))

    def limit_bound(self, key: LimitKey, day: date, limit: PerAmbassador, *, own: int) -> int | None:
        """What the limit per ambassador allows a reward that holds `own` within the period now."""
        first, last = window(limit.period, day)
        count = amount = 0
        for tally in self.tallies[key]:
            if tally.first == first and tally.last == last:
                count, amount = tally.count, tally.amount_minor
                break
        if limit.count is not None and own == 0 and count >= limit.count:
            return 0
        if limit.amount_minor is None:
            return None
        return max(own, limit.amount_minor - (amount - own))


def tightest(*bounds: tuple[int | None, Reason]) -> Bound:
    """The smallest of several bounds, the first of equals."""
    amount: int | None = None
    by: Reason | None = None
    for value, reason in bounds:
        if value is not None and (amount is None or value < amount):
            amount, by = value, reason
    return Bound(amount, by)


def budget_key(reward: Reward) -> BudgetKey:
    """Which budget a reward counts against."""
    return reward.store_id, reward.program_id, reward.unit


def limit_key(reward: Reward) -> LimitKey:
    """Whose limit a reward counts against; a friend's reward counts for the ambassador who brought the friend."""
    return reward.store_id, reward.program_id, reward.rule, reward.ambassador_id


def spent_differences(changes: Iterable[tuple[BudgetKey, int]]) -> dict[BudgetKey, int]:
    """Sums differences per budget, leaving out those that cancel out."""
    sums: dict[BudgetKey, int] = defaultdict(int)
    for key, difference in changes:
        sums[key] += difference
    return {key: difference for key, difference in sums.items() if difference}


def shares_of(before: Reward | None, after: Reward) -> list[Share]:
    """How a change of a reward changes what limits count: nothing, or its old share out and its new one in. Milestones
    and cashback have no limits, and count against none of a rule that had or comes to have their name.
    """
    if after.source_kind in ("period", "cashback"):
        return []
    old = None if before is None or not before.target_minor else _share(before, -1)
    new = _share(after, 1) if after.target_minor else None
    if old is not None and new is not None and old == _share(after, -1):
        return []
    return [share for share in (old, new) if share is not None]


def _share(reward: Reward, sign: int) -> Share:
    return limit_key(reward), reward.day, sign * reward.counted, sign * reward.target_minor


def counts_of(
    shares: Iterable[Share], periods: Mapping[tuple[str, str, str], Iterable[Period]]
) -> dict[CountKey, tuple[int, int]]:
    """Differences of rewards and amount by counter, without those that cancel out.

    `periods` are the kinds of periods that are counted, by store, program and rule.
    """
    sums: dict[CountKey, list[int]] = defaultdict(lambda: [0, 0])
    for key, day, count, amount_minor in shares:
        for period in periods.get(key[:3], ()):
            difference = sums[CountKey(*key, period, window(period, day)[0])]
            difference[0] += count
            difference[1] += amount_minor
    return {key: (count, amount) for key, (count, amount) in sums.items() if count or amount}
