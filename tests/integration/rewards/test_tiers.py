"""Tiers over PostgreSQL: who rises and falls, what that makes of rewards and of no others, what time does alone, and
what the check of the books makes of it.
"""

import random
from datetime import timedelta
from typing import Any

import pytest

from contracts.events.conversions import Conversion
from contracts.events.tiers import TierChanged
from contracts.events.tracking import ClickRecorded
from services.kernel.jobs import Jobs
from services.rewards.main import SERVICE
from services.rewards.tiers import sql
from services.rewards.tiers.domain import IN_ALL, Count, TierKey
from tests.integration.rewards.money import audit
from tests.integration.rewards.test_payout_pages import portal
from tests.integration.rewards.world import World
from tests.unit.rewards.build import ANNA, BORIS, NOON, PROGRAM, STORE, configured, joined, make_program, published
from tests.unit.rewards.test_tiers import BY_FRIENDS, STEPS, TENURE, expected, settled, tiered

THOUSAND: dict[str, Any] = {"name": "thousand", "to": "ambassador", "which": "every", "hold_days": 0} | {
    "give": {"kind": "fixed", "amount_minor": 1_000}
}
ROLLING: dict[str, Any] = BY_FRIENDS | {
    "window": {"kind": "rolling", "days": 30},
    "when_below": {"then": "one_step", "grace_days": 10},
}


async def moves(world: World) -> list[tuple[str | None, str | None, str]]:
    """From which tier to which people were told to have moved, and why."""
    emitted = [one for one in await world.emitted(STORE) if isinstance(one, TierChanged)]
    return [(one.before, one.tier.name if one.tier else None, one.why) for one in emitted]


async def move_due(world: World) -> None:
    """Runs the job until nothing is due."""
    while await Jobs(world.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due("tiers"):
        pass


async def counts(world: World, who: str) -> dict[Any, Count]:
    key = TierKey(STORE, who, PROGRAM)
    async with world.db.transaction([STORE]) as tx:
        return (await sql.counts(tx, {key: IN_ALL})).get(key, {})


async def test_who_rises_gets_more_from_then_on_and_nothing_that_was_granted_changes(world: World) -> None:
    """Two friends make Silver, four Gold; an order that lifts somebody is not multiplied itself."""
    await world.take(configured(), published(tiered(None, THOUSAND)), joined(ANNA))
    for number in "12345":
        await world.take(settled(number))
    assert [(one.source_id, one.target_minor, one.tier) for one in await world.rewards(STORE)] == [
        ("1", 1_000, "Bronze"),
        ("2", 1_000, "Bronze"),
        ("3", 1_500, "Silver"),
        ("4", 1_500, "Silver"),
        ("5", 2_000, "Gold"),
    ]
    assert await moves(world) == [("Bronze", "Silver", "reached"), ("Silver", "Gold", "reached")]

    # Two fall away; nobody who keeps their tier moves, and no reward but the two is another.
    await world.take(settled("1", revision=2, cancelled=True), settled("2", revision=2, refunded_minor=5090))
    await world.take(settled("5", revision=2, refunded_minor=2545), settled("6"))
    assert [one.target_minor for one in await world.rewards(STORE)] == [0, 0, 1_500, 1_500, 1_000, 2_000]
    assert len(await moves(world)) == 2
    # What is told of a reward, and kept in the books, has it; and again tells nothing.
    (first,) = [one for one in await world.reported(STORE) if (one.order_id, one.revision) == ("6", 1)]
    assert (first.tier, first.multiplier_basis_points) == ("Gold", 20_000)
    before = await world.rewards(STORE)
    await world.take(*(settled(number) for number in "123456"))
    assert await world.rewards(STORE) == before
    assert (await audit(world)).whole


async def test_matched_at_once_people_fall_with_what_falls_away(world: World) -> None:
    await world.take(configured(), published(tiered(BY_FRIENDS | {"when_below": {"then": "match"}}, THOUSAND)))
    await world.take(settled("1", friend_id="mia"), settled("2", friend_id="noa"), settled("3", friend_id="noa"))
    await world.take(settled("3", friend_id="noa", revision=2, cancelled=True))
    assert await moves(world) == [("Bronze", "Silver", "reached")]  # Noa has another order
    await world.take(settled("2", friend_id="noa", revision=2, cancelled=True), settled("4", friend_id="ole"))
    assert len(await moves(world)) == 1  # one goes and one comes: nobody moved
    await world.take(settled("4", friend_id="ole", revision=2, status="rejected"))
    assert await moves(world) == [("Bronze", "Silver", "reached"), ("Silver", "Bronze", "fell")]
    await world.take(settled("5"))
    assert await world.amounts(STORE, "5") == {"thousand": 1_000}
    assert (await audit(world)).whole


async def test_time_moves_people_and_a_job_that_is_late_changes_no_reward(world: World) -> None:
    """Four friends on one day, in a window of thirty; ten days of grace for each step."""
    await world.take(configured(), published(tiered(ROLLING, THOUSAND)))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()) + 60)
    await world.take(*(settled(number) for number in "1234"))
    assert await moves(world) == [("Bronze", "Gold", "reached")]
    await move_due(world)
    assert len(await moves(world)) == 1

    # The day is over on the thirtieth after it; the first step is due ten days later, and the job has not run.
    await world.move_clock(seconds=int(timedelta(days=41).total_seconds()))
    await world.take(settled("5", placed_at=NOON + timedelta(days=41), settled_at=None))
    assert await world.amounts(STORE, "5") == {"thousand": 1_500}
    await move_due(world)
    await world.move_clock(seconds=int(timedelta(days=10).total_seconds()))
    await move_due(world)
    assert await moves(world) == [
        ("Bronze", "Gold", "reached"),
        ("Gold", "Silver", "fell"),
        ("Silver", "Bronze", "fell"),
    ]
    # Nothing is left to be due, and nothing of before has changed.
    assert await world.look(STORE, "select 1 from tier_standings where store_id = :store and due_at is not null") == []
    assert [one.target_minor for one in await world.rewards(STORE)] == [1_000] * 4 + [1_500]


