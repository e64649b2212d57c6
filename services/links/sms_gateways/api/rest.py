"""HTTP of a store's SMS gateway."""

from typing import Annotated

from fastapi import APIRouter

from services.kernel.db import Tx
from services.kernel.http.call import Call, require
from services.kernel.http.limits import limit
from services.links.sms_gateways.actions import setup
from services.links.sms_gateways.actions.trying import outcome_of, try_out
from services.links.sms_gateways.schemas import GatewayIn, GatewayOut, TryIn, TryOut
from services.links.sms_gateways.sql import Settings

router = APIRouter(tags=["messages"])


@router.put("/v1/sms-gateway")
async def put_gateway(body: GatewayIn, call: Annotated[Call, require("programs:write")]) -> GatewayOut:
    """Has ambassadors who proved a phone notified by SMS, through a gateway of the store's."""
    async with call.transaction() as tx:
        return await _shown(call, tx, await setup.set_up(tx, call.ctx, call.store_id, body.wanted()))


@router.get("/v1/sms-gateway")
async def get_gateway(call: Annotated[Call, require("programs:read")]) -> GatewayOut:
    """The store's gateway, its limits, and what was used of them."""
    async with call.transaction() as tx:
        return await _shown(call, tx, await setup.get(tx, call.store_id))


@router.delete("/v1/sms-gateway", status_code=204)
async def delete_gateway(call: Annotated[Call, require("programs:write")]) -> None:
    """Forgets the gateway: people are notified by mail again. Their proved numbers stay."""
    async with call.transaction() as tx:
        await setup.drop(tx, call.store_id)


@router.post("/v1/sms-gateway/tests", dependencies=[limit("sms-tests", per_minute=30)])
async def post_test_sms(body: TryIn, call: Annotated[Call, require("programs:write")]) -> TryOut:
    """Sends a word to a number of one's own, and says what the gateway answered. It counts against the limits."""
    verdict, cost = await try_out(call, body.to)
    outcome, status, reason = outcome_of(verdict)
    return TryOut(outcome=outcome, status=status, reason=reason, segments=cost)  # type: ignore[arg-type]  # those words


async def _shown(call: Call, tx: Tx, one: Settings) -> GatewayOut:
    return GatewayOut.of(one, await setup.spent(tx, call.store_id), base_url=call.ctx.settings.base_url)
