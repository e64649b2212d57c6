"""The ambassador's own statement, in the portal."""

from typing import Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from services.common.friend_marks import mark_of
from services.common.portal_bar import SHARE, portal_bar
from services.common.portal_session import read_portal_visitor
from services.common.store_look import look_of
from services.kernel.context import Context
from services.kernel.errors import NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import CONTEXT
from services.kernel.http.pages import Cursor
from services.rewards.pages import reader_of
from services.rewards.slices import sql as slices
from services.rewards.statements import actions
from services.rewards.statements.api.paper import lines_of, paper
from services.rewards.statements.api.rest import First, Last, Unit
from services.rewards.statements.api.sheet import picker, sheet, table, unit_choices
from services.rewards.statements.domain import Moved

router = APIRouter(include_in_schema=False)

PAGE: Final = "/p/statement"
_ROWS: Final = 50
_SHORT: Final = 8
"""Signs of an order's mark that are shown: enough to tell an ambassador's orders apart."""


@router.get(PAGE)
async def portal_statement(
    request: Request,
    unit: Unit = None,
    first: First = None,
    last: Last = None,
    cursor: Cursor = None,
    format: Literal["html", "csv", "pdf"] = "html",
) -> Response:
    """What the ambassador had who is signed in, what moved and why, and what they have. Orders have marks here."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    after = (cursors.decode(cursor, int) or (0,))[0]
    count = lines_of(format, _ROWS)
    async with ctx.db.transaction([who.store_id], snapshot=True, actor=who.principal) as tx:
        if await slices.portal_is_closed(tx, who.store_id, who.ambassador_id):
            raise NotFound("There is no such ambassador.")
        reader = await reader_of(request, tx, who.store_id)
        store = (await slices.shop(tx, who.store_id)).name
        statement = await actions.read(
            tx, who.store_id, who.ambassador_id, unit=unit, first=first, last=last, after=after, count=count
        )
    say = reader.speech.say

    def mark(moved: Moved) -> str:
        return mark_of(ctx.ring, who.store_id, who.ambassador_id, moved.order_id)[:_SHORT] if moved.order_id else ""

    if format == "csv":
        return sheet(reader, statement, mark)

    def order_of(moved: Moved) -> str:
        return say("order marked %(mark)s", mark=mark(moved)) if moved.order_id else ""

    if format == "pdf":
        return await paper(reader, statement, order_of, store=store, whose="")
    shown = {"unit": statement.unit, "from": statement.first.isoformat(), "to": statement.last.isoformat()}
    return reader.page(
        "statements/portal.html",
        title=say("Statement"),
        style=look_of(who.store_id),
        bar=portal_bar(reader.speech, SHARE),
        picker=picker(reader, statement, {"unit": statement.unit}),
        units=unit_choices(reader, statement, PAGE),
        table=table(
            reader,
            statement,
            order_of,
            begins=after == 0,
        ),
        csv_href=f"?{urlencode({**shown, 'format': 'csv'})}",
        pdf_href=f"?{urlencode({**shown, 'format': 'pdf'})}",
        next=f"?{urlencode({**shown, 'cursor': cursors.encode(statement.lines[-1].moved.number)})}"
        if statement.more
        else "",
    )
