"""The API of balances."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.kernel.errors import Invalid
from services.kernel.http.call import Call, require
from services.rewards.balances.schemas import BalancesOut
from services.rewards.ledger import sql
from services.rewards.rules.domain import Side

router = APIRouter(tags=["balances"])


@router.get("/v1/balances")
async def get_balances(
    call: Annotated[Call, require("rewards:read")],
    ambassador_id: Annotated[str | None, Query(max_length=255)] = None,
    friend_id: Annotated[
        str | None, Query(max_length=255, description="As `beneficiary.id` of a friend's reward says it.")
    ] = None,
) -> BalancesOut:
    """What an ambassador, or a friend, has. Empty for somebody who was never granted anything."""
    side: Side = "ambassador" if ambassador_id is not None else "friend"
    owner = ambassador_id if ambassador_id is not None else friend_id
    if owner is None or (ambassador_id is not None and friend_id is not None):
        raise Invalid.field("ambassador_id", "Name one: ambassador_id or friend_id.", code="missing")
    async with call.transaction() as tx:
        return BalancesOut.of(await sql.holdings_of(tx, call.store_id, owner=owner, side=side))
