"""Random histories of decisions, and an independent, slow and simple model of what they should lead to.

The model shares no code with the service: it keeps a flat list of what every rule gave to whom and sums it up anew for
every question.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import strategies as st

from contracts.events.conversions import Conversion
from contracts.program import Program
from tests.unit.rewards.build import ANNA, BORIS, PROGRAM, make_program, make_state

CURRENCIES = ("EUR", "JPY", "KWD")
# Around the end of a month, and of a week, in UTC.
DAYS = [datetime(2026, 10, 30, 12, tzinfo=UTC) + timedelta(days=n) for n in range(4)]


@st.composite
def rules(draw: st.DrawFn, *, capped: bool) -> dict[str, Any]:
    """One rule for either side."""
    give: dict[str, Any] = draw(
        st.one_of(
            st.builds(lambda n: {"kind": "fixed", "amount_minor": n}, st.integers(0, 500)),
            st.builds(
                lambda n, of: {"kind": "percent", "basis_points": n, "of": of},
                st.integers(1, 10_000),
                st.sampled_from(["subtotal", "total"]),
            ),
        )
    )
    limits: dict[str, Any] = {"per_order_minor": draw(st.none() | st.integers(0, 300))}
    if capped and draw(st.sampled_from([True, True, False])):
        count, amount = draw(st.sampled_from([None, 1, 1, 2])), draw(st.none() | st.integers(0, 600))
        if count is not None or amount is not None:
            period = draw(st.sampled_from(["day", "week", "month", "ever"]))
            limits["per_ambassador"] = {"count": count, "amount_minor": amount, "period": period}
    return {
        "to": draw(st.sampled_from(["ambassador", "friend"])),
        "which": draw(st.sampled_from(["first", "every"])),
        "pay_as": draw(st.sampled_from(["cash", "store_credit", "points"])),
        "give": give,
        "limits": limits,
    }


@st.composite
def programs(draw: st.DrawFn, *, capped: bool) -> dict[tuple[str, int], Program]:
    """One or two versions of one program, with the same budget: a budget that changes is another test's matter."""
    currency = draw(st.sampled_from(CURRENCIES))
    budget = draw(st.none() | st.integers(0, 1500)) if capped else None
    made = {}
    for version in range(1, draw(st.integers(1, 2)) + 1):
        count = draw(st.integers(1, 3))
        named = [{**draw(rules(capped=capped)), "name": f"r{n}"} for n in range(count)]
        made[PROGRAM, version] = make_program(*named, currency=currency, budget_minor=budget)
    return made


