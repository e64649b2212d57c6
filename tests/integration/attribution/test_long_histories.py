"""Somebody with ten thousand settled orders, and events: whatever comes of them reads some dozens of rows."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from contracts.events.actions import ActionReported
from services.attribution.custom_events.actions.check import check
from services.attribution.custom_events.actions.decide import take as take_events
from services.attribution.custom_events.actions.keep import report
from services.attribution.custom_events.actions.settle import settle as settle_events
from services.attribution.decisions.actions.replay import check_remembered, replay
from services.attribution.decisions.actions.settle import settle
from services.attribution.orders import sql as orders_sql
from services.kernel.db import Database
from tests.support.attribution import (
    STORE,
    ambassador,
    arrive,
    at,
    cancel,
    code,
    decision_of,
    event_of,
    order,
    program,
    pump,
)
from tests.support.explained import Explained, Reading
from tests.support.postgres import FreshDatabase
from tests.unit.attribution.test_custom_events import event

PAST = 10_000
FACTOR, SPARE = 4, 40
"""A statement may read so many rows for each that it is asked for or gives, and so many more."""
MOST = 400
"""And so many in all: what it gives must not be the history either."""
FIRST = at(days=-30)

_COPY_ORDERS = """
insert into orders (store_id, order_id, person_id, placed_at, status, reason, cancelled, revision, body_hash, told_hash,
                    settle_at, settled_at, programs, pieces, currency, total_minor, refunded_minor, ambassador_id,
                    program_id)
select store_id, w.id, person_id, w.at, status, reason, cancelled, revision, body_hash, told_hash, settle_at,
       settled_at, programs, pieces, currency, total_minor, refunded_minor, ambassador_id, program_id
from unnest(cast(:ids as text[]), cast(:ats as timestamptz[])) w (id, at) join orders on order_id = :one
"""
_COPY_FACTS = """
insert into order_facts (store_id, order_id, fact_id, kind, seq, received_at, body)
select store_id, w.id, fact_id, kind, seq, received_at, convert_to(w.body, 'UTF8')
from unnest(cast(:ids as text[]), cast(:bodies as text[])) w (id, body)
join order_facts on order_id = :one and kind = :kind
"""
_COPY_EVENTS = """
insert into custom_events (store_id, event_id, name, happened_at, received_at, mark, body, person_id, stale, revision,
                           told_hash, decision, decided_at, settle_at, settled_at, number)
select store_id, 'old ' || k || ' ' || n, name, happened_at - n * interval '1 minute', received_at, mark, body,
       case when k = 0 then person_id else person_id || k end, stale, revision, told_hash, decision, decided_at,
       settle_at, settled_at, number + n
