"""The API of simulations."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response

from services.kernel.errors import Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of
from services.rewards.simulations.actions import runs
from services.rewards.simulations.actions.trial import currency_of, try_order
from services.rewards.simulations.domain.figures import Share
from services.rewards.simulations.schemas.runs import CSV_COLUMNS, PeriodIn, ShareOut, SimulationIn, SimulationOut
from services.rewards.simulations.schemas.trials import ImaginedOrderIn, TrialOut
from services.rewards.simulations.sql import runs as sql
from services.rewards.simulations.sql.runs import Run, ShareRow
from services.rewards.slices.actions import Labels

router = APIRouter(tags=["simulations"])

Id = Annotated[str, Path(max_length=64)]


@router.post(
    "/v1/simulations",
    response_model=None,
    responses={
        200: {"model": TrialOut, "description": "What the imagined order would bring."},
        202: {"model": SimulationOut, "description": "The run that has begun."},
        409: {"description": "Another run of the store is on."},
    },
)
async def post_simulation(body: SimulationIn, call: Annotated[Call, require("rewards:write")]) -> Response:
    """Tries rules: a draft, or the program's own. Nothing but the run itself is written.

    With `order`: what an imagined order would bring now, with each figure that made it and counters as they stand.
    With `period`: the program's orders of that time, decided again in the order of purchase, each once and as it stands
    now, from counters as they stood at the beginning; in the background, one run of a store at a time. Who referred an
    order stays as it was decided.
    """
    if body.order is not None and body.period is None:
        return await _try(body, body.order, call)
    if body.period is not None and body.order is None:
        return await _start(body, body.period, call)
    raise Invalid.field("order", "Give either order or period.", code="missing")


async def _try(body: SimulationIn, order: ImaginedOrderIn, call: Call) -> Response:
    if body.program_id is None and body.draft is None:
        raise Invalid.field("program_id", "Name a program, or give a draft.", code="missing")
    program_id = body.program_id or ""
    async with call.snapshot() as tx:
        currency = await currency_of(tx, call.store_id, program_id, body.draft)
        imagined = order.imagined(program_id, currency=currency, now=tx.now)
        found = TrialOut.of(await try_order(tx, call.store_id, imagined, body.draft))
    return Response(found.model_dump_json(), media_type="application/json")


async def _start(body: SimulationIn, period: PeriodIn, call: Call) -> Response:
    program_id = body.program_id
    if program_id is None:
        raise Invalid.field("program_id", "Name the program whose orders are to be decided again.", code="missing")
    return await call.once(
        lambda tx: runs.start(
            tx, call.store_id, program_id=program_id, draft=body.draft, from_at=period.from_, to_at=period.to
        ),
        status=202,
        answer=SimulationOut.of,
    )


@router.get("/v1/simulations")
async def get_simulations(
    call: Annotated[Call, require("rewards:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[SimulationOut]:
    """Lists runs over past periods, youngest first. They are kept for a week."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        found = await sql.listed(tx, call.store_id, before=start[0] if start else None, count=limit + 1)
    return page_of(found, limit, show=SimulationOut.of, after=lambda run: (run.simulation_id,))


@router.get("/v1/simulations/{simulation_id}")
async def get_simulation(simulation_id: Id, call: Annotated[Call, require("rewards:read")]) -> SimulationOut:
    """One run: how far it is, and what it came to so far."""
    async with call.transaction() as tx:
        return SimulationOut.of(await runs.get(tx, call.store_id, simulation_id))


@router.get("/v1/simulations/{simulation_id}/ambassadors", response_model=Page[ShareOut])
async def get_simulation_ambassadors(
    simulation_id: Id,
    call: Annotated[Call, require("rewards:read")],
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[ShareOut] | Response:
    """Who would get what, the most first in each unit."""
    start = cursors.decode(cursor, str, int, str)
    if format == "csv":
        return await download(call, simulation_id, start=start)
    async with call.transaction() as tx:
        found = await runs.shares(tx, call.store_id, simulation_id, after=start, count=limit + 1)
    return page_of(found, limit, show=ShareOut.of, after=place_of)


@router.post("/v1/simulations/{simulation_id}/cancel", response_model=SimulationOut)
async def post_cancel_simulation(simulation_id: Id, call: Annotated[Call, require("rewards:write")]) -> Response:
    """Stops a run where it is. What it counted so far stays."""
    return await call.once(
        lambda tx: runs.cancel(tx, call.store_id, simulation_id), status=200, answer=SimulationOut.of
    )


@router.post("/v1/simulations/{simulation_id}/resume", response_model=SimulationOut)
async def post_resume_simulation(simulation_id: Id, call: Annotated[Call, require("rewards:write")]) -> Response:
    """Has a run go on from where it was cancelled, or failed."""
    return await call.once(
        lambda tx: runs.resume(tx, call.store_id, simulation_id), status=200, answer=SimulationOut.of
    )


def place_of(row: ShareRow) -> tuple[str, int, str]:
    """Where a row stands in the list: its unit, what it comes to, its ambassador."""
    ambassador_id, unit, share = row
    return (unit, share.own_minor + share.friends_minor, ambassador_id)


def discounts_of(run: Run) -> list[ShareRow]:
    """What friends' discounts would cost and did, by currency, as rows of the list that are of no ambassador."""
    return [
        ("", unit, Share(friends_minor=off.amount_minor, granted_friends_minor=off.granted_minor))
        for unit, off in sorted(run.figures.discounts.items())
    ]


async def download(call: Call, simulation_id: str, *, start: tuple[str, int, str] | None) -> Response:
    """Who would get what as CSV, the most first in each unit; behind them what friends' discounts would cost."""
    labels = Labels()
    listed = False

    async def fetch(after: tuple[str, int, str] | None, count: int) -> Sequence[ShareRow]:
        nonlocal listed
        async with call.transaction() as tx:
            if listed:
                return []
            found = await runs.shares(tx, call.store_id, simulation_id, after=after, count=count)
            await labels.learn(tx, call.store_id, (ambassador_id for ambassador_id, _, _ in found))
            if len(found) == count:
                return found
            listed = True
            return [*found, *discounts_of(await runs.get(tx, call.store_id, simulation_id))]

    return await csv_download(
        fetch,
        after=place_of,
        show=lambda row: ShareOut.of(row).flat() | labels.of(row[0]),
        columns=CSV_COLUMNS,
        filename="simulation",
        start=start,
    )
