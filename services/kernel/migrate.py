"""Brings a service's schema to its newest form: Alembic for the tables, then the security that the tables declare.

The owner runs this; services run as `kith_app`, which owns nothing. Grants and row-level policies are not written in
migrations: they follow from `Table.info` (see `kernel.tables`) and are applied again after every migration, so that a
new table cannot forget them.
"""

import itertools
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from services.kernel.db import APP_ROLE, async_url
from services.kernel.service import Service

TRIES: Final = 5
"""How often migrating begins before a deadlock is its end. The database takes a second to find one."""

_DEADLOCK: Final = "40P01"
_ENVIRONMENT = Path(__file__).parent / "alembic_env"


async def migrate(service: Service, url: str) -> None:
    """Upgrades the schema. Replicas may call it at once: an advisory lock lets one work and the others find it done.
    It takes tables from beside replicas that go on with their work; where each waits for the other, it begins anew.
    """
    for number in itertools.count(1):
        try:
            await _run(service, url, lambda connection: _upgrade(service, connection))
            break
        except DBAPIError as error:
            if number == TRIES or getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                raise


async def drift(service: Service, url: str) -> list[str]:
    """What the models have that the migrated schema lacks, or the reverse; empty when they agree."""
    found: list[str] = []
    await _run(service, url, lambda connection: found.extend(_differences(service, connection)))
    return found


def _config(service: Service, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ENVIRONMENT))
    config.set_main_option("version_locations", str(service.folder / "migrations"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = service.metadata
    return config


async def _run(service: Service, url: str, work: Any) -> None:
    engine = create_async_engine(async_url(url), connect_args={"server_settings": {"search_path": service.name}})
    try:
        async with engine.begin() as connection:
            await connection.execute(text("select pg_advisory_xact_lock(hashtext('kith.migrate'))"))
            await connection.execute(text(f'create schema if not exists "{service.name}"'))
            await connection.run_sync(work)
    finally:
        await engine.dispose()


def _upgrade(service: Service, connection: Connection) -> None:
    command.upgrade(_config(service, connection), "head")
    tables = list(service.metadata.tables.values())
    secure(connection, service.name, tables)
    prime_statistics(connection, service.name, tables)
    # So that readiness can tell whether the schema fits the build.
    connection.execute(text(f'grant select on "{service.name}".migrations to {APP_ROLE}'))


def _differences(service: Service, connection: Connection) -> list[str]:
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "include_name": lambda name, kind, _: not (kind == "table" and name == "migrations"),
        },
    )
    return [repr(difference) for difference in compare_metadata(context, service.metadata)]


def prime_statistics(connection: Connection, schema: str, tables: list[Table]) -> None:
    """Tells the planner that a store owns many rows, until it has counted for itself.

    Of a column that was never counted it assumes 200 different values, and the stores' policy names `store_id` twice:
    it then takes every index that begins with a store for as good as unique, and the first batches of a new database
    read whole tables. Before PostgreSQL 18 nothing can be told, and the first autovacuum mends it.
    """
    version = connection.scalar(text("select current_setting('server_version_num')::int"))
    if version is None or version < 180_000:
        return
    connection.execute(
        text(
            "select pg_restore_attribute_stats('schemaname', cast(:schema as text), 'relname', relname, 'attname',"
            " 'store_id', 'inherited', false, 'version', cast(:version as int), 'null_frac', 0::real, 'avg_width', 30,"
            " 'n_distinct', 1::real) from unnest(cast(:names as text[])) relname where not exists ("
            "select from pg_stats s where (s.schemaname, s.tablename, s.attname) = (:schema, relname, 'store_id'))"
        ),
        {"schema": schema, "version": version, "names": [table.name for table in tables if "store_id" in table.c]},
    )


def secure(connection: Connection, schema: str, tables: list[Table]) -> None:
    """Makes the application's role, its grants and the stores' policies what the tables declare."""

    def run(sql: str) -> None:
        connection.execute(text(sql))

    run(
        f"do $$ begin if not exists (select from pg_roles where rolname = '{APP_ROLE}') then"
        f" create role {APP_ROLE} nologin nobypassrls; end if; end $$"
    )
    run(f"do $$ begin execute format('grant {APP_ROLE} to %I', current_user); end $$")
    run(f'grant usage on schema "{schema}" to {APP_ROLE}')
    run(
        f'create or replace function "{schema}".visible_stores() returns text[] language sql stable parallel safe as'
        " $$ select string_to_array(nullif(current_setting('kith.stores', true), ''), ',') $$"
    )
    for table in tables:
        name = f'"{schema}"."{table.name}"'
        writes = "select, insert" if table.info.get("append_only") else "select, insert, update, delete"
        run(f"revoke all on {name} from {APP_ROLE}")
        run(f"grant {writes} on {name} to {APP_ROLE}")
        if table.info.get("rls") is False:
            continue
        if "store_id" not in table.c:
            raise TypeError(f"{table.name} has no store_id; give it one, or declare it a pipe table")
        run(f"alter table {name} enable row level security")
        run(f"alter table {name} force row level security")
        run(f"drop policy if exists stores on {name}")
        # Under another collation than its indexes have, the policy is a filter and no more. As a second condition on
        # an index's first column it makes each look-up seem to cost as many as there may be stores, and the planner
        # goes through all rows of a store instead. Statements name their stores themselves.
        run(
            f"create policy stores on {name} using"
            f' ((store_id collate "C") = any((select "{schema}".visible_stores())::text[]))'
        )
    run(f'grant usage on all sequences in schema "{schema}" to {APP_ROLE}')
