"""Custom events among random histories of orders: decided from what is open as from all facts."""

import itertools
from collections.abc import AsyncIterator
from random import Random
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.events.actions import ActionReported
from services.attribution.custom_events.actions.check import check
from services.attribution.custom_events.actions.decide import assign, decide_more, take
from services.attribution.custom_events.actions.keep import cancel, report
from services.attribution.custom_events.actions.settle import settle
from services.attribution.custom_events.sql import events as sql
from services.attribution.decisions.actions import marks
from services.attribution.decisions.actions.settle import settle as settle_orders
from services.attribution.decisions.domain.people import keys_of_customer
from services.kernel.db import Database, Tx
from tests.property.attribution.histories import History, histories
from tests.support.attribution import arrive, at, event_of, pump, token
from tests.support.chance import examples
from tests.support.postgres import FreshDatabase
from tests.unit.attribution.test_custom_events import event

COUNTER = itertools.count(1)
STEPS = ("orders settle", "events settle", "one is called off", "friends are forgotten", "nothing")
EVENTS = (
    event("e1", customer="c1", contacts=["h1"], happened_at=at(days=-30)),
    event("e2", customer="c1", happened_at=at(days=-8), codes=["ANNA10"]),
    event("e3", customer="c2", contacts=["h2"], happened_at=at(days=1), tokens=[token("clk_2", when=at(days=-1))]),
    event("e4", customer=None, contacts=["h1"], happened_at=at(days=2), visitor="v1"),
    event("e5", customer="c1", contacts=["h3"], name="survey", happened_at=at(days=3), tokens=[token("clk_4")]),
    event("e6", customer="c1", happened_at=at(days=80)),
    event("e7", customer="c2", name="survey", happened_at=at(days=80), codes=["AGAIN"]),
)
JOINED = (event("friend.joined-1", name="friend.joined", customer="c1", happened_at=at(days=10)), "prg_1")


@pytest.fixture(scope="module")
async def db(module_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await module_database("attribution"), schema="attribution")
    yield database
    await database.close()


@pytest.fixture(autouse=True)
def _many_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the few orders of a history most are marks among settled ones, and what is read in parts comes in many."""
    monkeypatch.setattr(marks, "level_of", lambda order_id: crc32(order_id.encode()) % 4)
    monkeypatch.setattr(marks, "DENSE", 1)
    monkeypatch.setattr("services.attribution.custom_events.actions.gather._AT_ONCE", 1)


async def join(tx: Tx, store: str) -> None:
    """The friend c1 becomes an ambassador."""
    reported, program_id = JOINED[0].model_copy(update={"store_id": store}), JOINED[1]
    body = reported.__pydantic_serializer__.to_json(reported, exclude_none=True)
    await sql.add_joined(tx, [(reported, program_id, b"mark", body)])
    keys = keys_of_customer(reported.customer)
    await sql.tie(tx, {(store, reported.event_id): keys})
    await assign(tx, {(store, key) for key in keys})


async def step(tx: Tx, store: str, what: str, chance: Random) -> None:
    await tx.lock_stores([store])
    if what == "orders settle":
        await tx.execute("update orders set settle_at = now() where settle_at is not null and settled_at is null")
        await settle_orders(tx, [store])
    elif what == "events settle":
        await tx.execute("update custom_events set settle_at = now() where settle_at is not null")
        await settle(tx, [store])
    elif what == "one is called off":
        ids = [row.event_id for row in await tx.all("select event_id from custom_events where cancelled_at is null")]
        if ids:
            await cancel(tx, store, chance.choice(sorted(ids)), reason="mistake")
    elif what == "friends are forgotten":
        await tx.execute("delete from friends where orders > 0")


async def wrong(tx: Tx, store: str) -> list[str]:
    """The events that all facts decide otherwise."""
    return [one.event_id for one in await check(tx, store) if one.equal is False]


@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(drawn=histories(("str_1",)), seed=st.integers(0, 2**32))
async def test_an_event_is_decided_alike_from_what_is_open_and_from_all_facts(
    db: Database, drawn: History, seed: int
) -> None:
    chance, store = Random(seed), f"str_e{next(COUNTER)}"
    waiting: list[ActionReported] = chance.sample(EVENTS, len(EVENTS))
    joins = chance.randrange(8)
    for number, batch in enumerate([*drawn.batches, (), ()]):
        facts = [fact.model_copy(update={"store_id": store}) for fact in batch]
        if facts:
            await arrive(db, *facts)
            async with db.transaction([store]) as tx:
                await take(tx, [event_of(fact) for fact in facts])
        async with db.transaction([store]) as tx:
            for one in [waiting.pop() for _ in range(min(len(waiting), chance.randrange(4)))]:
                await report(tx, one.model_copy(update={"store_id": store}))
            if number == joins:
                await join(tx, store)
        await pump(db, [store])
        async with db.transaction([store]) as tx:
            await step(tx, store, chance.choice(STEPS), chance)
        await pump(db, [store])
        async with db.transaction([store]) as tx:
            # Each event again, also where nothing new bears on it.
            await tx.execute("update custom_events set stale = true where person_id is not null and settled_at is null")
            await decide_more(tx, [store])
        async with db.transaction([store]) as tx:
            assert await wrong(tx, store) == []
