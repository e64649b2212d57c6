"""The console's list of pools, and the form that sets one up."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response

from services.kernel.errors import AppError
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.rewards.pages import Reader, reader_of
from services.rewards.pools import sql, words
from services.rewards.pools.actions import fill
from services.rewards.pools.api.forms import FIELDS, LONGEST, name_of, number_of, wrong_fields
from services.rewards.pools.domain import Pool
from services.ui import Column, Name, Pagination, Row, Table
from services.ui.forms import sent

router = APIRouter(include_in_schema=False)

LIST: Final = "/console/rewards/pools"
_ROWS: Final = 25


@router.get(LIST)
async def list_page(call: Annotated[Call, viewer("pools:read")], cursor: Cursor = None) -> Response:
    """Pools, youngest first."""
    return await _page(call, dict.fromkeys(FIELDS, ""), cursor=cursor)


@router.post(LIST)
async def open_form(request: Request, call: Annotated[Call, viewer("pools:write")]) -> Response:
    """Sets a pool up, and leads to it."""
    form = await sent(request, FIELDS, longest=LONGEST)
    try:
        async with call.transaction() as tx:
            pool = await fill.open_pool(
                tx,
                call.store_id,
                name=name_of(form["name"]),
                count=number_of(form["count"], "count"),
                prefix=form["prefix"],
                low_below=number_of(form["low_below"], "low_below"),
            )
    except AppError as error:
        return await _page(call, form, wrong=error, status=error.status)
    return Response(status_code=303, headers={"location": f"{LIST}/{pool.pool_id}"})


async def _page(
    call: Call, form: Mapping[str, str], *, cursor: str | None = None, wrong: AppError | None = None, status: int = 200
) -> Response:
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        found = await sql.listed(tx, call.store_id, before=start[0] if start else None, count=_ROWS + 1)
        low = await sql.low(tx, call.store_id)
    page = page_of(found, _ROWS, show=lambda one: one, after=lambda one: (one.pool_id,))
    speech = reader.speech
    return reader.page(
        "pools/list.html",
        status=status,
        title=speech.say("Pools of codes"),
        nav_current="/console/rewards/rewards",
        freshness=reader.read_now(),
        low=[Name(one.name, href=f"{LIST}/{one.pool_id}") for one in low],
        table=_table(reader, page.data),
        paging=Pagination(
            speech.count("%(n)s pool on this page", "%(n)s pools on this page", len(page.data)),
            previous=LIST if cursor else "",
            next=f"{LIST}?cursor={page.next_cursor}" if page.next_cursor else "",
        ),
        form=form,
        errors=wrong_fields(reader, wrong),
        may_write="pools:write" in call.caller.scopes,
        base=LIST,
    )


def _table(reader: Reader, pools: Sequence[Pool]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    rows = []
    for one in pools:
        chip = words.state_chip(speech, one)
        free = fmt.number(one.free)
        rows.append(
            Row(
                cells={
                    "name": Name(one.name, below=one.prefix, href=f"{LIST}/{one.pool_id}"),
                    "state": chip,
                    "free": free,
                    "handed": fmt.number(one.handed),
                },
                key_figure=free,
                facts=[chip.label],
            )
        )
    return Table(
        name=speech.say("Pools of codes"),
        listing=True,
        columns=[
            Column("name", speech.label("head", "Pool")),
            Column("state", speech.label("head", "Status")),
            Column("free", speech.label("head", "Free"), figure=True),
            Column("handed", speech.label("head", "Handed out"), figure=True),
        ],
        rows=rows,
    )
