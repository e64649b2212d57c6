"""What a cap refused is given once there is room, the oldest purchase first, where the program says so."""

import asyncio
import os
from datetime import timedelta
from typing import Any

import pytest

from contracts.events.rewards import RewardAdjusted, RewardGranted
from services.rewards.grants.actions import retries
from services.rewards.grants.actions.review import approve, reject
from services.rewards.grants.domain.retries import RETRIES_JOB
from services.rewards.grants.domain.reward import Reward
from services.rewards.release_rules import actions as rules
from services.rewards.verification.actions import verify
from tests.integration.rewards.money import release_all
from tests.integration.rewards.world import World
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    BORIS,
    FRIEND_RULE,
    NOON,
    STORE,
    configured,
    make_program,
    make_state,
    published,
)

ONE_EURO: dict[str, Any] = {**AMBASSADOR_RULE, "give": {"kind": "fixed", "amount_minor": 100}}


def limited(rule: dict[str, Any] = ONE_EURO, **limit: Any) -> dict[str, Any]:
    return {**rule, "limits": {"per_ambassador": {"period": "month", **limit}}}


def retrying(*rules: dict[str, Any], budget_minor: int | None = None) -> Any:
    return make_program(*rules, budget_minor=budget_minor, retry_capped=True)


async def given(world: World, store: str = STORE) -> dict[str, int]:
    return {one.source_id: one.target_minor for one in await world.rewards(store) if one.target_minor}


async def whole(world: World, store: str = STORE) -> list[Reward]:
    async with world.owner.transaction([store]) as tx:
        report = await verify(tx, store)
    assert report.whole, report.findings
    return await world.rewards(store)


async def due(world: World) -> int:
    return len(list(await world.look(STORE, "select from due where job = 'capped' and store_id = :store")))


async def sweeps(world: World) -> int:
    return len(list(await world.look(STORE, "select from capped_sweeps where store_id = :store")))


async def step(world: World) -> bool:
    """One transaction of the job; whether more is to do."""
    async with world.db.transaction([STORE]) as tx:
        return bool(await retries.retry_due(tx, [STORE]))


async def test_what_others_give_back_goes_to_the_oldest_purchase_that_was_refused(world: World) -> None:
    await world.take(configured(), published(retrying(ONE_EURO, budget_minor=250)))
    for n, days in enumerate((0, 1, 2, 3, 9, 5), 1):
        await world.take(make_state(str(n), placed_at=NOON - timedelta(days=days)))
    assert await given(world) == {"1": 100, "2": 100, "3": 50}
    await world.take(make_state("1", revision=2, cancelled=True))
    assert await given(world) == {"2": 100, "3": 50}
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"2": 100, "3": 50, "5": 100}
    await world.take(make_state("2", revision=2, refunded_minor=2545, placed_at=NOON - timedelta(days=1)))
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"2": 50, "3": 50, "5": 100, "6": 50}
    kinds = [type(one) for one in await world.reported(STORE)]
    assert kinds.count(RewardGranted) == 5
    rewards = {one.source_id: one for one in await whole(world)}
    assert (rewards["5"].reason, rewards["6"].reason, rewards["4"].reason) == (
        *("granted", "partly_capped", "capped_budget"),
    )


async def test_a_larger_budget_gives_what_the_smaller_one_refused_also_to_orders_that_have_settled(
    world: World,
) -> None:
    await world.take(configured(), published(retrying(ONE_EURO, budget_minor=150)))
    settled = {"settled_at": NOON + timedelta(days=14), "revision": 2}
    await world.take(*(make_state(str(n), placed_at=NOON + timedelta(minutes=n)) for n in range(4)))
    await world.take(*(make_state(str(n), placed_at=NOON + timedelta(minutes=n), **settled) for n in range(4)))
    await world.take(published(retrying(ONE_EURO, budget_minor=330), version=2))
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"0": 100, "1": 100, "2": 100, "3": 30}
    adjusted = [one for one in await world.reported(STORE) if isinstance(one, RewardAdjusted)]
    assert [one.amount_minor for one in adjusted if one.order_id == "1"] == [100]
    assert {one.settled_minor for one in await whole(world)} == {100}


