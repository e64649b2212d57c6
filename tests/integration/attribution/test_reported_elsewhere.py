"""Orders that another service reports: their event alone brings them, and they are facts like all others."""

import asyncio

from contracts.events.orders import OrderReported
from services.attribution.decisions.actions.reconcile import reconcile
from services.attribution.decisions.actions.replay import replay_all
from services.attribution.decisions.actions.take import take
from services.attribution.orders import actions
from services.common.order_facts import ReportedFact
from services.kernel.db import Database
from tests.support.attribution import (
    STORE,
    ambassador,
    arrive,
    cancel,
    code,
    decision_of,
    event_of,
    order,
    program,
    refund,
)
from tests.support.wait import until


def as_reported(report: OrderReported) -> ReportedFact:
    """The same fact as the order call keeps it."""
    body = report.model_dump_json(exclude_none=True).encode()
    return ReportedFact(
        report.store_id, report.order_id, report.fact_id, "report", report.received_at, "evt_1", report.TYPE, None, body
    )


async def facts(db: Database) -> list[tuple[str, str, bool]]:
    async with db.transaction(stores=[STORE]) as tx:
        rows = await tx.all("select order_id, kind, seq is not null as seen from order_facts order by seq")
    return [tuple(row) for row in rows]


async def test_a_fact_that_comes_by_its_event_alone_is_kept_once_decided_and_replayed(db: Database) -> None:
    await arrive(db, program(), ambassador(), code())
    report, back, over = order("1", codes=["ANNA10"]), refund(100, order_id="1"), cancel(order_id="1")
    for events in ([report], [report], [report, back, over], [over, back, report]):
        async with db.transaction(stores=[STORE]) as tx:
            await take(tx, [event_of(one) for one in events])
    assert (
        await facts(db) == [("1", "report", True), ("1", "refund", True), ("1", "cancel", True)]
        or len(await facts(db)) == 3
    )
    found = await decision_of(db, "1")
    assert (found["winner"]["kind"], found["cancelled"]) == ("code", True)
    async with db.transaction(stores=[STORE]) as tx:
        assert await actions.keep(tx, [as_reported(report)]) == [False], "the order call knows it"
    async with db.transaction(stores=[STORE], snapshot=True) as tx:
        replayed = await replay_all(tx, STORE, after=("", 0))
    assert replayed
    assert all(one.equal for one in replayed)


async def test_a_fact_that_the_order_call_keeps_at_the_same_moment_is_one_fact(db: Database) -> None:
    await arrive(db, program(), ambassador(), code())
    report = order("1", codes=["ANNA10"])

    async def consume() -> None:
        async with db.transaction(stores=[STORE]) as tx:
            await take(tx, [event_of(report)])

    async def waits() -> bool:
        async with db.transaction() as tx:
            return bool(await tx.scalar("select count(*) from pg_locks where not granted"))

    async with db.transaction(stores=[STORE]) as tx:
        assert await actions.keep(tx, [as_reported(report)]) == [True]
        consuming = asyncio.create_task(consume())
        await until(waits, what="the consumer waits for the order call's commit")
    await consuming
    assert await facts(db) == [("1", "report", True)]
    assert (await decision_of(db, "1"))["winner"]["kind"] == "code"
    async with db.transaction(stores=[STORE]) as tx:
        await tx.execute("delete from outbox")
        await take(tx, [event_of(report)])
    assert len(await facts(db)) == 1


async def test_an_order_whose_only_report_lies_among_the_dead_letters_is_acknowledged_and_nowhere_else(
    db: Database,
) -> None:
    await arrive(db, program(), order("1"))
    async with db.transaction(stores=[STORE]) as tx:
        found = await reconcile(tx, STORE, dead_lettered=frozenset({"1", "2"}))
    assert (found.acked, found.dead_lettered, found.in_flight, found.difference) == (2, 1, 0, 0)
