"""Reports which API keys are in use: a job of every process that answers requests."""

from typing import Final

from contracts.events.audit import KeyUsed
from services.kernel.context import Context

EVERY_S: Final = 30.0


async def report_used_keys(ctx: Context) -> None:
    """Reports the keys that this process saw for the first time in an hour, in one transaction."""
    if not (used := ctx.uses.take(ctx.live.microseconds())):
        return
    try:
        async with ctx.db.transaction(sorted(set(used.values()))) as tx:
            for key_id, store_id in sorted(used.items()):
                tx.emit(KeyUsed(store_id=store_id, key_id=key_id, used_at=tx.now))
    except BaseException:
        ctx.uses.give_back(used)
        raise
