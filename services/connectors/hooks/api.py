"""The API of hooks: where a store platform is told to deliver."""

from typing import Annotated, cast

from fastapi import APIRouter, Response

from services.connectors.hooks import actions, sql
from services.connectors.hooks.schemas import HookIn, HookOut, Platform
from services.connectors.hooks.sql import Hook
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Page

router = APIRouter(tags=["hooks"])


@router.post("/v1/hooks", status_code=201, response_model=HookOut)
async def post_hook(body: HookIn, call: Annotated[Call, require("orders:write")]) -> Response:
    """Makes an address for a platform's deliveries. Give it, and the secret, to the platform."""
    return await call.once(
        lambda tx: actions.create(tx, call.ctx.require_sealing(), call.store_id, body),
        answer=lambda hook: _out(call, hook),
    )


@router.get("/v1/hooks")
async def get_hooks(call: Annotated[Call, require("orders:read")]) -> Page[HookOut]:
    """Lists the store's addresses."""
    async with call.transaction() as tx:
        found = await sql.page(tx, call.store_id)
    return Page(data=[_out(call, hook) for hook in found], next_cursor=None)


@router.delete("/v1/hooks/{hook_id}", status_code=204)
async def delete_hook(hook_id: str, call: Annotated[Call, require("orders:write")]) -> Response:
    """Takes no more deliveries at this address."""
    async with call.transaction() as tx:
        await actions.delete(tx, call.store_id, hook_id)
    return Response(status_code=204)


def _out(call: Call, hook: Hook) -> HookOut:
    url = f"{call.ctx.settings.base_url}/v1/hooks/{hook.platform}/{hook.hook_id}"
    return HookOut(id=hook.hook_id, platform=cast(Platform, hook.platform), url=url, created_at=hook.created_at)
