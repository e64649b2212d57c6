"""The API of imports: how far one has come, and one on demand."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from services.connectors.accounts import actions as accounts
from services.connectors.history import actions, sql
from services.connectors.history.schemas import HistoryIn, HistoryOut
from services.connectors.history.sql import History
from services.kernel.http.call import Call, require
from services.kernel.http.limits import limit

router = APIRouter(tags=["connections"])
ConnectionId = Annotated[str, Path(max_length=64)]

_OFF: Final = HistoryOut(
    state="off",
    reason=None,
    placed_before=None,
    began_at=None,
    ended_at=None,
    found=0,
    taken=0,
    unreadable=0,
)


@router.get("/v1/connections/{connection_id}/history")
async def get_history(connection_id: ConnectionId, call: Annotated[Call, require("orders:read")]) -> HistoryOut:
    """How far the import of orders from before the connection has come."""
    async with call.transaction() as tx:
        await accounts.get(tx, call.store_id, connection_id)
        found = await sql.one(tx, call.store_id, connection_id)
    return _OFF if found is None else _out(found)


@router.post(
    "/v1/connections/{connection_id}/history",
    status_code=202,
    response_model=HistoryOut,
    dependencies=[limit("imports", per_minute=30)],
)
async def post_history(
    connection_id: ConnectionId, body: HistoryIn, call: Annotated[Call, require("orders:write")]
) -> Response:
    """Imports the orders from before the connection now. One that stopped goes on where it was, and one that runs is
    answered.
    """
    return await call.once(lambda tx: actions.ask(tx, call.store_id, connection_id), answer=_out, status=202)


def _out(history: History) -> HistoryOut:
    return HistoryOut(
        state=history.state,
        reason=history.reason,
        placed_before=history.before_at,
        began_at=history.began_at,
        ended_at=history.ended_at,
        found=history.found,
        taken=history.taken,
        unreadable=history.unreadable,
    )
