"""Equal facts, equal decisions: through the real consumer, in batches, on PostgreSQL, settling included."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.attribution.decisions.actions import backlog, later, marks, sweep, take
from services.attribution.decisions.actions.reconcile import reconcile
from services.attribution.decisions.actions.replay import check_remembered, replay_all
from services.attribution.decisions.actions.settle import settle
from services.attribution.decisions.domain import decide, decision_bytes
from services.attribution.decisions.sql.packed import unpack
from services.kernel.db import Database, is_transient
from tests.property.attribution.histories import History, histories
from tests.support.attribution import NOON, arrive, facts_of
from tests.support.chance import examples
from tests.support.postgres import FreshDatabase

COUNTER = itertools.count(1)
SLOW = settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
async def db(module_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await module_database("attribution"), schema="attribution")
    yield database
    await database.close()


@pytest.fixture(autouse=True)
def _many_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the few orders of a history most are marks among settled ones, and of several levels."""
    monkeypatch.setattr(marks, "level_of", lambda order_id: crc32(order_id.encode()) % 4)
    monkeypatch.setattr(marks, "DENSE", 1)


def moved(history: History, names: dict[str, str]) -> History:
    """The same history at stores of its own, so that examples do not meet."""
    return History(
        [[fact.model_copy(update={"store_id": names[fact.store_id]}) for fact in batch] for batch in history.batches]
    )


def fresh_names() -> dict[str, str]:
    number = next(COUNTER)
    return {"str_1": f"str_a{number}", "str_2": f"str_b{number}"}


async def stored(db: Database, store: str) -> dict[str, bytes]:
    async with db.transaction(stores=[store]) as tx:
        rows = await tx.all(
            "select distinct on (order_id) order_id, body from decisions where store_id = :s"
            " order by order_id, revision desc",
            s=store,
        )
    return {row.order_id: unpack(bytes(row.body)) for row in rows}


async def check(db: Database, store: str) -> None:
    async with db.transaction(stores=[store]) as tx:
        assert [r.order_id for r in await replay_all(tx, store, count=1000) if not r.equal] == []
        assert (await reconcile(tx, store)).difference == 0
        assert [r for r in await check_remembered(tx, store, count=1000) if not r.equal] == []


@SLOW
@given(drawn=histories())
async def test_batches_in_any_order_end_in_what_the_facts_say(db: Database, drawn: History) -> None:
    names = fresh_names()
    history = moved(drawn, names)
    for batch in history.batches:
        if batch:
            await arrive(db, *batch)
    for store in names.values():
        facts = facts_of([fact for fact in history.facts if fact.store_id == store])
        expected = {o: decision_bytes(d) for o, d in decide(facts).items()}
        assert await stored(db, store) == expected
        await check(db, store)


@SLOW
@given(
    drawn=histories(("str_1",)),
    settles=st.sets(st.integers(0, 5), min_size=1),
    forgets=st.sets(st.integers(0, 5), max_size=2),
)
async def test_settling_between_batches_fixes_winners_and_replays_equal(
    db: Database, drawn: History, settles: set[int], forgets: set[int]
) -> None:
    """Also where nothing is remembered of friends, as in data from before it was."""
    names = fresh_names()
    history, store = moved(drawn, names), names["str_1"]
    fixed: dict[str, str | None] = {}
    for number, batch in enumerate(history.batches):
        if batch:
            await arrive(db, *batch)
        if number in settles:
            async with db.transaction(stores=[store]) as tx:
                await tx.execute("update orders set settle_at = now() where settle_at is not null")
                await settle(tx, [store])
        async with db.transaction(stores=[store]) as tx:
            if number in forgets:
                await tx.execute("delete from friends where orders > 0")
            rows = await tx.all("select order_id, ambassador_id from orders where settled_at is not null")
        now = {row.order_id: row.ambassador_id for row in rows}
        assert {o: now.get(o) for o in fixed} == fixed
        fixed = now
    await check(db, store)


@SLOW
@given(drawn=histories(), settles=st.sets(st.integers(0, 5), max_size=2))
async def test_somebody_with_many_orders_is_decided_from_where_something_changed(
    db: Database, monkeypatch: pytest.MonkeyPatch, drawn: History, settles: set[int]
) -> None:
    monkeypatch.setattr(take, "MANY", 0)
    names = fresh_names()
    history = moved(drawn, names)
    for number, batch in enumerate(history.batches):
        if batch:
            await arrive(db, *batch)
        if number in settles:
            async with db.transaction(stores=names.values()) as tx:
                await tx.execute(
                    "update orders set settle_at = now() where settle_at is not null and placed_at < :at", at=NOON
                )
                await settle(tx, sorted(names.values()))
    for store in names.values():
        await check(db, store)
        if not settles:
            facts = facts_of([fact for fact in history.facts if fact.store_id == store])
            assert await stored(db, store) == {o: decision_bytes(d) for o, d in decide(facts).items()}


