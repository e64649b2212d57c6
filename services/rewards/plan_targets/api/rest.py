"""The API of targets."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.common.plan_periods import PlanPeriod
from services.kernel.errors import Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of
from services.rewards.plan_targets import sql
from services.rewards.plan_targets.actions.progress import shown
from services.rewards.plan_targets.actions.set import put, put_file
from services.rewards.plan_targets.domain import Target
from services.rewards.plan_targets.schemas import (
    CSV_COLUMNS,
    MOST_BYTES,
    Format,
    OutcomesOut,
    TargetOut,
    TargetsIn,
    cells,
)
from services.rewards.slices.actions import Labels

router = APIRouter(tags=["plan targets"])

_MORE_BYTES = 64 * 1024
"""What the body holds beside the list, and what writing it as JSON adds."""


@router.put("/v1/plan-targets")
@takes_up_to(MOST_BYTES + _MORE_BYTES)
async def put_plan_targets(body: TargetsIn, call: Annotated[Call, require("rewards:write")]) -> OutcomesOut:
    """Sets what ambassadors are to reach, up to 1,000 targets at once (5,000 lines as CSV), and decides their bonuses
    again. Each of a list is set by itself, or refused and says why; of a file all are set, or none. Repeats change
    nothing.
    """
    wanted = body.wanted()
    async with call.transaction() as tx:
        if body.csv is not None:
            return OutcomesOut.of(await put_file(tx, call.store_id, body.csv))
        return OutcomesOut.of(await put(tx, call.store_id, wanted))


@router.get("/v1/plan-targets", response_model=Page[TargetOut])
async def get_plan_targets(
    call: Annotated[Call, require("rewards:read")],
    ambassador_id: Annotated[str | None, Query(max_length=255)] = None,
    plan: Annotated[str | None, Query(max_length=40)] = None,
    period: Annotated[str | None, Query(max_length=10, description="`2027-03`, `2027-Q1` or `2027`.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Format = "json",
) -> Page[TargetOut] | Response:
    """Lists targets with how far they are, those of the youngest periods first."""
    filters = filters_of(ambassador_id=ambassador_id, plan=plan, period=period)
    start = place_of(cursor)
    if format == "csv":
        return await download(call, filters, start=start)
    async with call.transaction() as tx:
        kept = await sql.listed(tx, call.store_id, before=start, count=limit + 1, filters=filters)
        found = await shown(tx, call.store_id, kept)
    return page_of(found, limit, show=TargetOut.of_one, after=ended)


def filters_of(*, ambassador_id: str | None, plan: str | None, period: str | None) -> dict[str, object]:
    """What the list is narrowed by. Raises `Invalid` for what is no period."""
    asked: dict[str, object] = {"ambassador_id": ambassador_id, "plan": plan}
    if period:
        read = PlanPeriod.read(period)
        if read is None:
            mend = "Write a month as 2027-03, a quarter as 2027-Q1, a year as 2027."
            raise Invalid.field("period", mend)
        asked |= {"kind": read.kind, "first": read.first}
    return {name: value for name, value in asked.items() if value}


def place_of(cursor: str | None) -> sql.Place | None:
    """Where a page begins. Raises `Invalid`."""
    found = cursors.decode(cursor, str)
    if found is None:
        return None
    try:
        first, goal, ambassador, program = found[0].split(" ")
        date.fromisoformat(first)
    except ValueError:
        raise Invalid.field("cursor", "This cursor is not one of this list's: start again without it.") from None
    return first, goal, ambassador, program


def ended(one: Target) -> tuple[str]:
    """Where a page ended."""
    return (" ".join(_place(one)),)


def _place(one: Target) -> sql.Place:
    return one.key.first.isoformat(), one.key.goal, one.key.ambassador_id, one.key.program_id


async def download(call: Call, filters: Mapping[str, object], *, start: sql.Place | None) -> Response:
    """The list as a spreadsheet, which can be changed and sent again."""
    labels = Labels()

    async def fetch(before: sql.Place | None, count: int) -> Sequence[Target]:
        async with call.transaction() as tx:
            kept = await sql.listed(tx, call.store_id, before=before, count=count, filters=filters)
            await labels.learn(tx, call.store_id, (one.key.ambassador_id for one in kept))
            return await shown(tx, call.store_id, kept)

    return await csv_download(
        fetch,
        after=_place,
        show=lambda one: cells(one) | labels.of(one.key.ambassador_id),
        columns=CSV_COLUMNS,
        filename="plan-targets",
        start=start,
    )
