"""What stands for nobody at each store by its own word, at hand wherever an order or a report is taken in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import structlog

from services.attribution.slices import sql
from services.kernel import vital
from services.kernel.db import Database

EVERY_S = 1.0
"""How old what is at hand may be. Very few stores have any, so that all of it is read each time."""


class OwnPlaceholders:
    """What stores call nobody, as keyed hashes of ids and contacts. Lives as long as the process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: bytes | str | None = None
        self._by_store: dict[str, frozenset[str]] = {}

    def of(self, store_id: str) -> frozenset[str]:
        """One store's."""
        return self._by_store.get(store_id, frozenset())

    async def refresh(self) -> None:
        """Reads them once."""
        found = await self._db.peek(sql.OWN_PLACEHOLDERS)
        kept = found[0] if found else None
        if kept != self._kept:
            self._by_store = {store_id: frozenset(names) for store_id, names in orjson.loads(kept or "{}").items()}
            self._kept = kept

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncIterator["OwnPlaceholders"]:
        """Reads once, then again and again until the end."""
        await self.refresh()
        task = vital.start(self._loop(), name="own-placeholders")
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.refresh()
            except Exception as error:  # a lost database must not end the watch; what is at hand stays in force
                structlog.get_logger().warning("own_placeholders.stale", error=type(error).__name__)
