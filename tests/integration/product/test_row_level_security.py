"""The second wall between stores, as PostgreSQL's own catalogue tells it, with something of store A behind it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.cli import manifests
from services.cli.local.postgres import OWNER
from tests.support.two_stores import TwoStores

SERVICES = ("links", "connectors", "attribution", "rewards", "analytics")
_EVERYWHERE = (
    *("outbox", "spool_cursors", "due", "directory", "work_tasks", "work_lanes"),
    *("revoked_keys", "ended_sessions", "clock", "migrations"),
)
OPEN = {f"{service}.{table}" for service in SERVICES for table in _EVERYWHERE} | {
    "links.changes",
    "links.asked_mails",
    "links.used_sign_ins",
    "links.invite_counts",
    "attribution.store_placeholders",
    "connectors.store_placeholders",
    "connectors.opening_keys",
}
"""Pipes and clockwork: read for all stores at once, so they hold ids, times, public names, public keys
and keyed hashes only."""
APPEND_ONLY = {"rewards.entries", "rewards.posting_sets", "analytics.activity"} | {
    f"{service}.audit" for service in SERVICES
}


@pytest.fixture(scope="module")
async def superuser(two_stores: TwoStores) -> AsyncIterator[asyncpg.Connection]:
    """Who sees everything."""
    connection = await asyncpg.connect(two_stores.database_url.replace(f"{OWNER}@", "postgres@"))
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def application(two_stores: TwoStores) -> AsyncIterator[asyncpg.Connection]:
    """A session as services have it: the owner's login, in the application's role."""
    connection = await asyncpg.connect(two_stores.database_url)
    await connection.execute("set role kith_app")
    yield connection
    await connection.close()


async def tables(superuser: asyncpg.Connection) -> dict[str, bool]:
    """Every table of ours, and whether the policy of stores is enforced on it, also for its owner."""
    rows = await superuser.fetch(
        "select n.nspname || '.' || c.relname as name, c.relrowsecurity and c.relforcerowsecurity and exists ("
        " select from pg_policy p where p.polrelid = c.oid and p.polname = 'stores' and p.polcmd = '*'"
        " and p.polpermissive and pg_get_expr(p.polqual, c.oid) like '%visible_stores()%') as walled,"
        " (select count(*) from pg_policy p where p.polrelid = c.oid) as policies"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = any($1::text[]) and c.relkind in ('r', 'p')",
        SERVICES,
    )
    assert all(row["policies"] == (1 if row["walled"] else 0) for row in rows), "a second policy could open a door"
    return {row["name"]: row["walled"] for row in rows}


async def test_every_table_is_behind_the_wall_but_those_that_are_named_here(superuser: asyncpg.Connection) -> None:
    walled = await tables(superuser)
    assert {name for name, closed in walled.items() if not closed} == OPEN
    declared = {
        f"{service.name}.{table.name}" for service in manifests.load_all() for table in service.metadata.tables.values()
    }
    assert declared <= walled.keys()


@pytest.mark.parametrize("setting", [None, "", "str_nobody", "the other store", "nearly the store", "*", "{", "'"])
async def test_without_its_store_no_query_sees_a_row(
    two_stores: TwoStores, superuser: asyncpg.Connection, application: asyncpg.Connection, setting: str | None
) -> None:
    a = two_stores.a.id
    stores = {"the other store": two_stores.b.id, "nearly the store": a[:-1]}.get(setting or "", setting)
    walled = [name for name, closed in (await tables(superuser)).items() if closed]
    filled = 0
    for name in walled:
        there = await superuser.fetchval(f"select count(*) from {name} where store_id = $1", a)
        filled += there > 0
        async with application.transaction():
            if stores is not None:
                await application.execute("select set_config('kith.stores', $1, true)", stores)
            assert await application.fetchval(f"select count(*) from {name} where store_id = $1", a) == 0, name
            if setting != "the other store":
                assert await application.fetchval(f"select count(*) from {name}") == 0, name
            await application.execute("select set_config('kith.stores', $1, true)", a)
            assert await application.fetchval(f"select count(*) from {name}") == there, name
    assert filled > 20, "there must be something to hide"


async def test_nothing_is_written_into_or_taken_from_another_store(
    two_stores: TwoStores, superuser: asyncpg.Connection, application: asyncpg.Connection
) -> None:
    tried = 0
    for name in [name for name, closed in (await tables(superuser)).items() if closed]:
        written = await superuser.fetchval(
            "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute"
            " where attrelid = cast($1::text as regclass) and attnum > 0 and not attisdropped and attgenerated = ''",
            name,
        )
        row = await superuser.fetchrow(f"select {written} from {name} where store_id = $1 limit 1", two_stores.a.id)
        if row is None:
            continue
        tried += 1
        columns = ", ".join(f'"{column}"' for column in row.keys())  # noqa: SIM118  # a record iterates its values
        values = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        async with application.transaction():
            await application.execute("select set_config('kith.stores', $1, true)", two_stores.b.id)
            if await application.fetchval("select has_table_privilege('kith_app', $1, 'delete')", name):
                of_a = two_stores.a.id
                assert await application.execute(f"delete from {name} where store_id = $1", of_a) == "DELETE 0", name
        async with application.transaction():
            await application.execute("select set_config('kith.stores', $1, true)", two_stores.b.id)
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                async with application.transaction():
                    await application.execute(f"insert into {name} ({columns}) values ({values})", *row.values())
    assert tried > 20


async def test_the_application_s_role_can_do_no_more_than_its_work(superuser: asyncpg.Connection) -> None:
    may = "rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb, rolreplication"
    assert not any(await superuser.fetchrow(f"select {may} from pg_roles where rolname = 'kith_app'"))
    for way_around in (
        "from pg_class where relowner = 'kith_app'::regrole",
        # Functions and views with their owner's rights would go through the wall.
        f"from pg_proc where pronamespace::regnamespace::text in {SERVICES} and prosecdef",
        f"from pg_class where relnamespace::regnamespace::text in {SERVICES} and relkind in ('v', 'm')",
    ):
        assert await superuser.fetchval(f"select count(*) {way_around}") == 0, way_around


async def test_the_books_take_entries_and_change_none(
    superuser: asyncpg.Connection, application: asyncpg.Connection
) -> None:
    closed = set()
    for name in await tables(superuser):
        may = {
            right: await superuser.fetchval("select has_table_privilege('kith_app', $1, $2)", name, right)
            for right in ("update", "delete", "truncate")
        }
        assert not may["truncate"], name
        if not any(may.values()):
            closed.add(name)
    assert closed >= APPEND_ONLY
    for name in sorted(APPEND_ONLY):
        for statement in (f"update {name} set store_id = store_id", f"delete from {name}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await application.execute(statement)
