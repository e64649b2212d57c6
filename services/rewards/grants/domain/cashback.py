"""Cashback: what buyers' own orders count as, how often that comes to what a rule asks, and what it is worth. Pure.

A goal is what one rule counts (`free/5000`). Each time that it is reached has a number: 1, 2, 3. A reward is for some
of these in a row, which one order brought, by the terms of that moment: of those as many are wanted as the sum comes to
now. So what one order brings is one row, however large it is, and nothing can be paid twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from contracts.cashback import MOST_TIMES, CashbackRule
from contracts.program import Program
from services.kernel.revisions import Ref
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.plan import Moment
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.grants.domain.worth import worth
from services.rewards.rules.domain import POINTS, Order, Reason, folded
from services.rewards.tiers.domain import goods_revenue

NOBODY = ""
"""The ambassador of an order that nobody referred."""


class Spent(Struct, frozen=True, kw_only=True):
    """A settled order as it counts now: whose, under which program, and towards which goals, if any. `revenue_minor` is
    in the program's currency, 0 of one that does not count now.
    """

    store_id: str
    order_id: str
    program_id: str
    buyer: str
    """The person who bought, by one name."""
    revenue_minor: int
    goals: tuple[str, ...]

    @property
    def ref(self) -> Ref:
        """The order."""
        return self.store_id, self.order_id


class SpentKey(NamedTuple):
    """Whose way to which goal a counter is kept for."""

    store_id: str
    buyer: str
    program_id: str
    goal: str


class Standing(NamedTuple):
    """How a buyer stands: what has been spent, and for how many times of it rewards were made, wanted or not."""

    spent_minor: int
    given: int


class Block(NamedTuple):
    """Some times in a row that a reward is for."""

    key: SpentKey
    first: int
    last: int
    source_id: str

    @property
    def ref(self) -> tuple[str, str]:
        """What the reward is found by: its store and source."""
        return self.key.store_id, self.source_id

    def wanted(self, times: int) -> int:
        """How many of them are reached, where so many are in all."""
        return min(max(times - self.first + 1, 0), self.last - self.first + 1)


class Terms(NamedTuple):
    """By what times that are reached now are granted: the version, when, by which order of whom."""

    version: int
    reached_at: datetime
    order_id: str
    beneficiary_id: str
    rule: CashbackRule
    currency: str


class InForce(NamedTuple):
    """The version of a program that was in force at an order's purchase."""

    program_id: str
    version: int
    program: Program


def counts(order: Order) -> bool:
    """Whether an order is one of those that may: settled, standing, and referred by nobody."""
    return order.settled_at is not None and order.unreferred and not order.cancelled and not order.rejected_by_person


def chosen(programs: Iterable[InForce]) -> InForce | None:
    """The program under which an order counts, of those that were in force: an active one with such rules, by rank."""
    able = [one for one in programs if one.program.status == "active" and one.program.cashback_rewards]
    return min(able, key=lambda one: (one.program.rank, one.program_id), default=None)


def asks(program: Program) -> bool:
    """Whether towards what an order counts depends on what its buyer held."""
    return any(rule.memberships for rule in program.cashback_rewards)


def counted(order: Order, under: InForce | None, held: Iterable[str] = (), was: Spent | None = None) -> Spent | None:
    """What an order counts as; None if nothing has to be kept of it. `held`: memberships of its buyer at the purchase.
    `was`: what it has counted as so far under the same program: towards no more rules for members than then, whatever
    is known of its buyer now.

    Where rules ask for memberships, an order that comes to nothing is kept, too: what it may count towards is fixed
    when it settles.

    A guest without any name is called by their order: nobody could use what they are given but a stranger whose
    customer id is that order's, so their orders count for nothing.
    """
    if under is None or order.friend_id == order.order_id:
        return None
    revenue = (goods_revenue(order, under.program.currency) or 0) if counts(order) else 0
    if not revenue and not asks(under.program):
        return None
    rules = rules_for(under.program, held) if was is None else _kept_rules(under.program, was)
    return Spent(
        store_id=order.store_id,
        order_id=order.order_id,
        program_id=under.program_id,
        buyer=order.person or order.friend_id,
        revenue_minor=revenue,
        goals=tuple(sorted(rule.goal for rule in rules)),
    )


def _kept_rules(program: Program, was: Spent) -> list[CashbackRule]:
    return [rule for rule in program.cashback_rewards if not rule.memberships or rule.goal in was.goals]


def rules_for(program: Program, held: Iterable[str]) -> list[CashbackRule]:
    """The rules for orders of who held these memberships."""
    known = list(held)
    return [
        rule
        for rule in program.cashback_rewards
        if not rule.memberships or any(folded(rule.memberships, one) for one in known)
    ]


