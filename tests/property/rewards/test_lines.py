"""Laws of what lines give: they add up, their order means nothing, and all of them going back leaves nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from contracts.events.conversions import Returned, ReturnedLine
from contracts.events.orders import Figures, Item
from contracts.program import RewardRule
from services.rewards.rules.domain import Entitlement, Order, entitlements, lines_of
from tests.unit.rewards.build import AMBASSADOR_RULE, make_program, make_state

PRODUCTS, CATEGORIES = ("p1", "p2", "p3"), ("c1", "c2", "c3")
DAY = datetime(2026, 12, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """A rule with other terms for some goods, and an order of some."""

    rule: dict[str, Any]
    items: tuple[Item, ...]
    subtotal_minor: int

    def order(self, items: tuple[Item, ...] | None = None, back: dict[str, int] | None = None) -> Order:
        figures = Figures(
            status="paid",
            currency="EUR",
            total_minor=sum(one.amount_minor for one in self.items) + 500,
            subtotal_minor=self.subtotal_minor,
            items=self.items if items is None else items,
        )
        returned = None
        if back is not None:
            lines = tuple(ReturnedLine(line_id=line, amount_minor=amount) for line, amount in back.items())
            returned = Returned(lines=lines, named_minor=sum(back.values()))
        state = make_state(placed_at=DAY, returned=returned, refunded_minor=sum((back or {}).values()))
        return Order.of(state.model_copy(update={"figures": figures})).in_zone(ZoneInfo("UTC"))

    def gives(self, order: Order) -> Entitlement:
        [one] = entitlements(order, make_program(self.rule))
        return one


gives = st.one_of(
    st.builds(lambda n: {"kind": "fixed", "amount_minor": n}, st.integers(0, 900)),
    st.builds(lambda n: {"kind": "percent", "basis_points": n}, st.integers(1, 10_000)),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Up to four lines, each with an id, and up to three terms that share no name."""
    terms = [
        {"products": [PRODUCTS[n]], "categories": [CATEGORIES[n]], "give": draw(gives)}
        for n in draw(st.sets(st.integers(0, 2)))
    ]
    boost = {"first_day": "2026-12-01", "last_day": "2026-12-03", "basis_points": draw(st.integers(1, 3000))}
    boosts = draw(st.sampled_from([[], [boost], [{**boost, "categories": ["c1"]}]]))
    rule = {**AMBASSADOR_RULE, "give": draw(gives), "terms": terms, "boosts": boosts}
    if not any(give["kind"] == "percent" for give in [rule["give"], *(term["give"] for term in terms)]):
        rule["boosts"] = []
    items = tuple(
        Item(
            line_id=f"l{n}",
            amount_minor=draw(st.sampled_from([0, 1, 7, 333, 5000])),
            quantity=draw(st.integers(1, 3)),
            product_id=draw(st.none() | st.sampled_from(PRODUCTS)),
            category=draw(st.none() | st.sampled_from(CATEGORIES)),
            gift_card=draw(st.sampled_from([False] * 5 + [True])),
        )
        for n in range(draw(st.integers(1, 4)))
    )
    goods = sum(one.amount_minor for one in items if not one.gift_card)
    return Case(rule, items, draw(st.sampled_from([goods, goods // 2])))


@given(cases())
def test_lines_add_up_to_the_whole(case: Case) -> None:
    order, rule = case.order(), RewardRule.model_validate(case.rule)
    lines = lines_of(order, rule, "EUR")
    if lines:
        assert sum(amount for _, amount in lines) == case.gives(order).base_minor
        exact = sum((gift.gives for gift, _ in lines), Fraction(0))
        exactly = Decimal(exact.numerator) / Decimal(exact.denominator)
        assert int(exactly.quantize(Decimal(1), ROUND_HALF_UP)) == case.gives(order).base_minor
        assert all(abs(amount - gift.gives) <= 1 for gift, amount in lines)


@given(cases(), st.randoms())
def test_the_order_of_lines_means_nothing(case: Case, random: Any) -> None:
    shuffled = list(case.items)
    random.shuffle(shuffled)
    back = {one.line_id or "": one.amount_minor // 2 for one in case.items}
    for returned in (None, back):
        one, other = case.order(back=returned), case.order(tuple(shuffled), back=returned)
        assert case.gives(one) == case.gives(other)


@given(cases())
def test_terms_that_say_what_the_rule_says_change_nothing(case: Case) -> None:
    plain = {**case.rule, "give": {"kind": "percent", "basis_points": 1234}, "terms": [], "boosts": []}
    same = {**plain, "terms": [{"products": ["p1"], "categories": ["c2"], "give": plain["give"]}]}
    order = case.order(back={one.line_id or "": one.amount_minor // 3 for one in case.items})
    assert Case(plain, case.items, 0).gives(order) == Case(same, case.items, 0).gives(order)


@given(cases())
def test_all_lines_going_back_leave_nothing_and_each_one_never_more_than_before(case: Case) -> None:
    back: dict[str, int] = {}
    before = case.gives(case.order()).want_minor
    for one in case.items:
        back[one.line_id or ""] = one.amount_minor
        now = case.gives(case.order(back=dict(back))).want_minor
        assert 0 <= now <= before
        before = now
    if any(one.amount_minor for one in case.items if not one.gift_card) and case.subtotal_minor:
        assert before == 0
