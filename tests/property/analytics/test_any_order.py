"""Roll-ups fed by differences, in any order and with repeats, are what a plain recount of the final states gives."""

from collections.abc import AsyncIterator
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.events import Payload
from services.analytics.rollups.actions import recount
from services.kernel.db import Database
from tests.integration.analytics.history import (
    ambassador_saved,
    clicked,
    decided,
    deliver,
    program_published,
    rewarded,
    rollups,
    shared,
    signed_up,
    store_configured,
    viewed,
    visited,
)
from tests.property.analytics.oracle import Oracle
from tests.support.chance import examples
from tests.support.postgres import FreshDatabase

NUMBERS = count()
ZONES = st.sampled_from(["Europe/Chisinau", "America/Los_Angeles", "Asia/Tokyo"])
DAYS = st.sampled_from([-40.0, -1.0, 0.0, 0.45, 1.0, 6.9, 26.5, 27.1, 40.0])
"""Around midnight, week ends, a change of clocks, and the ends of windows."""
CLICKS = st.sampled_from(["k1", "k2"])
STATUSES = st.sampled_from(["attributed"] * 3 + ["unattributed", "rejected", "pending"])
VISITORS = st.sampled_from(["v1", "v2"])
AMBASSADORS = st.sampled_from(["amb_1", "amb_2"])
CUSTOMERS = st.sampled_from(["c1", "c2", "a1"])
QUALITIES: Any = st.sampled_from(["person", "person", "bot", "prefetch"])


@st.composite
def decisions(draw: st.DrawFn, order_id: str) -> list[Payload]:
    """One to three revisions of an order; most are attributed, most by a click."""
    reported: list[Payload] = []
    for revision in range(1, draw(st.integers(1, 3)) + 1):
        kind = draw(st.sampled_from(["click", "click", "code", "customer"]))
        reported.append(
            decided(
                order_id,
                draw(STATUSES),
                days=draw(DAYS), revision=revision, total=draw(st.sampled_from([0, 1000, 2500])),
                refunded=draw(st.sampled_from([0, 0, 1000])), kind=kind,
                click_id=draw(CLICKS) if kind == "click" else None,
                visitor_id=draw(st.sampled_from([None, None, "v1", "v2"])), ambassador_id=draw(AMBASSADORS),
                buyer=draw(CUSTOMERS), number=draw(st.integers(1, 2)), new=draw(st.sampled_from([True, True, False])),
                settled=draw(st.booleans()), cancelled=draw(st.sampled_from([False, False, False, True])),
                currency=draw(st.sampled_from(["EUR", "EUR", "MDL"])),
                contacts=draw(st.sampled_from([(), ("h1",), ("h1", "h2")])),
                came_by=draw(CLICKS) if kind == "code" else None, discount=draw(st.sampled_from([0, 0, 200, 700])),
            )
        )  # fmt: skip
    return reported


@st.composite
def rewards_of(draw: st.DrawFn, reward_id: str) -> list[Payload]:
    pay_as, kind = draw(st.sampled_from(["cash", "points"])), draw(st.sampled_from(["ambassador", "friend"]))
    return [
        rewarded(
            reward_id, amount=draw(st.sampled_from([0, 250, 500])), kind=kind, days=draw(DAYS), revision=revision,
            status=draw(st.sampled_from(["pending", "available", "reversed"])), pay_as=pay_as,
        )
        for revision in range(1, draw(st.integers(0, 2)) + 1)
    ]  # fmt: skip


def owner_of(click_id: str | None) -> str:
    """A click belongs to one link and so to one ambassador."""
    return "amb_2" if click_id == "k2" else "amb_1"


@st.composite
def histories(draw: st.DrawFn) -> list[Payload]:
    """Two orders and most of what can stand around them, so that each piece meets the others."""

    def maybe(payload: Payload) -> list[Payload]:
        return [payload] if draw(st.sampled_from([True, True, True, False])) else []

    channels = st.sampled_from(["telegram", "qr", "viber", None])
    reported: list[Payload] = []
    for click_id in ("k1", "k2"):
        reported += maybe(
            clicked(
                click_id, days=draw(DAYS), channel=draw(channels), quality=draw(QUALITIES),
                ambassador_id=owner_of(click_id),
            )
        )  # fmt: skip
    for track_id in ("t1", "t2", "t3"):
        seen_id = draw(st.sampled_from(["k1", "k2", None]))
        reported += maybe(
            visited(
                track_id, draw(VISITORS), days=draw(DAYS), click_id=seen_id, ambassador_id=owner_of(seen_id),
                quality=draw(QUALITIES),
            )
        )  # fmt: skip
    reported += maybe(signed_up("t4", draw(VISITORS), days=draw(DAYS)))
    for track_id in ("t5", "t6"):
        reported += maybe(shared(track_id, days=draw(DAYS), customer=draw(st.sampled_from(["c1", "a1", None]))))
    reported += maybe(viewed("t7", days=draw(DAYS), customer=draw(CUSTOMERS)))
    for ambassador_id in ("amb_1", "amb_2"):
        customer, contacts = draw(st.sampled_from([("c1", ()), ("c2", ("h2",)), ("a1", ("h1",)), (None, ("h1",))]))
        reported += maybe(ambassador_saved(ambassador_id, days=draw(DAYS), customer=customer, contacts=contacts))
    off = {"give": {"kind": "fixed", "amount_minor": 500}, "which": "first"}
    reported += maybe(program_published(discount=off))
    for order_id in ("o1", "o2"):
        reported += draw(decisions(order_id))
    return [*reported, *draw(rewards_of("r1")), *draw(rewards_of("r2"))]


@pytest.fixture(scope="module")
async def db(module_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await module_database("analytics"), schema="analytics")
    yield database
    await database.close()


async def deliver_all(db: Database, store: Payload, arriving: list[Payload], cuts: list[int], configured: int) -> None:
    edges = [0, *cuts, len(arriving)]
    for number, (start, end) in enumerate(pairwise(edges)):
        if number == configured:
            await deliver(db, store)
        if start < end:
            await deliver(db, *arriving[start:end])


@pytest.mark.timeout(400)
@given(data=st.data())
@settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_roll_ups_are_what_a_recount_of_the_final_states_gives(db: Database, data: st.DataObject) -> None:
    store_id = f"str_{next(NUMBERS)}"  # a store of its own for each history: nothing has to be cleared away
    drawn = data.draw(histories(), label="history")
    reported = [payload.model_copy(update={"store_id": store_id}) for payload in drawn]
    zone = data.draw(ZONES, label="zone")
    repeats = data.draw(st.lists(st.sampled_from(reported), max_size=8), label="repeats")
    arriving = data.draw(st.permutations([*reported, *repeats]), label="order")
    cuts = data.draw(st.lists(st.integers(0, len(arriving)), max_size=6), label="batches")
    configured = data.draw(st.integers(0, len(cuts)), label="when the store is set up")
    await deliver_all(db, store_configured(store_id, timezone=zone), arriving, sorted(cuts), configured)
    assert await rollups(db, [store_id]) == Oracle(reported, zone).computed()
    async with db.transaction([store_id], snapshot=True) as tx:
        assert (await recount.drift(tx, store_id)).none
