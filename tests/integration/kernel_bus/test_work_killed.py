"""A worker killed between claim, call and note: every task reaches its partner, and a repetition carries its key."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.cli.local.process import free_port
from services.kernel.db import Database
from services.kernel.work import NewTask, add_tasks
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


@pytest.mark.timeout(240)
async def test_killed_at_every_step_each_task_is_told_and_noted_once(url: str, db: Database, tmp_path: Path) -> None:
    marks = tmp_path / "fired"
    async with partner() as (address, reported):
        environment = {
            **os.environ,
            "KITH_DATABASE_URL": url,
            "KITH_DATA_DIR": str(tmp_path),
            "KITH_PORT": str(free_port()),
            "KITH_SECRET_KEYS": "k1:0123456789012345678901234567890123456789",
            "KITH_CONTACT_KEY": "0123456789012345678901234567890123456789",
            "KITH_OPERATOR_KEY": "operator-key-of-thirty-two-letters",
            "KITH_OUTBOUND_ALLOW": "127.0.0.0/8",
            "KITH_FAILPOINTS": ",".join(FAILPOINTS),
            "KITH_FAILPOINTS_ONCE": str(marks),
            "TOY_PARTNER": address,
            "TOY_LEASE_MARGIN_S": "0.5",
        }

        async def supervise() -> None:
            while True:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tests.support.toy", env=environment
                )
                try:
                    await process.wait()
                finally:
                    if process.returncode is None:
                        process.kill()
                        await process.wait()

        async with db.transaction() as tx:
            await add_tasks(
                tx,
                [NewTask(kind="toy.call", store_id="str_a", lane=f"l{n % LANES}", key=f"t{n}") for n in range(TASKS)],
            )
        supervising = asyncio.create_task(supervise())
        names = {point.partition("=")[0] for point in FAILPOINTS}
        await until(lambda: _done(db), within=200, every=0.2, what="every task done")
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)
    assert {path.name for path in marks.glob("*")} == names
    assert len(reported) == TASKS
    # A kill cuts off at most what was in hand: each of those is told again under its key.
    assert sum(reported.values()) - TASKS <= len(FAILPOINTS) * LANES
    async with db.transaction() as tx:
        notes = {row.note for row in await tx.all("select note from notes")}
    assert notes == {f"t{n} told" for n in range(TASKS)}


async def _done(db: Database) -> bool:
    async with db.transaction() as tx:
        return bool(await tx.scalar("select count(*) = :n from work_tasks where state = 'done'", n=TASKS))
