"""Jobs: stores are looked at when their moment has come, by one replica at a time, and a bad one holds up nobody."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.kernel.auth.ring import KeyRing
from services.kernel.context import Context
from services.kernel.db import Database, Tx
from services.kernel.due import schedule
from services.kernel.jobs import Jobs
from services.kernel.live import LiveState
from services.kernel.service import DueJob, Job
from services.kernel.settings import Settings
from tests.support.wait import until

SECRET = SecretStr("k1:0123456789012345678901234567890123456789")
JOB = "mature"


@pytest.fixture
def context(db: Database, tmp_path: Path) -> Context:
    ring = KeyRing(secret_keys=SECRET, contact_key=SECRET, operator_key=SECRET)
    settings = Settings(data_dir=tmp_path)
    return Context(service="toy", settings=settings, db=db, ring=ring, live=LiveState(db))


class Diary:
    """A due job that writes down whom it looked at, and refuses stores that it is told to."""

    def __init__(self, *, refuse: str = "", again: timedelta | None = None) -> None:
        self.seen: list[str] = []
        self.slices: list[int] = []
        self.refuse = refuse
        self.again = again

    async def run(self, tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
        assert set(stores) == tx.stores
        if self.refuse in stores:
            raise ZeroDivisionError
        self.seen += stores
        self.slices.append(len(stores))
        return dict.fromkeys(stores, tx.now + self.again) if self.again else {}


async def plan(db: Database, *stores: str, after: timedelta = timedelta()) -> None:
    async with db.transaction() as tx:
        await schedule(tx, JOB, dict.fromkeys(stores, tx.now + after))


async def due(db: Database) -> list[str]:
    async with db.transaction() as tx:
        return [row.store_id for row in await tx.all("select store_id from due order by store_id")]


async def test_a_store_is_looked_at_when_its_moment_has_come_and_not_before(db: Database, context: Context) -> None:
    diary = Diary()
    jobs = Jobs(context, jobs=(), due_jobs=[DueJob(name=JOB, run=diary.run)])
    await plan(db, "str_a")
    await plan(db, "str_b", after=timedelta(days=14))
    jobs.start()
    await until(lambda: diary.seen)
    assert (diary.seen, await due(db)) == (["str_a"], ["str_b"])
    async with db.transaction() as tx:
        await tx.execute("insert into clock (offset_seconds, revision) values (:s, 1)", s=14 * 86400)
    await until(lambda: diary.seen == ["str_a", "str_b"])
    await jobs.stop()


async def test_a_store_comes_again_at_the_moment_that_the_run_named(db: Database, context: Context) -> None:
    diary = Diary(again=timedelta(milliseconds=10))
    jobs = Jobs(context, jobs=(), due_jobs=[DueJob(name=JOB, run=diary.run)])
    await plan(db, "str_a")
    jobs.start()
    await until(lambda: len(diary.seen) >= 3)
    await jobs.stop()
    assert await due(db) == ["str_a"]


async def test_a_moment_that_the_run_itself_schedules_is_kept(db: Database, context: Context) -> None:
    async def run(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
        await schedule(tx, JOB, {store: tx.now + timedelta(days=3) for store in stores})
        return {store: tx.now + timedelta(days=9) for store in stores}

    jobs = Jobs(context, jobs=(), due_jobs=[DueJob(name=JOB, run=run)])
    await plan(db, "str_a")
    assert await jobs.run_due(JOB) == 1
    async with db.transaction() as tx:
        kept = await tx.scalar("select at from due")
        assert round((kept - tx.now) / timedelta(days=1)) == 3


async def test_a_job_that_always_has_more_to_do_holds_up_no_other(db: Database, context: Context) -> None:
    busy, other = Diary(again=timedelta(microseconds=1)), Diary()
    jobs = Jobs(context, jobs=(), due_jobs=[DueJob(name=JOB, run=busy.run), DueJob(name="other", run=other.run)])
    await plan(db, "str_a")
    async with db.transaction() as tx:
        await schedule(tx, "other", {"str_b": tx.now + timedelta(seconds=1)})
    jobs.start()
    await until(lambda: other.seen and len(busy.seen) > 1)
    await jobs.stop()


async def test_replicas_share_the_stores_and_none_is_looked_at_twice(db: Database, context: Context) -> None:
    diary = Diary()
    await plan(db, *(f"str_{n:03}" for n in range(230)))
    job = DueJob(name=JOB, run=diary.run)
    replicas = [Jobs(context, jobs=(), due_jobs=[job]) for _ in range(3)]
    await asyncio.gather(*(replica.run_due(JOB) for replica in replicas))
    assert sorted(diary.seen) == [f"str_{n:03}" for n in range(230)]
    assert max(diary.slices) <= job.stores


async def test_a_store_that_fails_is_put_off_and_the_others_are_done(db: Database, context: Context) -> None:
    diary = Diary(refuse="str_b")
    jobs = Jobs(context, jobs=(), due_jobs=[DueJob(name=JOB, run=diary.run)])
    await plan(db, "str_a", "str_b", "str_c")
    await jobs.run_due(JOB)
    assert (diary.seen, await due(db)) == (["str_a", "str_c"], ["str_b"])


async def test_a_plain_job_that_fails_runs_again(context: Context) -> None:
    runs = 0

    async def run(_: Context) -> None:
        nonlocal runs
        runs += 1
        raise ZeroDivisionError

    jobs = Jobs(context, jobs=[Job(name="tidy", every_s=0.01, run=run)], due_jobs=())
    jobs.start()
    await until(lambda: runs >= 3)
    await jobs.stop()
