"""Rewards that wait for a person: who sees them, what deciding does to the books, and what happens at the same time."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from contracts.events.rewards import RewardReleased
from services.rewards.approvals import actions
from services.rewards.grants.actions import review
from services.rewards.release_rules import actions as rules
from services.rewards.release_rules.domain import Way
from tests.integration.rewards.money import audit, holding, release_all
from tests.integration.rewards.world import BASE, World
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    ANNA,
    NOON,
    STORE,
    configured,
    make_program,
    make_state,
    published,
)

SETTLED = {"settled_at": NOON + timedelta(minutes=10)}


async def ruled(world: World, way: Way) -> None:
    async with world.db.transaction([STORE]) as tx:
        await rules.put(tx, world.ctx, STORE, way=way, url=None)


async def pass_hold(world: World) -> None:
    await world.move_clock(seconds=int(timedelta(days=15).total_seconds()))
    await release_all(world)


@pytest.fixture
async def shop(world: World) -> World:
    """A store that approves each reward by hand; Anna brought three orders of 46.00, whose holds are over."""
    await world.take(configured(), published(make_program(AMBASSADOR_RULE)))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    await ruled(world, "by_hand")
    await world.take(*(make_state(str(n), **SETTLED) for n in range(3)))
    await pass_hold(world)
    return world


@pytest.fixture
async def server(shop: World) -> httpx.AsyncClient:
    return shop.caller(STORE)


async def queue(server: httpx.AsyncClient, **params: str) -> list[dict[str, object]]:
    answer = await server.get("/v1/rewards/queue", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["data"]
    return found


async def ids(shop: World) -> dict[str, str]:
    return {r.source_id: r.reward_id for r in await shop.rewards(STORE)}


async def test_by_hand_nothing_is_released_by_time_and_what_is_approved_is(
    shop: World, server: httpx.AsyncClient
) -> None:
    assert (await holding(shop, ANNA)).available == 0
    waiting = await queue(server)
    assert [(one["waits_for"], one["why"]) for one in waiting] == [("person", "by_hand")] * 3
    await shop.move_clock(seconds=int(timedelta(days=300).total_seconds()))
    await release_all(shop)
    assert (await holding(shop, ANNA)).available == 0
    of = await ids(shop)
    answer = await server.post("/v1/rewards/approve", json={"ids": [of["0"], of["1"], "rwd_nobody"]})
    assert answer.json()["done"] == 2
    assert [one["outcome"] for one in answer.json()["data"]] == ["done", "done", "not_found"]
    await release_all(shop)
    assert (await holding(shop, ANNA)).available == 920
    assert len(await queue(server)) == 1
    again = await server.post("/v1/rewards/approve", json={"ids": [of["0"], of["2"]]})
    assert [one["outcome"] for one in again.json()["data"]] == ["not_pending", "done"]
    await release_all(shop)
    assert (await holding(shop, ANNA)).available == 1380
    assert len([e for e in await shop.reported(STORE) if isinstance(e, RewardReleased)]) == 3
    assert (await audit(shop)).whole


async def test_rejecting_many_takes_back_what_the_books_have_and_says_who_did(
    shop: World, server: httpx.AsyncClient
) -> None:
    of = await ids(shop)
    body = {"ids": [of["0"], of["1"]], "reason": "Bought by themselves"}
    answer = await server.post("/v1/rewards/reject", json=body)
    assert [one["outcome"] for one in answer.json()["data"]] == ["done", "done"]
    assert {one["reward"]["note"] for one in answer.json()["data"]} == {"Bought by themselves"}
    assert (await holding(shop, ANNA)).pending == 460
    again = await server.post("/v1/rewards/reject", json=body)
    assert [one["outcome"] for one in again.json()["data"]] == ["unchanged", "unchanged"]
    noted = await shop.look(STORE, "select action, subject, actor_kind from audit where store_id = :store")
    rejected = sorted((subject, kind) for action, subject, kind in noted if action == "reward.rejected")
    assert rejected == sorted([(of["0"], "key"), (of["1"], "key")])
    # For good: no later change of the order brings it back.
    await shop.take(make_state("0", revision=5, **SETTLED))
    assert await shop.amounts(STORE, "0") == {}
    assert (await audit(shop)).whole


async def test_what_is_flagged_waits_whatever_the_rule_and_however_long(shop: World, server: httpx.AsyncClient) -> None:
    await ruled(shop, "automatic")
    await shop.take(make_state("9", **SETTLED), make_state("10", **SETTLED))
    of = await ids(shop)
    assert (await server.post(f"/v1/rewards/{of['9']}/flag", json={"reason": "Same card"})).status_code == 200
    await pass_hold(shop)
    await pass_hold(shop)
    by_order = {r.order_id: r.status for r in await shop.rewards(STORE)}
    assert by_order == {"0": "pending", "1": "pending", "2": "pending", "9": "pending", "10": "available"}
    (flagged,) = await queue(server, why="flagged")
    assert flagged["reward"]["note"] == "Same card"  # type: ignore[index]
    assert (await server.post(f"/v1/rewards/{of['10']}/flag", json={"reason": "late"})).status_code == 409
    await server.post(f"/v1/rewards/{of['9']}/approve")
    await release_all(shop)
    assert {r.order_id: r.status for r in await shop.rewards(STORE)}["9"] == "available"


async def test_what_waits_goes_on_waiting_when_the_rule_changes(shop: World, server: httpx.AsyncClient) -> None:
    await ruled(shop, "automatic")
    await release_all(shop)
    assert len(await queue(server)) == 3
    assert (await holding(shop, ANNA)).available == 0


async def test_an_approval_holds_for_what_was_seen_and_no_more(world: World) -> None:
    await world.take(configured(), published(make_program(AMBASSADOR_RULE)))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    await ruled(world, "by_hand")
    await world.take(make_state("1"))
    (reward,) = await world.rewards(STORE)
    async with world.db.transaction([STORE]) as tx:
        await review.approve(tx, STORE, reward.reward_id)
    await world.take(make_state("1", revision=2, subtotal_minor=460_000, total_minor=460_490))
    await world.take(make_state("1", revision=3, subtotal_minor=460_000, total_minor=460_490, **SETTLED))
    await pass_hold(world)
    (reward,) = await world.rewards(STORE)
    assert (reward.status, reward.waits_for, reward.target_minor) == ("pending", "person", 46_000)


async def test_an_approval_ahead_of_time_shortens_no_hold_and_needs_no_second_one(world: World) -> None:
    await world.take(configured(), published(make_program(AMBASSADOR_RULE)))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    await ruled(world, "by_hand")
    await world.take(make_state("1", **SETTLED))
    (reward,) = await world.rewards(STORE)
    async with world.db.transaction([STORE]) as tx:
        await review.approve(tx, STORE, reward.reward_id)
    await release_all(world)
    assert (await world.rewards(STORE))[0].status == "approved"
    await pass_hold(world)
    assert (await world.rewards(STORE))[0].status == "available"


async def test_a_refund_while_it_waits_is_taken_from_it_and_a_full_one_empties_the_queue(
    shop: World, server: httpx.AsyncClient
) -> None:
    await shop.take(
        make_state("0", revision=2, refunded_minor=2545, **SETTLED),
        make_state("1", revision=2, refunded_minor=5090, **SETTLED),
    )
    amounts = {one["reward"]["order_id"]: one["reward"]["amount_minor"] for one in await queue(server)}  # type: ignore[index]
    assert amounts == {"0": 230, "2": 460}
    of = await ids(shop)
    answer = await server.post("/v1/rewards/approve", json={"ids": list(of.values())})
    assert {one["id"]: one["outcome"] for one in answer.json()["data"]} == {
        of["0"]: "done",
        of["1"]: "not_pending",
        of["2"]: "done",
    }
    await release_all(shop)
    assert (await holding(shop, ANNA)).available == 690
    # What was refunded in full by mistake rises again, and waits where it waited.
    await shop.take(make_state("1", revision=3, **SETTLED))
    await release_all(shop)
    assert [one["reward"]["order_id"] for one in await queue(server)] == ["1"]  # type: ignore[index]
    assert (await audit(shop)).whole


async def test_deciding_refunding_and_releasing_at_once_leave_books_that_add_up(shop: World) -> None:
    await shop.take(*(make_state(f"r{n}", **SETTLED) for n in range(40)))
    await shop.move_clock(seconds=int(timedelta(days=15).total_seconds()))
    of = await ids(shop)
    racing = [of[f"r{n}"] for n in range(40)]

    async def approve(some: list[str]) -> list[str]:
        async with shop.db.transaction([STORE]) as tx:
            return [d.reward_id for d in await actions.approve(tx, STORE, some) if d.outcome == "done"]

    async def reject(some: list[str]) -> list[str]:
        async with shop.db.transaction([STORE]) as tx:
            return [d.reward_id for d in await actions.reject(tx, STORE, some, note="no") if d.outcome == "done"]

    refunds = [make_state(f"r{n}", revision=2, refunded_minor=5090, **SETTLED) for n in range(0, 40, 4)]
    refused: list[str] = []

    async def refuse() -> None:
        refused.extend(await reject(racing[10:]))

    await asyncio.gather(
        approve(racing[:30]),
        refuse(),
        approve(racing[:30]),
        refuse(),
        *(shop.take(one) for one in refunds),
        *(shop.release() for _ in range(3)),
    )
    await release_all(shop)
    rejected = set(refused)
    assert len(refused) == len(rejected)
    found = {r.reward_id: r for r in await shop.rewards(STORE)}
    for one in racing:
        reward = found[one]
        assert (reward.rejected_at is not None) == (one in rejected)
        assert reward.released_at is None or reward.rejected_at is None
        assert reward.status in {"available", "rejected", "reversed", "pending"}
        assert reward.status != "pending" or reward.waits_for == "person"
    assert set((await shop.trial(STORE)).values()) == {0}
    assert (await audit(shop)).whole


async def test_the_queue_pages_oldest_first_and_narrows(shop: World, server: httpx.AsyncClient) -> None:
    first = await server.get("/v1/rewards/queue", params={"limit": "2"})
    rest = await server.get("/v1/rewards/queue", params={"limit": "2", "cursor": first.json()["next_cursor"]})
    seen = [one["reward"]["id"] for one in (*first.json()["data"], *rest.json()["data"])]
    assert len(seen) == 3
    assert set(seen) == set((await ids(shop)).values())
    assert await queue(server, ambassador_id="amb_boris") == []
    assert await queue(server, waits_for="store") == []


async def test_who_may_only_read_decides_nothing(shop: World) -> None:
    reader, of = shop.caller(STORE, "rewards:read"), await ids(shop)
    bodies = {
        "/v1/rewards/approve": {"ids": [of["0"]]},
        "/v1/rewards/reject": {"ids": [of["0"]], "reason": "x"},
        f"/v1/rewards/{of['0']}/flag": {"reason": "x"},
    }
    for path, body in bodies.items():
        assert (await reader.post(path, json=body)).status_code == 403
    other = shop.caller("str_01k9x0m5w8a3c7e1g5j9n3q7s2")
    answer = await other.post("/v1/rewards/approve", json={"ids": list(of.values())})
    assert {one["outcome"] for one in answer.json()["data"]} == {"not_found"}
    too_many = await shop.caller(STORE).post("/v1/rewards/approve", json={"ids": ["rwd_1"] * 201})
    assert too_many.status_code == 422


async def test_the_console_asks_before_it_rejects_and_says_what_that_takes_back(shop: World) -> None:
    person, of = shop.browser(STORE), await ids(shop)
    page = await person.get("/console/rewards/approvals")
    assert page.text.count('name="id"') == 3
    asks = await person.get("/console/rewards/approvals", params={"id": [of["0"], of["1"]], "reject": "1"})
    assert "2 rewards are taken back for good, €9.20 in all" in asks.text
    assert (await holding(shop, ANNA)).pending == 1380  # asking changes nothing
    silent = await person.post("/console/rewards/approvals/reject", data={"id": [of["0"]]}, headers=OURS)
    assert "error=reason" in silent.headers["location"]
    done = await person.post(
        "/console/rewards/approvals/reject", data={"id": [of["0"], of["1"]], "reason": "no"}, headers=OURS
    )
    assert done.status_code == 303
    assert (await holding(shop, ANNA)).pending == 460
    await person.post("/console/rewards/approvals/approve", data={"id": [of["2"]]}, headers=OURS)
    await release_all(shop)
    assert (await holding(shop, ANNA)).available == 460
    noted = await shop.look(STORE, "select action, actor_kind from audit where store_id = :store")
    assert {tuple(one) for one in noted if one[0].startswith("reward.")} == {
        ("reward.rejected", "member"),
        ("reward.approved", "member"),
    }


OURS = {"Origin": BASE}


@pytest.mark.parametrize("language", ["en", "ru", "uk", "ro"])
async def test_the_pages_speak_every_language(shop: World, language: str) -> None:
    person, of = shop.browser(STORE, language), await ids(shop)
    await person.post(f"/console/rewards/rewards/{of['0']}/flag", data={"flag_reason": "Same card"}, headers=OURS)
    for path in ("approvals", "approvals?why=flagged", f"approvals?id={of['1']}&reject=1", "release"):
        page = await person.get(f"/console/rewards/{path}")
        assert page.status_code == 200, page.text
        assert f'lang="{language}"' in page.text
    assert "Same card" in (await person.get(f"/console/rewards/rewards/{of['0']}")).text
