"""What refunds leave of a reward: by line where the refund says which, of whatever remains where it is a bare sum."""

from typing import Any

import pytest

from contracts.events.conversions import AtSettling, Returned, ReturnedLine
from contracts.events.orders import Figures, Item
from contracts.program import RewardRule
from services.common.money import share_half_up
from services.rewards.rules.domain import Order, Part, Reason, entitlements, parts_left
from tests.unit.rewards.books import Books
from tests.unit.rewards.build import AMBASSADOR_RULE, FRIEND_RULE, PROGRAM, make_program, make_state

TENTH = AMBASSADOR_RULE
OF_TOTAL = {**AMBASSADOR_RULE, "give": {"kind": "percent", "basis_points": 1000, "of": "total"}}
FIVE = {**FRIEND_RULE, "give": {"kind": "fixed", "amount_minor": 500}}
KEPT = {**FIVE, "on_partial_refund": "keep"}


def item(line_id: str | None, amount: int, *, gift_card: bool = False) -> Item:
    return Item(line_id=line_id, amount_minor=amount, gift_card=gift_card)


def back(*lines: tuple[str, int], shipping: int = 0, bare: int = 0, named: int | None = None) -> Returned:
    named_sum = sum(amount for _, amount in lines) + shipping
    return Returned(
        lines=tuple(ReturnedLine(line_id=line_id, amount_minor=amount) for line_id, amount in lines),
        shipping_minor=shipping,
        named_minor=named_sum if named is None else named,
        bare_minor=bare,
    )


def left(rule: dict[str, Any], returned: Returned | None, **changed: Any) -> tuple[int, Reason]:
    """What is left for an order of goods for 50.00, in lines of 30.00 and 20.00, and shipping for 10.00."""
    state = {"total_minor": 6000, "subtotal_minor": 5000, "shipping_minor": 1000} | changed
    items = state.pop("items", (item("a", 3000), item("b", 2000)))
    figures = Figures(status="paid", currency="EUR", items=items, **state)
    gone = returned.named_minor + returned.bare_minor if returned else 0
    made = make_state(refunded_minor=gone, returned=returned, figures=figures)
    [one] = entitlements(Order.of(made), make_program(rule))
    return one.want_minor, one.reason


@pytest.mark.parametrize(
    ("returned", "want"),
    [
        (None, 500),
        (back(("a", 3000), ("b", 2000)), 0),  # all goods back, shipping kept
        (back(shipping=1000), 500),  # shipping alone
        (back(("a", 3000)), 200),
        (back(("a", 1500)), 350),
        (back(("a", 9000), named=3000), 200),  # no more of a line can go back than was sold of it
        (back(("a", 3000), bare=1500), 100),  # half of what remains of the total: 1,500 of 3,000
        (back(("a", 3000), shipping=1000, bare=1000), 100),
        (back(("a", 3000), bare=3000), 0),  # nothing is left of the total
        (back(shipping=1000, named=6000), 0),
        (back(("a", 3000), named=2500), 200),  # a fee was kept; the goods are back all the same
        (back(("elsewhere", 3000)), 250),  # an unknown line is as good as a bare sum
    ],
)
@pytest.mark.parametrize("rule", [TENTH, FIVE])
def test_what_went_back_is_taken_back(rule: dict[str, Any], returned: Returned | None, want: int) -> None:
    assert left(rule, returned)[0] == want


def test_lines_without_ids_are_returned_together() -> None:
    items = (item(None, 3000), item("b", 2000))
    assert left(TENTH, back(("x", 1500)), items=items)[0] == 350
    assert left(TENTH, back(("x", 2500)), items=())[0] == 250


def test_tax_that_went_back_with_a_line_is_no_bare_sum() -> None:
    taxed = {"total_minor": 7200, "tax_minor": 1200}
    assert left(TENTH, back(("a", 3000), named=3600), **taxed)[0] == 200
    assert left(TENTH, back(("a", 3000), named=3600, bare=1800), **taxed)[0] == 100


def test_gift_cards_earn_nothing_and_their_return_takes_nothing() -> None:
    items = (item("a", 3000), item("b", 2000), item("card", 4000, gift_card=True))
    more = {"items": items, "total_minor": 10_000}
    assert left(TENTH, None, **more)[0] == 500
    assert left(TENTH, back(("card", 4000)), **more)[0] == 500
    assert left(TENTH, back(("a", 3000), ("card", 4000)), **more)[0] == 200


def test_a_share_of_the_total_follows_the_money_alone() -> None:
    assert left(OF_TOTAL, None)[0] == 600
    assert left(OF_TOTAL, back(("a", 3000)))[0] == 300
    assert left(OF_TOTAL, back(shipping=1000, bare=2000))[0] == 300


