"""Limits per ambassador are counters: what they say, whenever a limit came, and what an audit finds in them."""

from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Connection

from services.kernel import migrate as migrations
from services.rewards.grants.actions.review import reject
from services.rewards.main import SERVICE
from services.rewards.verification.actions import verify
from services.rewards.verification.domain import Report
from tests.integration.rewards.world import World
from tests.unit.rewards.build import AMBASSADOR_RULE, BORIS, NOON, STORE, at, configured, make_program, make_state
from tests.unit.rewards.build import published as publish

FIXED = {**AMBASSADOR_RULE, "give": {"kind": "fixed", "amount_minor": 100}}


def limited(count: int, period: str = "month") -> dict[str, object]:
    return {**FIXED, "limits": {"per_ambassador": {"count": count, "period": period}}}


async def counters(world: World) -> dict[str, tuple[int, int]]:
    rows = await world.look(
        STORE, "select ambassador_id, sum(rewards)::int, sum(amount_minor)::int from limit_counts group by 1"
    )
    return {ambassador: (rewards, amount) for ambassador, rewards, amount in rows}


async def audit(world: World) -> Report:
    async with world.owner.transaction([STORE]) as tx:
        return await verify(tx, STORE)


async def given(world: World) -> set[str]:
    return {reward.source_id for reward in await world.rewards(STORE) if reward.target_minor}


async def test_counters_are_net_of_what_was_taken_back_moved_or_refused_by_a_person(world: World) -> None:
    await world.take(configured(), publish(make_program(limited(3))))
    await world.take(*(make_state(str(n)) for n in range(1, 5)))
    assert await counters(world) == {"amb_anna": (3, 300)}
    await world.take(make_state("1", revision=2, cancelled=True), make_state("2", revision=2, ambassador_id=BORIS))
    assert await counters(world) == {"amb_anna": (1, 100), BORIS: (1, 100)}
    reward = next(r for r in await world.rewards(STORE) if r.source_id == "3")
    async with world.db.transaction([STORE]) as tx:
        await reject(tx, STORE, reward.reward_id, note="a friend of hers told us")
    assert await counters(world) == {"amb_anna": (0, 0), BORIS: (1, 100)}
    await world.take(*(make_state(str(n)) for n in range(5, 9)))
    assert await given(world) == {"2", "5", "6", "7"}
    assert (await audit(world)).whole


@pytest.mark.parametrize("period", ["day", "week", "month", "year", "ever"])
async def test_a_limit_that_comes_later_counts_what_was_given_before_it(world: World, period: str) -> None:
    await world.take(configured(), publish(make_program(FIXED)))
    await world.take(*(make_state(str(n)) for n in range(1, 4)))
    await world.take(publish(make_program(limited(4, period)), version=2))
    await world.take(*(make_state(str(n), program_version=2) for n in range(4, 8)))
    assert await given(world) == {"1", "2", "3", "4"}
    await world.take(make_state("1", revision=2, cancelled=True))  # of the version without a limit
    await world.take(make_state("8", program_version=2), make_state("9", program_version=2))
    assert await given(world) == {"2", "3", "4", "8"}
    assert (await audit(world)).whole


async def test_a_store_that_changes_its_zone_moves_no_reward_between_periods(world: World) -> None:
    late = at("2026-10-31T23:30:00", "UTC")
    await world.take(configured(timezone="UTC"), publish(make_program(limited(1))))
    await world.take(make_state("1", placed_at=late))
    moved = configured(timezone="Pacific/Auckland").model_copy(update={"revision": 2})
    await world.take(moved)
    await world.take(make_state("1", revision=2, placed_at=late, settled_at=NOON))
    await world.take(make_state("2", placed_at=late - timedelta(days=1)), make_state("3", placed_at=NOON))
    assert await given(world) == {"1", "3"}
    assert (await audit(world)).whole


@pytest.mark.parametrize(
    "tampering",
    [
        "update limit_counts set rewards = rewards - 1",
        "update limit_counts set amount_minor = amount_minor + 1",
        "delete from limit_counts",
        "update limit_counts set first = date '2026-01-01'",
        "insert into limit_counts select store_id, 'zzz', program_id, rule, period, first, 1, 1 from limit_counts",
    ],
)
async def test_an_audit_finds_a_counter_that_was_changed(world: World, tampering: str) -> None:
    await world.take(configured(), publish(make_program(limited(3))), make_state("1"))
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute(tampering)
    assert {finding.kind for finding in (await audit(world)).findings} == {"limit"}


async def test_older_data_gets_its_counters_from_the_rewards_that_are_there(world: World) -> None:
    rules = [{**limited(3, period), "name": f"by-{period}"} for period in ("day", "week", "month", "year", "ever")]
    await world.take(configured(), publish(make_program(*rules, {**FIXED, "name": "free"})))
    await world.take(*(make_state(str(n), placed_at=NOON - timedelta(days=20 * n)) for n in range(9)))
    before = sorted(map(tuple, await world.look(STORE, "select * from limit_counts")))

    def back(connection: Connection) -> None:
        command.downgrade(migrations._config(SERVICE, connection), "0002")

    url = world.owner.url
    await migrations._run(SERVICE, url, back)
    await migrations.migrate(SERVICE, url)
    assert sorted(map(tuple, await world.look(STORE, "select * from limit_counts"))) == before
    assert len({period for _, _, _, _, period, *_ in before}) == 5
    assert (await audit(world)).whole
