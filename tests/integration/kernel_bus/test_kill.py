"""A process that is killed in the worst moments, and one that is asked to go: what was acknowledged is kept, once."""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.cli.local.process import free_port
from services.kernel.db import Database
from tests.support.command_line import Forked, fork
from tests.support.toy import seen
from tests.support.wait import until

OPERATOR = "operator-key-of-thirty-two-letters"
FAILPOINTS = (
    "relay.after_send=kill@2",
    "consume.before_commit=kill@4",
    "consume.after_commit=kill@5",
    "consume.before_offset_commit=kill@6",
    "spool.append=kill@12",
    "spool.before_commit=kill@7",
    "spool.after_commit=kill@8",
    "batch.before_write=kill@15",
    "batch.after_write=kill@20",
)

pytestmark = pytest.mark.slow


class Toy:
    """The toy's process, started again when it dies, and a client that keeps account of what was acknowledged."""

    def __init__(self, url: str, folder: Path) -> None:
        self.port = free_port()
        self.marks = folder / "fired"
        self._folder = folder
        self._environment = {
            **os.environ,
            "KITH_DATABASE_URL": url,
            "KITH_DATA_DIR": str(folder),
            "KITH_PORT": str(self.port),
            "KITH_SECRET_KEYS": "k1:0123456789012345678901234567890123456789",
            "KITH_CONTACT_KEY": "0123456789012345678901234567890123456789",
            "KITH_OPERATOR_KEY": OPERATOR,
            "KITH_FAILPOINTS_ONCE": str(self.marks),
        }
        self.process: Forked | None = None
        self.acked_visits: list[str] = []
        self.acked_notes: list[str] = []
        self.failed = 0

    async def start(self, failpoints: str = "") -> None:
        environment = {**self._environment, "KITH_FAILPOINTS": failpoints}
        self.process = await fork(module="tests.support.toy", env=environment)

    async def supervise(self, failpoints: str) -> None:
        """Starts it again and again."""
        while True:
            await self.start(failpoints)
            assert self.process is not None
            await self.process.wait()

    async def load(self, client: httpx.AsyncClient, worker: int) -> None:
        """Sends visits and notes, each with a name of its own; only what was answered well counts."""
        headers = {"authorization": f"Bearer {OPERATOR}"}
        for n in itertools.count():
            name = f"w{worker}-{n}"
            for path, acked in ((f"/v1/toys/{name}", self.acked_visits), (f"/v1/toys/{name}/note", self.acked_notes)):
                try:
                    answer = await client.post(path, headers=headers)
                except httpx.HTTPError:
                    self.failed += 1
                    await asyncio.sleep(0.05)
                    continue
                if answer.status_code == 202:
                    acked.append(name)
                else:
                    self.failed += 1

    @asynccontextmanager
    async def loaded(self, workers: int = 4) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=10) as client:
            loading = [asyncio.create_task(self.load(client, n)) for n in range(workers)]
            yield client
            for task in loading:
                task.cancel()
            await asyncio.gather(*loading, return_exceptions=True)

    def ready(self) -> bool:
        return len(self.acked_visits) > 5


async def _notes(db: Database) -> set[str]:
    async with db.transaction() as tx:
        return {row.note for row in await tx.all("select note from notes")}


async def _all_there(db: Database, toy: Toy) -> bool:
    return set(toy.acked_visits) <= set(await seen(db)) and set(toy.acked_notes) <= await _notes(db)


@pytest.mark.timeout(240)
async def test_killed_at_every_failpoint_it_keeps_what_it_acknowledged_once(
    url: str, db: Database, tmp_path: Path
) -> None:
    toy = Toy(url, tmp_path)
    supervising = asyncio.create_task(toy.supervise(",".join(FAILPOINTS)))
    names = {point.partition("=")[0] for point in FAILPOINTS}
    async with toy.loaded():
        await until(
            lambda: {path.name for path in toy.marks.glob("*")} == names, within=200, every=0.1, what="every failpoint"
        )
        done = len(toy.acked_visits)
        await until(lambda: len(toy.acked_visits) > done + 20, within=60)
    await until(lambda: _all_there(db, toy), within=60)
    supervising.cancel()
    assert toy.process is not None
    toy.process.kill()
    await toy.process.wait()
    assert not (tmp_path / "spool" / "notes.bad").exists()  # a note that came twice would have been put aside
    assert toy.failed > 0


async def test_asked_to_stop_under_load_it_finishes_what_it_took_and_ends_well(
    url: str, db: Database, tmp_path: Path
) -> None:
    toy = Toy(url, tmp_path)
    await toy.start()
    assert toy.process is not None
    async with toy.loaded():
        await until(toy.ready, within=60)
        toy.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(toy.process.wait(), 30) == 0, (await toy.process.ended).err
    async with db.transaction() as tx:
        waiting = {row.data for row in await tx.all("select data from outbox")}
    assert not waiting
    assert not list((tmp_path / "spool").glob("*.spool"))
    assert set(toy.acked_notes) == await _notes(db)
    await toy.start()
    await until(lambda: _all_there(db, toy), within=60)
    toy.process.kill()
    await toy.process.wait()