async def test_a_settled_order_gets_no_more_than_what_it_was_worth_then(world: World) -> None:
    await world.take(configured(), published(retrying(ONE_EURO, budget_minor=0)))
    half = make_state("1", revision=2, refunded_minor=2545, settled_at=NOON + timedelta(days=14))
    await world.take(make_state("1"), half)
    await world.take(half.model_copy(update={"revision": 3, "refunded_minor": 0}))
    await world.take(published(retrying(ONE_EURO, budget_minor=1000), version=2))
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"1": 50}
    [reward] = await whole(world)
    assert (reward.settled_minor, reward.reason) == (50, "partly_refunded")


async def test_an_order_that_is_decided_again_keeps_what_it_was_given_later(world: World) -> None:
    await world.take(configured(), published(retrying(limited(count=1))))
    await world.take(make_state("1"), make_state("2"))
    await world.take(published(retrying(limited(count=2)), version=2))
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"1": 100, "2": 100}
    await world.take(make_state("2", revision=2, refunded_minor=1))
    assert await given(world) == {"1": 100, "2": 100}
    await whole(world)


@pytest.mark.parametrize("limit", [{"count": 1}, {"amount_minor": 100}])
async def test_room_in_a_limit_is_for_that_ambassador_and_month_alone(world: World, limit: dict[str, Any]) -> None:
    await world.take(configured(), published(retrying(limited(**limit), budget_minor=1000)))
    october = NOON - timedelta(days=20)
    await world.take(
        *(make_state(f"anna-{n}", placed_at=NOON + timedelta(minutes=n)) for n in range(3)),
        *(make_state(f"boris-{n}", ambassador_id=BORIS) for n in range(2)),
        *(make_state(f"october-{n}", placed_at=october) for n in range(2)),
    )
    before = {"anna-0": 100, "boris-0": 100, "october-0": 100}
    assert await given(world) == before
    await world.take(make_state("anna-0", revision=2, cancelled=True))
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"anna-1": 100, "boris-0": 100, "october-0": 100}
    await whole(world)


async def test_a_person_s_no_makes_room_and_is_never_taken_up_again(world: World) -> None:
    await world.take(configured(), published(retrying(ONE_EURO, budget_minor=100)))
    await world.take(make_state("1"), make_state("2"))
    [first] = await world.rewards(STORE, "1")
    async with world.db.transaction([STORE]) as tx:
        await reject(tx, STORE, first.reward_id, note="his own order")
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"2": 100}
    await world.take(published(retrying(ONE_EURO, budget_minor=1000), version=2))
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"2": 100}


async def test_nothing_is_tried_again_where_the_newest_version_does_not_say_so(world: World) -> None:
    await world.take(configured(), published(make_program(ONE_EURO, budget_minor=100)))
    await world.take(make_state("1"))
    await world.take(make_state("2"))
    await world.take(make_state("1", revision=2, cancelled=True))
    assert (await due(world), await sweeps(world)) == (0, 0)
    await world.take(published(retrying(ONE_EURO, budget_minor=100), version=2))
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"2": 100}
    await world.take(make_state("3"), make_state("2", revision=2, cancelled=True))
    await world.take(published(make_program(ONE_EURO, budget_minor=1000), version=3))
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {}
    assert await sweeps(world) == 0


async def test_where_nothing_was_refused_nothing_is_looked_through(world: World) -> None:
    await world.take(configured(), published(retrying(ONE_EURO, budget_minor=1000)))
    await world.take(make_state("1"), make_state("2"))
    await world.take(make_state("1", revision=2, cancelled=True))
    await world.take(published(retrying(ONE_EURO, budget_minor=2000), version=2))
    assert (await due(world), await sweeps(world)) == (0, 0)