@st.composite
def states(draw: st.DrawFn, order_id: str, revision: int, versions: int, currency: str) -> Conversion:
    """A state of the decision on an order."""
    total = draw(st.sampled_from([0, 1, 7, 333, 1000, 4999]))
    return make_state(
        order_id,
        revision=revision,
        status=draw(st.sampled_from(["attributed"] * 6 + ["unattributed", "rejected", "pending"])),
        cancelled=draw(st.sampled_from([False] * 7 + [True])),
        rejected_by_person=draw(st.sampled_from([False] * 9 + [True])),
        total_minor=total,
        subtotal_minor=draw(st.integers(0, total)),
        refunded_minor=draw(st.sampled_from([0, 0, 0, 1, total // 2, total, total + 5])),
        currency=draw(st.sampled_from([currency] * 9 + ["USD"])),
        ambassador_id=draw(st.sampled_from([ANNA, ANNA, BORIS])),
        friend_id=draw(st.sampled_from([f"friend-{order_id}", "friend-x"])),
        order_number=draw(st.sampled_from([1, 1, 2])),
        placed_at=draw(st.sampled_from(DAYS)),
        program_id=PROGRAM,
        program_version=draw(st.integers(1, versions)),
    )


@dataclass(frozen=True)
class History:
    """Programs, and decisions in the order in which they arrive: shuffled, with repeats."""

    programs: dict[tuple[str, int], Program]
    arrivals: list[Conversion]


@st.composite
def histories(draw: st.DrawFn, *, capped: bool, orders: int = 4, revisions: int = 3) -> History:
    """Up to `orders` orders of up to `revisions` revisions each."""
    made = draw(programs(capped=capped))
    currency = made[PROGRAM, 1].currency
    reported = [
        draw(states(f"o{n}", revision, len(made), currency))
        for n in range(draw(st.integers(1, orders)))
        for revision in range(1, draw(st.integers(1, revisions)) + 1)
    ]
    repeats = draw(st.lists(st.sampled_from(reported), max_size=3))
    return History(made, draw(st.permutations(reported + repeats)))


@dataclass
class Given:
    """What one rule gave to one person for one order."""

    order_id: str
    rule: str
    who: str
    ambassador: str
    day: Any
    unit: str
    amount: int


@dataclass
class Model:
    """The slow way: every question is answered by going through everything that was given."""

    programs: dict[tuple[str, int], Program]
    newest: dict[str, int] = field(default_factory=dict)
    given: list[Given] = field(default_factory=list)

    def take(self, state: Conversion) -> None:
        if state.revision <= self.newest.get(state.order_id, 0):
            return
        self.newest[state.order_id] = state.revision
        wanted = self._wanted(state)
        mine = [one for one in self.given if one.order_id == state.order_id]
        moved = {id(one) for one in mine if self._moved(one, wanted)}
        for one in mine:
            still = next((w.amount for w, _ in wanted if self._same(w, one) and w.unit == one.unit), 0)
            one.amount = min(one.amount, still)
        # First those that come from another period or ambassador, then in the order of the rules.
        for want, limit in sorted(
            wanted, key=lambda pair: not any(self._same(pair[0], o) for o in mine if id(o) in moved)
        ):
            old = next((one for one in mine if self._same(want, one)), None)
            held = old.amount if old and old.unit == want.unit else 0
            in_period = 0 if old and id(old) in moved else held
            if old:
                self.given.remove(old)
            self.given.append(self._bounded(state, want, limit, held, in_period))

    def amounts(self) -> dict[tuple[str, str, str], int]:
        return {(one.order_id, one.rule, one.who): one.amount for one in self.given if one.amount}

    def _bounded(self, state: Conversion, want: Given, limit: Any, held: int, in_period: int) -> Given:
        allowed = [want.amount]
        budget = max(self.programs.items())[1].budget
        currency = max(self.programs.items())[1].currency
        if budget is not None and want.unit == currency:
            others = sum(one.amount for one in self.given if one.unit == want.unit)
            allowed.append(max(held, budget.amount_minor - others))
        if limit is not None:
            others_here = [
                one.amount
                for one in self.given
                if (one.rule, one.ambassador) == (want.rule, want.ambassador)
                and self._period(limit.period, one.day) == self._period(limit.period, want.day)
                and one.amount
            ]
            if limit.count is not None and not in_period and len(others_here) >= limit.count:
                allowed.append(0)
            if limit.amount_minor is not None:
                allowed.append(max(in_period, limit.amount_minor - sum(others_here)))
        want.amount = max(0, min(allowed))
        return want

    def _wanted(self, state: Conversion) -> list[tuple[Given, Any]]:
        if state.cancelled or state.rejected_by_person or state.status != "attributed":
            return []
        program = self.programs[state.program_id or "", state.program_version or 0]
        found = []
        for rule in program.rewards:
            figures = state.figures
            amount = Decimal(0)
            if figures.currency == program.currency and (rule.which == "every" or state.order_number == 1):
                if rule.give.kind == "fixed":
                    amount = Decimal(rule.give.amount_minor)
                else:
                    of = figures.subtotal_minor if rule.give.of == "subtotal" else figures.total_minor
                    amount = (Decimal(of) * rule.give.basis_points / 10_000).quantize(Decimal(1), ROUND_HALF_UP)
            if rule.limits.per_order_minor is not None:
                amount = min(amount, Decimal(rule.limits.per_order_minor))
            total = Decimal(figures.total_minor)
            if total:
                left = max(Decimal(0), total - state.refunded_minor)
                amount = (amount * left / total).quantize(Decimal(1), ROUND_HALF_UP)
            who = state.ambassador_id if rule.to == "ambassador" else state.friend_id
            unit = "points" if rule.pay_as == "points" else program.currency
            one = Given(
                state.order_id,
                rule.name,
                who or "",
                state.ambassador_id or "",
                state.placed_at.date(),
                unit,
                int(amount),
            )
            found.append((one, rule.limits.per_ambassador))
        return found

    def _moved(self, one: Given, wanted: list[tuple[Given, Any]]) -> bool:
        """Whether what was given stands in another period, or with another ambassador, than it is wanted in now."""
        for want, limit in wanted:
            if self._same(want, one) and want.unit == one.unit and limit is not None and min(one.amount, want.amount):
                here = (want.ambassador, self._period(limit.period, want.day))
                return here != (one.ambassador, self._period(limit.period, one.day))
        return False

    @staticmethod
    def _same(one: Given, other: Given) -> bool:
        return (one.order_id, one.rule, one.who) == (other.order_id, other.rule, other.who)

    @staticmethod
    def _period(period: str, day: Any) -> object:
        return {"day": day, "week": day.isocalendar()[:2], "month": (day.year, day.month), "ever": None}[period]


def breaches(programs_: dict[tuple[str, int], Program], given: list[Given], versions: dict[str, int]) -> list[str]:
    """Caps that are exceeded. A limit per ambassador is checked where one version alone defines the rule."""
    found = []
    newest = max(programs_.items())[1]
    if newest.budget is not None:
        spent = sum(one.amount for one in given if one.unit == newest.currency)
        if spent > newest.budget.amount_minor:
            found.append(f"budget {newest.budget.amount_minor}, spent {spent}")
    if len(programs_) > 1:
        return found
    for rule in newest.rewards:
        if (limit := rule.limits.per_ambassador) is None:
            continue
        groups: dict[object, list[int]] = {}
        for one in given:
            if one.rule == rule.name and one.amount:
                groups.setdefault((one.ambassador, Model._period(limit.period, one.day)), []).append(one.amount)
        for group, amounts in groups.items():
            if limit.count is not None and len(amounts) > limit.count:
                found.append(f"{rule.name} {group}: {len(amounts)} rewards of {limit.count}")
            if limit.amount_minor is not None and sum(amounts) > limit.amount_minor:
                found.append(f"{rule.name} {group}: {sum(amounts)} of {limit.amount_minor}")
    return found