async def test_time_since_joining_counts_whichever_comes_first(world: World) -> None:
    await world.take(configured(), published(make_program(THOUSAND)), joined(ANNA, created_at=NOON))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()) + 60)
    steps = [{"name": "Old friend", "at": 1, "multiplier_basis_points": 20_000}]
    await world.take(published(tiered(TENURE | {"steps": steps}, THOUSAND), version=2))
    await move_due(world)
    await world.take(joined(BORIS, created_at=NOON))
    assert await moves(world) == []
    await world.move_clock(seconds=int(timedelta(days=31).total_seconds()))  # to 4 December
    await world.take(settled("1", program_version=2))
    await move_due(world)
    assert await world.amounts(STORE, "1") == {"thousand": 2_000}
    assert await moves(world) == [(None, "Old friend", "reached")] * 2


async def test_other_tiers_move_all_who_are_there(world: World) -> None:
    await world.take(configured(), published(tiered(None, THOUSAND)), joined(ANNA), joined(BORIS))
    await world.take(settled("1"), settled("2"), settled("3", ambassador_id=BORIS))
    easier = [STEPS[0], STEPS[1] | {"at": 1}, STEPS[2] | {"name": "Star", "at": 2}]
    await world.take(published(tiered(BY_FRIENDS | {"steps": easier}, THOUSAND), version=2))
    # Rewards of the next orders are by them, before anybody was told.
    await world.take(make_open("4", program_version=2), make_open("5", program_version=1))
    assert (await world.amounts(STORE, "4"), await world.amounts(STORE, "5")) == (
        {"thousand": 2_000},
        {"thousand": 1_000},  # its version knows no Star
    )
    await move_due(world)
    assert sorted((await moves(world))[1:]) == [("Bronze", "Silver", "reached"), ("Silver", "Star", "reached")]
    await world.take(published(make_program(THOUSAND), version=3))
    await move_due(world)
    assert sorted((await moves(world))[3:]) == [("Silver", None, "program_changed"), ("Star", None, "program_changed")]


