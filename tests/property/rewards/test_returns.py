"""Laws of what refunds leave of a reward, over random orders with lines, shipping and bare sums."""

from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.events.orders import Figures, Item, OrderRefunded
from services.attribution.decisions.domain.refunds import refunds_of
from services.common.money import share_half_up
from services.rewards.rules.domain import Order, entitlements, goods_left
from tests.support.attribution import at, refund
from tests.support.chance import examples
from tests.unit.rewards.build import AMBASSADOR_RULE, make_program, make_state


@st.composite
def orders(draw: st.DrawFn) -> Figures:
    amounts = draw(st.lists(st.integers(1, 10_000), min_size=1, max_size=4))
    shipping, tax = draw(st.integers(0, 1500)), draw(st.integers(0, 3000))
    goods = sum(amounts)
    return Figures(
        status="paid",
        currency="EUR",
        total_minor=goods + shipping + tax,
        subtotal_minor=draw(st.integers(goods // 2, goods)),
        shipping_minor=shipping,
        tax_minor=tax,
        items=tuple(Item(line_id=f"l{n}", amount_minor=amount) for n, amount in enumerate(amounts)),
    )


@st.composite
def refunds(draw: st.DrawFn, figures: Figures, number: int, *, named: bool) -> OrderRefunded:
    reported = refund(draw(st.integers(0, 8000)), refund_id=f"r{number}", when=at(days=number))
    if not named or draw(st.booleans()):
        return reported
    ids = draw(st.lists(st.sampled_from([item.line_id for item in figures.items]), unique=True, max_size=3))
    lines = tuple({"line_id": line_id, "amount_minor": draw(st.integers(0, 8000))} for line_id in ids)
    shipping = draw(st.none() | st.integers(0, figures.shipping_minor))
    return OrderRefunded.model_validate(reported.model_dump() | {"lines": lines, "shipping_minor": shipping})


def left(figures: Figures, reported: list[OrderRefunded]) -> tuple[Fraction, int]:
    """The share that is left of the goods, and of a tenth of the subtotal."""
    back = refunds_of(reported, figures)
    order = Order.of(make_state(figures=figures, refunded_minor=back.sum_minor, returned=back.returned))
    [one] = entitlements(order, make_program(AMBASSADOR_RULE))
    return goods_left(order), one.want_minor


@settings(max_examples=examples(300), deadline=None)
@given(st.data(), orders(), st.integers(0, 2**32))
def test_more_refunds_never_leave_more_and_their_order_means_nothing(
    data: st.DataObject, figures: Figures, seed: int
) -> None:
    reported: list[OrderRefunded] = []
    before, _ = left(figures, reported)
    assert before == 1
    for number in range(data.draw(st.integers(1, 5))):
        reported.append(data.draw(refunds(figures, number, named=True)))
        now, worth = left(figures, reported)
        assert 0 <= now <= before
        assert worth == share_half_up(share_half_up(figures.subtotal_minor, 1, 10), now.numerator, now.denominator)
        before = now
    shuffled = [*reported, *reported]
    Random(seed).shuffle(shuffled)
    assert left(figures, shuffled)[0] == before
    if sum(one.amount_minor for one in reported) >= figures.total_minor:
        assert before == 0


@settings(max_examples=examples(200), deadline=None)
@given(st.data(), orders())
def test_where_no_line_is_named_the_sum_decides(data: st.DataObject, figures: Figures) -> None:
    reported = [data.draw(refunds(figures, number, named=False)) for number in range(data.draw(st.integers(0, 4)))]
    gone = min(figures.total_minor, sum(one.amount_minor for one in reported))
    assert left(figures, reported)[0] == Fraction(figures.total_minor - gone, figures.total_minor)
