"""Tables of the PostgreSQL log, in schema `bus` of the database that all services share."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from contracts.events import Topic
from services.kernel.db import APP_ROLE, async_url

VERSIONS: tuple[tuple[str, ...], ...] = (
    (
        # `next_position` is taken under the row's lock, which its transaction keeps: positions are commit order.
        "create table bus.topics (topic text primary key, next_position bigint not null default 0)",
        "create table bus.records (topic text not null, position bigint not null, key text not null,"
        " headers text not null, value bytea not null, at timestamptz not null default clock_timestamp(),"
        " primary key (topic, position))",
        f"create index records_key_idx on bus.records (key, position) where topic = '{Topic.CATALOG}'",
        'create table bus.cursors ("group" text not null, topic text not null, position bigint not null,'
        ' at timestamptz not null default now(), primary key ("group", topic))',
        # A log is written at one end and deleted at the other: let vacuum follow by count, not by share.
        "alter table bus.records set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,"
        " autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000)",
    ),
)
"""Each entry takes the schema from one version to the next. Entries are added, never changed."""

_ROLE = (
    f"do $$ begin if not exists (select from pg_roles where rolname = '{APP_ROLE}') then"
    f" create role {APP_ROLE} nologin nobypassrls; end if;"
    f" execute format('grant {APP_ROLE} to %I', current_user); end $$"
)
_GRANTS = (
    f"grant usage on schema bus to {APP_ROLE}",
    f"grant select, insert, update on bus.topics to {APP_ROLE}",
    f"grant select, insert, delete on bus.records to {APP_ROLE}",
    f"grant select, insert, update, delete on bus.cursors to {APP_ROLE}",
)


async def migrate_bus(url: str) -> None:
    """Brings the schema to its newest version. The owner runs it; several may at once, one works."""
    engine = create_async_engine(async_url(url))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("select pg_advisory_xact_lock(hashtext('kith.migrate'))"))
            await connection.execute(text(_ROLE))
            await connection.execute(text("create schema if not exists bus"))
            await connection.execute(text("create table if not exists bus.migrations (version int primary key)"))
            done = (await connection.execute(text("select coalesce(max(version), 0) from bus.migrations"))).scalar_one()
            for version, statements in enumerate(VERSIONS[done:], start=done + 1):
                for statement in statements:
                    await connection.execute(text(statement))
                await connection.execute(text("insert into bus.migrations values (:version)"), {"version": version})
            for statement in _GRANTS:
                await connection.execute(text(statement))
    finally:
        await engine.dispose()