def make_open(order_id: str, **changed: Any) -> Conversion:
    """An order that has not settled."""
    return settled(order_id, **changed, settled_at=None)


async def test_states_in_any_order_in_any_batches_and_again_count_alike(world: World) -> None:
    await world.take(configured(), published(tiered(None, THOUSAND)))
    chance = random.Random(11)
    states = [
        settled(
            f"o{number}",
            revision=revision,
            ambassador_id=chance.choice([ANNA, BORIS]),
            friend_id=chance.choice(["mia", "noa", "ole"]),
            refunded_minor=chance.choice([0, 0, 0, 2545, 5090]),
            cancelled=chance.random() < 0.1,
            settled_at=NOON + timedelta(days=number % 5),
        )
        for number in range(16)
        for revision in (1, 2)
    ]
    await world.move_clock(seconds=int((NOON + timedelta(days=9) - await world.now()).total_seconds()))
    reported = [*states, *chance.sample(states, 8)]
    chance.shuffle(reported)
    while reported:
        size = chance.randint(1, 5)
        await world.take(*reported[:size])
        reported = reported[size:]
    for who in (ANNA, BORIS):
        found = await counts(world, who)
        for days in range(6):
            first = (NOON + timedelta(days=days)).date()
            kept = [count for day, count in found.items() if day != IN_ALL and day >= first]
            assert Count(*map(sum, zip(Count(), *kept, strict=True))) == expected(states, who, first)
        assert found[IN_ALL] == expected(states, who, IN_ALL)
    assert (await audit(world)).whole


@pytest.mark.parametrize("column", ["friends", "orders", "revenue_minor"])
async def test_the_check_of_the_books_finds_a_counter_that_was_changed(world: World, column: str) -> None:
    await world.take(configured(), published(tiered(None, THOUSAND)), settled("1"), settled("2"))
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute(
            f"update tier_counts set {column} = {column} + 1 where store_id = :store and day = '-infinity'",
            store=STORE,
        )
    (found,) = [one for one in (await audit(world)).findings if one.kind == "tier"]
    assert "their orders come to (2, 2, 9200)" in found.detail


def noting(real: Any, looks: list[str]) -> Any:
    async def noted(tx: Any, statement: str, /, **values: Any) -> Any:
        looks.append(statement)
        return await real(tx, statement, **values)

    return noted


def clicked(number: int, **changed: Any) -> ClickRecorded:
    given = {"store_id": STORE, "click_id": f"clk_{number}", "link_id": "lnk_1", "program_id": PROGRAM}
    return ClickRecorded.model_validate({**given, "ambassador_id": ANNA, "at": NOON, "quality": "person", **changed})


async def test_clicks_of_people_count_once_each_where_tiers_are_by_clicks(world: World) -> None:
    """Two clicks make Silver: what software clicked, another program's and what is reported again make nothing."""
    await world.take(clicked(0))
    by_clicks = BY_FRIENDS | {
        "by": "clicks",
        "window": {"kind": "rolling", "days": 30},
        "when_below": {"then": "match"},
    }
    await world.take(configured(), published(tiered(by_clicks, THOUSAND)), joined(ANNA))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()) + 60)
    await world.take(
        clicked(1), clicked(1), clicked(2, quality="bot"), clicked(3, program_id="prg_other"), settled("1")
    )
    await world.take(clicked(1))
    assert await moves(world) == []
    await world.take(clicked(4))
    assert await moves(world) == [("Bronze", "Silver", "reached")]
    assert (await counts(world, ANNA))[IN_ALL] == Count(1, 1, 4600, 2)
    await world.take(settled("2"))
    assert await world.amounts(STORE, "2") == {"thousand": 1_500}
    assert (await audit(world)).whole

    # The day is over; and a click of long ago may be forgotten, once it can be reported no more.
    await world.move_clock(seconds=int(timedelta(days=60).total_seconds()))
    await move_due(world)
    assert (await moves(world))[1:] == [("Silver", "Bronze", "fell")]
    await world.take(clicked(5, at=NOON + timedelta(days=60)))
    kept = await world.look(STORE, "select click_id from tier_clicks where store_id = :store")
    assert [row.click_id for row in kept] == ["clk_5"]
    # What comes later than a click may be reported is none, and a day has a hundred at most.
    await world.take(clicked(6, at=NOON))
    await world.take(*(clicked(100 + n, at=NOON + timedelta(days=60)) for n in range(150)))
    assert (await counts(world, ANNA))[IN_ALL].clicks == 2 + 100


