"""One rule of rounding: to the nearest, and a half away from zero, wherever an amount or a quotient is made whole."""

import ast
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from services.analytics.exports.domain import ratio
from services.analytics.metrics.domain.registry import METRICS
from services.analytics.metrics.domain.totals import Totals
from services.analytics.metrics.schemas import rounded
from services.common.money import half_up, half_up_to, share_half_up
from services.ui.format import Format

SERVICES = Path(__file__).resolve().parents[3] / "services"
TO_EVEN = {
    "analytics/metrics/domain/pictures.py": "the top of an axis: nobody reads the figure",
    "common/click_token.py": "a moment in microseconds, from seconds that are not exact",
    "connectors/endpoints/work.py": "milliseconds that a call took",
    "links/redirect/hot/entry.py": "a moment in microseconds, from seconds that are not exact",
}
"""Where Python's own `round`, a half to the even, makes nothing that anybody is owed or reads."""
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


def test_nothing_in_the_services_is_rounded_by_another_rule() -> None:
    found = {
        str(path.relative_to(SERVICES))
        for service in ("links", "connectors", "attribution", "rewards", "analytics", "common")
        for path in (SERVICES / service).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "round"
    }
    assert found == TO_EVEN.keys()