from custom_events, generate_series(1, 1000) n, generate_series(0, 20) k where event_id = 'survey'
"""
_OTHERS = """
insert into settled_marks (store_id, person_id, level, placed_at, order_id, body)
select store_id, person_id || k, level, placed_at, order_id, body from settled_marks, generate_series(1, 30) k
"""


@pytest.fixture
async def url(fresh_database: FreshDatabase) -> str:
    return await fresh_database("attribution")


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    database = Database(url, schema="attribution")
    yield database
    await database.close()


@pytest.fixture
async def owner(url: str) -> AsyncIterator[Database]:
    database = Database(url, schema="attribution", role=None)
    yield database
    await database.close()


async def settle_what_is_open(db: Database) -> None:
    async with db.transaction([STORE]) as tx:
        await tx.execute("update orders set settle_at = now() where settle_at is not null and settled_at is null")
        while STORE in await settle(tx, [STORE]):
            pass


async def long_past(db: Database, owner: Database) -> None:
    """A friend whom two ambassadors won in turn, an order a minute: the first two by themselves, copies of them after
    that. Nothing is remembered of the friend, as in data from before it was.
    """
    await arrive(
        db,
        program(new_customers_only=False),
        *(ambassador(who) for who in ("amb_anna", "amb_boris")),
        *(code("ANNA10"), code("BORIS10", ambassador_id="amb_boris")),
        *(order(f"p{n:05}", placed_at=at(days=-30, minutes=n), codes=[("ANNA10", "BORIS10")[n]]) for n in (0, 1)),
    )
    await settle_what_is_open(db)
    async with db.transaction([STORE]) as tx:
        facts = {
            (row.order_id, row.kind): orders_sql.unpack(bytes(row.body)).decode()
            for row in await tx.all("select order_id, kind, body from order_facts")
        }
        for one in (0, 1):
            numbers, pattern = range(2 + one, PAST, 2), f"p{one:05}"
            moments = {n: FIRST + timedelta(minutes=n) for n in numbers}
            ids = [f"p{n:05}" for n in numbers]
            await tx.execute(_COPY_ORDERS, ids=ids, ats=list(moments.values()), one=pattern)
            for kind in ("report", "settled"):
                body, placed = facts[pattern, kind], f"{at(days=-30, minutes=one):%Y-%m-%dT%H:%M:%S}"
                bodies = [
                    body.replace(f'"{pattern}"', f'"p{n:05}"')
                    .replace(f'"placed_at":"{placed}', f'"placed_at":"{moment:%Y-%m-%dT%H:%M:%S}')
                    .replace(f'"order_number":{one + 1}', f'"order_number":{n + 1}')
                    for n, moment in moments.items()
                ]
                await tx.execute(_COPY_FACTS, ids=ids, bodies=bodies, one=pattern, kind=kind)
        await tx.execute("delete from friends where orders > 0")
    async with owner.transaction([STORE]) as tx:
        await tx.execute("analyze")


def reads_too_much(one: Reading) -> bool:
    return one.rows > min(FACTOR * one.wanted + SPARE, MOST)


async def report_events(db: Database, *events: ActionReported) -> None:
    async with db.transaction([STORE]) as tx:
        for one in events:
            await report(tx, one)
    await pump(db)


async def have_many_settled_events(db: Database) -> None:
    await report_events(db, event("survey", name="survey", happened_at=FIRST))
    async with db.transaction([STORE]) as tx:
        await tx.execute("update custom_events set settle_at = now()")
        await settle_events(tx, [STORE])
        await tx.execute(_COPY_EVENTS)


async def test_late_orders_cancellations_and_custom_events_amid_ten_thousand_settled_orders(
    db: Database, owner: Database
) -> None:
    await long_past(db, owner)
    await arrive(db, order("first late", placed_at=at(days=-29)))  # makes what is remembered, of all facts
    async with owner.transaction([STORE]) as tx:
        await tx.execute(_OTHERS)
    await have_many_settled_events(db)
    async with owner.transaction([STORE]) as tx:
        await tx.execute("analyze")
    explained = Explained()
    with explained.watching():
        # Between p03000, of Anna, and p03001, of Boris.
        await arrive(db, order("late", placed_at=FIRST + timedelta(minutes=3000, seconds=30)), order("newest"))
        await settle_what_is_open(db)
        await arrive(db, order("later", placed_at=FIRST + timedelta(minutes=7001, seconds=30)))
        await arrive(db, cancel("p04000"))
        await arrive(db, order("latest", placed_at=FIRST + timedelta(minutes=8000, seconds=30)))
        # Between p05000, of Anna, and p05001, of Boris; and after all.
        await report_events(db, event("amid", happened_at=FIRST + timedelta(minutes=5000, seconds=30)), event("newest"))
        once_more = order("once more", placed_at=at(days=1))
        await arrive(db, once_more)
        async with db.transaction([STORE]) as tx:
            await take_events(tx, [event_of(once_more)])
    late, later, latest = [await decision_of(db, order_id) for order_id in ("late", "later", "latest")]
    assert (late["order_number"], late["ambassador_id"]) == (3003, "amb_anna")
    assert (later["order_number"], later["ambassador_id"]) == (7004, "amb_boris")  # one before it stands no longer
    assert (latest["order_number"], latest["ambassador_id"]) == (8004, "amb_anna")
    assert not explained.failed, "\n".join(explained.failed)
    assert {one.role for one in explained.readings} == {"kith_app"}
    worst = {one.sql: one for one in explained.readings if reads_too_much(one)}
    assert not worst, "\n\n".join(map(str, worst.values()))
    async with db.transaction([STORE]) as tx:
        assert [one.equal for one in await check_remembered(tx, STORE)] == [True]
        assert (await replay(tx, STORE, "latest")).equal
        found = {one.event_id: one.equal for one in await check(tx, STORE)}
        winners = await tx.all(
            "select convert_from(decision, 'utf8')::jsonb ->> 'ambassador_id' as who from custom_events"
            " where event_id in ('amid', 'newest') order by event_id"
        )
    assert (found["amid"], found["newest"]) == (True, True)
    assert [row.who for row in winners] == ["amb_anna", "amb_boris"]