async def test_a_long_list_is_gone_through_in_steps_and_ends_where_the_budget_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "AT_ONCE", 3)
    full = limited(count=1)
    friends = {**FRIEND_RULE, "which": "every", "give": {"kind": "fixed", "amount_minor": 100}}
    await world.take(configured(), published(retrying(full, budget_minor=100)))
    await world.take(*(make_state(f"{n:02}", placed_at=NOON + timedelta(minutes=n)) for n in range(10)))
    await world.take(published(retrying(full, friends, budget_minor=100), version=2))
    later = {"program_version": 2, "ambassador_id": BORIS}
    await world.take(*(make_state(f"x{n}", placed_at=NOON + timedelta(hours=n + 1), **later) for n in range(4)))
    await world.take(published(retrying(full, friends, budget_minor=400), version=3))
    steps = 1
    while await step(world):
        steps += 1
    # Behind nine that their ambassador's limit holds back: three more euros, in the order of purchase.
    boris = {(one.source_id, one.rule) for one in await whole(world) if one.source_id[0] == "x" and one.target_minor}
    assert boris == {("x0", "ambassador"), ("x0", "friend"), ("x1", "friend")}
    assert 4 <= steps <= 7
    assert await sweeps(world) == 0


async def test_room_that_appears_on_the_way_has_it_begin_with_the_oldest_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "AT_ONCE", 2)
    await world.take(configured(), published(retrying(limited(count=2))))
    await world.take(*(make_state(f"a{n}", placed_at=NOON + timedelta(minutes=n)) for n in range(5)))
    await world.take(*(make_state(f"b{n}", placed_at=NOON + timedelta(days=1, minutes=n)) for n in range(4)))
    await world.take(published(retrying(limited(count=2)), version=2))
    assert await step(world)
    assert await sweeps(world) == 1
    await world.take(make_state("a0", revision=2, cancelled=True))
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"a1": 100, "a2": 100}


async def test_who_makes_room_in_their_own_limit_again_and_again_keeps_nobody_else_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "AT_ONCE", 2)
    later = {"ambassador_id": BORIS}
    await world.take(configured(), published(retrying(limited(count=3))))
    await world.take(*(make_state(f"a{n}", placed_at=NOON + timedelta(minutes=n)) for n in range(9)))
    await world.take(*(make_state(f"b{n}", placed_at=NOON + timedelta(hours=n + 1), **later) for n in range(5)))
    await world.take(make_state("b0", revision=2, cancelled=True, **later))
    for n in range(3):
        assert await step(world)
        await world.take(make_state(f"a{n}", revision=2, cancelled=True))
    assert await step(world)
    assert await given(world) == {"b1": 100, "b2": 100, "b3": 100}
    await world.run_due(RETRIES_JOB)
    assert await given(world) == dict.fromkeys(("a3", "a4", "a5", "b1", "b2", "b3"), 100)
    assert await sweeps(world) == 0
    await whole(world)


async def test_where_a_person_has_to_say_yes_nothing_rises_behind_that_yes(world: World) -> None:
    await world.take(configured(), published(retrying(ONE_EURO, budget_minor=10)))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    async with world.db.transaction([STORE]) as tx:
        await rules.put(tx, world.ctx, STORE, way="by_hand", url=None)
    await world.take(*(make_state(n, settled_at=NOON) for n in ("1", "2")))
    await world.move_clock(seconds=int(timedelta(days=15).total_seconds()))
    await release_all(world)
    [first] = await world.rewards(STORE, "1")
    async with world.db.transaction([STORE]) as tx:
        await approve(tx, STORE, first.reward_id)
    await release_all(world)
    await world.take(published(retrying(ONE_EURO, budget_minor=1000), version=2))
    await world.run_due(RETRIES_JOB)
    assert await given(world) == {"1": 10, "2": 100}
    await release_all(world)
    rewards = {one.source_id: one for one in await whole(world)}
    assert (rewards["1"].status, rewards["1"].reason) == ("available", "partly_capped")
    assert (rewards["2"].released_at, rewards["2"].waits_for) == (None, "person")


