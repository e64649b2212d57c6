"""HTTP of a store's bot."""

from typing import Annotated

from fastapi import APIRouter

from services.kernel.http.call import Call, require
from services.links.telegram import actions
from services.links.telegram.schemas import BotIn, BotOut

router = APIRouter(tags=["messages"])


@router.put("/v1/telegram-bot")
async def put_bot(body: BotIn, call: Annotated[Call, require("programs:write")]) -> BotOut:
    """Has a Telegram bot notify ambassadors who connect it; in place of the store's former one."""
    async with call.transaction() as tx:
        return BotOut.of(await actions.set_up(tx, call.ctx.require_sealing(), call.store_id, body.token))


@router.get("/v1/telegram-bot")
async def get_bot(call: Annotated[Call, require("programs:read")]) -> BotOut:
    """The store's bot, and whether Telegram knows where to deliver."""
    async with call.transaction() as tx:
        return BotOut.of(await actions.get(tx, call.store_id))


@router.delete("/v1/telegram-bot", status_code=204)
async def delete_bot(call: Annotated[Call, require("programs:write")]) -> None:
    """Forgets the bot: people are notified by mail again."""
    async with call.transaction() as tx:
        await actions.drop(tx, call.store_id)
