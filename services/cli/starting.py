"""What has to stand before services run: a data folder with secrets, a database, schemas."""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from services.cli.handover import SOURCE, TARGET, Moved, hand_over
from services.cli.inspect.database import connected
from services.cli.local.keep import ensure_secrets, settings_of
from services.cli.local.postgres import IN_TESTS, Postgres
from services.kernel.bus.schema import migrate_bus
from services.kernel.service import Service
from services.kernel.settings import Settings

EMBEDDED_DATABASE = "kith"


def embedded_postgres(folder: Path) -> Postgres:
    """The data folder's own server."""
    return Postgres(folder / "postgres", log=folder / "logs" / "postgres.log")


@asynccontextmanager
async def complete(
    settings: Settings, *, keep_running: bool = False, supervise: bool = False
) -> AsyncIterator[Settings]:
    """Settings with a database and secrets: the given ones, or in embedded mode those of the data folder.

    Starts the folder's PostgreSQL if it does not run, and stops it at the end; with `keep_running`, one that ran before
    goes on: that is for commands that look into a product that somebody else runs. With `supervise` it is started again
    when it ends by itself: that is for the product.
    """
    if not settings.embedded:
        yield settings
        return
    secrets = ensure_secrets(settings.data_dir)
    server = embedded_postgres(settings.data_dir)
    ran_before = server.pid is not None
    await server.start()
    keeper = asyncio.create_task(server.supervise(), name="postgres") if supervise else None
    try:
        await server.ensure_databases([EMBEDDED_DATABASE])
        yield Settings(
            **{**settings.model_dump(), **settings_of(secrets), "database_url": server.url(EMBEDDED_DATABASE)}
        )
    finally:
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        if not (keep_running and ran_before):
            await server.stop()


def with_outbound(settings: Settings, *ports: int) -> Settings:
    """Settings of a product on one machine: while browsers reach it on this machine only, its calls to others may
    reach this machine too, but for the product's own ports.
    """
    closed = tuple(sorted({*settings.outbound_closed_ports, *ports}))
    if not settings.outbound_allow and is_loopback(settings.base_url):
        allow = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
        return settings.model_copy(update={"outbound_allow": allow, "outbound_closed_ports": closed})
    return settings.model_copy(update={"outbound_closed_ports": closed})


def is_loopback(url: str) -> bool:
    """Whether an address means this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


async def migrate_all(
    services: Sequence[Service],
    settings: Settings,
    *,
    done: Callable[[str], None] = lambda name: None,
    only_if_changed: bool = False,
) -> Moved:
    """Brings every schema to its newest form, the bus's too where PostgreSQL is the bus; tells each name when done.
    Then moves what another service owns now; returns how much that was.

    With `only_if_changed`, a schema that this very code has migrated before is left as it is: a start is quicker.
    """
    urls = {service.name: settings.database_url_of(service.name) for service in services}
    stamps = {url: await _stamps(url) if only_if_changed else {} for url in dict.fromkeys(urls.values())}
    if not settings.kafka_url:
        for url, known in stamps.items():
            if known.get("bus") != _fingerprint():
                await migrate_bus(url)
                await _stamp(url, "bus", _fingerprint())
        done("bus")
    for service in services:
        url, fingerprint = urls[service.name], _fingerprint(service)
        if stamps[url].get(service.name) != fingerprint:
            # Imported here: the migration tool takes a fifth of a second, and most starts have nothing to migrate.
            from services.kernel.migrate import migrate

            await migrate(service, url)
            await _stamp(url, service.name, fingerprint)
        done(service.name)
    return await hand_over(settings) if {SOURCE, TARGET} <= urls.keys() else Moved()


def _fingerprint(service: Service | None = None) -> str:
    """Of all that a migration follows from: a service's migrations and tables, and the kernel's part in them."""
    kernel = Path(__file__).parents[1] / "kernel"
    files = {kernel / "bus" / "schema.py", kernel / "migrate.py", kernel / "tables.py"}
    if service is not None:
        files.update(service.folder.rglob("migrations/*.py"), service.folder.rglob("tables.py"))
        files.update(service.folder.rglob("tables/*.py"))
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return f"kith {digest.hexdigest()}"


async def _stamps(url: str) -> dict[str, str]:
    """The fingerprints that the schemas of a database carry, as comments."""
    async with connected(url, schema="public") as connection:
        rows = await connection.fetch("select nspname, obj_description(oid, 'pg_namespace') as stamp from pg_namespace")
    return {row["nspname"]: row["stamp"] for row in rows if row["stamp"]}


async def _stamp(url: str, schema: str, fingerprint: str) -> None:
    async with connected(url, schema=schema) as connection:
        await connection.execute(f"comment on schema \"{schema}\" is '{fingerprint}'")


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
