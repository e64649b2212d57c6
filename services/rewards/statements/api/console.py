"""The console's page of an ambassador's statement."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor
from services.rewards.pages import reader_of
from services.rewards.slices import sql as slices
from services.rewards.statements import actions
from services.rewards.statements.api.paper import lines_of, order_named, paper
from services.rewards.statements.api.rest import First, Last, Unit
from services.rewards.statements.api.sheet import picker, sheet, table, unit_choices

router = APIRouter(include_in_schema=False)

_ROWS = 100


@router.get("/console/rewards/statements/{ambassador_id}")
async def statement_page(
    ambassador_id: Annotated[str, Path(max_length=255)],
    call: Annotated[Call, viewer("rewards:read")],
    unit: Unit = None,
    first: First = None,
    last: Last = None,
    cursor: Cursor = None,
    format: Literal["html", "csv", "pdf"] = "html",
) -> Response:
    """What one ambassador had, what moved and why, and what they have."""
    after = (cursors.decode(cursor, int) or (0,))[0]
    count = lines_of(format, _ROWS)
    async with call.snapshot() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        store = (await slices.shop(tx, call.store_id)).name
        statement = await actions.read(
            tx, call.store_id, ambassador_id, unit=unit, first=first, last=last, after=after, count=count
        )
    if format == "csv":
        return sheet(reader, statement, lambda moved: moved.order_id or "")
    order_of = order_named(reader)
    if format == "pdf":
        return await paper(reader, statement, order_of, store=store, whose=ambassador_id)
    say = reader.speech.say
    page = f"/console/rewards/statements/{ambassador_id}"
    shown = {"unit": statement.unit, "from": statement.first.isoformat(), "to": statement.last.isoformat()}
    return reader.page(
        "statements/console.html",
        freshness=reader.read_now(),
        title=say("Statement"),
        nav_current="/console/links/ambassadors",
        back=f"/console/links/ambassadors/{ambassador_id}",
        picker=picker(reader, statement, {"unit": statement.unit}),
        units=unit_choices(reader, statement, page),
        table=table(reader, statement, order_of, begins=after == 0),
        csv_href=f"?{urlencode({**shown, 'format': 'csv'})}",
        pdf_href=f"?{urlencode({**shown, 'format': 'pdf'})}",
        next=f"?{urlencode({**shown, 'cursor': cursors.encode(statement.lines[-1].moved.number)})}"
        if statement.more
        else "",
    )
