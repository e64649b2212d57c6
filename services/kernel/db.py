"""The only door to PostgreSQL: an engine per service, and transactions that see chosen stores only.

`Tx` is what actions get. It reads and writes, emits events into the outbox, locks stores, and never commits:
`Database.transaction()` does, once, at the edge.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from time import perf_counter
from typing import Any

import asyncpg
from sqlalchemy import Executable, Row, text
from sqlalchemy.engine import CursorResult, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.elements import TextClause

from contracts.events import Payload
from services.kernel.outbox import Outgoing, insert_outgoing, insert_spelled
from services.kernel.telemetry import POOL_WAIT

APP_ROLE = "kith_app"
ALL_STORES = "*"
"""Pseudo store of events that concern everybody (the clock)."""

_OPEN = text(
    "select set_config('kith.stores', :stores, true),"
    " now() + make_interval(secs => coalesce((select offset_seconds from clock), 0)),"
    " coalesce((select offset_seconds from clock), 0)"
)
_SEE = text("select set_config('kith.stores', :stores, true)")
_LOCK = text(
    "select store_id, seq from head where store_id = any(cast(:stores as text[])) order by store_id for update"
)
_ADD_HEADS = text(
    "insert into head (store_id) select s from unnest(cast(:stores as text[])) s order by s on conflict do nothing"
)
_ADVANCE = text("update head set seq = seq + :count where store_id = :store returning seq")
_ADVANCE_ALL = text(
    "update head h set seq = h.seq + w.count"
    " from unnest(cast(:stores as text[]), cast(:counts as bigint[])) w(store_id, count)"
    " where h.store_id = w.store_id returning h.store_id, h.seq"
)


@lru_cache(maxsize=2048)
def _statement(sql: str) -> TextClause:
    return text(sql)


class Tx:
    """One transaction. `now` is the database's clock plus the demo offset, fixed at its start."""

    def __init__(
        self, connection: AsyncConnection, *, now: datetime, offset: timedelta, stores: frozenset[str]
    ) -> None:
        self._connection = connection
        self._outgoing: list[Outgoing] = []
        self._spelled: list[bytes] = []
        self._after_commit: list[Callable[[], None]] = []
        self.now = now
        self.offset = offset
        self.stores = stores

    async def execute(self, sql: str | Executable, /, **params: object) -> CursorResult[Any]:
        """Runs one statement: SQL text with `:named` parameters, or a Core construct."""
        statement = _statement(sql) if isinstance(sql, str) else sql
        return await self._connection.execute(statement, params)

    async def all(self, sql: str | Executable, /, **params: object) -> Sequence[Row[Any]]:
        """All rows."""
        return (await self.execute(sql, **params)).all()

    async def one_or_none(self, sql: str | Executable, /, **params: object) -> Row[Any] | None:
        """The single row, or None. Raises if there are several."""
        return (await self.execute(sql, **params)).one_or_none()

    async def scalar(self, sql: str | Executable, /, **params: object) -> Any:
        """First column of the first row, or None."""
        return (await self.execute(sql, **params)).scalar()

    def emit(self, payload: Payload) -> None:
        """Puts an event into the outbox; it is sent if, and only if, this transaction commits."""
        self._outgoing.append(Outgoing.of(payload, at=self.now))

    def emit_all(self, outgoing: Iterable[Outgoing]) -> None:
        """Like `emit` for events that were encoded already."""
        self._outgoing.extend(outgoing)

    def emit_spelled(self, rows: Iterable[bytes]) -> None:
        """Like `emit` for events that are rows already (`outbox.spell`): what spools of events hold."""
        self._spelled.extend(rows)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Runs `call` once the commit succeeded: to wake somebody, or to drop a cache entry. Never for effects."""
        self._after_commit.append(call)

    async def lock_stores(self, stores: Iterable[str]) -> dict[str, int]:
        """Locks the heads of these stores in sorted order and returns each one's `seq`, the last fact number given."""
        wanted = sorted(set(stores))
        if not wanted:
            return {}
        rows = (await self._connection.execute(_LOCK, {"stores": wanted})).all()
        if len(rows) < len(wanted):
            await self._connection.execute(_ADD_HEADS, {"stores": wanted})
            rows = (await self._connection.execute(_LOCK, {"stores": wanted})).all()
        return {row.store_id: row.seq for row in rows}

    async def advance(self, store: str, count: int) -> int:
        """Takes `count` fact numbers of a locked store and returns the last one."""
        return int((await self._connection.execute(_ADVANCE, {"store": store, "count": count})).scalar_one())

    async def see(self, stores: Iterable[str]) -> None:
        """Makes these stores, and no others, visible from here on: for work that finds its stores inside."""
        self.stores = frozenset(stores)
        await self._connection.execute(_SEE, {"stores": ",".join(sorted(self.stores))})

    async def advance_all(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Takes numbers of several locked stores in one statement and returns the last one of each."""
        parameters = {"stores": list(counts), "counts": list(counts.values())}
        return {row.store_id: row.seq for row in (await self._connection.execute(_ADVANCE_ALL, parameters)).all()}

    async def flush(self) -> int:
        """Writes the emitted events into the outbox. Called by `transaction()`; returns how many there were."""
        outgoing, self._outgoing = self._outgoing, []
        spelled, self._spelled = self._spelled, []
        if outgoing:
            await insert_outgoing(self._connection, outgoing)
        if spelled:
            await insert_spelled(self._connection, spelled)
        return len(outgoing) + len(spelled)

    def run_after_commit(self) -> None:
        """Called by `transaction()` after the commit."""
        for call in self._after_commit:
            call()


class Database:
    """One service's tables: an engine whose connections stand in its schema, under a role that owns nothing."""

    def __init__(self, url: str, *, schema: str, pool_size: int = 6, role: str | None = APP_ROLE) -> None:
        self.schema = schema
        self.url = url
        server_settings = {"search_path": schema, "jit": "off", "application_name": f"kith-{schema}"}
        if role is not None:
            server_settings["role"] = role
        self.engine: AsyncEngine = create_async_engine(
            async_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_recycle=1800,
            pool_use_lifo=True,
            connect_args={"server_settings": server_settings, "timeout": 5, "command_timeout": 60},
        )
        self.emitted: Callable[[], None] = lambda: None
        """Called after a commit that put something into the outbox: the relay sets it to wake up at once."""

    @asynccontextmanager
    async def transaction(self, stores: Iterable[str] = (), *, snapshot: bool = False) -> AsyncIterator[Tx]:
        """One transaction that sees these stores only; commits when the block ends well, else rolls back.

        With `snapshot` all its statements see the same moment: for answers whose parts must add up. It then only reads.
        Cost: two round trips around the block (begin with its settings, commit), one more if events were emitted.
        """
        visible = frozenset(stores)
        asked = perf_counter()
        async with self.engine.connect() as connection:
            POOL_WAIT.observe(perf_counter() - asked)
            if snapshot:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            opened = (await connection.execute(_OPEN, {"stores": ",".join(sorted(visible))})).one()
            tx = Tx(connection, now=opened[1], offset=timedelta(seconds=opened[2]), stores=visible)
            yield tx
            emitted = await tx.flush()
            await connection.commit()
        tx.run_after_commit()
        if emitted:
            self.emitted()

    async def peek(self, statement: TextClause) -> Sequence[Any] | None:
        """First row of one statement outside of any transaction: a single round trip. Sees no store's rows."""
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            return (await connection.execute(statement)).first()

    @property
    def in_use(self) -> int:
        """Connections that are checked out of the pool now."""
        pool = self.engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    async def close(self) -> None:
        """Closes the pool."""
        await self.engine.dispose()


def async_url(url: str) -> str:
    """The same address for SQLAlchemy's asyncpg dialect."""
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when run again: a lost connection, a deadlock, a full pool."""
    if isinstance(error, PoolTimeout | InterfaceError | ConnectionError | TimeoutError | OSError):
        return True
    if isinstance(error, DBAPIError):
        state: str | None = getattr(error.orig, "sqlstate", None)
        return error.connection_invalidated or state is None or _passing(state)
    if isinstance(error, asyncpg.InterfaceError):  # a dedicated connection that is closed or was cut in mid-sentence
        return True
    return isinstance(error, asyncpg.PostgresError) and _passing(error.sqlstate or "")


def _passing(state: str) -> bool:
    """SQLSTATE classes: connection, rollback (deadlock …), resources, operator's hand, system; and a lock timeout."""
    return state[:2] in {"08", "40", "53", "57", "58"} or state == "55P03"


def rows_of(columns: Mapping[str, Sequence[object]]) -> int:
    """Length of a set of unnest columns; a guard for code that builds them side by side."""
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise ValueError(f"columns differ in length: { {name: len(v) for name, v in columns.items()} }")
    return lengths.pop() if lengths else 0
