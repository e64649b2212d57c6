"""One rule of rounding: to the nearest, and a half away from zero, wherever an amount or a quotient is made whole."""

from decimal import Decimal
from fractions import Fraction

import pytest

from services.analytics.exports.domain import ratio
from services.analytics.metrics.domain.registry import METRICS
from services.analytics.metrics.domain.totals import Totals
from services.analytics.metrics.schemas import rounded
from services.common.money import half_up, half_up_to, share_half_up
from services.ui.format import Format

HALVES = [(1, 1), (3, 2), (5, 3), (-1, -1), (-3, -2), (4, 2), (-4, -2)]
"""Numbers of halves, and what they round to."""


@pytest.mark.parametrize(("halves", "whole"), HALVES)
def test_a_half_goes_away_from_zero(halves: int, whole: int) -> None:
    assert half_up(Fraction(halves, 2)) == whole
    assert half_up_to(Decimal(halves) / 2, 0) == whole
    assert Format("en").number(halves / 2) == str(whole).replace("-", "\u2212")
    if halves > 0:
        assert share_half_up(halves, 1, 2) == whole


def test_a_quotient_of_money_and_a_reward_of_the_same_figures_agree() -> None:
    totals = Totals({"ambassador_cost_minor": 405, "customers_in_currency": 2})
    assert totals.value(METRICS["cac"]) == share_half_up(405, 1, 2) == 203
    assert Format("en").money(250, "EUR", whole=True) == "€3"


def test_quotients_have_six_decimals_by_the_same_rule() -> None:
    assert rounded(1 / 128) == ratio(Fraction(1, 128)) == 0.007813
    assert (rounded(3), rounded(None), ratio(None)) == (3, None, None)
