"""The API of codes at a connection's checkout."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.connectors.accounts import actions as accounts
from services.connectors.store_codes.actions import carry
from services.connectors.store_codes.domain.port import State
from services.connectors.store_codes.schemas import StoreCodeOut, TriedAgain
from services.connectors.store_codes.sql import codes
from services.connectors.store_codes.sql.codes import Shown
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_of

router = APIRouter(tags=["connections"])
ConnectionId = Annotated[str, Path(max_length=64)]


@router.get("/v1/connections/{connection_id}/codes")
async def get_connection_codes(
    connection_id: ConnectionId,
    call: Annotated[Call, require("codes:read")],
    state: Annotated[State | None, Query(description="Codes in this state only.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[StoreCodeOut]:
    """Lists the store's promo codes at the connection's checkout, the youngest first, with what became of each."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        await accounts.get(tx, call.store_id, connection_id)
        rows = await codes.page(
            tx, call.store_id, connection_id, state=state, after=start[0] if start else None, count=limit + 1
        )
    return page_of(rows, limit, show=_out, after=lambda row: (row.code_id,))


@router.post("/v1/connections/{connection_id}/codes/retry", status_code=202)
async def post_connection_codes_retry(
    connection_id: ConnectionId, call: Annotated[Call, require("codes:write")]
) -> TriedAgain:
    """Asks the shop once more for the codes that it refused, and at once for what waits: after somebody freed a code in
    the shop, or gave Kith's key more rights.
    """
    async with call.transaction() as tx:
        await accounts.get(tx, call.store_id, connection_id)
        return TriedAgain(codes=await carry.try_again(tx, call.store_id, connection_id))


def _out(row: Shown) -> StoreCodeOut:
    return StoreCodeOut(
        code_id=row.code_id,
        code=row.code,
        state=row.state,
        reason=row.reason,
        holder=row.holder,
        changed_at=row.changed_at,
    )
