"""A real PostgreSQL for the tests: one server per test run, and a fresh database for whoever asks.

Databases are cloned from a template that was migrated once per run, so one costs some tens of milliseconds.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from services.cli import manifests
from services.cli.local.postgres import IN_TESTS, OWNER, Postgres
from services.kernel.bus.schema import migrate_bus
from services.kernel.migrate import migrate
from tests.support import memory

FreshDatabase = Callable[..., Awaitable[str]]


class TestServer:
    """The run's server. `fresh("links")` is a new database with that service's schema, `fresh()` one with all."""

    __test__ = False

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self._templates: dict[tuple[str, ...], asyncio.Task[str]] = {}
        self._made = 0

    async def fresh(self, *services: str) -> str:
        """Makes a database and returns the owner's address of it."""
        template = await self._template(services or manifests.NAMES)
        return await self._create(template)

    async def empty(self) -> str:
        """Makes a database without any schema of ours and returns the owner's address."""
        return await self._create("template0")

    async def clone(self, template: str) -> str:
        """Makes a copy of a database that nobody is connected to, and returns the owner's address of it."""
        return await self._create(template)

    async def drop(self, url: str) -> None:
        """Removes a database, also from under open connections."""
        connection = await self.server.connect()
        try:
            await connection.execute(f'drop database if exists "{_name_in(url)}" with (force)')
        finally:
            await connection.close()

    async def _create(self, template: str) -> str:
        self._made += 1
        name = f"test_{self._made}"
        connection = await self.server.connect()
        try:
            await connection.execute(f'create database "{name}" owner {OWNER} template "{template}"')
        finally:
            await connection.close()
        return self.server.url(name)

    async def _template(self, services: tuple[str, ...]) -> str:
        key = tuple(name for name in manifests.NAMES if name in services)
        if unknown := set(services) - set(key):
            raise LookupError(f"no such services: {sorted(unknown)}")
        if key not in self._templates:
            self._templates[key] = asyncio.ensure_future(self._migrated(key))
        return await self._templates[key]

    async def _migrated(self, services: tuple[str, ...]) -> str:
        name = f"template_{'_'.join(services)}"
        await self.server.ensure_databases([name])
        await migrate_bus(self.server.url(name))
        for service in manifests.load_all(services):
            await migrate(service, self.server.url(name))
        return name


def _name_in(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[TestServer]:
    """The run's PostgreSQL server."""
    with memory.folder() as folder:
        server = Postgres(folder / "data", settings={**IN_TESTS, "max_wal_size": "256MB"})
        await server.start()
        await server.ensure_databases([])
        yield TestServer(server)
        await server.stop()


@pytest.fixture
async def fresh_database(postgres: TestServer) -> AsyncIterator[FreshDatabase]:
    """`await fresh_database("links")` gives a database that lives as long as the test."""
    made: list[str] = []

    async def make(*services: str) -> str:
        made.append(await postgres.fresh(*services))
        return made[-1]

    yield make
    for url in made:
        await postgres.drop(url)


@pytest.fixture(scope="module")
async def module_database(postgres: TestServer) -> AsyncIterator[FreshDatabase]:
    """Like `fresh_database`, for databases that all tests of a module share."""
    made: list[str] = []

    async def make(*services: str) -> str:
        made.append(await postgres.fresh(*services))
        return made[-1]

    yield make
    for url in made:
        await postgres.drop(url)
