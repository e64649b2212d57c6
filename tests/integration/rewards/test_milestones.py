"""Milestones over PostgreSQL: friends who come, go and come again, told in any order and twice; what the books, pages
and the check of the books make of it.
"""

import random
from typing import Any

from contracts.events.conversions import Conversion
from contracts.events.rewards import SourcedReward
from tests.integration.rewards.money import audit
from tests.integration.rewards.test_payout_pages import portal
from tests.integration.rewards.world import World
from tests.support.explained import Explained
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    ANNA,
    BORIS,
    NOON,
    PROGRAM,
    STORE,
    configured,
    joined,
    make_program,
    published,
)
from tests.unit.rewards.test_milestones import FIVE, expected, settled, terms


async def worth(world: World) -> dict[str, int]:
    return {one.source_id: one.target_minor for one in await world.rewards(STORE) if one.target_minor}


async def balance(world: World, who: str = ANNA) -> dict[str, Any]:
    async with world.caller(STORE) as api:
        found: dict[str, Any] = (await api.get("/v1/balances", params={"ambassador_id": who})).json()
        return found


async def test_a_friend_who_falls_away_takes_the_step_along_and_brings_it_back(world: World) -> None:
    """Two friends reach a step that is released at once; one sends all back, a third friend comes."""
    await world.take(configured(), published(terms(FIVE)), joined(ANNA))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()) + 60)
    await world.take(settled("1", friend_id="mia"), settled("2", friend_id="mia"))
    assert await worth(world) == {}
    assert (await balance(world))["milestones"] == [{"rule": "five", "of": "friends", "counted": 1, "next": 2}]

    await world.take(settled("3", friend_id="noa"))
    await world.release()
    assert (await balance(world))["data"][0]["available"] == 500
    async with portal(world) as mine:
        assert "0 of 2 friends" in (await mine.get("/p/balance")).text

    # Mia's other order still counts; Noa has only this one.
    await world.take(settled("1", friend_id="mia", revision=2, cancelled=True))
    assert await worth(world) == {f"{ANNA}/five/every/2/friends/2": 500}
    await world.take(settled("3", friend_id="noa", revision=2, refunded_minor=5090))
    assert (await balance(world))["data"][0] | {"available": 0, "clawed_back": 500} == (await balance(world))["data"][0]
    async with portal(world) as mine:
        assert "1 of 2 friends" in (await mine.get("/p/balance")).text
        statement = (await mine.get("/p/statement")).text
    assert "Reward granted, milestone: 2 friends" in statement
    assert "Taken back: orders that counted fell away, milestone: 2 friends" in statement

    await world.take(settled("4", friend_id="ole"))
    assert await worth(world) == {f"{ANNA}/five/every/2/friends/2": 500}
    emitted = [one for one in await world.emitted(STORE) if isinstance(one, SourcedReward)]
    assert [(one.TYPE, one.source.kind, one.status) for one in emitted] == [
        ("kith.reward.granted.v2", "period", "pending"),
        ("kith.reward.released.v2", "period", "available"),
        ("kith.reward.reversed.v2", "period", "reversed"),
        ("kith.reward.adjusted.v2", "period", "available"),
    ]
    assert (await audit(world)).whole


async def test_a_friend_of_very_many_orders_is_looked_up_by_key_also_for_a_goal_that_is_new(world: World) -> None:
    other = {**FIVE, "name": "other"}
    await world.take(configured(), published(terms(FIVE)), published(terms(other), version=2), joined(ANNA))
    await world.take(settled("1", friend_id="mia"))
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute(
            "insert into milestone_orders"
            " (store_id, order_id, ambassador_id, program_id, friend_id, revenue_minor, goals)"
            " select store_id, 'old ' || n, ambassador_id, program_id, friend_id, revenue_minor, goals"
            " from milestone_orders, generate_series(1, 3000) n"
        )
        await tx.execute("analyze milestone_orders")
    explained = Explained()
    with explained.watching():
        for number in (2, 3):
            await world.take(settled(f"{number}", friend_id="mia", program_version=2))
        await world.take(settled("2", friend_id="mia", program_version=2, revision=2, cancelled=True))
    looks = [one for one in explained.readings if "goals_mark" in one.sql]
    assert not explained.failed and looks
    assert max(one.rows for one in looks) < 20, "\n".join(map(str, looks))
    stand = {(one["rule"], one["counted"]) for one in (await balance(world))["milestones"]}
    assert ("other", 1) in stand


