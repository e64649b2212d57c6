"""What a simulation has counted: sums that can be added up part by part. Pure."""

from typing import NamedTuple, Self

import msgspec
from msgspec import Struct, field

from services.rewards.rules.domain import Reason, Side

CAPPED = frozenset({Reason.PARTLY_CAPPED, Reason.CAPPED_BUDGET, Reason.CAPPED_AMBASSADOR})


class Key(NamedTuple):
    """A rule by its name, whom it gives to, and in what."""

    rule: str
    side: Side
    unit: str


class RuleSum(Struct):
    """What a rule would give, beside what a rule of that name gave."""

    rewards: int = 0
    amount_minor: int = 0
    granted_rewards: int = 0
    granted_minor: int = 0


class Share(Struct):
    """What an ambassador and their friends would get in one unit, beside what they were granted."""

    rewards: int = 0
    own_minor: int = 0
    friends_minor: int = 0
    granted_own_minor: int = 0
    granted_friends_minor: int = 0

    @property
    def difference_minor(self) -> int:
        """What they would get more than they were granted."""
        return self.own_minor + self.friends_minor - self.granted_own_minor - self.granted_friends_minor


class Cut(Struct):
    """How many rewards a cap made smaller, and by how much."""

    rewards: int = 0
    amount_minor: int = 0


class Discounts(Struct):
    """What friends' discounts would take off in one currency, beside what they took off."""

    amount_minor: int = 0
    granted_minor: int = 0


class Kept(Struct):
    """The sums as they are kept, without those by ambassador."""

    orders: int
    rewarded: int
    more: int
    less: int
    rules: list[tuple[str, Side, str, RuleSum]]
    caps: list[tuple[str, str, str, Cut]]
    discounts: dict[str, Discounts] = field(default_factory=dict)
    """Left out by runs of an earlier build."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Likewise."""


class Figures(Struct):
    """Orders: all, those with a reward, those for which somebody would get more or less than they were granted."""

    orders: int = 0
    rewarded: int = 0
    more: int = 0
    less: int = 0
    rules: dict[Key, RuleSum] = field(default_factory=dict)
    caps: dict[tuple[str, str, str], Cut] = field(default_factory=dict)
    """By cap, rule and unit."""
    shares: dict[tuple[str, str], Share] = field(default_factory=dict)
    """By ambassador and unit."""
    discounts: dict[str, Discounts] = field(default_factory=dict)
    """By currency."""
    unknown: dict[str, int] = field(default_factory=dict)
    """By what rules ask for: orders that do not say it."""

    def give(self, key: Key, ambassador_id: str, amount_minor: int) -> None:
        """Counts a reward that there would be."""
        rule, share = self._rule(key), self._share(ambassador_id, key.unit)
        rule.rewards += 1
        rule.amount_minor += amount_minor
        share.rewards += 1
        if key.side == "ambassador":
            share.own_minor += amount_minor
        else:
            share.friends_minor += amount_minor

    def was_given(self, key: Key, ambassador_id: str, amount_minor: int) -> None:
        """Counts a reward that there is."""
        rule, share = self._rule(key), self._share(ambassador_id, key.unit)
        rule.granted_rewards += 1
        rule.granted_minor += amount_minor
        if key.side == "ambassador":
            share.granted_own_minor += amount_minor
        else:
            share.granted_friends_minor += amount_minor

    def discount(self, currency: str, amount_minor: int, granted_minor: int) -> None:
        """Counts what is taken off one order, and what was."""
        found = self.discounts.setdefault(currency, Discounts())
        found.amount_minor += amount_minor
        found.granted_minor += granted_minor

    def lacking(self, asked: str, orders: int = 1) -> None:
        """Counts orders that do not say what rules ask for."""
        self.unknown[asked] = self.unknown.get(asked, 0) + orders

    def cut(self, cap: str, rule: str, unit: str, amount_minor: int) -> None:
        """Counts a reward that a cap made smaller."""
        found = self.caps.setdefault((cap, rule, unit), Cut())
        found.rewards += 1
        found.amount_minor += amount_minor

    def add(self, other: Self) -> None:
        """Takes another part's sums in; those by ambassador are left out."""
        self.orders += other.orders
        self.rewarded += other.rewarded
        self.more += other.more
        self.less += other.less
        for key, more in other.rules.items():
            _add(self._rule(key), more)
        for cap, cut in other.caps.items():
            _add(self.caps.setdefault(cap, Cut()), cut)
        for currency, off in other.discounts.items():
            _add(self.discounts.setdefault(currency, Discounts()), off)
        for asked, orders in other.unknown.items():
            self.lacking(asked, orders)

    def dumped(self) -> str:
        """The sums as JSON, without those by ambassador."""
        kept = Kept(
            self.orders,
            self.rewarded,
            self.more,
            self.less,
            [(*key, rule) for key, rule in sorted(self.rules.items())],
            [(*cap, cut) for cap, cut in sorted(self.caps.items())],
            self.discounts,
            self.unknown,
        )
        return msgspec.json.encode(kept).decode()

    @classmethod
    def loaded(cls, text: str) -> Self:
        """The sums from JSON."""
        kept = msgspec.json.decode(text, type=Kept)
        return cls(
            kept.orders,
            kept.rewarded,
            kept.more,
            kept.less,
            {Key(rule, side, unit): found for rule, side, unit, found in kept.rules},
            {(cap, rule, unit): found for cap, rule, unit, found in kept.caps},
            discounts=kept.discounts,
            unknown=kept.unknown,
        )

    def by_unit(self) -> dict[str, RuleSum]:
        """All rules together, by unit."""
        found: dict[str, RuleSum] = {}
        for key, rule in sorted(self.rules.items()):
            _add(found.setdefault(key.unit, RuleSum()), rule)
        return found

    def _rule(self, key: Key) -> RuleSum:
        found = self.rules.get(key)
        if found is None:
            found = self.rules[key] = RuleSum()
        return found

    def _share(self, ambassador_id: str, unit: str) -> Share:
        found = self.shares.get((ambassador_id, unit))
        if found is None:
            found = self.shares[ambassador_id, unit] = Share()
        return found


def _add(to: Struct, more: Struct) -> None:
    for name in to.__struct_fields__:
        setattr(to, name, getattr(to, name) + getattr(more, name))
