"""What friends' discounts would have cost under other terms, beside what they did cost."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.rewards.rules.domain import Order
from services.rewards.simulations.domain.figures import Figures
from services.rewards.simulations.domain.replay import Version, case_of, discounts_on, looked_at
from tests.unit.rewards.build import make_program, make_state

UTC = ZoneInfo("UTC")


def version(give: dict[str, Any] | None, **changes: Any) -> Version:
    """A program that takes something off at the checkout, or nothing."""
    program = make_program(**{key: changes.pop(key) for key in ("currency",) if key in changes})
    if give is None:
        return Version.of(program)
    discount = {"give": give, **changes}
    document = program.model_dump(mode="json") | {"friend_benefit": "discount", "discount": discount}
    return Version.of(type(program).model_validate(document))


def off(amount_minor: int) -> dict[str, Any]:
    return {"kind": "fixed", "amount_minor": amount_minor}


TENTH: dict[str, Any] = {"kind": "percent", "basis_points": 1_000, "of": "subtotal"}
FIFTH = TENTH | {"basis_points": 2_000}


def order(*, discount: int = 0, **changed: Any) -> Order:
    """Goods of 100.00 before any discount, of which so much was taken off."""
    state = make_state(total_minor=10_000 - discount, subtotal_minor=10_000 - discount, **changed)
    figures = state.figures.model_copy(update={"discount_minor": discount})
    return Order.of(state.model_copy(update={"figures": figures}))


@pytest.mark.parametrize(
    ("placed", "under", "in_force", "found"),
    [
        (order(discount=1_000), version(TENTH), version(TENTH), (1_000, 1_000)),
        (order(discount=1_000), version(FIFTH), version(TENTH), (2_000, 1_000)),
        (order(discount=1_000), version(None), version(TENTH), (0, 1_000)),
        (order(discount=3_000), version(off(500)), version(TENTH), (500, 1_000)),
        (order(), version(FIFTH), version(TENTH), (0, 0)),
        (order(), version(FIFTH), version(None), (2_000, 0)),
        (order(), version(FIFTH), None, (2_000, 0)),
        (order(discount=1_000), None, version(TENTH), (0, 1_000)),
        (order(discount=1_000, order_number=2), version(TENTH, which="every"), version(TENTH), (0, 0)),
        (order(order_number=2), version(TENTH, which="every"), version(None), (1_000, 0)),
        (order(discount=1_000, refunded_minor=4_500), version(FIFTH), version(TENTH), (1_000, 500)),
        (order(discount=1_000, cancelled=True), version(FIFTH), version(TENTH), (0, 0)),
        (order(discount=1_000, status="unattributed"), version(FIFTH), version(TENTH), (0, 0)),
        (order(), version(FIFTH, currency="USD"), version(None), (0, 0)),
    ],
)
def test_goods_are_taken_at_what_they_cost_before(
    placed: Order, under: Version | None, in_force: Version | None, found: tuple[int, int]
) -> None:
    assert discounts_on(placed, under, in_force) == found


def test_they_are_added_up_and_kept_and_an_earlier_run_has_none() -> None:
    draft, in_force = version(FIFTH), version(TENTH)
    parts = [looked_at([case_of(order(discount=1_000), draft, [], [], in_force, zone=UTC)] * count) for count in (1, 2)]
    whole = Figures()
    for one in parts:
        whole.add(one)
    kept = Figures.loaded(whole.dumped()).discounts["EUR"]
    assert (kept.amount_minor, kept.granted_minor) == (6_000, 3_000)
    before = '{"orders":1,"rewarded":1,"more":0,"less":0,"rules":[],"caps":[]}'
    assert Figures.loaded(before).discounts == {}
    assert looked_at([case_of(order(), version(None), [], [], version(None), zone=UTC)]).discounts == {}
