"""Transactions when connections are cut: each failure is known as a passing one, and the pool mends itself."""

import asyncio
from contextlib import suppress

import pytest
from asyncpg import DivisionByZeroError

from services.kernel.db import Database, is_transient
from services.kernel.session import connect
from tests.support.toy import visit
from tests.support.wait import until


async def test_cut_connections_fail_as_passing_and_leave_a_clean_pool(db: Database, url: str) -> None:
    stop = asyncio.Event()
    committed, failed, strange = 0, 0, list[BaseException]()

    async def work(n: int) -> None:
        nonlocal committed, failed
        i = 0
        while not stop.is_set():
            i += 1
            try:
                async with db.transaction() as tx:
                    tx.emit(visit(f"{n}-{i}"))
                    await tx.execute("select pg_sleep(0.002)")
                committed += 1
            except Exception as error:
                failed += 1
                if not is_transient(error):
                    strange.append(error)

    workers = [asyncio.create_task(work(n)) for n in range(8)]
    owner = await connect(url, schema="toy", purpose="test", role=None)
    for _ in range(15):
        await owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
        await asyncio.sleep(0.02)
    before = committed
    for _ in range(200):
        if committed > before + 50:
            break
        await asyncio.sleep(0.02)
    stop.set()
    await asyncio.gather(*workers)
    rows = await owner.fetchval("select count(*) from outbox")
    await owner.close()
    assert not strange
    assert failed > 0
    assert committed > before + 50
    assert committed <= rows <= committed + failed  # a commit whose answer was lost may have happened
    assert db.in_use == 0


async def test_a_cancelled_transaction_leaves_its_connection_usable(db: Database) -> None:
    async def slow() -> None:
        async with db.transaction() as tx:
            await tx.execute("select pg_sleep(30)")

    for _ in range(10):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with db.transaction() as tx:
        assert await tx.scalar("select 1") == 1
    assert db.in_use == 0


async def test_a_connection_that_was_cut_while_it_rested_is_not_handed_out(db: Database, url: str) -> None:
    async with db.connection() as connection:
        rested = connection
    owner = await connect(url, schema="toy", purpose="test", role=None)
    await owner.execute("select pg_terminate_backend($1)", rested.get_server_pid())
    await owner.close()
    await until(rested.is_closed)
    async with db.transaction() as tx:
        assert await tx.scalar("select 1") == 1


async def _go_on_after_a_failure(db: Database) -> None:
    async with db.transaction() as tx:
        tx.emit(visit("ghost"))
        await tx.flush()
        with suppress(DivisionByZeroError):
            await tx.execute("select 1 / 0")


async def test_a_commit_that_was_a_rollback_is_no_success(db: Database) -> None:
    with pytest.raises(RuntimeError, match="rolled back"):
        await _go_on_after_a_failure(db)
    async with db.transaction() as tx:
        assert await tx.scalar("select count(*) from outbox") == 0


async def test_statements_name_their_parameters_and_rows_their_columns(db: Database) -> None:
    async with db.transaction(["a", "b"]) as tx:
        row = await tx.one("select cast(:n as int) as count, :text::text as text, cast(:n as int) + 1", n=4, text="a:b")
        assert (row.count, row.text, tuple(row)) == (4, "a:b", (4, "a:b", 5))
        assert await tx.execute("insert into head (store_id) select unnest(:ids::text[])", ids=["a", "b"]) == 2
        with pytest.raises(LookupError):
            await tx.one("select store_id from head")
