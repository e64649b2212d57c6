"""The API of hooks, as it was before there were connections: the same accounts, of the platform that it knew."""

from typing import Annotated, Final, cast

from fastapi import APIRouter, Request, Response

from services.connectors.accounts import sql
from services.connectors.accounts.sql import Account
from services.connectors.connections import actions
from services.connectors.connections.schemas import Former, HookIn, HookOut
from services.connectors.inbox.hot.door import Door
from services.kernel.http.call import CONTEXT, Call, require
from services.kernel.http.hot import HotAnswer
from services.kernel.http.pages import Page

router = APIRouter(tags=["hooks"])
_PLATFORMS: Final = ("shopify",)


@router.post("/v1/hooks", status_code=201, response_model=HookOut)
async def post_hook(body: HookIn, call: Annotated[Call, require("orders:write")]) -> Response:
    """Makes an address for a platform's deliveries. Give it, and the secret, to the platform. It is for a store's first
    one: `/v1/connections` makes others, and says more.
    """
    return await call.once(
        lambda tx: actions.create_first(tx, call.ctx, call.store_id, platform=body.platform, secret=body.secret),
        answer=lambda account: _out(call, account),
    )


@router.get("/v1/hooks")
async def get_hooks(call: Annotated[Call, require("orders:read")]) -> Page[HookOut]:
    """Lists the store's addresses."""
    async with call.transaction() as tx:
        found = await sql.page(tx, call.store_id)
    return Page(data=[_out(call, one) for one in found if one.platform in _PLATFORMS], next_cursor=None)


@router.delete("/v1/hooks/{hook_id}", status_code=204)
async def delete_hook(hook_id: str, call: Annotated[Call, require("orders:write")]) -> Response:
    """Takes no more deliveries at this address."""
    async with call.transaction() as tx:
        await actions.delete(tx, call.store_id, hook_id)
    return Response(status_code=204)


@router.post("/v1/hooks/shopify/{hook_id}", status_code=200)
async def post_delivery(hook_id: str, request: Request) -> Response:
    """Takes a delivery of Shopify, signed with the hook's secret. 401 for every other request."""
    door: Door = request.scope[CONTEXT].resources[Door]
    return HotAnswer(door.handle)


def _out(call: Call, account: Account) -> HookOut:
    url = f"{call.ctx.settings.base_url}/v1/hooks/{account.platform}/{account.account_id}"
    return HookOut(
        id=account.account_id, platform=cast(Former, account.platform), url=url, created_at=account.created_at
    )
