"""The only door to PostgreSQL: an engine per service, and transactions that see chosen stores only.

`Tx` is what actions get. It reads and writes, emits events into the outbox, locks stores, and never commits:
`Database.transaction()` does, once, at the edge.

SQLAlchemy keeps the connections; statements go straight to the driver. They are text already, and on their way through
its compiler, cursors and greenlets each would cost the client six times as much.
"""

import asyncio
from collections import namedtuple
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from functools import lru_cache
from time import monotonic, perf_counter
from typing import Any, TypeAlias, cast

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from contracts.events import Payload
from contracts.events.audit import AuditNoted
from services.kernel import audit
from services.kernel.audit import Figures
from services.kernel.auth.principal import Principal, system
from services.kernel.outbox import Outgoing, insert_encoded, insert_outgoing
from services.kernel.statements import numbered
from services.kernel.telemetry import POOL_WAIT

APP_ROLE = "kith_app"
ALL_STORES = "*"
"""Pseudo store of events that concern everybody (the clock)."""

Row: TypeAlias = Any
"""One row: a named tuple whose fields are the statement's columns."""

_OPEN = (
    "select set_config('kith.stores', $1, true),"
    " now() + make_interval(secs => coalesce((select offset_seconds from clock), 0)),"
    " coalesce((select offset_seconds from clock), 0)"
)
_SEE = "select set_config('kith.stores', :stores, true)"
_LOCK = "select store_id, seq from head where store_id = any(cast(:stores as text[])) order by store_id for update"
_ADD_HEADS = (
    "insert into head (store_id) select s from unnest(cast(:stores as text[])) s order by s on conflict do nothing"
)
_ADVANCE_ALL = (
    "update head h set seq = h.seq + w.count"
    " from unnest(cast(:stores as text[]), cast(:counts as bigint[])) w(store_id, count)"
    " where h.store_id = w.store_id returning h.store_id, h.seq"
)
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, SQLAlchemyError, OSError)
"""What work on a database that is away, or does not like it, ends with."""

_ROLL_BACK_S = 5.0


@lru_cache(maxsize=4096)
def _row_maker(columns: tuple[str, ...]) -> Callable[[Iterable[Any]], Row]:
    make: Any = namedtuple
    return cast("Callable[[Iterable[Any]], Row]", make("Row", columns, rename=True)._make)