async def test_states_in_any_order_in_any_batches_and_again_end_alike(world: World) -> None:
    await world.take(configured(), published(terms()), published(terms(FIVE), version=2))
    chance = random.Random(7)
    states: list[Conversion] = [
        settled(
            f"o{number}",
            revision=revision,
            ambassador_id=chance.choice([ANNA, BORIS]),
            friend_id=chance.choice(["mia", "noa", "ole"]),
            program_version=chance.choice([1, 1, 2]),
            refunded_minor=chance.choice([0, 0, 0, 2545, 5090]),
            cancelled=chance.random() < 0.1,
        )
        for number in range(16)
        for revision in (1, 2)
    ]
    reported = [*states, *chance.sample(states, 8)]
    chance.shuffle(reported)
    while reported:
        size = chance.randint(1, 5)
        await world.take(*reported[:size])
        reported = reported[size:]
    assert await worth(world) == expected(states) != {}
    assert (await audit(world)).whole


async def test_an_order_that_waited_for_its_version_counts_when_that_comes(world: World) -> None:
    await world.take(configured(), settled("1"), settled("2"))
    assert await worth(world) == {}
    await world.take(published(terms(FIVE)))
    assert await worth(world) == {f"{ANNA}/five/every/2/friends/2": 500}


async def test_a_milestone_uses_up_no_limit_of_a_rule_that_comes_to_have_its_name(world: World) -> None:
    limited = AMBASSADOR_RULE | {"name": "five", "limits": {"per_ambassador": {"count": 1, "period": "ever"}}}
    await world.take(configured(), published(terms(FIVE)), settled("1"), settled("2"))
    await world.take(published(make_program(limited), version=2), settled("3", program_version=2))
    assert {(one.source_kind, one.target_minor) for one in await world.rewards(STORE)} == {
        ("period", 500),
        ("order", 460),
    }
    await world.take(settled("2", revision=2, cancelled=True), settled("4", program_version=2))
    assert [one.target_minor for one in await world.rewards(STORE) if one.source_id == "4"] == [0]
    assert (await audit(world)).whole


async def test_the_check_of_the_books_finds_a_counter_that_was_changed(world: World) -> None:
    await world.take(configured(), published(terms(FIVE)), settled("1"), settled("2"))
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute("update milestone_counts set counted = 1 where store_id = :store", store=STORE)
    found = [one.detail for one in (await audit(world)).findings if one.kind == "milestone"]
    assert len(found) == 2 and "counts 1, its orders come to 2" in found[0] and "wanted as 500" in found[1]


async def test_an_imagined_order_says_which_step_it_would_reach(world: World) -> None:
    await world.take(
        configured(), published(terms(budget_minor=1_000)), settled("1"), settled("2", refunded_minor=5090)
    )
    imagined = {"total_minor": 25_000, "ambassador_id": ANNA}
    async with world.caller(STORE) as api:
        body = {"program_id": PROGRAM, "order": imagined}
        found = (await api.post("/v1/simulations", json=body)).json()["milestones"]
        later = {"program_id": PROGRAM, "order": imagined | {"order_number": 2}}
        again = (await api.post("/v1/simulations", json=later)).json()["milestones"]
    assert [(one["rule"], one["counted"], one["with_order"], one["unit"], one["amount"]) for one in found] == [
        ("five", 1, 2, "EUR", 500),
        ("many", 1, 2, "points", 0),
        ("turnover", 4600, 29_600, "EUR", 500),  # two steps of 9.00, and 5.00 are left
    ]
    assert (again[0]["with_order"], again[0]["amount"], again[2]["amount"]) == (1, 0, 1_000)
    assert len(await world.rewards(STORE)) == 0


async def test_the_console_says_what_it_is_for(world: World) -> None:
    await world.take(configured(), published(terms(FIVE)), joined(ANNA), settled("1"), settled("2"))
    (reward,) = await world.rewards(STORE)
    async with world.browser(STORE) as page:
        listed = (await page.get("/console/rewards/rewards", params={"source": "period"})).text
        assert "Milestone: 2 friends" in listed and "For milestones" in listed
        shown = (await page.get(f"/console/rewards/rewards/{reward.reward_id}")).text
        assert "Milestone: 2 friends" in shown and "Goodwill" not in shown
        assert "0 of 2 friends" in (await page.get(f"/console/rewards/balances/{ANNA}")).text
