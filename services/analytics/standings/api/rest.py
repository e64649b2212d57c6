"""What ambassadors brought, by the API."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Response

from services.analytics.exports.domain import money
from services.analytics.slices.domain import Calendar
from services.analytics.slices.sql import calendars
from services.analytics.standings import actions
from services.analytics.standings.domain import Activity, Chosen, Direction, Sort, Standing, Status
from services.analytics.standings.schemas import ResultOut, last_active
from services.kernel.db import Tx
from services.kernel.errors import Invalid, Unavailable
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.fields import FIRST_YEAR, LAST_YEAR
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of

router = APIRouter(tags=["results"])

_COLUMNS: Final = (
    *("ambassador_id", "code", "program_id", "group", "status", "joined_at", "last_active_at", "clicks", "friends"),
    *("orders", "currency", "revenue", "rewards", "available", "points"),
)
Place = tuple[int | datetime, str]
_Text = Annotated[str | None, Query(max_length=64)]


@router.get("/v1/ambassador-results", response_model=Page[ResultOut])
async def get_ambassador_results(
    call: Annotated[Call, viewer("metrics:read")],
    sort: Sort = "revenue",
    order: Direction = "desc",
    program_id: _Text = None,
    group: Annotated[str | None, Query(max_length=60)] = None,
    status: Annotated[Status | None, Query(description="Without it: everybody who was not erased.")] = None,
    activity: Annotated[
        Activity | None,
        Query(description="`recent`: a click or an order within 30 days; `quiet`: longer ago; `never`: none at all."),
    ] = None,
    joined_from: Annotated[date | None, Query(description="First day of joining, in the store's zone.")] = None,
    joined_to: Annotated[date | None, Query(description="Last day of joining.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[ResultOut] | Response:
    """Lists what each ambassador brought in all, by any figure. As CSV it is all that the filters leave."""
    after = place(cursor, sort)
    async with call.transaction() as tx:
        calendar = await calendar_of(tx, call.store_id)
        since, until = joined_within(calendar, joined_from, joined_to)
        chosen = Chosen(
            sort=sort,
            order=order,
            program_id=program_id,
            group=group,
            status=status,
            activity=activity,
            joined_from=since,
            joined_to=until,
        )
        rows = [] if format == "csv" else await actions.page(tx, call.store_id, chosen, after, count=limit + 1)
    if format == "csv":
        return await download(call, calendar, chosen, start=after)
    return page_of(
        rows, limit, show=lambda one: ResultOut.of(one, calendar.currency), after=lambda one: one.place(sort)
    )


@router.get("/v1/ambassador-results/{ambassador_id}")
async def get_ambassador_result(ambassador_id: str, call: Annotated[Call, viewer("metrics:read")]) -> ResultOut:
    """What one ambassador brought in all."""
    async with call.transaction() as tx:
        calendar = await calendar_of(tx, call.store_id)
        return ResultOut.of(await actions.one(tx, call.store_id, ambassador_id), calendar.currency)


async def calendar_of(tx: Tx, store_id: str) -> Calendar:
    """The store's zone and money. Raises `Unavailable` in the first second of its life."""
    found = (await calendars(tx, [store_id])).get(store_id)
    if found is None:
        raise Unavailable("This store is not known here yet; try again in a moment.")
    return found


def place(cursor: str | None, sort: Sort) -> Place | None:
    """Where a page ended, in this order. Raises `Invalid` for a cursor of another one."""
    return cursors.decode(cursor, datetime, str) if sort == "joined" else cursors.decode(cursor, int, str)


def joined_within(calendar: Calendar, first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """From the first day's midnight to the end of the last one, where the store is. Raises `Invalid`."""
    for name, day in (("joined_from", first), ("joined_to", last)):
        if day is not None and not FIRST_YEAR <= day.year < LAST_YEAR:
            raise Invalid.field(name, f"The year must be from {FIRST_YEAR} to {LAST_YEAR - 1}.")
    if first is not None and last is not None and last < first:
        raise Invalid.field("joined_to", "The last day comes before the first one.")
    since = datetime.combine(first, time(), calendar.zone) if first else None
    return since, datetime.combine(last + timedelta(days=1), time(), calendar.zone) if last else None


async def download(call: Call, calendar: Calendar, chosen: Chosen, *, start: Place | None = None) -> Response:
    """All that is chosen, as a spreadsheet."""

    async def fetch(after: Place | None, count: int) -> Sequence[Standing]:
        async with call.transaction() as tx:
            return await actions.page(tx, call.store_id, chosen, after, count=count)

    return await csv_download(
        fetch,
        after=lambda one: one.place(chosen.sort),
        show=lambda one: _cells(one, calendar.currency),
        columns=_COLUMNS,
        filename="ambassador-results",
        start=start,
    )


def _cells(one: Standing, currency: str) -> dict[str, object]:
    return {
        "ambassador_id": one.ambassador_id,
        "code": one.code,
        "program_id": one.program_id,
        "group": one.group_name,
        "status": one.status,
        "joined_at": one.joined_at,
        "last_active_at": last_active(one),
        "clicks": one.clicks,
        "friends": one.friends,
        "orders": one.orders,
        "currency": currency,
        "revenue": money(one.revenue_minor, currency),
        "rewards": money(one.reward_minor, currency),
        "available": money(one.available_minor, currency),
        "points": one.points,
    }
