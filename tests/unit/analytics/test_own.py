"""What an ambassador may be told of everybody: the middle and an estimate, and of few people nothing."""

import pytest

from services.analytics.own.domain import PEERS, Estimate, Sums, estimate_of, middle_of

NOBODY = Sums()
LOOKED = Sums(clicks=20)
SOLD = Sums(clicks=20, friends=2, orders=2, rewards={"EUR": 1000, "points": 7})


def figures_of(found: Estimate | None) -> tuple[object, ...] | None:
    """Orders, reward, whose figures, clicks and reward an order."""
    if found is None:
        return None
    return (found.orders, found.reward_minor, found.own, found.clicks_per_order, found.reward_per_order_minor)


@pytest.mark.parametrize(
    ("own", "everybody", "expected"),
    [
        (NOBODY, [SOLD] * PEERS, (10, 5000, False, 10, 500)),
        (NOBODY, [SOLD] * PEERS + [LOOKED] * PEERS, (5, 2500, False, 20, 500)),
        (NOBODY, [SOLD] * (PEERS - 1) + [LOOKED] * PEERS, None),
        (NOBODY, [], None),
        (Sums(clicks=50, orders=3, rewards={"EUR": 300}), [], (6, 600, True, 17, 100)),
        (Sums(clicks=49, orders=3, rewards={"EUR": 300}), [], None),
        (Sums(clicks=50, orders=100, rewards={"EUR": 100}), [], (100, 100, True, 1, 1)),
        (Sums(clicks=50, orders=3, rewards={"EUR": -5}), [], (6, 0, True, 17, 0)),
        (Sums(clicks=50, orders=20, rewards={"EUR": 90}), [], (40, 180, True, 3, 5)),
    ],
    ids=[
        "of all",
        "with who sold nothing",
        "too few sold",
        "nobody",
        "own",
        "own too few",
        "more than clicks",
        "debt",
        "halves",
    ],
)
def test_an_estimate_is_of_ones_own_or_of_enough_people_who_sold(
    own: Sums, everybody: list[Sums], expected: tuple[object, ...] | None
) -> None:
    assert figures_of(estimate_of(own, everybody, "EUR")) == expected


def test_a_middle_is_of_who_brought_something_and_of_enough() -> None:
    idle = [NOBODY] * 50
    assert middle_of([SOLD] * (PEERS - 1) + idle, "EUR") is None
    found = middle_of([SOLD] * 4 + [LOOKED] * 6 + idle, "EUR")
    assert found is not None
    assert (found.people, found.clicks, found.orders, found.reward_minor) == (10, 20, 0, 0)