class Tx:
    """One transaction. `now` is the database's clock plus the demo offset, fixed at its start.

    Statements are text with `:named` parameters, which take their types from the statement; conditions that are void
    without their argument are left out (`kernel.statements`).
    """

    def __init__(
        self,
        connection: asyncpg.Connection,
        *,
        now: datetime,
        offset: timedelta,
        stores: frozenset[str],
        actor: Principal,
        service: str,
        request_id: str = "",
    ) -> None:
        self._connection = connection
        self._service = service
        self._request_id = request_id
        self._notes: list[AuditNoted] = []
        self._outgoing: list[Outgoing] = []
        self._encoded: list[bytes] = []
        self._sent = 0
        self._work = False
        self._after_commit: list[Callable[[], None]] = []
        self.now = now
        self.offset = offset
        self.stores = stores
        self.actor = actor
        """Who acts: a request's caller, the operator at the command line, a job, or the service by itself."""
        self.waited_s = 0.0
        """Seconds until the locks of stores were had."""

    async def execute(self, sql: str, /, **params: object) -> int:
        """Runs one statement; returns how many rows it wrote."""
        text, names = numbered(sql, params)
        done: str = await self._connection.execute(text, *[params[name] for name in names])
        count = done.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def all(self, sql: str, /, **params: object) -> Sequence[Row]:
        """All rows."""
        text, names = numbered(sql, params)
        records = await self._connection.fetch(text, *[params[name] for name in names])
        return list(map(_row_maker(tuple(records[0].keys())), records)) if records else []

    async def one_or_none(self, sql: str, /, **params: object) -> Row | None:
        """The single row, or None. Raises `LookupError` if there are several."""
        rows = await self.all(sql, **params)
        if len(rows) > 1:
            raise LookupError(f"one row was expected, {len(rows)} came")
        return rows[0] if rows else None

    async def one(self, sql: str, /, **params: object) -> Row:
        """The single row. Raises `LookupError` if there is none, or several."""
        row = await self.one_or_none(sql, **params)
        if row is None:
            raise LookupError("one row was expected, none came")
        return row

    async def scalar(self, sql: str, /, **params: object) -> Any:
        """First column of the first row, or None."""
        text, names = numbered(sql, params)
        return await self._connection.fetchval(text, *[params[name] for name in names])

    def emit(self, payload: Payload) -> None:
        """Puts an event into the outbox; it is sent if, and only if, this transaction commits."""
        self._outgoing.append(Outgoing.of(payload, at=self.now))

    def note(
        self, action: str, *, on: str, before: Figures | None = None, after: Figures | None = None, store_id: str = ""
    ) -> None:
        """Notes that the actor did something to `on`, in this transaction: in the audit, and as an event.

        `store_id` may be left out where one store is visible. Raises `ValueError` for a value that is no figure, code
        or id, and where nobody can tell whose note it is.
        """
        if not store_id:
            own = self.stores - {ALL_STORES}
            if len(own) != 1:
                raise ValueError(f"{action}: say whose note it is, of {len(own)} stores")
            (store_id,) = own
        self._notes.append(
            audit.noted(
                action,
                on=on,
                store_id=store_id,
                service=self._service,
                actor=self.actor,
                at=self.now,
                before=before or {},
                after=after or {},
                request_id=self._request_id,
            )
        )

    def emit_all(self, outgoing: Iterable[Outgoing]) -> None:
        """Like `emit` for events that were encoded already."""
        self._outgoing.extend(outgoing)

    def emit_encoded(self, rows: Iterable[bytes]) -> None:
        """Like `emit` for events that are rows already (`outbox.with_trace`): what spools of events hold."""
        self._encoded.extend(rows)

    def sent(self, count: int) -> None:
        """Notes that a statement has put events into the outbox by itself, so that the relay is woken for them."""
        self._sent += count

    def work_added(self) -> None:
        """Notes that a statement has written tasks, so that a worker of this process looks at once."""
        self._work = True

    def after_commit(self, call: Callable[[], None]) -> None:
        """Runs `call` once the commit succeeded: to wake somebody, or to drop a cache entry. Never for effects."""
        self._after_commit.append(call)

    async def lock_stores(self, stores: Iterable[str]) -> dict[str, int]:
        """Locks the heads of these stores in sorted order and returns each one's `seq`, the last fact number given."""
        wanted = sorted(set(stores))
        if not wanted:
            return {}
        began = monotonic()
        rows = await self.all(_LOCK, stores=wanted)
        self.waited_s += monotonic() - began
        if len(rows) < len(wanted):
            await self.execute(_ADD_HEADS, stores=wanted)
            rows = await self.all(_LOCK, stores=wanted)
        return {row.store_id: row.seq for row in rows}

    async def see(self, stores: Iterable[str]) -> None:
        """Makes these stores, and no others, visible from here on: for work that finds its stores inside."""
        self.stores = frozenset(stores)
        await self.execute(_SEE, stores=_listed(self.stores))

    async def advance_all(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Takes numbers of several locked stores in one statement and returns the last one of each."""
        rows = await self.all(_ADVANCE_ALL, stores=list(counts), counts=list(counts.values()))
        return {row.store_id: row.seq for row in rows}

    async def flush(self) -> int:
        """Writes notes, and events into the outbox. Called by `transaction()`; returns how many events there were."""
        if self._notes:
            notes, self._notes = audit.in_order(self._notes), []
            await audit.insert(self._connection, notes)
            self._outgoing.extend(Outgoing.of(one, at=self.now) for one in notes)
        outgoing, self._outgoing = self._outgoing, []
        encoded, self._encoded = self._encoded, []
        if outgoing:
            await insert_outgoing(self._connection, outgoing)
        if encoded:
            await insert_encoded(self._connection, encoded)
        return len(outgoing) + len(encoded) + self._sent

    @property
    def has_work(self) -> bool:
        """Whether tasks were written."""
        return self._work

    def run_after_commit(self) -> None:
        """Called by `transaction()` after the commit."""
        for call in self._after_commit:
            call()


class Database:
    """One service's tables: an engine whose connections stand in its schema, under a role that owns nothing."""

    def __init__(self, url: str, *, schema: str, pool_size: int = 6, role: str | None = APP_ROLE) -> None:
        self.schema = schema
        self.url = url
        self._itself = system(schema)
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
            pool_reset_on_return=None,  # `transaction` leaves none open
            connect_args={
                "server_settings": server_settings,
                "timeout": 5,
                "command_timeout": 60,
                "statement_cache_size": 1000,
            },
        )
        self._turn = asyncio.Semaphore(max(1, pool_size // 2))
        self._adapted: type[Exception] = self.engine.dialect.loaded_dbapi.Error
        self.emitted: Callable[[], None] = lambda: None
        """Called after a commit that put something into the outbox: the relay sets it to wake up at once."""
        self.work_added: Callable[[], object] = lambda: None
        """Called after a commit that wrote tasks: the worker sets it."""

    @asynccontextmanager
    async def transaction(
        self,
        stores: Iterable[str] = (),
        *,
        snapshot: bool = False,
        actor: Principal | None = None,
        request_id: str = "",
        patient: bool = False,
    ) -> AsyncIterator[Tx]:
        """One transaction that sees these stores only; commits when the block ends well, else rolls back. `actor` is
        who acts in it, by default the service itself.

        With `snapshot` all its statements see the same moment: for answers whose parts must add up. It then only reads.
        `patient` is for work of which hundreds may begin at once: it waits its turn, as long as that takes, and leaves
        half of the connections to others.
        Cost: three round trips around the block (begin, settings, commit), one more if events were emitted, and one if
        something was noted.
        """
        visible = frozenset(stores)
        async with self._turn if patient else nullcontext():
            asked = perf_counter()
            async with self.connection() as connection:
                POOL_WAIT.observe(perf_counter() - asked)
                await connection.execute("begin isolation level repeatable read read only" if snapshot else "begin")
                opened = await connection.fetchrow(_OPEN, _listed(visible))
                tx = Tx(
                    connection,
                    now=opened[1],
                    offset=timedelta(seconds=opened[2]),
                    stores=visible,
                    actor=actor or self._itself,
                    service=self.schema,
                    request_id=request_id,
                )
                yield tx
                emitted = await tx.flush()
                if await connection.execute("commit") != "COMMIT":
                    raise RuntimeError("a statement had failed, and the transaction went on: it was rolled back")
        tx.run_after_commit()
        if emitted:
            self.emitted()
        if tx.has_work:
            self.work_added()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the pool, as the driver has it. It goes back without a transaction, or not at all."""
        checked_out = await self._checked_out()
        connection = cast(asyncpg.Connection, checked_out.driver_connection)
        try:
            yield connection
        except BaseException:
            # Also where none is known to be open: who was cancelled in the middle of `begin` has one.
            if not await _rolled_back(connection):
                connection.terminate()
            raise
        finally:
            if connection.is_closed():
                checked_out.invalidate()
            else:
                checked_out.close()  # nothing to wait for: the pool resets nothing

    async def _checked_out(self) -> PoolProxiedConnection:
        """A connection of the pool that stands: one that was cut while it rested costs little to see."""
        while True:
            try:
                checked_out = await self.engine.raw_connection()
            except (self._adapted, DBAPIError) as error:  # the pool could not connect
                # The driver's own word is behind the dialect's, and that behind the engine's.
                reported = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
                raise reported.__cause__ or ConnectionError(type(reported).__name__) from None
            if not cast(asyncpg.Connection, checked_out.driver_connection).is_closed():
                return checked_out
            checked_out.invalidate()

    async def peek(self, sql: str) -> Sequence[Any] | None:
        """First row of one statement outside of any transaction: a single round trip. Sees no store's rows."""
        async with self.connection() as connection:
            return cast("Sequence[Any] | None", await connection.fetchrow(sql))

    @property
    def in_use(self) -> int:
        """Connections that are checked out of the pool now."""
        pool = self.engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    async def close(self) -> None:
        """Closes the pool."""
        await self.engine.dispose()


async def _rolled_back(connection: asyncpg.Connection) -> bool:
    if connection.is_closed():
        return True
    try:
        await connection.execute("rollback", timeout=_ROLL_BACK_S)
    except Exception:  # whatever it is, what led here is what matters
        return False
    except BaseException:
        connection.terminate()
        raise
    return True


def _listed(stores: Iterable[str]) -> str:
    return ",".join(sorted(stores))


def async_url(url: str) -> str:
    """The same address for SQLAlchemy's asyncpg dialect."""
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when run again: a lost connection, a deadlock, a full pool."""
    if isinstance(error, PoolTimeout | InterfaceError | ConnectionError | TimeoutError | OSError):
        return True
    if isinstance(error, asyncpg.InterfaceError):  # a closed connection; or, as a ValueError, what no column can hold
        return not isinstance(error, ValueError)
    # The driver lost its step when a connection was cut; or a migration went on beside us.
    if isinstance(error, asyncpg.InternalClientError | asyncpg.InvalidCachedStatementError):
        return True
    return isinstance(error, asyncpg.PostgresError) and _passing(error.sqlstate or "")


def holds_nul(error: BaseException) -> bool:
    """Whether the database refused a text for a NUL in it, which a part of a multipart form can carry to it."""
    return getattr(getattr(error, "orig", None) or error.__cause__ or error, "sqlstate", None) == "22021"


def _passing(state: str) -> bool:
    """SQLSTATE classes: connection, rollback (deadlock …), resources, operator's hand, system; and a lock timeout."""
    return state[:2] in {"08", "40", "53", "57", "58"} or state == "55P03"