def test_a_fixed_reward_may_be_kept_until_nothing_is_left() -> None:
    assert left(KEPT, back(("a", 3000))) == (500, Reason.GRANTED)
    assert left(KEPT, back(("a", 2999), ("b", 2000), bare=1)) == (500, Reason.GRANTED)
    assert left(KEPT, back(("a", 3000), ("b", 2000))) == (0, Reason.REFUNDED)
    assert left(KEPT, back(bare=6000)) == (0, Reason.REFUNDED)


@pytest.mark.parametrize("rule", [FIVE, KEPT])
@pytest.mark.parametrize(("total", "subtotal", "want"), [(0, 0, 0), (1000, 0, 0), (2000, 1000, 500)])
def test_a_fixed_reward_ends_with_an_order_that_is_edited_to_no_goods_after_settling(
    rule: dict[str, Any], total: int, subtotal: int, want: int
) -> None:
    then = AtSettling(figures=Figures(status="paid", currency="EUR", total_minor=6000, subtotal_minor=5000))
    edited = make_state(total_minor=total, subtotal_minor=subtotal, at_settling=then)
    [one] = entitlements(Order.of(edited), make_program(rule))
    assert one.want_minor == want
    [free] = entitlements(Order.of(make_state(total_minor=0, subtotal_minor=0)), make_program(rule))
    assert free.want_minor == 500, "it never cost anything"


def test_only_a_fixed_reward_can_be_kept() -> None:
    with pytest.raises(ValueError, match="on_partial_refund can be keep for a fixed reward only"):
        RewardRule.model_validate({**TENTH, "on_partial_refund": "keep"})


def test_the_cap_of_an_order_comes_before_the_share() -> None:
    # 10 % of 100 and 1 % of 1,000 are 10 each, capped at 15; with the first line back half of that is left.
    share = parts_left([Part(10, 100, 100), Part(10, 1000, 0)])
    assert share_half_up(15, share.numerator, share.denominator) == 8
    assert left({**TENTH, "limits": {"per_order_minor": 400}}, back(("a", 3000)))[0] == 160


def test_what_was_settled_is_the_most_that_a_refund_which_fails_gives_back() -> None:
    books = Books({(PROGRAM, 1): make_program(FIVE)})

    def take(revision: int, refunded: int, *, settled: bool = True) -> int:
        state = make_state(
            revision=revision,
            refunded_minor=refunded,
            total_minor=1000,
            subtotal_minor=1000,
            settled_at=make_state().placed_at if settled else None,
        )
        books.take(state)
        [reward] = books.of_order("1")
        return reward.target_minor

    assert take(1, 0, settled=False) == 500
    assert take(2, 400, settled=False) == 300
    assert take(3, 400) == 300
    assert take(4, 700) == 150
    assert take(5, 400) == 300
    assert take(6, 0) == 300, "more than was settled never comes back"


def test_an_order_that_was_refunded_before_its_settling_was_seen_still_counts_from_the_settling() -> None:
    whole = make_state(revision=2, total_minor=1000, subtotal_minor=1000, settled_at=make_state().placed_at)
    then = {"figures": whole.figures, "refunded_minor": 200}
    refunded = whole.model_copy(
        update={"revision": 3, "refunded_minor": 700, "at_settling": AtSettling.model_validate(then)}
    )
    books = Books({(PROGRAM, 1): make_program(FIVE)})
    books.take(refunded)
    assert [(r.target_minor, r.settled_minor) for r in books.of_order("1")] == [(150, 400)]
    books.take(refunded.model_copy(update={"revision": 4, "refunded_minor": 0}))
    assert [r.target_minor for r in books.of_order("1")] == [400], "what had gone back at the settling stays gone"


def test_an_order_edited_down_after_its_settling_comes_back_up_to_it() -> None:
    tenth = {**FIVE, "give": {"kind": "percent", "basis_points": 1000, "of": "subtotal"}}
    whole = make_state(revision=2, total_minor=1000, subtotal_minor=1000, settled_at=make_state().placed_at)
    less = make_state(revision=3, total_minor=400, subtotal_minor=400, settled_at=whole.settled_at)
    books = Books({(PROGRAM, 1): make_program(tenth)})
    books.take(less.model_copy(update={"at_settling": AtSettling(figures=whole.figures)}))
    assert [(r.target_minor, r.settled_minor) for r in books.of_order("1")] == [(40, 100)]
    books.take(whole.model_copy(update={"revision": 4}))
    assert [r.target_minor for r in books.of_order("1")] == [100]


def test_an_order_that_settled_without_anything_left_stays_at_nothing() -> None:
    books = Books({(PROGRAM, 1): make_program(FIVE)})
    gone = make_state(total_minor=1000, subtotal_minor=1000, refunded_minor=1000, settled_at=make_state().placed_at)
    books.take(gone)
    books.take(gone.model_copy(update={"refunded_minor": 0, "revision": 2}))
    assert books.amounts() == {}