@SLOW
@given(drawn=histories(), steps=st.lists(st.booleans(), min_size=6, max_size=6), settles=st.integers(0, 6))
async def test_what_goes_through_the_store_in_sweeps_ends_in_what_the_facts_say(
    db: Database, monkeypatch: pytest.MonkeyPatch, drawn: History, steps: list[bool], settles: int
) -> None:
    """However far a sweep is when the next batch comes, or orders settle."""
    monkeypatch.setattr(take, "SWEPT_AT_ONCE", 0)
    monkeypatch.setattr(sweep, "AT_ONCE", 2)
    names = fresh_names()
    history, stores = moved(drawn, names), sorted(names.values())
    for number, batch in enumerate(history.batches):
        if batch:
            await arrive(db, *batch)
        async with db.transaction(stores=stores) as tx:
            if steps[number % len(steps)]:
                await sweep.sweep(tx, stores)
            if number == settles:
                await tx.execute("update orders set settle_at = now() where settle_at is not null")
                await settle(tx, stores)
        for store in stores:
            await check(db, store)
    async with db.transaction(stores=stores) as tx:
        while await sweep.sweep(tx, stores):
            pass
    for store in stores:
        await check(db, store)
        if settles >= len(history.batches):
            facts = facts_of([fact for fact in history.facts if fact.store_id == store])
            assert await stored(db, store) == {o: decision_bytes(d) for o, d in decide(facts).items()}


@settings(parent=SLOW, max_examples=examples(5))
@given(
    drawn=histories(),
    most=st.integers(0, 2),
    steps=st.lists(st.integers(0, 3), min_size=6, max_size=6),
    sweeps=st.booleans(),
    settles=st.integers(0, 6),
    forgets=st.integers(0, 6),
    impatient=st.booleans(),
)
async def test_what_waits_in_backlogs_ends_in_what_the_facts_say(
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
    drawn: History,
    most: int,
    steps: list[int],
    sweeps: bool,
    settles: int,
    forgets: int,
    impatient: bool,
) -> None:
    """However far the backlogs are when the next batch comes, a sweep begins or orders settle."""
    monkeypatch.setattr(take, "MANY", 0)
    monkeypatch.setattr(later, "MOST", most)
    monkeypatch.setattr(backlog, "TIMES", 1 if impatient else 99)
    monkeypatch.setattr(backlog, "PATIENCE", timedelta())
    if sweeps:
        monkeypatch.setattr(take, "SWEPT_AT_ONCE", 0)
        monkeypatch.setattr(sweep, "AT_ONCE", 2)
    names = fresh_names()
    history, stores = moved(drawn, names), sorted(names.values())
    for number, batch in enumerate(history.batches):
        if batch:
            await arrive(db, *batch)
        async with db.transaction(stores=stores) as tx:
            for _ in range(steps[number % len(steps)]):
                await backlog.work_off(tx, stores)
            if sweeps:
                await sweep.sweep(tx, stores)
            if number == settles:
                await tx.execute("update orders set settle_at = now() where settle_at is not null")
                await settle(tx, stores)
            if number == forgets:
                await tx.execute("delete from friends where orders > 0")
        for store in stores:
            await check(db, store)
    async with db.transaction(stores=stores) as tx:
        while await backlog.work_off(tx, stores) or await sweep.sweep(tx, stores):
            await sweep.sweep(tx, stores)
    for store in stores:
        await check(db, store)
        async with db.transaction(stores=[store]) as tx:
            assert await tx.scalar("select count(*) from undecided where store_id = :store", store=store) == 0
        if settles >= len(history.batches):
            facts = facts_of([fact for fact in history.facts if fact.store_id == store])
            assert await stored(db, store) == {o: decision_bytes(d) for o, d in decide(facts).items()}


@settings(parent=SLOW, max_examples=examples(6))
@given(drawn=histories())
async def test_workers_side_by_side_end_in_what_the_facts_say(db: Database, drawn: History) -> None:
    names = fresh_names()
    history = moved(drawn, names)
    await asyncio.gather(*(_as_a_consumer(db, batch) for batch in history.batches if batch))
    for store in names.values():
        facts = facts_of([fact for fact in history.facts if fact.store_id == store])
        assert await stored(db, store) == {o: decision_bytes(d) for o, d in decide(facts).items()}
        await check(db, store)


async def _as_a_consumer(db: Database, batch: Sequence[Any]) -> None:
    """Applies a batch as a consumer does: again from the start when another worker was in the way."""
    for _ in range(20):
        try:
            return await arrive(db, *batch)
        except Exception as error:
            if not is_transient(error):
                raise
    raise AssertionError("a batch met another worker twenty times")
