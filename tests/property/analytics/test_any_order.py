"""Roll-ups fed by differences, in any order and with repeats, are what a plain recount of the final states gives."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.events import Payload
from services.kernel.db import Database
from tests.integration.analytics.history import (
    STORE,
    ambassador_saved,
    clicked,
    decided,
    deliver,
    rewarded,
    rollups,
    shared,
    signed_up,
    store_configured,
    viewed,
    visited,
)
from tests.property.analytics.oracle import Oracle
from tests.support.postgres import FreshDatabase

ZONES = st.sampled_from(["Europe/Chisinau", "America/Los_Angeles", "Asia/Tokyo"])
DAYS = st.sampled_from([-40.0, -1.0, 0.0, 0.45, 1.0, 6.9, 26.5, 27.1, 40.0])
"""Around midnight, week ends, a change of clocks, and the ends of windows."""
CLICKS = st.sampled_from(["k1", "k2", "k3"])
VISITORS = st.sampled_from(["v1", "v2"])
AMBASSADORS = st.sampled_from(["amb_1", "amb_2"])
CUSTOMERS = st.sampled_from(["c1", "c2", "a1"])
REVISIONS = st.integers(1, 3)
QUALITIES: Any = st.sampled_from(["person", "person", "bot", "prefetch"])


@st.composite
def orders(draw: st.DrawFn) -> Payload:
    order_id, revision = draw(st.sampled_from(["o1", "o2", "o3"])), draw(REVISIONS)
    kind = draw(st.sampled_from(["click", "code", "customer"]))
    return decided(
        order_id,
        draw(st.sampled_from(["attributed", "attributed", "unattributed", "rejected", "pending"])),
        days=draw(DAYS), revision=revision, total=draw(st.sampled_from([0, 1000, 2500])),
        refunded=draw(st.sampled_from([0, 0, 1000])), kind=kind, click_id=draw(CLICKS) if kind == "click" else None,
        visitor_id=draw(st.none() | VISITORS), ambassador_id=draw(AMBASSADORS), buyer=draw(CUSTOMERS),
        number=draw(st.integers(1, 2)), new=draw(st.booleans()), settled=draw(st.booleans()),
        cancelled=draw(st.sampled_from([False, False, True])), currency=draw(st.sampled_from(["EUR", "EUR", "MDL"])),
    )  # fmt: skip


EVENTS: st.SearchStrategy[Payload] = st.one_of(
    st.builds(clicked, CLICKS, days=DAYS, channel=st.sampled_from(["telegram", "qr", None]), quality=QUALITIES),
    st.builds(
        visited, st.sampled_from(["t1", "t2", "t3"]), VISITORS, days=DAYS, click_id=st.none() | CLICKS,
        ambassador_id=AMBASSADORS,
    ),
    st.builds(signed_up, st.sampled_from(["t4", "t5"]), VISITORS, days=DAYS),
    st.builds(shared, st.sampled_from(["t6", "t7"]), days=DAYS, customer=st.none() | CUSTOMERS),
    st.builds(viewed, st.sampled_from(["t8"]), days=DAYS, customer=CUSTOMERS),
    st.builds(ambassador_saved, AMBASSADORS, days=DAYS, customer=CUSTOMERS),
    orders(), orders(),
    st.builds(
        rewarded, st.sampled_from(["r1", "r2"]), amount=st.sampled_from([0, 250, 500]),
        kind=st.sampled_from(["ambassador", "friend"]), status=st.sampled_from(["pending", "available", "reversed"]),
        days=DAYS, revision=REVISIONS, pay_as=st.sampled_from(["cash", "points"]),
    ),
)  # fmt: skip


def consistent(payloads: list[Payload]) -> list[Payload]:
    """At most one text for each identity and revision, as producers keep it: a repeat is the same fact."""
    kept: dict[tuple[Any, ...], Payload] = {}
    for payload in payloads:
        kept.setdefault(identity(payload), payload)
    return [kept[identity(payload)] for payload in payloads]


def identity(payload: Payload) -> tuple[Any, ...]:
    told: Any = payload
    for field in ("click_id", "track_id", "reward_id", "order_id", "ambassador_id"):
        if hasattr(payload, field):
            return field, getattr(told, field), getattr(told, "revision", 0)
    raise TypeError(type(payload).__name__)


@pytest.fixture(scope="module")
async def db(module_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await module_database("analytics"), schema="analytics")
    yield database
    await database.close()


async def forget(db: Database) -> None:
    async with db.transaction([STORE]) as tx:
        for table in ("clicks", "reports", "shares", "friends", "orders", "rewards", "ambassadors", "ambassador_names",
                      "daily", "daily_channels", "daily_reasons", "leaders", "cycles", "owed", "sketches", "parked",
                      "stores", "progress"):  # fmt: skip
            await tx.execute(f"delete from {table}")


@given(st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def run_histories(runner: Any, db: Database, data: st.DataObject) -> None:
    told = consistent(data.draw(st.lists(EVENTS, min_size=1, max_size=25), label="events"))
    zone = data.draw(ZONES, label="zone")
    repeats = data.draw(st.lists(st.sampled_from(told), max_size=8), label="repeats")
    arriving = data.draw(st.permutations([*told, *repeats]), label="order")
    cuts = data.draw(st.lists(st.integers(0, len(arriving)), max_size=4), label="batches")
    configured = data.draw(st.integers(0, len(cuts)), label="when the store is set up")
    runner(deliver_all(db, arriving, sorted(cuts), configured, zone))
    assert runner(rollups(db)) == Oracle(told, zone).computed()


async def deliver_all(db: Database, arriving: list[Payload], cuts: list[int], configured: int, zone: str) -> None:
    await forget(db)
    edges = [0, *cuts, len(arriving)]
    for number, (start, end) in enumerate(zip(edges, edges[1:], strict=False)):
        if number == configured:
            await deliver(db, store_configured(timezone=zone))
        if start < end:
            await deliver(db, *arriving[start:end])


async def test_roll_ups_are_what_a_recount_of_the_final_states_gives(db: Database) -> None:
    loop = asyncio.get_running_loop()

    def runner(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=60)

    await asyncio.to_thread(run_histories, runner, db)
