"""Rewards in memory: what the service does with a decision, without the database around it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from zoneinfo import ZoneInfo

from contracts.events.conversions import Conversion
from contracts.program import Program
from services.common.periods import local_day, window
from services.rewards.grants.domain.caps import Caps, LimitKey, Tally, budget_key, limit_key
from services.rewards.grants.domain.plan import Moment, plan
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.rules.domain import Order, entitlements
from tests.unit.rewards.build import NOON


class Books:
    """Newest decisions, and the rewards that follow from them, for stores whose programs are all known."""

    def __init__(self, programs: Mapping[tuple[str, int], Program], *, zone: str = "UTC") -> None:
        self.programs = programs
        self.zone = ZoneInfo(zone)
        self.newest: dict[tuple[str, str], int] = {}
        self.rewards: dict[tuple[object, ...], Reward] = {}
        self._of_order: dict[str, list[tuple[object, ...]]] = {}
        self._ids = count(1)

    def take(self, *states: Conversion) -> list[Change]:
        """Decisions, in this order and as one batch: caps are counted once before it, and along with it.

        Older revisions and repeats are ignored.
        """
        changes: list[Change] = []
        caps = self._caps([Order.of(state) for state in states])
        for state in states:
            key = (state.store_id, state.order_id)
            if self.newest.get(key, 0) >= state.revision:
                continue
            self.newest[key] = state.revision
            changes += self._decide(Order.of(state), caps)
        return changes

    def of_order(self, order_id: str) -> list[Reward]:
        """All rewards that an order has or had."""
        return [self.rewards[key] for key in self._of_order.get(order_id, ())]

    def amounts(self) -> dict[tuple[str, str, str], int]:
        """What is worth something: (order, rule, beneficiary) → amount."""
        return {
            (r.source_id, r.rule, r.beneficiary_id): r.target_minor for r in self.rewards.values() if r.target_minor
        }

    def _decide(self, order: Order, caps: Caps) -> list[Change]:
        program = self.programs.get((order.program_id or "", order.program_version or 0))
        entitled = entitlements(self._dated(order, program), program) if program else []
        changes = plan(order, entitled, self.of_order(order.order_id), caps, self._moment())
        for change in changes:
            reward = change.after
            key = (reward.source_id, *reward.key)
            if key not in self.rewards:
                self._of_order.setdefault(reward.source_id, []).append(key)
            self.rewards[key] = reward
        return changes

    def _dated(self, order: Order, program: Program) -> Order:
        return order.in_zone(self.zone) if program.by_day else order

    def _moment(self) -> Moment:
        return Moment(now=NOON, day_of=lambda at: local_day(at, self.zone), new_id=lambda: f"rwd_{next(self._ids):06}")

    def _caps(self, orders: Sequence[Order]) -> Caps:
        caps = Caps()
        budgets: dict[tuple[str, str, str], int] = {}
        for (program_id, _), one in sorted(self.programs.items()):
            key = (orders[0].store_id, program_id, one.currency)
            budgets.pop(key, None)
            if one.budget is not None:
                budgets[key] = one.budget.amount_minor
        caps.budgets = budgets
        for reward in self.rewards.values() if budgets else ():
            caps.spend(budget_key(reward), reward.target_minor)
        for limited, first, last in {period for order in orders for period in self._periods(order)}:
            worth = [
                (r.counted, r.target_minor)
                for r in self.rewards.values()
                if limit_key(r) == limited and first <= r.day <= last and r.target_minor
            ]
            caps.tallies[limited].append(
                Tally(first, last, sum(one for one, _ in worth), sum(amount for _, amount in worth))
            )
        return caps

    def _periods(self, order: Order) -> Iterator[tuple[LimitKey, date, date]]:
        """Periods of limits that the order, or what it already has, counts in."""
        program = self.programs.get((order.program_id or "", order.program_version or 0))
        days = {local_day(order.placed_at, self.zone), *(reward.day for reward in self.of_order(order.order_id))}
        for rule in program.rewards if program else ():
            if rule.limits.per_ambassador is not None:
                limited = (order.store_id, order.program_id or "", rule.name, order.ambassador_id or "")
                for day in days:
                    yield (limited, *window(rule.limits.per_ambassador.period, day))
