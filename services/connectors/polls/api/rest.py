"""The API of polls: how far one has come, a round on demand, and what no delivery had reported."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from services.connectors.accounts import actions as accounts
from services.connectors.polls import actions, sql
from services.connectors.polls.schemas import GapDay, GapDays, GapOut, PollIn, PollOut
from services.connectors.polls.sql import Gap, Poll
from services.connectors.slices import sql as slices
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.limits import limit
from services.kernel.http.pages import Cursor, Limit, Page, page_of

router = APIRouter(tags=["connections"])
ConnectionId = Annotated[str, Path(max_length=64)]
Days = Annotated[int, Query(ge=1, le=90, description="How many days back.")]

_OFF: Final = PollOut(
    state="off",
    reason=None,
    reached_at=None,
    began_at=None,
    ended_at=None,
    next_at=None,
    found=0,
    missed=0,
    changed=0,
)


@router.get("/v1/connections/{connection_id}/poll")
async def get_poll(connection_id: ConnectionId, call: Annotated[Call, require("orders:read")]) -> PollOut:
    """How far the connection's poll has come."""
    async with call.transaction() as tx:
        found = await actions.standing(tx, await accounts.get(tx, call.store_id, connection_id))
    return _OFF if found is None else _out(found)


@router.post(
    "/v1/connections/{connection_id}/poll",
    status_code=202,
    response_model=PollOut,
    dependencies=[limit("polls", per_minute=30)],
)
async def post_poll(
    connection_id: ConnectionId, body: PollIn, call: Annotated[Call, require("orders:write")]
) -> Response:
    """Asks the platform now for what changed. One round runs at a time: while one does, that one is answered."""
    return await call.once(
        lambda tx: actions.ask(tx, call.store_id, connection_id, since=body.since), answer=_out, status=202
    )


@router.get("/v1/connections/{connection_id}/gaps")
async def get_gaps(
    connection_id: ConnectionId,
    call: Annotated[Call, require("orders:read")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[GapOut]:
    """What polls found within the last 90 days that no delivery had reported, the newest first."""
    start = cursors.decode(cursor, datetime, str)
    async with call.transaction() as tx:
        await accounts.get(tx, call.store_id, connection_id)
        found = await sql.gaps(tx, call.store_id, connection_id, before=start, count=limit + 1)
    return page_of(found, limit, show=_gap, after=lambda one: (one.found_at, one.delivery_id))


@router.get("/v1/connections/{connection_id}/gap-days")
async def get_gap_days(
    connection_id: ConnectionId, call: Annotated[Call, require("orders:read")], days: Days = 30
) -> GapDays:
    """How many gaps polls found on each day."""
    async with call.transaction() as tx:
        await accounts.get(tx, call.store_id, connection_id)
        zone = (await slices.shop(tx, call.store_id)).timezone
        since = tx.now - timedelta(days=days)
        found = await sql.days(tx, call.store_id, connection_id, since=since, zone=zone)
    return GapDays(
        data=[
            GapDay(day=date.fromisoformat(one.day), missed=one.missed, changed=one.changed, late=one.late)
            for one in found
        ]
    )


def _out(poll: Poll) -> PollOut:
    return PollOut(
        state=poll.state,
        reason=poll.reason,
        reached_at=poll.reached_at,
        began_at=poll.began_at,
        ended_at=poll.ended_at,
        next_at=poll.next_at,
        found=poll.found,
        missed=poll.missed,
        changed=poll.changed,
    )


def _gap(gap: Gap) -> GapOut:
    return GapOut(
        id=gap.delivery_id,
        order_id=gap.order_id,
        kind=gap.kind,
        changed_at=gap.as_of,
        found_at=gap.found_at,
        late_at=gap.late_at,
    )