async def test_where_no_program_has_tiers_it_is_one_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.take(configured(), published(make_program(THOUSAND)))
    looks: list[str] = []
    async with world.db.transaction([STORE]) as tx:
        kind = type(tx)
    for name in ("all", "execute", "scalar", "one_or_none"):
        monkeypatch.setattr(kind, name, noting(getattr(kind, name), looks))
    await world.take(settled("1"), settled("2"))
    assert sum("tier_" in one for one in looks) == 1


async def test_pages_and_answers_say_where_somebody_stands(world: World) -> None:
    await world.take(configured(), published(tiered(ROLLING, THOUSAND)), joined(ANNA))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()) + 60)
    await world.take(settled("1"), settled("2"))
    await world.take(settled("3"))
    async with world.caller(STORE) as api:
        tier = (await api.get("/v1/balances", params={"ambassador_id": ANNA})).json()["tier"]
        order = {"program_id": PROGRAM, "order": {"total_minor": 5_000, "ambassador_id": ANNA}}
        (imagined,) = (await api.post("/v1/simulations", json=order)).json()["rewards"]
        other = tiered(None, THOUSAND).model_dump(mode="json") | {"tiers": BY_FRIENDS | {"steps": STEPS[2:]}}
        (draft,) = (await api.post("/v1/simulations", json=order | {"draft": other})).json()["rewards"]
        rewards = (await api.get("/v1/rewards", params={"ambassador_id": ANNA})).json()["data"]
    assert (tier.pop("since") is not None, tier) == (
        True,
        {"name": "Silver", "multiplier_basis_points": 15_000, "falls_at": None, "of": "friends", "counted": 3}
        | {"next": "Gold", "next_at": 4, "privileges": []},
    )
    assert (imagined["tier"], imagined["multiplier_basis_points"], imagined["amount"]) == ("Silver", 15_000, 1_500)
    assert (draft["tier"], draft["multiplier_basis_points"], draft["amount"]) == (None, 10_000, 1_000)
    assert [(one["tier"], one["multiplier_basis_points"]) for one in rewards] == [
        ("Silver", 15_000),
        ("Bronze", 10_000),
        ("Bronze", 10_000),
    ]
    async with portal(world) as mine:
        page = (await mine.get("/p/balance")).text
    assert "Silver, ×1.5" in page and "Gold, ×2: 3 of 4 friends" in page
    async with world.browser(STORE, "ru") as console:
        page = (await console.get(f"/console/rewards/balances/{ANNA}")).text
        assert "Silver, ×1,5" in page and "Gold, ×2: 3 из 4 друзей" in page
        reward = (await console.get(f"/console/rewards/rewards/{rewards[0]['id']}")).text
    assert "Silver ×1,5" in reward
    await world.move_clock(seconds=int(timedelta(days=31).total_seconds()))
    async with portal(world) as mine:
        page = (await mine.get("/p/balance")).text
    assert "Gold, ×2: 0 of 4 friends. One tier lower from 13\xa0Dec" in page
