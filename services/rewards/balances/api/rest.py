"""The API of balances."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from services.kernel.errors import Invalid
from services.kernel.http.call import Call, require
from services.rewards.balances import sql as past
from services.rewards.balances.actions import progress_of, rank_of
from services.rewards.balances.schemas import BalancesOut
from services.rewards.ledger import sql
from services.rewards.lots.sql import lots
from services.rewards.rules.domain import Side

router = APIRouter(tags=["balances"])

_TICK: Final = timedelta(microseconds=1)
"""The shortest time between two moments that differ."""


@router.get("/v1/balances")
async def get_balances(
    call: Annotated[Call, require("rewards:read")],
    ambassador_id: Annotated[str | None, Query(max_length=255)] = None,
    friend_id: Annotated[
        str | None, Query(max_length=255, description="As `beneficiary.id` of a friend's reward says it.")
    ] = None,
    at: Annotated[
        AwareDatetime | None,
        Query(description="A moment that has passed: what they had then, from the entries that were posted up to it."),
    ] = None,
) -> BalancesOut:
    """What an ambassador, or a friend, has or had. Empty for somebody who had never been granted anything."""
    side: Side = "ambassador" if ambassador_id is not None else "friend"
    owner = ambassador_id if ambassador_id is not None else friend_id
    if owner is None or (ambassador_id is not None and friend_id is not None):
        raise Invalid.field("ambassador_id", "Name one: ambassador_id or friend_id.", code="missing")
    async with call.transaction() as tx:
        if at is None:
            progress = await progress_of(tx, call.store_id, owner) if side == "ambassador" else None
            rank = await rank_of(tx, call.store_id, owner) if side == "ambassador" else None
            left = await lots.expiring(tx, call.store_id, owner=owner, side=side)
            return BalancesOut.of(
                await sql.holdings_of(tx, call.store_id, owner=owner, side=side), left, progress, rank
            )
        if at > tx.now:
            raise Invalid.field("at", "This moment has not come yet: ask for one that has passed.", code="future")
        number = await past.last_before(tx, call.store_id, at + _TICK)
        return BalancesOut.of(await past.holdings_at(tx, call.store_id, owner=owner, side=side, number=number))
