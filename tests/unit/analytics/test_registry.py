"""Metrics' formulas by table, and what a zero denominator or an uncounted sum gives."""

from fractions import Fraction

import pytest

from services.analytics.metrics.domain.figures import Figures, compared
from services.analytics.metrics.domain.periods import Period
from services.analytics.metrics.domain.registry import METRICS
from services.analytics.metrics.domain.totals import DayRow, Totals, add_up, median_of, other_currencies
from services.analytics.metrics.sql import WHOLE
from services.analytics.rollups.domain.measures import DAILY
from services.analytics.rollups.domain.sketch import Sketch, hash_of
from tests.integration.analytics.history import DAY0

DAY = DAY0.date()
SUMS = {
    "gross_minor": 10_000, "refunds_minor": 2_000, "orders": 5, "orders_in_currency": 4, "customers": 4,
    "ambassador_cost_minor": 500, "friend_cost_minor": 300, "clicks": 90, "clicks_bot": 6, "clicks_prefetch": 4,
    "friends": 60, "friends_signed_up": 12, "friends_bought": 6, "friends_kept": 3, "shares": 30, "widget_views": 120,
    "sharers": 10, "viewers": 40, "visitors": 200, "joined": 8, "cohort_children": 6, "cohort_shares": 24,
    "cohort_customers": 20,
    "first_orders": 20, "referred_first_orders": 5, "other_orders": 15, "customers_turned": 1, "cycle_days": 9,
    "customers_in_currency": 3, "all_orders": 25, "all_first_orders": 20, "all_shares": 30,
}  # fmt: skip

EXPECTED = {
    "revenue": 8_000, "gross_revenue": 10_000, "refunds": 2_000, "orders": 5, "customers": 4, "average_order": 2_000,
    "robot_share": Fraction(1, 10), "clicks_per_friend": Fraction(3, 2), "signup_rate": Fraction(1, 5),
    "conversion": Fraction(1, 10), "kept_rate": Fraction(1, 2), "refund_rate": Fraction(1, 5), "reward_cost": 800,
    "cost_rate": Fraction(1, 10), "cac": Fraction(800, 3), "roas": 10, "referral_rate": Fraction(1, 4),
    "referred_share": Fraction(1, 5),
    "participation_rate": Fraction(1, 25), "share_rate": Fraction(1, 4), "share_rate_actions": Fraction(1, 4),
    "shares_per_sharer": 3, "share_yield": 2, "k_factor": Fraction(3, 4), "invites_per_ambassador": 3,
    "joined_per_invite": Fraction(1, 4), "customers_per_ambassador": Fraction(5, 2), "cycle_time": 9,
    "turned_rate": Fraction(1, 4),
}  # fmt: skip


@pytest.mark.parametrize(("key", "value"), EXPECTED.items())
def test_a_metric_is_its_formula(key: str, value: int | Fraction) -> None:
    assert METRICS[key].of(SUMS) == value


def test_k_is_i_times_c() -> None:
    k, i, c = (METRICS[key].of(SUMS) for key in ("k_factor", "invites_per_ambassador", "joined_per_invite"))
    assert i is not None
    assert c is not None
    assert k == i * c


@pytest.mark.parametrize("key", [key for key, metric in METRICS.items() if metric.bottom])
def test_a_zero_denominator_gives_nothing_instead_of_zero(key: str) -> None:
    assert METRICS[key].of(dict.fromkeys(SUMS, 0)) is None


def test_every_sum_that_a_metric_names_is_counted_somewhere() -> None:
    counted = {
        *DAILY,
        *WHOLE,
        "orders_in_currency",
        "customers_in_currency",
        "visitors",
        "viewers",
        "sharers",
        "cycle_days",
    }
    assert {name for metric in METRICS.values() for name in metric.needs} <= counted


def test_labels_of_tiles_fit() -> None:
    assert {
        m.name
        for key, m in METRICS.items()
        if key in {"revenue", "orders", "customers", "clicks", "conversion", "cost_rate"} and len(m.name) > 18
    } == set()


def test_what_was_not_loaded_is_missing_not_zero() -> None:
    totals = Totals({"joined": 3}, missing=frozenset({"visitors"}))
    assert totals.value(METRICS["participation_rate"]) is None


def test_money_of_other_currencies_is_left_out_and_their_orders_are_counted() -> None:
    rows = [
        DayRow(DAY, "", {"clicks": 7}),
        DayRow(DAY, "EUR", {"orders": 2, "gross_minor": 500, "refunds_minor": 100}),
        DayRow(DAY, "MDL", {"orders": 1, "gross_minor": 90_000}),
        DayRow(DAY, "points", {"ambassador_cost_minor": 40}),
    ]
    sums = add_up(rows, "EUR").sums
    assert (sums["orders"], sums["orders_in_currency"], sums["gross_minor"], sums["clicks"]) == (3, 2, 500, 7)
    assert "ambassador_cost_minor" not in sums
    assert other_currencies(rows, "EUR") == {"MDL": {"orders": 1, "revenue_minor": 90_000}}


def test_people_of_several_days_are_counted_once() -> None:
    monday, tuesday = (Sketch(hash_of(f"v{n}") for n in names) for names in (range(5), range(3, 9)))
    totals = add_up([], "EUR", people={"visitors": [monday, tuesday]})
    assert totals.sums["visitors"] == 9
    assert totals.estimates == frozenset()


def test_an_estimate_is_compared_with_an_estimate() -> None:
    few, many = (Sketch(hash_of(f"{n}:{size}") for n in range(size)) for size in (1000, 1500))
    march = Figures(Period(DAY, DAY), {}, {"visitors": {DAY: many}}, {})
    alone, nothing = compared("EUR", march, None)
    assert nothing is None
    assert alone.estimates == frozenset({"visitors"})
    april = Figures(Period(DAY, DAY), {}, {"visitors": {DAY: few}}, {})
    for now, before in ((march, april), (april, march)):
        both = compared("EUR", now, before)
        assert [t.estimates if t else None for t in both] == [frozenset({"visitors"})] * 2
    totals = compared("EUR", april, april)
    assert [t and (t.sums["visitors"], t.estimates) for t in totals] == [(1000, frozenset())] * 2


@pytest.mark.parametrize(("counts", "median"), [({3: 1}, 3), ({1: 1, 9: 1}, 1), ({0: 2, 5: 3}, 5), ({2: 5, 30: 4}, 2)])
def test_the_median_of_a_histogram(counts: dict[int, int], median: int) -> None:
    assert median_of(counts) == median
