"""`GET /v1/metrics/virality`."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.analytics.exports.api import answer, check_format
from services.analytics.exports.domain import Picture, Sheet, ratio
from services.analytics.metrics import actions as metrics
from services.analytics.metrics.api import Asking, Reader
from services.analytics.metrics.domain import pictures
from services.analytics.metrics.domain.figures import Point, View, compared
from services.analytics.metrics.domain.periods import Grain
from services.analytics.metrics.domain.registry import METRICS
from services.analytics.metrics.domain.sheets import named
from services.analytics.metrics.domain.totals import median_of
from services.analytics.metrics.schemas import Value, frame, rounded
from services.analytics.virality import actions
from services.analytics.virality.domain import WINDOW_DAYS, Cohort, amplification, mean_of
from services.analytics.virality.schemas import CohortOut, CycleOut, ViralityOut
from services.ui.format import Format
from services.ui.locales import load_speech

router = APIRouter(tags=["metrics"])


@router.get(
    "/v1/metrics/virality",
    response_model=ViralityOut,
    responses={200: {"content": {"text/csv": {}, "image/svg+xml": {}}, "description": "The figures."}},
)
async def get_virality(call: Reader, asking: Asking, group_by: Annotated[Grain, Query()] = "week") -> Response:
    """K by cohort, cycle time, share yield and participation."""
    check_format(asking.format)
    async with call.snapshot() as tx:
        view = await metrics.view(tx, call.store_id, asking.asked)
        now = await metrics.figures(tx, view, view.period)
        before = await metrics.figures(tx, view, view.before) if view.before else None
    cohorts = actions.cohorts(view, now, group_by)
    whole = actions.together(cohorts)
    mature = actions.together(cohort for cohort in cohorts if cohort.mature)
    lags = now.histogram("cycle_days")
    totals, earlier = compared(view.currency, now, before)
    body = ViralityOut.model_validate(
        {
            **frame(view),
            "window_days": WINDOW_DAYS,
            "k": rounded(whole.k) if whole else None,
            "k_mature": rounded(mature.k) if mature else None,
            "amplification": rounded(amplification(whole.k)) if whole else None,
            "cycle": CycleOut(
                pairs=sum(lags.values()),
                median_days=median_of(lags) if lags else None,
                mean_days=rounded(mean_of(lags)),
                histogram=lags,
            ),
            "data": [Value.of(METRICS[key], totals, earlier) for key in actions.METRICS],
            "cohorts": [CohortOut.of(cohort) for cohort in cohorts],
        }
    )
    return answer(
        asking.format, body, sheet=lambda: _sheet(view, cohorts), picture=lambda: _picture(view, cohorts, group_by)
    )


def _sheet(view: View, cohorts: Sequence[Cohort]) -> Sheet:
    return Sheet(
        named("cohorts", view),
        ("from", "to", "joined", "shares", "customers", "children", "k", "i", "c", "mature"),
        [
            (
                c.first,
                c.last,
                c.joined,
                c.shares,
                c.customers,
                c.children,
                ratio(c.k),
                ratio(c.invites),
                ratio(c.per_invite),
                c.mature,
            )
            for c in cohorts
        ],
    )


def _picture(view: View, cohorts: Sequence[Cohort], grain: Grain) -> Picture:
    metric = METRICS["k_factor"]
    fmt, speech = Format("en", zone=view.calendar.zone, now=view.freshness.at), load_speech("en")
    points = [Point(cohort.first, cohort.last, cohort.k, None) for cohort in cohorts]
    chart = pictures.trend_chart(pictures.Trend(metric, metric.name, grain, points, view), fmt, speech)
    return Picture(chart, pictures.caption_of(view, metric.formula, fmt, speech))
