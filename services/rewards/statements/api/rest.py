"""The API of statements."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit
from services.rewards.pages import reader_of
from services.rewards.slices import sql as slices
from services.rewards.statements import actions
from services.rewards.statements.api.paper import lines_of, order_named, paper
from services.rewards.statements.api.sheet import sheet
from services.rewards.statements.schemas import StatementOut

router = APIRouter(tags=["balances"])

Unit = Annotated[str | None, Query(pattern="^([A-Z]{3}|points)$", description="A currency, or points.")]
First = Annotated[date | None, Query(alias="from", description="First day, where the store is; this month's first.")]
Last = Annotated[date | None, Query(alias="to", description="Last day; today.")]


@router.get(
    "/v1/statements",
    response_model=StatementOut,
    responses={200: {"content": {"text/csv": {}, "application/pdf": {}}, "description": "The statement."}},
)
async def get_statement(
    call: Annotated[Call, require("rewards:read")],
    ambassador_id: Annotated[str, Query(max_length=255)],
    unit: Unit = None,
    first: First = None,
    last: Last = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv", "pdf"] = "json",
    lang: Annotated[str, Query(pattern="^(en|ru|uk|ro)?$", description="Of CSV and PDF; the store's.")] = "",
) -> StatementOut | Response:
    """What an ambassador had, what moved and why, what they have: oldest first, with the balance after each line.

    As CSV up to 10,000 lines at once, as PDF up to 1,000.
    """
    after = (cursors.decode(cursor, int) or (0,))[0]
    async with call.snapshot() as tx:
        statement = await actions.read(
            tx,
            call.store_id,
            ambassador_id,
            unit=unit,
            first=first,
            last=last,
            after=after,
            count=lines_of(format, limit),
        )
        reader = await reader_of(call.request, tx, call.store_id)
        store = (await slices.shop(tx, call.store_id)).name
    if format == "csv":
        return sheet(reader, statement, lambda moved: moved.order_id or "")
    if format == "pdf":
        return await paper(reader, statement, order_named(reader), store=store, whose=ambassador_id)
    more = cursors.encode(statement.lines[-1].moved.number) if statement.more else None
    return StatementOut.of(ambassador_id, statement, more)
