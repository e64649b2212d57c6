"""What has to stand before services run: a data folder with secrets, a database, schemas."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from services.cli.local.keep import ensure_secrets
from services.cli.local.postgres import IN_TESTS, Postgres
from services.kernel.bus.schema import migrate_bus
from services.kernel.migrate import migrate
from services.kernel.service import Service
from services.kernel.settings import Settings

EMBEDDED_DATABASE = "kith"


def embedded_postgres(folder: Path) -> Postgres:
    """The data folder's own server."""
    return Postgres(folder / "postgres", log=folder / "logs" / "postgres.log")


@asynccontextmanager
async def complete(settings: Settings, *, keep_running: bool = False) -> AsyncIterator[Settings]:
    """Settings with a database and secrets: the given ones, or in embedded mode those of the data folder.

    Starts the folder's PostgreSQL if it does not run, and stops it at the end; with `keep_running`, one that ran before
    goes on: that is for commands that look into a product that somebody else runs.
    """
    if not settings.embedded:
        yield settings
        return
    secrets = ensure_secrets(settings.data_dir)
    server = embedded_postgres(settings.data_dir)
    ran_before = server.pid is not None
    await server.start()
    try:
        await server.ensure_databases([EMBEDDED_DATABASE])
        values = {name.removeprefix("KITH_").lower(): value for name, value in secrets.items()}
        yield Settings(**{**settings.model_dump(), **values, "database_url": server.url(EMBEDDED_DATABASE)})
    finally:
        if not (keep_running and ran_before):
            await server.stop()


async def migrate_all(
    services: Sequence[Service], settings: Settings, *, done: Callable[[str], None] = lambda name: None
) -> None:
    """Brings every schema to its newest form, the bus's too where PostgreSQL is the bus; tells each name when done."""
    if not settings.kafka_url:
        for url in dict.fromkeys(settings.database_url_of(service.name) for service in services):
            await migrate_bus(url)
        done("bus")
    for service in services:
        await migrate(service, settings.database_url_of(service.name))
        done(service.name)


@asynccontextmanager
async def scratch_database() -> AsyncIterator[str]:
    """The address of an empty database on a server that lives as long as the block."""
    folder = Path(tempfile.mkdtemp(prefix="kith-scratch-"))
    server = Postgres(folder / "data", settings=IN_TESTS)
    try:
        await server.start()
        await server.ensure_databases(["scratch"])
        yield server.url("scratch")
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)