async def test_rewards_of_milestones_follow_too(world: World) -> None:
    milestone = {
        "name": "each",
        "on": {"of": "orders", "every": 1},
        "at_most": 10,
        "give": {"kind": "fixed", "amount_minor": 80},
    }
    rule = {**ONE_EURO, "give": {"kind": "fixed", "amount_minor": 0}}
    first = make_program(rule, budget_minor=100, retry_capped=True, milestone_rewards=[milestone])
    await world.take(configured(), published(first))
    settled = {"settled_at": NOON + timedelta(days=14)}
    await world.take(*(make_state(str(n), **settled) for n in range(3)))
    assert sorted((await given(world)).values()) == [20, 80]
    larger = first.model_copy(update={"budget": first.budget and first.budget.model_copy(update={"amount_minor": 240})})
    await world.take(published(larger, version=2))
    await world.run_due(RETRIES_JOB)
    assert sorted((await given(world)).values()) == [80, 80, 80]
    await whole(world)


async def test_eight_workers_and_the_job_at_once_give_everything_and_never_more(world: World) -> None:
    store = f"str_{os.urandom(10).hex()}"
    one_unit = {**AMBASSADOR_RULE, "give": {"kind": "fixed", "amount_minor": 1}}
    await world.take(configured(store=store), published(retrying(one_unit, budget_minor=40), store=store))
    ids = {f"{n:03}": NOON + timedelta(minutes=n) for n in range(120)}
    await world.take_in_parallel([[make_state(n, store_id=store, placed_at=at)] for n, at in ids.items()])
    won = sorted(await given(world, store))
    refused = sorted(ids.keys() - set(won))
    assert len(won) == 40
    gone = won[:25]

    async def job() -> None:
        for _ in range(20):
            await world.run_due(RETRIES_JOB)
            spent = sum((await given(world, store)).values())
            assert spent <= 40

    await asyncio.gather(
        world.take_in_parallel(
            [[make_state(n, store_id=store, placed_at=ids[n], revision=2, cancelled=True)] for n in gone]
        ),
        *(job() for _ in range(3)),
    )
    await world.run_due(RETRIES_JOB)
    assert sorted(await given(world, store)) == sorted([*won[25:], *refused[:25]])
    await whole(world, store)


async def test_a_reward_says_how_much_more_there_would_be_where_the_program_gives_it(world: World) -> None:
    await world.take(configured(), published(make_program(ONE_EURO, budget_minor=130)))
    await world.take(make_state("1"), make_state("2"))
    [capped] = await world.rewards(STORE, "2")
    address = f"/console/rewards/rewards/{capped.reward_id}"
    async with world.browser(STORE) as person, world.browser(STORE, "ru") as reader:
        assert "if room appears" not in (await person.get(address)).text
        await world.take(published(make_program(ONE_EURO, budget_minor=130, retry_capped=True), version=2))
        assert "€0.70 more if room appears" in (await person.get(address)).text
        assert "если появится место" in (await reader.get(address)).text
    async with world.caller(STORE) as caller:
        told = (await caller.get(f"/v1/rewards/{capped.reward_id}")).json()["calculation"]
    assert (told["want"], told["bound"], told["refused"]) == (100, 30, 70)


async def test_both_parts_of_a_shared_reward_are_tried_in_one_step(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three rows would cut the second pair, whose rest a limit by number would refuse, since it counts a pair once."""
    monkeypatch.setattr(retries, "AT_ONCE", 3)
    shared = {**ONE_EURO, "split": {"default_basis_points": 5_000}}
    await world.take(configured(), published(retrying(limited(shared, count=1))))
    await world.take(*(make_state(str(n), placed_at=NOON + timedelta(minutes=n)) for n in range(4)))
    assert await given(world) == {"0": 50}
    await world.take(published(retrying(limited(shared, count=3)), version=2))
    while await step(world):
        pass
    found = {(one.source_id, one.side): one.target_minor for one in await whole(world) if one.target_minor}
    assert found == {(str(n), side): 50 for n in range(3) for side in ("ambassador", "friend")}
