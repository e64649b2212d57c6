"""Work that talks to others: once by its key, within its limits, again when it failed, and a slow partner holds up
nobody else.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.kernel.auth.ring import KeyRing
from services.kernel.context import Context
from services.kernel.db import Database, Row, Tx
from services.kernel.live import LiveState
from services.kernel.settings import Settings
from services.kernel.work import Done, GiveUp, NewTask, Outcome, Retry, Task, TaskKind, add_tasks, sql
from services.kernel.work.kinds import JITTER, RETRIES, next_wait
from services.kernel.work.worker import Worker
from tests.support.wait import until

SECRET = SecretStr("k1:0123456789012345678901234567890123456789")
SOON = (timedelta(milliseconds=20),) * 5


class Partner:
    """Somebody outside: notes who called, and does as the test says."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.tasks: list[Task] = []
        self.hang: Callable[[Task], bool] = lambda task: False
        self.outcomes: dict[str, list[Outcome]] = {}
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.let_go = asyncio.Event()

    async def __call__(self, ctx: Context, task: Task) -> Outcome:
        self.calls.append(task.key)
        self.tasks.append(task)
        for name in ("all", task.lane, task.store_id):
            self.now[name] += 1
            self.most[name] = max(self.most[name], self.now[name])
        try:
            if self.hang(task):
                await self.let_go.wait()
            await asyncio.sleep(0)
            left = self.outcomes.get(task.key)
            return left.pop(0) if left else Done()
        finally:
            for name in ("all", task.lane, task.store_id):
                self.now[name] -= 1


@pytest.fixture
def context(db: Database, tmp_path: Path) -> Context:
    ring = KeyRing(secret_keys=SECRET, contact_key=SECRET, operator_key=SECRET)
    return Context(service="toy", settings=Settings(data_dir=tmp_path), db=db, ring=ring, live=LiveState(db))


@pytest.fixture
def partner() -> Partner:
    return Partner()


@asynccontextmanager
async def working(context: Context, *kinds: TaskKind, workers: int = 1) -> AsyncIterator[list[Worker]]:
    started = [Worker(context, kinds) for _ in range(workers)]
    for worker in started:
        worker.start()
    try:
        yield started
    finally:
        await asyncio.gather(*(worker.stop(within_s=0.1) for worker in started))


def task(key: str, *, lane: str = "a", store: str = "str_a", kind: str = "call") -> NewTask:
    return NewTask(kind=kind, store_id=store, lane=lane, key=key, payload={"id": key})


async def write(db: Database, *tasks: NewTask) -> None:
    async with db.transaction() as tx:
        await add_tasks(tx, tasks)


async def standing(db: Database, state: str | None = None) -> Sequence[Row]:
    async with db.transaction() as tx:
        return list(reversed(await sql.listed(tx, state=state, kind=None, count=20_000)))


async def states(db: Database) -> dict[str, str]:
    return {row.key: row.state for row in await standing(db)}


async def all_done(db: Database) -> bool:
    return set((await states(db)).values()) == {"done"}


async def test_a_task_is_done_once_in_its_place_and_its_key_is_known_ever_after(
    db: Database, context: Context, partner: Partner
) -> None:
    async with working(context, TaskKind(name="call", run=partner)):
        await write(db, *(task(f"t{n}") for n in range(10)), task("t3"))
        await until(lambda: all_done(db))
        await write(db, task("t5"), task("t10"))
        await until(lambda: len(partner.calls) == 11)
        await until(lambda: all_done(db))
    assert partner.calls == [f"t{n}" for n in range(11)]
    assert [t.payload for t in partner.tasks[:2]] == [{"id": "t0"}, {"id": "t1"}]
    assert partner.most["a"] == 1


