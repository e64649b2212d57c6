"""Reports what was seen of how stores are connected: a job of every process that answers requests."""

from datetime import UTC, datetime
from typing import Final

from contracts.events.audit import Sighted
from services.kernel.context import Context

EVERY_S: Final = 1.0
"""Somebody looks at a page and waits. With nothing to report it costs nothing."""


async def report_sightings(ctx: Context) -> None:
    """Reports all that is due, in one transaction."""
    if not (taken := ctx.sightings.take(ctx.live.microseconds())):
        return
    try:
        async with ctx.db.transaction(sorted({seen.store_id for seen in taken})) as tx:
            for seen, at in sorted(taken.items()):
                moment = datetime.fromtimestamp(at / 1_000_000, UTC)
                tx.emit(
                    Sighted.model_validate(
                        {"store_id": seen.store_id, "kind": seen.kind, "on": seen.on, "said": seen.reason, "at": moment}
                    )
                )
    except BaseException:
        ctx.sightings.give_back(taken)
        raise
