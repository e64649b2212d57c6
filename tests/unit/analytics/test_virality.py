"""K by cohort, amplification and growth."""

from datetime import date

import pytest

from services.analytics.virality.domain import Cohort, amplification, growth, mean_of

TODAY = date(2026, 6, 1)


def cohort(joined: int, shares: int, children: int, *, last: date = date(2026, 5, 3)) -> Cohort:
    sums = {"joined": joined, "cohort_shares": shares, "cohort_children": children, "cohort_customers": 2 * children}
    return Cohort.of(date(2026, 4, 27), last, sums, today=TODAY)


def test_both_forms_of_k_agree() -> None:
    made = cohort(8, 24, 6)
    assert made.k == 0.75
    assert made.invites is not None
    assert made.per_invite is not None
    assert made.k == pytest.approx(made.invites * made.per_invite)


def test_nobody_joined_and_nobody_shared_are_not_zero() -> None:
    assert cohort(0, 0, 0).k is None
    assert cohort(4, 0, 2).per_invite is None
    assert cohort(4, 0, 2).k == 0.5


@pytest.mark.parametrize(
    ("last", "mature"), [(date(2026, 5, 1), True), (date(2026, 5, 2), False), (date(2026, 5, 3), False)]
)
def test_a_cohort_is_mature_when_its_last_day_has_had_the_whole_window(last: date, mature: bool) -> None:
    assert cohort(1, 0, 0, last=last).mature is mature


@pytest.mark.parametrize(("k", "total"), [(0.0, 1.0), (0.5, 2.0), (0.75, 4.0), (1.0, None), (1.4, None), (None, None)])
def test_amplification_ends_only_below_one(k: float | None, total: float | None) -> None:
    assert amplification(k) == total


def test_growth_is_the_sum_of_its_generations() -> None:
    assert growth(10, 0.5, 7, 21) == pytest.approx(10 * (1 + 0.5 + 0.25 + 0.125))
    assert growth(10, 1, 7, 21) == pytest.approx(40)
    assert growth(10, 2, 7, 0) == pytest.approx(10)


def test_the_mean_of_nothing_is_nothing() -> None:
    assert mean_of({}) is None
    assert mean_of({2: 3, 6: 1}) == 3.0
