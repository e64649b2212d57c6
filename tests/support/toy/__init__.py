"""A small service for tests of the kernel: it counts events, so that every loss and every repetition shows."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import BigInteger, Column, Identity, LargeBinary, Table

from contracts.events.tracking import VisitRecorded
from services.kernel import trace
from services.kernel.batch import GroupCommit
from services.kernel.bus.port import Event
from services.kernel.bus.schema import migrate_bus
from services.kernel.context import Context
from services.kernel.db import Database, Tx
from services.kernel.http.call import Call, operator
from services.kernel.migrate import migrate
from services.kernel.outbound import OutboundError
from services.kernel.reseal import Sealed
from services.kernel.service import Handler, Service
from services.kernel.spool import Spool
from services.kernel.tables import APPEND_ONLY, PIPE, service_metadata, text
from services.kernel.work import Done, Outcome, Retry, Task, TaskKind

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
CREDENTIALS = Table(
    "credentials",
    METADATA,
    text("account_id", primary_key=True),
    text("store_id"),
    Column("secret", LargeBinary, nullable=False),
)
SEALED = Sealed(table="credentials", key="account_id", column="secret", purpose="toy-secret")
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


@dataclass(frozen=True, slots=True)
class Resources:
    """What the toy's process holds open."""

    notes: Spool
    visits: GroupCommit[tuple[str, str | None], str]


async def note(tx: Tx, lines: list[bytes]) -> None:
    """A drain: one row per line; a line that takes effect twice breaks the primary key."""
    if b"bad" in lines:
        raise ValueError("a bad line")
    texts = [line.decode() for line in lines]
    await tx.execute("insert into notes (note) select unnest(cast(:notes as text[]))", notes=texts)


@asynccontextmanager
async def resources(ctx: Context) -> AsyncIterator[Resources]:
    """A spool of notes and a group commit of visits."""

    async def write(reported: list[tuple[str, str | None]]) -> list[str]:
        async with ctx.db.transaction(["str_a"]) as tx:
            for track_id, traceparent in reported:
                trace.follow(traceparent, {})
                tx.emit(visit(track_id))
        return [track_id for track_id, _ in reported]

    folder = ctx.settings.data_dir / "spool"
    async with Spool(folder, "notes", db=ctx.db, drain=note) as notes, GroupCommit(write) as visits:
        yield Resources(notes, visits)


ROUTER = APIRouter()
_OPERATOR = operator()


@ROUTER.post("/v1/toys/{track_id}", status_code=202)
async def report(track_id: str, call: Call = _OPERATOR) -> dict[str, str]:
    """Emits one visit of the store; answers after the commit."""
    return {"track_id": await call.ctx.resources.visits.submit((track_id, trace.current()))}


@ROUTER.post("/v1/toys/{text}/note", status_code=202)
async def jot(text: str, call: Call = _OPERATOR) -> dict[str, str]:
    """Spools one note; answers when it is safe."""
    call.ctx.resources.notes.append(text.encode())
    return {"note": text}


async def call_partner(ctx: Context, task: Task) -> Outcome:
    """A task: one call to a partner, who recognises keys. The note breaks nothing when it comes twice."""

    async def write(tx: Tx) -> None:
        await tx.execute("insert into notes (note) values (:note)", note=f"{task.key} told")

    url = f"{os.environ['TOY_PARTNER']}/{task.lane}"
    try:
        answer = await ctx.outbound.send("POST", url, purpose="toy", headers={"Idempotency-Key": task.key})
    except OutboundError as error:
        return Retry(reason=error.reason)
    return Done(note=write) if answer.ok else Retry(reason="refused", after=answer.retry_after(datetime.now(UTC)))


CALL = TaskKind(name="toy.call", run=call_partner, deadline_s=2, retries=(timedelta(seconds=0.1),) * 50)

TOY = Service(
    name=SCHEMA,
    package="tests.support.toy",
    metadata=METADATA,
    routes=("/v1/toys*",),
    routers=(ROUTER,),
    handlers=(Handler(events=(VisitRecorded,), handle=remember),),
    resources=resources,
    work=(CALL,),
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
