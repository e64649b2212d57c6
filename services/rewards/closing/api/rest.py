"""The API of month closes."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response, StreamingResponse

from services.kernel.http.call import Call, require
from services.rewards.closing import actions, sql
from services.rewards.closing.domain import MONTH
from services.rewards.closing.schemas import MonthCloseIn, MonthCloseOut, MonthClosesOut

router = APIRouter(tags=["ledger"])

Month = Annotated[str, Path(pattern=MONTH)]


@router.post("/v1/month-closes", status_code=201, response_model=MonthCloseOut)
async def post_month_close(body: MonthCloseIn, call: Annotated[Call, require("rewards:write")]) -> Response:
    """Closes a month: keeps its entries as a file that never changes. Corrections fall into later months from here on.

    Once and in order, from 24 hours after its end where the store is.
    """
    return await call.once(lambda tx: actions.close(tx, call.store_id, body.month), answer=MonthCloseOut.of)


@router.get("/v1/month-closes")
async def get_month_closes(call: Annotated[Call, require("rewards:read")]) -> MonthClosesOut:
    """Lists closed months, the newest first."""
    async with call.transaction() as tx:
        found = await sql.closes(tx, call.store_id)
        due = await actions.next_month(tx, call.store_id)
    return MonthClosesOut(
        data=[MonthCloseOut.of(one) for one in found], next_month=due.month or None, next_from=due.from_
    )


@router.get("/v1/month-closes/{month}")
async def get_month_close(month: Month, call: Annotated[Call, require("rewards:read")]) -> MonthCloseOut:
    """One closed month with its totals."""
    async with call.transaction() as tx:
        return MonthCloseOut.of(await actions.get(tx, call.store_id, month))


@router.get(
    "/v1/month-closes/{month}/entries.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "The file as it was kept."}},
)
async def get_month_close_file(month: Month, call: Annotated[Call, require("rewards:read")]) -> Response:
    """The entries of a closed month, byte for byte as they were kept."""
    return await download(call, month)


async def download(call: Call, month: str) -> Response:
    """The file, sent part after part."""
    async with call.transaction() as tx:
        close = await actions.get(tx, call.store_id, month)

    async def parts() -> AsyncIterator[bytes]:
        number = 1
        while True:
            async with call.transaction() as tx:
                text = await sql.part(tx, call.store_id, month, number)
            if text is None:
                return
            yield text
            number += 1

    headers = {
        "content-disposition": f'attachment; filename="ledger-{month}.csv"',
        "cache-control": "private, no-store",
        "content-length": str(close.csv_bytes),
        "etag": f'"{close.csv_sha256.hex()}"',
    }
    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8", headers=headers)
