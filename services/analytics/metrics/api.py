"""`GET /v1/metrics` and its answers. Every answer comes as JSON or CSV, those with a chart also as SVG."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.analytics.exports.api import answer, check_format
from services.analytics.exports.domain import Picture
from services.analytics.metrics import actions, schemas, sql
from services.analytics.metrics.domain import pictures, sheets
from services.analytics.metrics.domain.figures import Asked, View, compared, funnel, series
from services.analytics.metrics.domain.periods import Grain
from services.analytics.metrics.domain.registry import METRICS
from services.analytics.metrics.domain.totals import other_currencies
from services.kernel.errors import Invalid
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import csv_download
from services.ui.format import Format
from services.ui.locales import load_speech

router = APIRouter(tags=["metrics"])

Reader = Annotated[Call, viewer("metrics:read")]
"""A secret key, or somebody signed in at the console: its pages link here for files."""

Sort = Literal["revenue", "orders", "friends", "customers", "reward"]
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Params:
    """What every question may say."""

    asked: Asked
    format: str


def params(
    program_id: Annotated[str | None, Query(max_length=255, description="One program; all of them without it.")] = None,
    first: Annotated[date | None, Query(alias="from", description="First day, in the store's zone.")] = None,
    last: Annotated[date | None, Query(alias="to", description="Last day; today without it.")] = None,
    compare: Annotated[
        Literal["previous", "none"], Query(description="The period of the same length before.")
    ] = "previous",
    format: Annotated[str, Query(max_length=20, description="json, csv, or svg where there is a chart.")] = "json",
) -> Params:
    """Reads them. The period is the last 28 days where none is given."""
    return Params(Asked(program_id, first, last, compare == "previous"), format)


Asking = Annotated[Params, Depends(params)]
_DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}, "image/svg+xml": {}}, "description": "The figures, in the format asked for."}
}


@router.get("/v1/metrics", response_model=schemas.MetricsOut, responses=_DESCRIBED)
async def get_metrics(call: Reader, format: Annotated[str, Query(max_length=20)] = "json") -> Response:
    """Every metric with its formula, numerator, denominator, unit, source and maturity."""
    return answer(format, schemas.ALL_METRICS, sheet=sheets.definitions)


@router.get("/v1/metrics/summary", response_model=schemas.SummaryOut, responses=_DESCRIBED)
async def get_summary(call: Reader, asking: Asking) -> Response:
    """Every metric of the period and of the one before, orders by reason, and what is owed now."""
    check_format(asking.format, picture=False)
    async with call.snapshot() as tx:
        view = await actions.view(tx, call.store_id, asking.asked)
        now = await actions.figures(tx, view, view.period)
        before = await actions.figures(tx, view, view.before) if view.before else None
        reasons = await sql.reasons(tx, view.store_id, view.program_id, view.period)
        rewards = await sql.rewards_by_status(tx, view.store_id, view.program_id, view.currency)
    totals, earlier = compared(view.currency, now, before)
    body = schemas.SummaryOut.model_validate(
        {
            **schemas.frame(view),
            "data": [schemas.Value.of(metric, totals, earlier) for metric in METRICS.values()],
            "orders_by_reason": [
                {"disposition": r.disposition, "reason": r.reason, "orders": r.orders} for r in reasons
            ],
            "owed_now": [
                {"beneficiary": o.kind, "status": o.status, "rewards": o.rewards, "amount_minor": o.amount_minor}
                for o in rewards
            ],
            "other_currencies": [
                {"currency": code, **sums} for code, sums in other_currencies(now.rows(), view.currency).items()
            ],
        }
    )
    return answer(asking.format, body, sheet=lambda: sheets.summary(view, totals, earlier))


@router.get("/v1/metrics/timeseries", response_model=schemas.SeriesOut, responses=_DESCRIBED)
async def get_timeseries(
    call: Reader,
    asking: Asking,
    metric: Annotated[str, Query(max_length=40, description="A key of `GET /v1/metrics`.")] = "revenue",
    group_by: Annotated[Grain, Query()] = "day",
) -> Response:
    """One metric over time."""
    check_format(asking.format)
    chosen = METRICS.get(metric)
    if chosen is None:
        raise Invalid.field("metric", "There is no such metric; GET /v1/metrics lists them.")
    async with call.snapshot() as tx:
        view = await actions.view(tx, call.store_id, asking.asked)
        now = await actions.figures(tx, view, view.period, needs=chosen.needs)
        before = await actions.figures(tx, view, view.before, needs=chosen.needs) if view.before else None
    points = series(chosen, group_by, view, now, before)
    body = schemas.SeriesOut.model_validate(
        {
            **schemas.frame(view),
            "metric": chosen.key,
            "unit": chosen.unit,
            "group_by": group_by,
            "data": [schemas.PointOut.of(point, view.today) for point in points],
        }
    )

    def picture() -> Picture:
        fmt, speech = Format("en", zone=view.calendar.zone, now=view.freshness.at), load_speech("en")
        trend = pictures.Trend(chosen, chosen.name, group_by, points, view)
        chart = pictures.trend_chart(trend, fmt, speech)
        return Picture(chart, pictures.caption_of(view, chosen.formula, fmt, speech))

    return answer(asking.format, body, sheet=lambda: sheets.timeseries(view, chosen, points), picture=picture)


@router.get("/v1/metrics/funnel", response_model=schemas.FunnelOut, responses=_DESCRIBED)
async def get_funnel(call: Reader, asking: Asking) -> Response:
    """From click to kept order."""
    check_format(asking.format)
    async with call.snapshot() as tx:
        view = await actions.view(tx, call.store_id, asking.asked)
        now = await actions.figures(tx, view, view.period, needs=())
        before = await actions.figures(tx, view, view.before, needs=()) if view.before else None
    found = funnel(view, now)
    steps = sheets.steps_of(found)
    earlier = dict(sheets.steps_of(funnel(view, before))) if before else {}
    opened = {"friends": found.open, "kept": found.on_hold}
    body = schemas.FunnelOut.model_validate(
        {
            **schemas.frame(view),
            "data": [
                {
                    "step": step,
                    "people": people,
                    "previous": earlier.get(step),
                    "share_of_friends": schemas.rounded(found.share_of_friends(people)) if step != "clicks" else None,
                    "open": opened.get(step, 0),
                }
                for step, people in steps
            ],
            "on_hold": found.on_hold,
            "refunded": found.refunded,
        }
    )
    return answer(
        asking.format,
        body,
        sheet=lambda: sheets.funnel(view, found, earlier),
        picture=lambda: sheets.funnel_picture(view, found),
    )


@router.get("/v1/metrics/channels", response_model=schemas.ChannelsOut, responses=_DESCRIBED)
async def get_channels(call: Reader, asking: Asking) -> Response:
    """The period by channel, best first. The channels' orders add up to the summary's."""
    check_format(asking.format)
    async with call.snapshot() as tx:
        view = await actions.view(tx, call.store_id, asking.asked)
        rows = await actions.channels(tx, view, view.period)
    body = schemas.ChannelsOut.model_validate(
        {**schemas.frame(view), "data": [schemas.ChannelOut.of(row) for row in rows]}
    )
    return answer(
        asking.format,
        body,
        sheet=lambda: sheets.channels(view, rows),
        picture=lambda: sheets.channels_picture(view, rows),
    )


@router.get("/v1/metrics/placements", response_model=schemas.PlacementsOut, responses=_DESCRIBED)
async def get_placements(call: Reader, asking: Asking) -> Response:
    """How often the invitation to share was seen, by its place on the store's pages, most first."""
    check_format(asking.format, picture=False)
    async with call.snapshot() as tx:
        view = await actions.view(tx, call.store_id, asking.asked)
        now = {row.placement: row.views for row in await sql.placements(tx, call.store_id, view.period)}
        before = await sql.placements(tx, call.store_id, view.before) if view.before else None
    was = None if before is None else {row.placement: row.views for row in before}
    names = dict.fromkeys((*now, *(was or ())))
    rows = [(name, now.get(name, 0), None if was is None else was.get(name, 0)) for name in names]
    body = schemas.PlacementsOut.model_validate(
        {
            **schemas.frame(view),
            "data": [{"placement": name, "views": views, "previous": earlier} for name, views, earlier in rows],
        }
    )
    return answer(asking.format, body, sheet=lambda: sheets.placements(view, rows))


