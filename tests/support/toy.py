"""A small service for tests of the kernel: it counts events, so that every loss and every repetition shows."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, Table
from sqlalchemy.ext.asyncio import create_async_engine

from contracts.events.tracking import VisitRecorded
from services.kernel.bus.port import Event
from services.kernel.bus.schema import migrate_bus
from services.kernel.db import Database, Tx, async_url
from services.kernel.migrate import secure
from services.kernel.tables import APPEND_ONLY, PIPE, service_metadata, text

SCHEMA = "toy"
METADATA = service_metadata()
SEEN = Table(
    "seen",
    METADATA,
    Column("n", BigInteger, Identity(), primary_key=True),
    text("store_id"),
    text("event_id"),
    text("track_id"),
    text("traceparent", nullable=True),
    info=APPEND_ONLY,
)
NOTES = Table("notes", METADATA, text("note", primary_key=True), info=PIPE)


async def make_toy_schema(url: str) -> None:
    """Makes the toy's tables, with the roles and policies that real services have, and the log's."""
    await migrate_bus(url)
    engine = create_async_engine(async_url(url), connect_args={"server_settings": {"search_path": SCHEMA}})
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"create schema {SCHEMA}")
            await connection.run_sync(METADATA.create_all)
            await connection.run_sync(lambda c: secure(c, SCHEMA, list(METADATA.tables.values())))
    finally:
        await engine.dispose()


@asynccontextmanager
async def toy_database(url: str, *, pool_size: int = 4) -> AsyncIterator[Database]:
    """The toy's database, as a service sees it."""
    db = Database(url, schema=SCHEMA, pool_size=pool_size)
    try:
        yield db
    finally:
        await db.close()


async def remember(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """A handler: one row per event and time it was handled."""
    await tx.execute(
        "insert into seen (store_id, event_id, track_id, traceparent)"
        " select * from unnest(cast(:s as text[]), cast(:e as text[]), cast(:t as text[]), cast(:p as text[]))",
        s=[event.store_id for event in events],
        e=[event.id for event in events],
        t=[event.data.track_id for event in events],
        p=[event.traceparent for event in events],
    )


def visit(track_id: str, *, store: str = "str_a") -> VisitRecorded:
    """An event of the toy's only kind."""
    return VisitRecorded(store_id=store, track_id=track_id, at="2026-01-01T00:00:00Z")  # type: ignore[arg-type]  # parsed


async def seen(db: Database, *stores: str) -> list[str]:
    """The track ids that were handled, in order."""
    async with db.transaction(stores or ("str_a",)) as tx:
        return [row.track_id for row in await tx.all("select track_id from seen order by n")]
