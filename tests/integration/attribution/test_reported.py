"""What decisions tell others, and what an order's page says of evidence that moves nothing."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from contracts.events.conversions import Conversion
from services.kernel.db import Database
from tests.integration.attribution.world import PUBLISHABLE, SECRET_KEY, SHOP
from tests.support.attribution import (
    NOON,
    ambassador,
    arrive,
    at,
    code,
    figures,
    order,
    program,
    pump,
    refund,
    served,
    token,
)

ANNA = (program(store=SHOP), ambassador(store=SHOP), code(store=SHOP))


async def reported(db: Database) -> list[Conversion]:
    return [payload for payload in await pump(db, [SHOP]) if isinstance(payload, Conversion)]


async def test_an_order_that_waits_is_told_and_counted_as_waiting(db: Database) -> None:
    await arrive(db, *ANNA, order(store=SHOP, codes=["ANNA10"], reported=figures(status="pending")))
    first = await reported(db)
    assert [(c.TYPE, c.status, c.reason) for c in first] == [("kith.conversion.deferred.v1", "pending", "unpaid")]
    await arrive(db, order(store=SHOP, codes=["ANNA10"], updated_at=at(days=1), fact_id="paid"))
    assert [(c.status, c.revision > first[0].revision) for c in await reported(db)] == [("attributed", True)]


async def test_a_decision_tells_the_click_beside_the_code_and_the_contacts_to_join_by(db: Database) -> None:
    older = token("clk_0", when=at(days=-3))
    too_old = token("clk_9", when=at(days=-200))
    await arrive(
        db, *ANNA,
        order(store=SHOP, codes=["ANNA10"], tokens=[older, token("clk_1"), too_old], contacts=["h2", "h1"]),
        order("1002", store=SHOP, tokens=[token("clk_1")], customer="c2"),
    )  # fmt: skip
    by_code, by_click = await reported(db)
    assert by_code.winner is not None
    assert (by_code.winner.kind, by_code.click_id, by_code.friend_contacts) == ("code", "clk_1", ("h1", "h2"))
    assert (by_click.click_id, by_click.friend_contacts) == (None, ())


@pytest.mark.parametrize("language", ["en", "ru", "uk", "ro"])
async def test_a_revision_that_moves_the_order_is_told(db: Database, tmp_path: Path, language: str) -> None:
    later = at(days=-5) + timedelta(hours=3)
    first = order(store=SHOP, placed_at=at(days=-5), updated_at=at(days=-5))
    await arrive(db, *ANNA, first, order(store=SHOP, placed_at=later, updated_at=at(days=-4), fact_id="moved"))
    async with served(db, tmp_path) as http:
        body = (await http.get("/v1/orders/1001", headers=SECRET_KEY)).json()
        page = (await http.get(f"/console/attribution/orders/1001?lang={language}", headers=SECRET_KEY)).text
    assert (body["placed_at"], body["placed_at_others"]) == ("2026-10-29T12:00:00Z", ["2026-10-29T15:00:00Z"])
    text = {"en": "earliest time told", "ru": "самое раннее", "uk": "найраніший", "ro": "cel mai devreme"}[language]
    assert text in page


async def test_a_page_that_lists_a_part_of_what_happened_says_so(db: Database, http: httpx.AsyncClient) -> None:
    refunds = [refund(1, refund_id=f"r{n}", store=SHOP) for n in range(203)]
    await arrive(db, order(store=SHOP), *refunds)
    page = await http.get("/console/attribution/orders/1001", headers=SECRET_KEY)
    assert "The first 200 of 204 events" in page.text
    assert (await http.get("/console/attribution/orders/1001", headers=PUBLISHABLE)).status_code != 200


async def test_a_page_that_lists_some_of_many_decisions_says_so(db: Database, http: httpx.AsyncClient) -> None:
    for n in range(53):
        reported = figures(4600 + n)
        await arrive(db, order(reported=reported, updated_at=NOON + timedelta(minutes=n), store=SHOP))
    page = await http.get("/console/attribution/orders/1001", headers=SECRET_KEY)
    assert "The newest 50 of 53 decisions" in page.text