def differences(before: Iterable[Spent], after: Iterable[Spent]) -> dict[SpentKey, int]:
    """What counters move by when some orders count otherwise than before."""
    moved: dict[SpentKey, int] = defaultdict(int)
    for sign, orders in ((-1, before), (1, after)):
        for one in orders:
            for goal in one.goals:
                moved[SpentKey(one.store_id, one.buyer, one.program_id, goal)] += sign * one.revenue_minor
    return {key: difference for key, difference in moved.items() if difference}


def terms_of(orders: Iterable[tuple[Order, InForce, Spent]]) -> dict[SpentKey, Terms]:
    """By what each goal is granted now: of the orders that count towards it, the newest version's, and of those with
    one version the latest's.
    """
    found: dict[SpentKey, Terms] = {}
    for order, under, one in orders:
        if order.settled_at is None or not one.revenue_minor:
            continue
        for rule in under.program.cashback_rewards:
            if rule.goal not in one.goals:
                continue
            key = SpentKey(one.store_id, one.buyer, one.program_id, rule.goal)
            now = Terms(under.version, order.settled_at, order.order_id, order.friend_id, rule, under.program.currency)
            before = found.get(key)
            if before is None or now[:3] > before[:3]:
                found[key] = now
    return found


def times_of(goal: str, spent_minor: int) -> int:
    """How often a sum comes to what a goal asks."""
    return min(spent_minor // size_of(goal), MOST_TIMES)


def size_of(goal: str) -> int:
    """How much each time takes."""
    return int(goal.rsplit("/", 1)[1])


def source_of(order_id: str, goal: str, first: int, last: int) -> str:
    """What a reward says that it is for: `1001/free/5000/1-3`. No id of an order has a slash."""
    return f"{order_id}/{goal}/{first}-{last}"


def read_source(source_id: str) -> tuple[str, int, int]:
    """The goal, and the first and the last time that a reward is for."""
    _, rest = source_id.split("/", 1)
    goal, span = rest.rsplit("/", 1)
    first, last = span.split("-")
    return goal, int(first), int(last)


def block_after(key: SpentKey, now: Standing, terms: Terms | None) -> Block | None:
    """The times that are reached and that no reward was made for yet."""
    if terms is None:
        return None
    last = min(times_of(key.goal, now.spent_minor), terms.rule.times)
    if last <= now.given:
        return None
    first = now.given + 1
    return Block(key, first, last, source_of(terms.order_id, key.goal, first, last))


def plan_blocks(
    blocks: Sequence[Block],
    stands: Mapping[SpentKey, Standing],
    terms: Mapping[SpentKey, Terms],
    rewards: Mapping[tuple[str, str], Reward],
    caps: Caps,
    moments: Mapping[str, Moment],
) -> list[Change]:
    """What changes of these blocks' rewards, now that sums stand so: lowered ones first. `rewards` are those that there
    are, by store and source; `moments` are by store.
    """
    wanted: list[tuple[Reward | None, Reward, int]] = []
    for block in blocks:
        before = rewards.get(block.ref)
        after = before or _new(block, terms[block.key], moments[block.key.store_id])
        each = after.base_minor // (block.last - block.first + 1)
        times = times_of(block.key.goal, stands[block.key].spent_minor)
        wanted.append((before, after, each * block.wanted(times)))
    wanted.sort(key=lambda one: (one[2] > (one[0].want_minor if one[0] else 0), one[1].source_id))
    changes = (
        worth(before, after, due=due, caps=caps, now=moments[after.store_id].now) for before, after, due in wanted
    )
    return [change for change in changes if change is not None]


def _new(block: Block, terms: Terms, moment: Moment) -> Reward:
    rule, reached_at = terms.rule, terms.reached_at
    base = rule.give.amount_minor * (block.last - block.first + 1)
    return Reward(
        store_id=block.key.store_id,
        reward_id=moment.new_id(),
        source_kind="cashback",
        source_id=block.source_id,
        order_revision=0,
        program_id=block.key.program_id,
        program_version=terms.version,
        rule=rule.name,
        level=1,
        side="friend",
        beneficiary_id=terms.beneficiary_id,
        ambassador_id=NOBODY,
        pay_as=rule.pay_as,
        unit=POINTS if rule.pay_as == "points" else terms.currency,
        currency=terms.currency,
        placed_at=reached_at,
        day=moment.day_of(reached_at),
        base_minor=base,
        total_minor=0,
        refunded_minor=0,
        want_minor=0,
        bound_minor=None,
        target_minor=0,
        reason=Reason.NOT_REACHED,
        revision=0,
        settled_at=reached_at,
        available_at=reached_at + timedelta(days=rule.hold_days),
        created_at=moment.now,
        granted_at=None,
        changed_at=moment.now,
        settled_minor=base,
    )
