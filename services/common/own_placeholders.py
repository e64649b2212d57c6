"""What stands for nobody at each store by its own word: the slice that every service keeps which takes orders or
reports in, and what has it at hand wherever one comes.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import orjson
import structlog
from sqlalchemy import Column, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from contracts.events.catalog import StoreConfigured
from services.kernel import vital
from services.kernel.bus.port import Event
from services.kernel.db import Database, Tx
from services.kernel.revisions import newest
from services.kernel.service import Handler
from services.kernel.tables import PIPE, text

EVERY_S = 1.0
"""How old what is at hand may be. Very few stores have any, so that all of it is read each time."""

_ALL = "select json_object_agg(store_id, names)::text from store_placeholders where names <> '{}'"
"""Of all stores, as one JSON object."""
_KEEP = """
insert into store_placeholders (store_id, revision, names)
select s, r, string_to_array(n, e'\\x1f')
from unnest(cast(:stores as text[]), cast(:revisions as int[]), cast(:names as text[])) w (s, r, n) order by 1
on conflict (store_id) do update set revision = excluded.revision, names = excluded.names
where store_placeholders.revision < excluded.revision
"""


def placeholders_table(metadata: MetaData) -> Table:
    """Adds the slice to a service's tables. Stores that have none have no row, or an empty one. Every process reads all
    of it, so it is under no policy: it holds neither ids nor addresses, but keyed hashes of them.
    """
    return Table(
        "store_placeholders",
        metadata,
        text("store_id", primary_key=True),
        Column("revision", Integer, nullable=False),
        Column("names", ARRAY(Text), nullable=False),
        info=PIPE,
    )


async def keep_placeholders(tx: Tx, events: Sequence[Event[StoreConfigured]]) -> None:
    """Keeps what these stores call nobody, where it is newer than what is there."""
    latest = newest((event.data for event in events), key=lambda store: store.store_id).values()
    await tx.execute(
        _KEEP,
        stores=[one.store_id for one in latest],
        revisions=[one.revision for one in latest],
        names=["\x1f".join(one.placeholders) for one in latest],
    )


OWN_PLACEHOLDERS: Final = Handler(events=(StoreConfigured,), handle=keep_placeholders)
"""For the manifest of a service that keeps the slice."""


async def placeholders_of(tx: Tx, store_id: str) -> frozenset[str]:
    """What a store calls nobody, as keyed hashes of ids and contacts."""
    names = await tx.scalar("select names from store_placeholders where store_id = :store", store=store_id)
    return frozenset(names or ())


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
        found = await self._db.peek(_ALL)
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
