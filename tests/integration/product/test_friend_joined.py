"""A friend becomes an ambassador: whoever brought them is rewarded for it, once, while the first order stands."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.events import Payload
from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from services.attribution.custom_events.actions.decide import decide_more
from services.attribution.custom_events.actions.look_back import look_back
from services.attribution.custom_events.jobs import settle_orders
from services.attribution.main import SERVICE
from services.kernel.db import Database
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.integration.product.test_custom_events import Shop
from tests.integration.rewards.world import open_world
from tests.support.attribution import ambassador, arrive, cancel, code, event_of, order, program, served
from tests.support.postgres import FreshDatabase
from tests.unit.rewards.build import configured

RULE: dict[str, Any] = {
    "name": "grown",
    "on": "friend.joined",
    "to": "ambassador",
    "which": "every",
    "give": {"kind": "fixed", "amount_minor": 700},
    "hold_days": 1,
}
EVENT = "friend.joined-amb_mia"
JOINED = ambassador("amb_mia", external_id="mia", store=SHOP).model_copy(
    update={"created_at": NOW - timedelta(hours=1)}
)


def rewarding(*, store: str = SHOP) -> ProgramPublished:
    version = program(store=store)
    changed = version.program.model_validate(version.program.model_dump(mode="json") | {"event_rewards": [RULE]})
    return version.model_copy(update={"program": changed})


@pytest.fixture
async def shop(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Shop]:
    attribution = Database(await fresh_database("attribution"), schema="attribution")
    await arrive(attribution, rewarding(), ambassador(store=SHOP), code(store=SHOP))
    async with open_world(await fresh_database("rewards"), tmp_path) as rewards, served(attribution, tmp_path) as http:
        await rewards.take(configured(store=SHOP), rewarding(), ambassador(store=SHOP))
        yield Shop(attribution, http, rewards)
    await attribution.close()


async def brought(shop: Shop, *, customer: str = "mia") -> None:
    """Mia buys by Anna's code."""
    placed = NOW - timedelta(days=2)
    await handled(shop, order("1001", customer=customer, codes=["ANNA10"], store=SHOP, placed_at=placed))


async def settled_orders(shop: Shop) -> None:
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        await tx.execute("update orders set settle_at = now() where settled_at is null and settle_at is not null")
        await settle_orders(tx, [SHOP])
        await decide_more(tx, [SHOP])
    await shop.carry()


async def handled(shop: Shop, *payloads: Payload) -> None:
    """What comes by the bus, through all of attribution's handlers, and then on to rewards."""
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        for handler in SERVICE.handlers:
            if mine := [event_of(one) for one in payloads if type(one) in handler.events]:
                await handler.handle(tx, mine)
    await shop.carry()


async def joined(shop: Shop, who: AmbassadorSaved = JOINED) -> None:
    await handled(shop, who)


async def events(shop: Shop) -> list[tuple[str, str, str]]:
    found = (await shop.http.get("/v1/events", headers=SECRET_KEY)).json()["data"]
    return [(one["event_id"], one["decision"]["status"], one["decision"]["reason"]) for one in found]


async def final(shop: Shop) -> None:
    """The event has settled, and its hold is over."""
    await shop.settle()
    await shop.rewards.move_clock(int(timedelta(days=3).total_seconds()))
    await shop.rewards.release()


async def test_it_is_taken_back_when_the_order_is_edited_to_nothing(shop: Shop) -> None:
    await brought(shop)
    await joined(shop)
    await settled_orders(shop)
    await final(shop)
    assert await shop.worth(EVENT) == {"grown": (700, "available")}
    free = order("1001", customer="mia", store=SHOP, placed_at=NOW - timedelta(days=2), updated_at=NOW)
    nothing = free.figures.model_copy(
        update={"total_minor": 0, "subtotal_minor": 0, "shipping_minor": 0, "tax_minor": 0}
    )
    await handled(shop, free.model_copy(update={"figures": nothing}))
    assert (await shop.worth(EVENT))["grown"][0] == 0
    assert await shop.books_are_whole()


async def test_it_pays_once_the_first_order_is_final_and_is_taken_back_when_that_falls_away(shop: Shop) -> None:
    await brought(shop)
    await joined(shop)
    assert await events(shop) == []
    assert await shop.worth(EVENT) == {}
    await settled_orders(shop)
    assert await events(shop) == [(EVENT, "attributed", "customer")]
    assert await shop.worth(EVENT) == {"grown": (700, "pending")}
    await final(shop)
    assert await shop.worth(EVENT) == {"grown": (700, "available")}
    await handled(shop, cancel("1001", when=NOW, store=SHOP))
    assert (await shop.worth(EVENT))["grown"][0] == 0
    assert await shop.books_are_whole()


async def test_who_joins_before_buying_counts_too_and_who_joins_twice_counts_once(shop: Shop) -> None:
    await joined(shop)
    await brought(shop)
    await joined(shop, JOINED.model_copy(update={"revision": 2}))
    await settled_orders(shop)
    await joined(shop, JOINED.model_copy(update={"ambassador_id": "amb_mia2", "created_at": NOW}))
    assert await shop.worth(EVENT) == {"grown": (700, "pending")}
    assert await shop.worth("friend.joined-amb_mia2") == {}
    assert ("friend.joined-amb_mia2", "rejected", "joined_before") in await events(shop)
    await handled(shop, cancel("1001", when=NOW, store=SHOP))
    assert (await shop.worth(EVENT))["grown"][0] == 0
    assert await shop.books_are_whole()


async def test_who_came_by_nobody_brings_nobody_anything_and_a_store_reports_none_of_its_own(shop: Shop) -> None:
    await handled(shop, order("1001", customer="mia", store=SHOP, placed_at=NOW - timedelta(days=2)))
    await joined(shop)
    await settled_orders(shop)
    assert await events(shop) == []
    assert await shop.worth(EVENT) == {}
    body = {"event_id": "j-1", "name": "friend.joined", "happened_at": NOW.isoformat(), "customer": {"id": "mia"}}
    for field, wrong in (("name", body), ("event_id", {**body, "name": "signup", "event_id": EVENT})):
        answer = await shop.http.post("/v1/events", json=wrong, headers=SECRET_KEY)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_it_pays_too_where_the_version_comes_after_who_joined_and_once_however_often(shop: Shop) -> None:
    """Published before Mia joined, and known here only now. Who had joined before it counts for nothing."""
    await brought(shop)
    silent = program(store=SHOP).model_copy(update={"program_id": "prg_2"})
    late = rewarding().model_copy(
        update={"program_id": "prg_2", "version": 2, "published_at": NOW - timedelta(hours=2)}
    )
    earlier = JOINED.model_copy(
        update={"ambassador_id": "amb_ida", "external_id": "ida", "created_at": NOW - timedelta(hours=3)}
    )
    await handled(shop, silent)
    for who in (JOINED, earlier):
        await joined(shop, who.model_copy(update={"program_id": "prg_2"}))
    assert await kept(shop) == []
    for _ in range(2):
        await handled(shop, late)
        while await look_once_more(shop):
            pass
        assert await kept(shop) == [EVENT]


async def kept(shop: Shop) -> list[str]:
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        rows = await tx.all("select event_id from custom_events where store_id = :s and person_id is not null", s=SHOP)
    return [row.event_id for row in rows]


async def look_once_more(shop: Shop) -> bool:
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        return bool(await look_back(tx, [SHOP]))
