"""Findings about one service's database: reachable, schema, role, clock, outbox, who keeps it from being tidied."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg

from services.cli.inspect.findings import Finding, failure, ok, warning
from services.kernel.db import APP_ROLE
from services.kernel.health import SchemaVersions
from services.kernel.service import Service
from services.kernel.session import connect

OUTBOX_OLD = timedelta(seconds=30)
SNAPSHOT_OLD = timedelta(minutes=10)
SKEW = timedelta(seconds=2)


@asynccontextmanager
async def connected(
    url: str, *, schema: str, role: str | None = None
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the owner (or under `role`) that stands in a schema."""
    connection = await connect(url, schema=schema, purpose="operator", role=role)
    try:
        yield connection
    finally:
        await connection.close()


async def look(service: Service, url: str) -> list[Finding]:
    """All findings about one service's schema."""
    name = f"{service.name} database"
    try:
        async with connected(url, schema=service.name) as connection:
            version = await connection.fetchval("show server_version")
            found = [ok(name, f"PostgreSQL {str(version).split()[0]}"), await _clock(service, connection)]
            schema = await _schema(service, connection)
            found.append(schema)
            if schema.verdict == "failure":
                return found
            found += [
                await _outbox(service, connection),
                await _snapshots(service, connection),
                await _offset(service, connection),
            ]
        found.append(await _role(service, url))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        advice = f"check KITH_{service.name.upper()}_DATABASE_URL (or KITH_DATABASE_URL), and that PostgreSQL runs"
        return [failure(name, f"cannot be reached: {error or type(error).__name__}", advice)]
    return found


async def _clock(service: Service, connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    name = f"{service.name} clock"
    theirs: datetime = await connection.fetchval("select clock_timestamp()")
    skew = abs(datetime.now(UTC) - theirs)
    detail = f"{skew.total_seconds() * 1000:.0f} ms from this machine's"
    if skew > SKEW:
        return warning(name, detail, "synchronise the machines' clocks: tokens are dated here, orders there")
    return ok(name, detail)


async def _schema(service: Service, connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    name = f"{service.name} schema"
    versions = SchemaVersions(service)
    if await connection.fetchval("select to_regclass('migrations')") is None:
        return failure(name, "there is none", "run `kith migrate`")
    version = await connection.fetchval("select version_num from migrations")
    if not versions.fits(version):
        return failure(name, f"at {version}, this build needs {versions.head}", "run `kith migrate`")
    return ok(name, f"at {version}")


async def _outbox(service: Service, connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    name = f"{service.name} outbox"
    count, age = await connection.fetchrow(  # events are dated by the demo's clock
        "select count(*), clock_timestamp() - min(at)"
        " + make_interval(secs => coalesce((select offset_seconds from clock), 0))"
        " from (select at from outbox order by id limit 10000) as waiting"
    )
    if not count:
        return ok(name, "empty")
    shown = f"{count}{'+' if count >= 10000 else ''} events wait, the oldest for {age.total_seconds():.0f} s"
    if age > OUTBOX_OLD:
        return warning(name, shown, "the relay does not get on: check the bus, and that a replica of the service runs")
    return ok(name, shown)


async def _snapshots(service: Service, connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    """Whether a session has held a snapshot for long: no dead row of the database can be cleared away meanwhile."""
    name = f"{service.name} snapshots"
    oldest = await connection.fetchrow(
        "select pid, application_name, clock_timestamp() - coalesce(xact_start, query_start) as age"
        " from pg_stat_activity where datname = current_database() and backend_type = 'client backend'"
        " and backend_xmin is not null and pid <> pg_backend_pid() order by age desc limit 1"
    )
    if oldest is None or oldest["age"] < SNAPSHOT_OLD:
        return ok(name, "none is old")
    who = f"session {oldest['pid']} ({oldest['application_name'] or 'nameless'})"
    return warning(
        name,
        f"{who} has held one for {oldest['age'].total_seconds() / 60:.0f} min: outboxes grow slow to read",
        f"end it if it is no backup: select pg_terminate_backend({oldest['pid']})",
    )


async def _offset(service: Service, connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    name = f"{service.name} demo clock"
    offset = await connection.fetchval("select coalesce((select offset_seconds from clock), 0)")
    if offset:
        return warning(name, f"moved by {offset} s", "only a demo may live in another time")
    return ok(name, "real time")


async def _role(service: Service, url: str) -> Finding:
    """Whether services can take on the role that owns nothing, and see no store's rows unasked."""
    name = f"{service.name} role"
    try:
        async with connected(url, schema=service.name, role=APP_ROLE) as connection:
            bypasses = await connection.fetchval(
                "select rolbypassrls or rolsuper from pg_roles where rolname = current_user"
            )
            seen = await connection.fetchval("select count(*) from stores")
    except asyncpg.PostgresError as error:
        return failure(
            name, f"{APP_ROLE} cannot be used: {error}", f"grant {APP_ROLE} to the owner, then `kith migrate`"
        )
    if bypasses or seen:
        return failure(name, f"{APP_ROLE} sees rows of every store", "run `kith migrate`; never grant it BYPASSRLS")
    return ok(name, f"{APP_ROLE}, walled in by row-level security")
