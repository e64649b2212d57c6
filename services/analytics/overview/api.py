"""`/console`: the overview. `/console/analytics/metrics`: what every figure means."""

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.analytics.metrics.domain.registry import METRICS
from services.analytics.overview import actions
from services.analytics.overview.actions import Loaded
from services.analytics.overview.domain import page
from services.analytics.overview.domain.address import PATH, Address
from services.analytics.overview.domain.page import Shown
from services.analytics.overview.domain.parts import Person
from services.analytics.pages import PAGES
from services.analytics.set_up import actions as set_up
from services.analytics.set_up.domain.steps import reached_steps
from services.analytics.set_up.words import mark_of, stages
from services.analytics.slices.sql import calendars
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound, Unavailable
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import csv_response
from services.ui import Column, Name, Reader, Row, Table

router = APIRouter(include_in_schema=False)

Viewer = Annotated[Call, viewer("metrics:read")]


@router.get(PATH)
async def overview_page(request: Request, call: Viewer) -> Response:
    """The overview. What its address asks wrongly is replaced by the usual, and said."""
    address = Address.read(request.query_params)
    try:
        async with call.snapshot() as tx:
            address, loaded = await _answered(tx, call.store_id, address)
            reached = await set_up.still_to_do(call.ctx.db, tx, call.store_id)
    except Unavailable:
        title = PAGES.speech(PAGES.language(request)).say("Overview")
        return PAGES.render(request, "overview/unready.html", status=503, headers={"retry-after": "1"}, title=title)
    shown = _shown(loaded)
    if request.query_params.get("format") == "csv":
        made = page.sheet(shown, address)
        return csv_response(made.rows, made.columns, filename=made.name)
    view = loaded.view
    store = view.calendar
    reader = Reader(PAGES, request, store=store.name, locale=store.locale, zone=store.zone, now=view.freshness.at)
    first = stages(reached_steps(reached), reader.speech) if reached else []
    return reader.page(
        "overview/overview.html",
        title=reader.speech.say("Overview"),
        refreshes=reached is None,
        freshness=page.freshness(view, reader),
        empty=loaded.empty,
        stages=first,
        mark=mark_of(first),
        address=f"{call.ctx.settings.base_url}{address.with_period(view.period)}",
        shown=page.values(shown, address, reader),
    )


@router.get("/console/analytics/metrics")
async def metrics_page(request: Request, call: Viewer) -> Response:
    """Every metric with its formula, so that nobody has to guess what a figure means."""
    async with call.transaction() as tx:
        calendar = (await calendars(tx, [call.store_id])).get(call.store_id)
    speech = PAGES.speech(PAGES.language(request))
    rows = [
        Row(
            {
                "name": Name(speech.say(metric.name)),
                "formula": speech.say(metric.formula),
                "maturity": speech.say(metric.maturity) if metric.maturity else None,
                "source": metric.source,
            },
            key_figure="",
            facts=(speech.say(metric.formula),),
        )
        for metric in METRICS.values()
    ]
    columns = [
        Column("name", speech.label("head", "Metric")),
        Column("formula", speech.label("head", "Formula")),
        Column("maturity", speech.label("head", "To note"), minor=True),
        Column("source", speech.label("head", "Counted from"), minor=True),
    ]
    table = Table(speech.say("Metrics"), columns, rows, listing=True)
    return PAGES.render(
        request,
        "overview/metrics.html",
        title=speech.say("Metrics"),
        table=table,
        store=calendar.name if calendar else None,
    )


async def _answered(tx: Tx, store_id: str, address: Address) -> tuple[Address, Loaded]:
    """What can be answered of a question, and the answer. The program is looked at before the period."""
    for _ in range(2):  # either may be wrong
        try:
            return address, await actions.overview(tx, store_id, address.asked())
        except NotFound:
            address = address.every_program()
        except Invalid:
            address = address.usual_period()
    return address, await actions.overview(tx, store_id, address.asked())


def _shown(loaded: Loaded) -> Shown:
    return Shown(
        view=loaded.view,
        now=loaded.now,
        before=loaded.before,
        channels=loaded.channels,
        people=[
            Person(row.ambassador_id, row.code or row.ambassador_id, row.friends, row.orders, row.revenue_minor)
            for row in loaded.leaders
        ],
        active=loaded.active,
        reasons=[(row.disposition, row.reason, row.orders) for row in loaded.reasons],
    )
