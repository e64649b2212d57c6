"""From a report of a sign-up to money that is owed, through attribution and rewards, on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.events import Payload
from contracts.events.catalog import ProgramPublished
from contracts.events.rewards import SourcedReward
from services.attribution.custom_events.actions.settle import settle
from services.kernel.db import Database
from services.rewards.ledger.sql import holdings_of
from services.rewards.verification.actions import verify
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.integration.rewards.world import World, open_world
from tests.support.attribution import ambassador, arrive, code, order, program, pump, served
from tests.support.postgres import FreshDatabase
from tests.unit.rewards.build import configured

RULES: list[dict[str, Any]] = [
    {
        "name": "join",
        "on": "signup",
        "to": "ambassador",
        "give": {"kind": "fixed", "amount_minor": 200},
        "hold_days": 3,
        "limits": {"per_ambassador": {"count": 2, "period": "ever"}},
    },
    {
        "name": "welcome",
        "on": "signup",
        "to": "friend",
        "give": {"kind": "fixed", "amount_minor": 50},
        "pay_as": "points",
    },
    {
        "name": "ask",
        "on": "survey",
        "to": "ambassador",
        "which": "every",
        "give": {"kind": "fixed", "amount_minor": 30},
    },
]


@dataclass
class Shop:
    """A store in both services, and the way of events from one to the other."""

    attribution: Database
    http: httpx.AsyncClient
    rewards: World

    async def report(self, event_id: str, *, name: str = "signup", customer: str = "8412", **more: Any) -> None:
        body = {"event_id": event_id, "name": name, "happened_at": (NOW - timedelta(hours=1)).isoformat()}
        answer = await self.http.post(
            "/v1/events", json={**body, "customer": {"id": customer}, "codes": ["ANNA10"], **more}, headers=SECRET_KEY
        )
        assert answer.status_code == 202, answer.text
        await self.carry()

    async def cancel(self, event_id: str) -> None:
        answer = await self.http.post(f"/v1/events/{event_id}/cancel", json={"reason": "mistake"}, headers=SECRET_KEY)
        assert answer.status_code == 202, answer.text
        await self.carry()

    async def carry(self) -> None:
        """Takes what attribution tells to itself, and then to rewards, until nothing is left."""
        while (rest := await pump(self.attribution, [SHOP])) or await self._waits():
            if rest:
                await self.rewards.take(*rest)

    async def settle(self) -> None:
        async with self.attribution.transaction(stores=[SHOP]) as tx:
            await tx.execute("update custom_events set settle_at = now() where settled_at is null")
            await settle(tx, [SHOP])
        await self.carry()

    async def worth(self, event_id: str) -> dict[str, tuple[int, str]]:
        async with self.rewards.caller(SHOP) as http:
            found = (await http.get("/v1/rewards", params={"event_id": event_id})).json()["data"]
        return {one["rule"]: (one["points"] or one["amount_minor"] or 0, one["status"]) for one in found}

    async def available(self) -> int:
        async with self.rewards.db.transaction([SHOP]) as tx:
            return (await holdings_of(tx, SHOP, owner="amb_anna", side="ambassador"))["EUR"].available

    async def books_are_whole(self) -> bool:
        async with self.rewards.owner.transaction([SHOP]) as tx:
            return (await verify(tx, SHOP)).whole

    async def _waits(self) -> bool:
        async with self.attribution.transaction(stores=[SHOP]) as tx:
            return bool(await tx.scalar("select count(*) from outbox"))


def rewarding() -> ProgramPublished:
    version = program(store=SHOP)
    changed = version.program.model_validate(version.program.model_dump(mode="json") | {"event_rewards": RULES})
    return version.model_copy(update={"program": changed})


@pytest.fixture
async def shop(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Shop]:
    attribution = Database(await fresh_database("attribution"), schema="attribution")
    catalog: tuple[Payload, ...] = (rewarding(), ambassador(store=SHOP))
    await arrive(attribution, *catalog, code(store=SHOP))
    async with open_world(await fresh_database("rewards"), tmp_path) as rewards, served(attribution, tmp_path) as http:
        await rewards.take(configured(store=SHOP), *catalog)
        yield Shop(attribution, http, rewards)
    await attribution.close()


async def test_a_sign_up_is_rewarded_on_both_sides_and_released_after_its_hold(shop: Shop) -> None:
    await shop.report("signup-1")
    assert await shop.worth("signup-1") == {"join": (200, "pending"), "welcome": (50, "pending")}
    published = [one for one in await shop.rewards.emitted(SHOP) if isinstance(one, SourcedReward)]
    assert {(one.TYPE, one.source.kind, one.source.id, one.event_name) for one in published} == {
        ("kith.reward.granted.v2", "event", "signup-1", "signup")
    }
    assert {one.rule: one.beneficiary.id for one in published} == {"join": "amb_anna", "welcome": "8412"}
    await shop.settle()
    await shop.rewards.move_clock(int(timedelta(days=4).total_seconds()))
    await shop.rewards.release()
    assert await shop.worth("signup-1") == {"join": (200, "available"), "welcome": (50, "pending")}
    assert await shop.available() == 200
    assert await shop.books_are_whole()


async def test_the_first_counts_once_and_every_one_each_time(shop: Shop) -> None:
    await shop.report("signup-1")
    await shop.report("signup-2")
    await shop.report("survey-1", name="survey")
    await shop.report("survey-2", name="survey")
    assert await shop.worth("signup-2") == {}
    assert [await shop.worth(f"survey-{n}") for n in (1, 2)] == [{"ask": (30, "pending")}] * 2
    await shop.cancel("signup-1")
    assert {amount for amount, _ in (await shop.worth("signup-1")).values()} == {0}
    assert await shop.worth("signup-2") == {"join": (200, "pending"), "welcome": (50, "pending")}
    assert await shop.books_are_whole()


async def test_called_off_after_its_release_it_is_clawed_back(shop: Shop) -> None:
    await shop.report("signup-1")
    await shop.settle()
    await shop.rewards.move_clock(int(timedelta(days=4).total_seconds()))
    await shop.rewards.release()
    await shop.cancel("signup-1")
    assert await shop.available() == 0
    async with shop.rewards.caller(SHOP) as http:
        found = (await http.get("/v1/rewards", params={"source": "event"})).json()["data"]
    assert {(one["amount_minor"] or one["points"] or 0, one["reason"]) for one in found} == {(0, "event_cancelled")}
    assert await shop.books_are_whole()


async def test_a_limit_holds_for_events_and_gives_room_back(shop: Shop) -> None:
    for n in range(3):
        await shop.report(f"signup-{n}", customer=f"c-{n}")
    assert (await shop.worth("signup-2")).keys() == {"join", "welcome"}
    assert (await shop.worth("signup-2"))["join"] == (0, "rejected")
    await shop.cancel("signup-0")
    await shop.report("signup-9", customer="c-9")
    assert (await shop.worth("signup-9"))["join"] == (200, "pending")
    assert await shop.books_are_whole()


async def test_an_order_of_the_same_id_is_another_thing(shop: Shop) -> None:
    await shop.report("1001", customer="c1")
    await arrive(shop.attribution, order("1001", codes=["ANNA10"], store=SHOP, placed_at=NOW))
    await shop.carry()
    async with shop.rewards.caller(SHOP) as http:
        of_order = (await http.get("/v1/rewards", params={"order_id": "1001"})).json()["data"]
    assert [(one["rule"], one["event_name"]) for one in of_order] == [("ambassador", None)]
    assert (await shop.worth("1001")).keys() == {"join", "welcome"}
    assert await shop.books_are_whole()


async def test_what_nobody_referred_earns_nothing(shop: Shop) -> None:
    await shop.report("signup-1", codes=["NOBODY"])
    assert await shop.worth("signup-1") == {}
