"""Single connections that live long and may own advisory locks: the relay's, and the log's.

Whoever owns a lock does its work on the very connection that holds it, so that losing the one is losing the other.
Ordinary transactions go through `kernel.db`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from sqlalchemy.engine import make_url

from services.kernel.db import APP_ROLE

T = TypeVar("T")


async def connect(url: str, *, schema: str, purpose: str, role: str | None = APP_ROLE) -> asyncpg.Connection:
    """Opens a connection that stands in `schema`. Raises what asyncpg raises."""
    settings = {"search_path": schema, "jit": "off", "application_name": f"kith-{schema}-{purpose}"}
    if role is not None:
        settings["role"] = role
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncpg.connect(plain, server_settings=settings, timeout=5, command_timeout=60)


class Session:
    """A connection that is opened when first used and again after a loss; its users take turns.

    `epoch` counts the connections: what was locked in an earlier epoch is no longer.
    """

    def __init__(self, url: str, *, schema: str, purpose: str) -> None:
        self._url = url
        self._schema = schema
        self._purpose = purpose
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()
        self.epoch = 0

    async def run(self, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """Does the work on the connection. What breaks the connection is raised, and the next call opens another."""
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self.epoch += 1
                self._connection = await connect(self._url, schema=self._schema, purpose=self._purpose)
            return await work(self._connection)

    async def execute(self, sql: str, *arguments: object) -> str:
        """Runs one statement; returns what the server says of it (`DELETE 7`)."""

        async def work(connection: asyncpg.Connection) -> str:
            return str(await connection.execute(sql, *arguments))

        return await self.run(work)

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Runs one statement and returns its rows."""

        async def work(connection: asyncpg.Connection) -> list[asyncpg.Record]:
            return list(await connection.fetch(sql, *arguments))

        return await self.run(work)

    @property
    def alive(self) -> bool:
        """Whether the connection of this epoch still stands, as far as this end knows."""
        return self._connection is not None and not self._connection.is_closed()

    async def close(self) -> None:
        """Closes the connection, which gives up its locks."""
        async with self._turn:
            connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            try:
                await connection.close(timeout=2)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()