@router.get("/v1/metrics/ambassadors", response_model=schemas.AmbassadorsOut, responses=_DESCRIBED)
async def get_ambassadors(
    call: Reader,
    asking: Asking,
    sort: Annotated[Sort, Query()] = "revenue",
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """The period's best ambassadors, by code. Their names are in links only. As CSV it is all of them."""
    check_format(asking.format)
    everybody = asking.format == "csv"
    async with call.snapshot() as tx:
        view = await actions.view(tx, call.store_id, asking.asked)
        rows, total = await actions.ambassadors(
            tx, view, view.period, sort=sort, limit=None if everybody else limit, offset=0 if everybody else offset
        )
    if everybody:
        return await _download(view, rows)
    body = schemas.AmbassadorsOut.model_validate(
        {
            **schemas.frame(view),
            "total": total,
            "next_offset": offset + len(rows) if offset + len(rows) < total else None,
            "sort": sort,
            "data": [schemas.AmbassadorOut.of(row) for row in rows],
        }
    )
    return answer(
        asking.format,
        body,
        sheet=lambda: sheets.ambassadors(view, _named(rows)),
        picture=lambda: sheets.ambassadors_picture(view, _named(rows), total),
    )


async def _download(view: View, rows: Sequence[sql.Leader]) -> Response:
    """All rows, written and sent a slice at a time: a hundred thousand of them must not hold the others up."""
    columns = sheets.ambassadors(view, ()).columns

    async def fetch(after: int | None, count: int) -> Sequence[tuple[int, Sequence[object]]]:
        start = 0 if after is None else after + 1
        made = sheets.ambassadors(view, _named(rows[start : start + count])).rows
        await asyncio.sleep(0)
        return list(enumerate(made, start))

    return await csv_download(
        fetch,
        after=lambda numbered: numbered[0],
        show=lambda numbered: numbered[1],
        columns=columns,
        filename=sheets.ambassadors(view, ()).name,
    )


def _named(rows: Sequence[sql.Leader]) -> list[sheets.Named]:
    return [
        sheets.Named(
            row.code, row.ambassador_id, row.friends, row.shares, row.orders, row.customers,
            row.revenue_minor, row.reward_minor,
        )
        for row in rows
    ]  # fmt: skip