async def test_a_task_of_a_transaction_that_failed_was_never_there(
    db: Database, context: Context, partner: Partner
) -> None:
    async def fail() -> None:
        async with db.transaction() as tx:
            await add_tasks(tx, [task("lost")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await standing(db) == []


async def test_what_a_service_keeps_of_an_outcome_is_written_with_it(db: Database, context: Context) -> None:
    async def note(tx: Tx) -> None:
        assert tx.stores == {"str_a"}
        await tx.execute("insert into notes (note) values ('delivered')")

    async def run(ctx: Context, task: Task) -> Outcome:
        return Done(note=note)

    async with working(context, TaskKind(name="call", run=run)):
        await write(db, task("t"))
        await until(lambda: all_done(db))
    async with db.transaction() as tx:
        assert await tx.scalar("select note from notes") == "delivered"


async def test_what_failed_comes_again_by_its_schedule_and_is_given_up_at_its_end(
    db: Database, context: Context, partner: Partner
) -> None:
    partner.outcomes["once"] = [Retry(reason="refused")]
    partner.outcomes["never"] = [Retry(reason="refused")] * 20
    partner.outcomes["gone"] = [GiveUp(reason="no_such_address")]
    partner.outcomes["asked_to_wait"] = [Retry(reason="flood", after=timedelta(), failed=False)]
    noted: list[tuple[str, str]] = []

    async def given_up(tx: Tx, task: Task, reason: str) -> None:
        noted.append((task.key, reason))

    async with working(context, TaskKind(name="call", run=partner, retries=SOON, per_lane=5, given_up=given_up)):
        await write(db, task("once"), task("never"), task("gone"), task("asked_to_wait"))
        await until(lambda: _ended(db, 4))
        found = {row.key: (row.state, row.reason, row.attempts) for row in await standing(db)}
        assert found == {
            "once": ("done", None, 2),
            "never": ("given_up", "refused", 6),
            "gone": ("given_up", "no_such_address", 1),
            "asked_to_wait": ("done", None, 2),
        }
        assert sorted(noted) == [("gone", "no_such_address"), ("never", "refused")]
        async with db.transaction() as tx:
            assert await tx.scalar("select failures from work_tasks where key = 'asked_to_wait'") == 0
        partner.outcomes["never"] = []
        async with db.transaction() as tx:
            assert len(await sql.retry(tx, task_id=None, kind=None)) == 2
        await until(lambda: all_done(db))


async def _ended(db: Database, count: int) -> bool:
    return len([row for row in await standing(db) if row.state != "waiting"]) == count


async def test_an_error_of_our_own_is_a_failure_of_one_task_only(
    db: Database, context: Context, partner: Partner
) -> None:
    async def run(ctx: Context, task: Task) -> Outcome:
        if task.key == "bad":
            raise ZeroDivisionError
        return await partner(ctx, task)

    async with working(context, TaskKind(name="call", run=run, retries=())):
        await write(db, task("bad"), task("good"))
        await until(lambda: _ended(db, 2))
    assert {row.key: (row.state, row.reason) for row in await standing(db)} == {
        "bad": ("given_up", "ZeroDivisionError"),
        "good": ("done", None),
    }


async def test_a_partner_who_asks_to_wait_is_waited_for_and_may_hold_the_whole_lane(
    db: Database, context: Context, partner: Partner
) -> None:
    partner.outcomes["a1"] = [Retry(reason="flood", after=timedelta(hours=1), hold_lane=True)]
    async with working(context, TaskKind(name="call", run=partner)):
        await write(db, task("a1"), task("a2"), task("b1", lane="b"))
        await until(lambda: partner.calls == ["a1", "b1"] or partner.calls == ["b1", "a1"])
        await until(lambda: _ended(db, 1))
        async with db.transaction() as tx:  # the demo's clock moves an hour on
            await tx.execute("insert into clock (offset_seconds, revision) values (3601, 1)")
        await until(lambda: all_done(db))
    assert partner.calls[2:] == ["a1", "a2"]  # it has kept its place


async def test_a_lane_that_is_held_while_a_worker_looks_is_left_alone(db: Database, context: Context) -> None:
    kind = TaskKind(name="call", run=Partner())
    await write(db, task("a1"), task("a2"))
    async with db.transaction() as tx:
        [(first, _)] = await sql.claim(tx, kind, ["a"], count=10, lease_s=60)
    async with db.transaction() as tx:
        await sql.take_turn(tx, "call")
        lanes, _ = await sql.lanes_behind(tx, "call", "")
        async with db.transaction() as note:
            await sql.postpone(note, first, wait=timedelta(hours=1), reason="flood", hold_lane=True)
        assert lanes == ["a"]
        assert await sql.claim(tx, kind, lanes, count=10, lease_s=60) == []


async def test_a_lane_that_hangs_holds_up_no_other(db: Database, context: Context, partner: Partner) -> None:
    partner.hang = lambda task: task.lane.startswith("dead")
    tasks = [task(f"{lane}-{n}", lane=lane) for n in range(40) for lane in ("dead1", "dead2", "x", "y", "z")]
    async with working(context, TaskKind(name="call", run=partner)):
        await write(db, *tasks)
        await until(lambda: _ended(db, 120))
        assert {row.lane for row in await standing(db, "waiting")} == {"dead1", "dead2"}
        assert (partner.now["dead1"], partner.now["all"]) == (1, 2)
        partner.hang = lambda task: False
        partner.let_go.set()
        await until(lambda: all_done(db), within=60)
    assert sorted(partner.calls) == sorted(task.key for task in tasks)


async def test_what_hangs_is_cut_off_at_its_deadline(db: Database, context: Context, partner: Partner) -> None:
    partner.hang = lambda task: task.attempt == 1
    async with working(context, TaskKind(name="call", run=partner, deadline_s=0.2, retries=SOON)):
        await write(db, task("slow"))
        await until(lambda: all_done(db))
    assert [(t.attempt, t.failures) for t in partner.tasks] == [(1, 0), (2, 1)]


async def test_limits_hold_over_all_workers(db: Database, context: Context, partner: Partner) -> None:
    partner.hang = lambda task: True
    kind = TaskKind(name="call", run=partner, per_lane=3, per_store=7, at_once=10)
    lanes = [task(f"{store}{lane}{n}", lane=f"{store}{lane}", store=store) for store in ("s1", "s2", "s3")
             for lane in "abcd" for n in range(5)]  # fmt: skip
    async with working(context, kind, workers=3):
        await write(db, *lanes)
        await until(lambda: partner.now["all"] == 10)
        await asyncio.gather(*(_look(context, kind) for _ in range(3)))
        assert partner.now["all"] == 10
        partner.hang = lambda task: False
        partner.let_go.set()
        await until(lambda: all_done(db), within=60)
    assert partner.most["all"] <= 10
    assert max(partner.most[s] for s in ("s1", "s2", "s3")) <= 7
    assert max(count for name, count in partner.most.items() if len(name) == 3 and name != "all") <= 3
    assert sorted(partner.calls) == sorted(t.key for t in lanes)


async def _look(context: Context, kind: TaskKind) -> None:
    """What a further worker does: it finds nothing that the limits leave."""
    async with context.db.transaction() as tx:
        await sql.take_turn(tx, kind.name)
        lanes, _ = await sql.lanes_behind(tx, kind.name, "")
        assert await sql.claim(tx, kind, lanes, count=100, lease_s=1) == []


async def test_who_lost_its_lease_notes_nothing(db: Database, context: Context, partner: Partner) -> None:
    """A worker that stood still longer than its lease wakes up after somebody else has done the task."""
    stalled: list[Task] = []

    async def stall(ctx: Context, task: Task) -> Outcome:
        stalled.append(task)
        async with db.transaction() as tx:
            await tx.execute("update work_tasks set leased_until = now() - interval '1 second'")
        await partner.let_go.wait()
        return GiveUp(reason="stalled")

    async with working(context, TaskKind(name="call", run=stall)):
        await write(db, task("t"))
        await until(lambda: stalled)
        async with working(context, TaskKind(name="call", run=partner)):
            await until(lambda: all_done(db))
        partner.let_go.set()
    assert (await states(db), partner.calls) == ({"t": "done"}, ["t"])


async def test_a_cut_connection_changes_nothing(db: Database, context: Context, partner: Partner) -> None:
    cut = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    owner = Database(db.url, schema="toy", role=None)  # its one connection is the one that is not cut
    async with working(context, TaskKind(name="call", run=partner, per_lane=10), workers=2):
        for n in range(5):
            await write(owner, *(task(f"t{n}-{m}", lane=f"l{m % 7}") for m in range(40)))
            async with owner.transaction() as tx:
                await tx.execute(cut)
        await until(lambda: all_done(owner), within=60)
    await owner.close()
    assert len(set(partner.calls)) == 200


async def test_more_lanes_than_one_look_sees_all_get_their_turn(
    db: Database, context: Context, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "LANES", 3)
    async with working(context, TaskKind(name="call", run=partner)):
        await write(db, *(task(f"t{n}", lane=f"lane{n:02}") for n in range(20)))
        await until(lambda: all_done(db))
    assert len(partner.calls) == 20


async def test_tasks_that_ended_long_ago_are_forgotten(db: Database, context: Context, partner: Partner) -> None:
    partner.outcomes["gone"] = [GiveUp(reason="no_such_address")]
    async with working(context, TaskKind(name="call", run=partner)):
        await write(db, task("t"), task("gone"))
        await until(lambda: _ended(db, 2))
    async with db.transaction() as tx:
        after = timedelta(days=30)
        assert await sql.purge(tx, done_before=tx.now + after, given_up_before=tx.now - after) == 1
    assert await states(db) == {"gone": "given_up"}


def test_retries_spread_and_end() -> None:
    kind = TaskKind(name="call", run=Partner())
    waits = [next_wait(kind, n, chance=lambda: 0.5) for n in range(len(RETRIES) + 1)]
    assert waits == [*RETRIES, None]
    assert next_wait(kind, 0, chance=lambda: 0.0) == RETRIES[0] * (1 - JITTER)
    assert next_wait(kind, 0, chance=lambda: 1.0) == RETRIES[0] * (1 + JITTER)
