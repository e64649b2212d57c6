"""The API of what is owed."""

from typing import Annotated

from fastapi import APIRouter

from services.kernel.http.call import Call, require
from services.rewards.liability import actions
from services.rewards.liability.schemas import AccountLiabilityOut, ExpiringOut, LiabilityOut

router = APIRouter(tags=["ledger"])


@router.get("/v1/liability")
async def get_liability(call: Annotated[Call, require("rewards:read")]) -> LiabilityOut:
    """What the store owes, by days since it was granted. What went out counts as the oldest of what somebody had.

    `expiring` is what of it expires, by days until it does."""
    async with call.snapshot() as tx:
        return LiabilityOut(
            data=[AccountLiabilityOut.of(one) for one in await actions.liabilities(tx, call.store_id)],
            expiring=[ExpiringOut.of(one) for one in await actions.expiring(tx, call.store_id)],
        )
