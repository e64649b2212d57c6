"""Laws of the calculator before launch, exact, over random plans; and figures that were worked out by hand."""

from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.rewards.calculator.domain import WHOLE, Plan, answer, break_even_conversion, break_even_reward, gain


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    conversion = draw(st.integers(1, WHOLE))
    costs = draw(st.sampled_from([0, 0, 1, 999, 250_000]))
    return Plan(
        average_order_minor=draw(st.integers(1, 10**7)),
        margin=draw(st.integers(1, WHOLE)),
        conversion=conversion,
        unrewarded=draw(st.integers(0, conversion - 1)),
        orders=draw(st.integers(1, 5)),
        keep=draw(st.integers(0, WHOLE)),
        friend_part=draw(st.integers(0, WHOLE)),
        costs_minor=costs,
        visitors=draw(st.integers(1, 10**6)) if costs else 0,
    )


@given(plans())
def test_a_reward_at_break_even_loses_nothing_and_one_more_unit_does(plan: Plan) -> None:
    found = answer(plan)
    expected = Fraction(plan.conversion)
    if break_even_reward(plan, expected) >= 0:
        assert gain(plan, found.break_even_minor, expected) >= 0
    assert gain(plan, found.break_even_minor + 1, expected) < 0


@given(plans())
def test_the_store_keeps_its_share_of_what_could_be_gained(plan: Plan) -> None:
    found = answer(plan)
    expected = Fraction(plan.conversion)
    assert 0 <= found.affordable_minor <= found.break_even_minor
    assert found.friend_minor + found.ambassador_minor == found.affordable_minor
    assert min(found.friend_minor, found.ambassador_minor) >= 0
    most = gain(plan, 0, expected)
    if most >= 0:
        assert gain(plan, found.affordable_minor, expected) >= most * plan.keep / WHOLE


@given(plans(), st.integers(0, 10**7))
def test_a_reward_pays_from_its_break_even_conversion_on(plan: Plan, reward: int) -> None:
    least = break_even_conversion(plan, reward)
    if least is None:
        assert gain(plan, reward, Fraction(WHOLE)) < 0 or plan.won_minor == reward
    else:
        assert gain(plan, reward, least) == 0
        assert gain(plan, reward, least + 1) > 0


@given(plans(), st.integers(0, 10**7))
def test_without_costs_it_is_the_break_even_sales_change_of_pricing(plan: Plan, reward: int) -> None:
    plan = replace(plan, costs_minor=0)
    least = break_even_conversion(plan, reward)
    assume(least is not None and plan.unrewarded > 0)
    assert least is not None
    assert (least - plan.unrewarded) / plan.unrewarded == reward / (plan.won_minor - reward)


@given(plans(), st.integers(1, 1000))
def test_more_margin_or_conversion_never_affords_less_and_more_costs_never_more(plan: Plan, step: int) -> None:
    usual = answer(plan).affordable_minor
    assert answer(replace(plan, margin=min(WHOLE, plan.margin + step))).affordable_minor >= usual
    assert answer(replace(plan, conversion=min(WHOLE, plan.conversion + step))).affordable_minor >= usual
    dearer = replace(plan, costs_minor=plan.costs_minor + step, visitors=plan.visitors or 1)
    assert answer(dearer).affordable_minor <= usual
    afforded = [row.affordable_minor for row in answer(plan).range]
    assert afforded == sorted(afforded)


def test_figures_worked_out_by_hand() -> None:
    """An order of 50.00 leaves 40 %: 20.00. Of 100 visitors 8 buy, 2 would have: 8 × (20 − R) = 2 × 20 at 15.00."""
    found = answer(Plan(average_order_minor=5000, margin=4000, conversion=800, unrewarded=200))
    assert (found.won_minor, found.break_even_minor, found.affordable_minor) == (2000, 1500, 750)
    assert (found.friend_minor, found.ambassador_minor, found.of_order) == (375, 375, 1500)
    # 2 × 20 ÷ (20 − 7.50) = 3.2 of 100.
    assert found.break_even_conversion == 320
    # Of 1,000 visitors: 80 × 12.50 − 20 × 20.00 = 600.00; of half as many buyers 100.00.
    assert {int(row.conversion): row.gain_minor for row in found.range}[800] == 60_000
    assert {int(row.conversion): row.gain_minor for row in found.range}[400] == 10_000


def test_costs_of_the_program_are_covered_by_so_many_friends() -> None:
    plan = Plan(average_order_minor=5000, margin=4000, conversion=1000, costs_minor=30_000, visitors=1000)
    # 30 cents a visitor: 0.1 × (20 − R) = 0.30 at 17.00, of which half is 8.50; 300.00 ÷ 11.50 = 26.08….
    found = answer(plan)
    assert (found.break_even_minor, found.affordable_minor, found.break_even_orders) == (1700, 850, 27)


def test_where_nothing_is_gained_nothing_is_affordable() -> None:
    plan = Plan(average_order_minor=100, margin=100, conversion=1, costs_minor=10_000, visitors=10)
    found = answer(plan)
    assert (found.break_even_minor, found.affordable_minor, found.break_even_conversion) == (0, 0, None)
