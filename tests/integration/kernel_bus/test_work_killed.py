"""A worker killed between claim, call and note, and a database that ends under it: every task reaches its partner, and
a repetition carries its key.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from services.cli.local.postgres import Postgres
from services.cli.local.process import free_port, is_alive
from services.kernel.db import Database
from services.kernel.work import NewTask, add_tasks
from tests.support.command_line import fork
from tests.support.toy import make_toy_schema, toy_database
from tests.support.wait import until

FAILPOINTS = ("work.before_run=kill@20", "work.before_note=kill@45", "work.after_note=kill@90")
TASKS = 240
LANES = 20

pytestmark = pytest.mark.slow


@asynccontextmanager
async def partner() -> AsyncIterator[tuple[str, "Counter[str]"]]:
    """A partner over HTTP, and how often each key was told to it."""
    reported: Counter[str] = Counter()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            reported[head.partition("idempotency-key: ")[2].partition("\r\n")[0]] += 1
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", reported
    finally:
        server.close()


def environment(url: str, folder: Path, partner: str) -> dict[str, str]:
    """What the toy's process is given."""
    return {
        **os.environ,
        "KITH_DATABASE_URL": url,
        "KITH_DATA_DIR": str(folder),
        "KITH_PORT": str(free_port()),
        "KITH_SECRET_KEYS": "k1:0123456789012345678901234567890123456789",
        "KITH_CONTACT_KEY": "0123456789012345678901234567890123456789",
        "KITH_OPERATOR_KEY": "operator-key-of-thirty-two-letters",
        "KITH_OUTBOUND_ALLOW": "127.0.0.0/8",
        "TOY_PARTNER": partner,
        "TOY_LEASE_MARGIN_S": "0.5",
    }


@asynccontextmanager
async def supervised(given: Mapping[str, str]) -> AsyncIterator[None]:
    """The toy's process, started again whenever it ends."""

    async def supervise() -> None:
        while True:
            process = await fork(module="tests.support.toy", env=given)
            try:
                await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    supervising = asyncio.create_task(supervise())
    try:
        yield
    finally:
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)


async def write_tasks(db: Database) -> None:
    async with db.transaction() as tx:
        await add_tasks(
            tx,
            [NewTask(kind="toy.call", store_id="str_a", lane=f"l{n % LANES}", key=f"t{n}") for n in range(TASKS)],
        )


async def noted(db: Database) -> set[str]:
    async with db.transaction() as tx:
        return {row.note for row in await tx.all("select note from notes")}


@pytest.mark.timeout(240)
async def test_killed_at_every_step_each_task_is_told_and_noted_once(url: str, db: Database, tmp_path: Path) -> None:
    marks = tmp_path / "fired"
    names = {point.partition("=")[0] for point in FAILPOINTS}
    await write_tasks(db)
    async with partner() as (address, reported):
        failing = {"KITH_FAILPOINTS": ",".join(FAILPOINTS), "KITH_FAILPOINTS_ONCE": str(marks)}
        async with supervised(environment(url, tmp_path, address) | failing):
            await until(lambda: _done(db), within=200, every=0.2, what="every task done")
    assert {path.name for path in marks.glob("*")} == names
    assert len(reported) == TASKS
    # A kill cuts off at most what was in hand: each of those is told again under its key.
    assert sum(reported.values()) - TASKS <= len(FAILPOINTS) * LANES
    assert await noted(db) == {f"t{n} told" for n in range(TASKS)}


@pytest.mark.timeout(240)
async def test_a_database_that_is_restarted_or_dies_loses_no_task_and_repeats_only_what_was_in_hand(
    tmp_path: Path,
) -> None:
    # One that keeps what it said it would: the forgetful server of other tests loses outcomes that were noted.
    server = Postgres(tmp_path / "pg")
    await server.start()
    try:
        await server.ensure_databases(["toy"])
        url = server.url("toy")
        await make_toy_schema(url)
        async with toy_database(url) as db:
            await write_tasks(db)
        async with partner() as (address, reported), supervised(environment(url, tmp_path, address)):
            for share, how in ((TASKS // 4, signal.SIGINT), (TASKS // 2, signal.SIGQUIT)):
                await until(partial(_are_reported, reported, share), within=60, what=f"{share} told")
                pid = server.pid
                assert pid is not None
                os.kill(pid, how)
                await until(partial(_has_ended, pid), within=60, what="the server's end")
                await server.start()
            async with toy_database(url) as db:
                await until(lambda: _done(db), within=150, every=0.2, what="every task done")
                assert await noted(db) == {f"t{n} told" for n in range(TASKS)}
        assert len(reported) == TASKS
        assert sum(reported.values()) - TASKS <= 2 * LANES
    finally:
        await server.stop()


def _are_reported(reported: "Counter[str]", count: int) -> bool:
    return len(reported) >= count


def _has_ended(pid: int) -> bool:
    return not is_alive(pid)


async def _done(db: Database) -> bool:
    async with db.transaction() as tx:
        return bool(await tx.scalar("select count(*) = :n from work_tasks where state = 'done'", n=TASKS))
