"""A small service for tests of the kernel: it counts events, so that every loss and every repetition shows."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter
from sqlalchemy import BigInteger, Column, Identity, Table

from contracts.events.tracking import VisitRecorded
from services.kernel.bus.port import Event
from services.kernel.bus.schema import migrate_bus
from services.kernel.db import Database, Tx
from services.kernel.http.call import Call, operator
from services.kernel.migrate import migrate
from services.kernel.service import Handler, Service
from services.kernel.tables import APPEND_ONLY, PIPE, service_metadata, text

SCHEMA = "toy"
GROUP = "kith.toy"
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


ROUTER = APIRouter()


_OPERATOR = operator()


@ROUTER.post("/v1/toys/{track_id}", status_code=202)
async def report(track_id: str, call: Call = _OPERATOR) -> dict[str, str]:
    """Emits one visit of the store."""
    async with call.ctx.db.transaction(["str_a"]) as tx:
        tx.emit(visit(track_id))
    return {"track_id": track_id}


TOY = Service(
    name=SCHEMA,
    package="tests.support.toy",
    metadata=METADATA,
    routes=("/v1/toys*",),
    routers=(ROUTER,),
    handlers=(Handler(events=(VisitRecorded,), handle=remember),),
)


async def make_toy_schema(url: str) -> None:
    """Makes the toy's tables, with the roles and policies that real services have, and the log's."""
    await migrate_bus(url)
    await migrate(TOY, url)


@asynccontextmanager
async def toy_database(url: str, *, pool_size: int = 4) -> AsyncIterator[Database]:
    """The toy's database, as a service sees it."""
    db = Database(url, schema=SCHEMA, pool_size=pool_size)
    try:
        yield db
    finally:
        await db.close()


def visit(track_id: str, *, store: str = "str_a") -> VisitRecorded:
    """An event of the toy's only kind."""
    return VisitRecorded(store_id=store, track_id=track_id, at="2026-01-01T00:00:00Z")  # type: ignore[arg-type]  # parsed


async def seen(db: Database, *stores: str) -> list[str]:
    """The track ids that were handled, in order."""
    async with db.transaction(stores or ("str_a",)) as tx:
        return [row.track_id for row in await tx.all("select track_id from seen order by n")]
