"""What the clock does with deliveries: it reads those that nobody read, and forgets the old ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.connectors.inbox.actions import FORGET, READ, Readings, forget, read_waiting
from services.connectors.platforms.domain.port import Platform
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.service import DueJob

DUE_JOBS = (DueJob(name=FORGET, run=forget),)


def reading_job(ctx: Context, platforms: Mapping[str, Platform]) -> DueJob:
    """Reads what was kept and not read. It needs the service's keys."""
    readings = Readings(platforms, ctx.ring, ctx.require_sealing())

    async def run(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
        return await read_waiting(tx, readings, stores)

    return DueJob(name=READ, run=run)
