"""A past period under the very rules that were in force comes to what was granted, over random histories, in memory."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.events.conversions import AtSettling, Conversion, Returned, ReturnedLine
from contracts.events.orders import Figures as OrderFigures
from contracts.program import Program
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.reward import Reward
from services.rewards.rules.domain import Order
from services.rewards.simulations.domain.figures import Figures
from services.rewards.simulations.domain.lean import order_of
from services.rewards.simulations.domain.replay import (
    Version,
    Was,
    caps_of,
    case_of,
    counters_of,
    counts_of,
    decide,
    looked_at,
    periods_of,
)
from tests.property.rewards.histories import History, histories, programs
from tests.support.chance import examples
from tests.unit.rewards.books import Books
from tests.unit.rewards.build import PROGRAM, STORE, make_state

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def newest(arrivals: Iterable[Conversion]) -> list[Conversion]:
    """Each order as it stands, in the order of purchase."""
    found: dict[str, Conversion] = {}
    for state in arrivals:
        if state.order_id not in found or state.revision > found[state.order_id].revision:
            found[state.order_id] = state
    return sorted(found.values(), key=lambda state: (state.placed_at, state.order_id))


def was(rewards: Iterable[Reward], order_id: str) -> list[Was]:
    return [
        Was(one.rule, one.side, one.ambassador_id, one.unit, one.target_minor)
        for one in rewards
        if one.source_id == order_id
    ]


def simulated(
    states: Iterable[Conversion],
    rules: Mapping[tuple[str, int], Program],
    granted: Iterable[Reward],
    caps: Caps,
    *,
    draft: Program | None = None,
) -> Figures:
    """What the simulator makes of these orders."""
    given = list(granted)
    cases = []
    for state in states:
        order = Order.of(state)
        program = draft or rules.get((PROGRAM, order.program_version or 0))
        cases.append(
            case_of(order, None if program is None else Version.of(program), was(given, order.order_id), [], zone=ZONE)
        )
    for key in counters_of(cases, periods_of([draft] if draft else rules.values()), ZONE):
        caps.open(key, 0, 0)
    figures = looked_at(cases)
    decide(cases, caps, ZONE, NOW, figures)
    return figures


def budgets_of(rules: Mapping[tuple[str, int], Program]) -> Caps:
    budget, currency = rules[PROGRAM, 1].budget, rules[PROGRAM, 1].currency
    return Caps(budgets={} if budget is None else {(STORE, PROGRAM, currency): budget.amount_minor})


def assert_nothing_differs(figures: Figures) -> None:
    assert (figures.more, figures.less) == (0, 0)
    for rule in figures.rules.values():
        assert (rule.rewards, rule.amount_minor) == (rule.granted_rewards, rule.granted_minor)
    for share in figures.shares.values():
        assert (share.own_minor, share.friends_minor) == (share.granted_own_minor, share.granted_friends_minor)


@settings(max_examples=examples(150), deadline=None)
@given(histories(capped=False))
def test_without_a_cap_the_rules_that_were_in_force_give_what_was_granted(history: History) -> None:
    books = Books(history.programs)
    books.take(*history.arrivals)
    orders = newest(history.arrivals)
    figures = simulated(orders, history.programs, books.rewards.values(), Caps())
    assert figures.orders == len(orders)
    assert_nothing_differs(figures)


@settings(max_examples=examples(150), deadline=None)
@given(histories(capped=True, orders=8, revisions=1))
def test_with_caps_too_where_orders_came_once_and_in_the_order_of_purchase(history: History) -> None:
    orders = newest(history.arrivals)
    books = Books(history.programs)
    books.take(*orders)
    assert_nothing_differs(simulated(orders, history.programs, books.rewards.values(), budgets_of(history.programs)))


@settings(max_examples=examples(100), deadline=None)
@given(histories(capped=True, orders=8, revisions=2), st.integers(0, 8))
def test_a_period_in_parts_comes_to_what_it_comes_to_as_a_whole(history: History, cut: int) -> None:
    orders = newest(history.arrivals)
    books = Books(history.programs)
    books.take(*history.arrivals)
    whole = simulated(orders, history.programs, books.rewards.values(), budgets_of(history.programs))

    versions = {key: Version.of(program) for key, program in history.programs.items()}
    cases = [
        case_of(
            order,
            versions.get((PROGRAM, order.program_version or 0)),
            was(books.rewards.values(), order.order_id),
            [],
            zone=ZONE,
        )
        for order in map(Order.of, orders)
    ]
    caps, parts = budgets_of(history.programs), Figures()
    periods = periods_of(history.programs.values())
    counts = dict.fromkeys(counters_of(cases, periods, ZONE), (0, 0))
    for part in (cases[:cut], cases[cut:]):
        mine = counters_of(part, periods, ZONE)
        caps = caps_of(caps.budgets, caps.spent, {key: counts[key] for key in mine})
        figures = looked_at(part)
        decide(part, caps, ZONE, NOW, figures)
        parts.add(figures)
        counts |= counts_of(caps, mine)
    assert parts.dumped() == whole.dumped()
    assert Figures.loaded(parts.dumped()).dumped() == parts.dumped()


@settings(max_examples=examples(100), deadline=None)
@given(histories(capped=True, orders=8, revisions=2), programs(capped=True))
def test_no_draft_goes_beyond_its_caps_and_a_difference_is_simulated_less_granted(
    history: History, drafts: dict[tuple[str, int], Program]
) -> None:
    draft = drafts[PROGRAM, 1]
    orders = newest(history.arrivals)
    books = Books(history.programs)
    books.take(*history.arrivals)
    figures = simulated(orders, {}, books.rewards.values(), budgets_of(drafts), draft=draft)
    if draft.budget is not None:
        assert (
            sum(r.amount_minor for k, r in figures.rules.items() if k.unit == draft.currency)
            <= draft.budget.amount_minor
        )
    assert sum(r.granted_minor for r in figures.rules.values()) == sum(r.target_minor for r in books.rewards.values())
    by_rule = sum(r.amount_minor for r in figures.rules.values())
    assert by_rule == sum(s.own_minor + s.friends_minor for s in figures.shares.values())
    again = Books({(PROGRAM, v): draft for v in (1, 2)})
    again.take(*orders)
    assert by_rule == sum(reward.target_minor for reward in again.rewards.values())


MINOR = st.integers(0, 10**6)
LINE_IDS = st.sampled_from(["a", "b", None])
RETURNED = st.none() | st.builds(
    lambda lines, shipping, named, bare: Returned(
        lines=tuple(ReturnedLine(line_id=name, amount_minor=amount) for name, amount in lines.items()),
        shipping_minor=shipping,
        named_minor=named,
        bare_minor=bare,
    ),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), MINOR),
    *[MINOR] * 3,
)
FIGURES = st.builds(
    lambda total, discount, items: OrderFigures.model_validate(
        {
            "status": "paid",
            "currency": "EUR",
            "total_minor": total,
            "subtotal_minor": total,
            "discount_minor": discount,
            "items": [{"amount_minor": n, "line_id": line_id, "gift_card": card} for n, line_id, card in items],
        }
    ),
    *[MINOR] * 2,
    st.lists(st.tuples(MINOR, LINE_IDS, st.booleans()), max_size=3),
)


@settings(max_examples=examples(150), deadline=None)
@given(FIGURES, RETURNED, st.none() | st.builds(lambda f, r: (f, r), FIGURES, RETURNED), MINOR, st.booleans())
def test_orders_read_for_their_money_only_are_those_of_the_contract(
    figures: OrderFigures,
    returned: Returned | None,
    then: tuple[OrderFigures, Returned | None] | None,
    refunded: int,
    settled: bool,
) -> None:
    state = make_state(
        figures=figures,
        returned=returned,
        refunded_minor=refunded,
        settled_at=NOW.astimezone(ZoneInfo("Asia/Tokyo")) if settled else None,
        at_settling=None if then is None else AtSettling(figures=then[0], returned=then[1], refunded_minor=refunded),
    )
    text = state.model_dump_json(exclude_none=True)
    assert plain(order_of(text)) == plain(Order.of(Conversion.model_validate_json(text)))


def plain(order: Order | None) -> object:
    """An order without the classes that its returns were read into."""
    if order is None:
        return None
    back = order.returned
    lines = [] if back is None else [(line.line_id, line.amount_minor) for line in back.lines]
    returned = None if back is None else (lines, back.shipping_minor, back.named_minor, back.bare_minor)
    return replace(order, returned=None, then=None), returned, plain(order.then)
