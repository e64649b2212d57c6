"""Marks among settled orders: chance chooses them, and they say what the orders between them come to."""

from datetime import timedelta

from services.attribution.decisions.domain.history import Step
from services.attribution.decisions.domain.marks import LEVELS, agree, decode, encode, history_of, joined, level_of
from tests.support.attribution import NOON


def steps(count: int) -> list[Step]:
    return [
        Step(NOON + timedelta(minutes=n), f"o{n}", n + 1, *(("prg_1", f"amb_{n % 2}") if n % 3 else ()))
        for n in range(count)
    ]


def test_one_order_of_sixteen_is_a_mark_and_one_of_sixteen_of_these_of_the_next_level() -> None:
    levels = [level_of(f"order-{n}") for n in range(20_000)]
    for level in range(1, LEVELS):
        expected = 20_000 / 16**level
        assert expected / 2 < sum(found >= level for found in levels) < expected * 2
    assert max(levels) <= LEVELS


def test_what_marks_say_together_is_what_the_orders_say_and_is_kept_as_it_is() -> None:
    orders = steps(50)
    parts = [history_of(orders[start : start + 7]) for start in range(0, 50, 7)]
    assert joined(parts) == history_of(orders)
    assert [decode(encode(part)) for part in parts] == parts


def test_marks_that_say_something_else_than_the_orders_are_found() -> None:
    orders = steps(40)
    places = [orders[n].place for n in (9, 10, 30)]
    marks = {1: dict(zip(places, map(history_of, (orders[:9], orders[9:10], orders[10:30])), strict=True))}
    marks[2] = {places[2]: history_of(orders[:30])}
    assert agree(marks, reversed(orders))
    assert agree({}, orders)
    assert not agree(marks, orders[1:])
    assert not agree({1: marks[1] | {places[2]: history_of(orders[10:29])}}, orders)
    assert not agree({1: {at: marks[1][at] for at in places[::2]}}, orders)
