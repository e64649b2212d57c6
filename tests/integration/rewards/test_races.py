"""Many at once on real PostgreSQL: budgets, limits, one beneficiary, and random histories with several workers."""

import os

import pytest
from hypothesis import Phase, given, settings

from contracts.events.conversions import Conversion
from services.rewards.grants.domain.reward import Reward
from services.rewards.verification.actions import verify
from tests.integration.rewards.world import World
from tests.property.rewards.histories import Given, History, breaches, histories
from tests.support.chance import chance, examples
from tests.unit.rewards.books import Books
from tests.unit.rewards.build import AMBASSADOR_RULE, BORIS, at, configured, make_program, make_state, published

ONE_UNIT = {**AMBASSADOR_RULE, "give": {"kind": "fixed", "amount_minor": 1}}


def fresh_store() -> str:
    return f"str_{os.urandom(10).hex()}"


async def audited(world: World, store: str) -> list[Reward]:
    """A store's rewards, once its books were found whole."""
    async with world.owner.transaction([store]) as tx:
        report = await verify(tx, store)
    assert report.whole, report.findings
    assert set((await world.trial(store)).values()) <= {0}
    return await world.rewards(store)


async def test_a_budget_of_100_units_under_200_concurrent_rewards_of_one_grants_exactly_100(world: World) -> None:
    store = fresh_store()
    await world.take(configured(store=store), published(make_program(ONE_UNIT, budget_minor=100), store=store))
    await world.take_in_parallel([[make_state(str(n), store_id=store)] for n in range(200)])
    rewards = await audited(world, store)
    assert sum(r.target_minor for r in rewards) == 100
    assert sum(r.reason == "capped_budget" for r in rewards) == 100


async def test_fifty_deliveries_of_one_decision_grant_once(world: World) -> None:
    store = fresh_store()
    await world.take(configured(store=store), published(make_program(), store=store))
    await world.take_in_parallel([[make_state("1", store_id=store)] for _ in range(50)])
    assert {(r.rule, r.target_minor) for r in await audited(world, store)} == {("friend", 1000), ("ambassador", 460)}


@pytest.mark.parametrize(
    ("zone", "last", "first"),
    [
        ("Europe/Chisinau", "2026-10-31T23:59:59", "2026-11-01T00:00:00"),
        ("Europe/Chisinau", "2026-03-31T23:59:59", "2026-04-01T00:00:00"),
        ("America/Los_Angeles", "2026-10-31T23:59:59", "2026-11-01T00:00:00"),  # the clocks change on that day
        ("Pacific/Kiritimati", "2026-12-31T23:59:59", "2027-01-01T00:00:00"),
    ],
)
async def test_monthly_limits_hold_at_the_months_end_where_the_store_is(
    world: World, zone: str, last: str, first: str
) -> None:
    store = fresh_store()
    limited = {**ONE_UNIT, "limits": {"per_ambassador": {"count": 20, "period": "month"}}}
    await world.take(configured(store=store, timezone=zone), published(make_program(limited), store=store))
    moments = {"before": at(last, zone), "after": at(first, zone)}
    await world.take_in_parallel(
        [
            [make_state(f"{side}-{n}", store_id=store, placed_at=moment)]
            for n in range(40)
            for side, moment in moments.items()
        ]
    )
    granted = [r.source_id.split("-")[0] for r in await audited(world, store) if r.target_minor]
    assert {side: granted.count(side) for side in moments} == {"before": 20, "after": 20}


async def test_an_order_that_is_fought_over_belongs_to_one_ambassador_in_the_end(world: World) -> None:
    store = fresh_store()
    await world.take(configured(store=store), published(make_program(), store=store))
    states = [
        make_state("1", store_id=store, revision=n, **({"ambassador_id": BORIS} if n % 2 == 0 else {}))
        for n in range(1, 41)
    ]
    chance("states").shuffle(states)
    await world.take_in_parallel([[state] for state in states])
    held = [r for r in await audited(world, store) if r.rule == "ambassador" and r.target_minor]
    assert [(r.beneficiary_id, r.target_minor) for r in held] == [(BORIS, 460)]


def split(arrivals: list[Conversion], workers: int) -> list[list[Conversion]]:
    return [arrivals[n::workers] for n in range(workers)]


def of_store(history: History, store: str) -> list[Conversion]:
    return [state.model_copy(update={"store_id": store}) for state in history.arrivals]


def flat(rewards: list[Reward]) -> list[Given]:
    return [
        Given(r.source_id, r.rule, r.beneficiary_id, r.ambassador_id, r.day, r.unit, r.target_minor) for r in rewards
    ]


async def open_history(world: World, history: History) -> str:
    store = fresh_store()
    versions = [published(program, version=version, store=store) for (_, version), program in history.programs.items()]
    await world.take(configured(store=store), *versions)
    return store


# Hypothesis runs plain functions; the loop that the fixtures live in is the session's, so examples are drawn first.
def drawn(*, capped: bool, usual: int) -> list[History]:
    found: list[History] = []

    @settings(max_examples=examples(usual), deadline=None, database=None, phases=[Phase.generate])
    @given(histories(capped=capped, orders=6, revisions=4))
    def collect(history: History) -> None:
        found.append(history)

    collect()
    return found


async def test_random_histories_keep_every_cap_with_several_workers(world: World) -> None:
    for history in drawn(capped=True, usual=20):
        store = await open_history(world, history)
        await world.take_in_parallel(split(of_store(history, store), 4))
        rewards = await audited(world, store)
        assert breaches(history.programs, flat(rewards), {}) == []


async def test_random_histories_without_caps_end_as_they_do_one_after_the_other_in_memory(world: World) -> None:
    for history in drawn(capped=False, usual=20):
        store = await open_history(world, history)
        await world.take_in_parallel(split(of_store(history, store), 4))
        alone = Books(history.programs)
        alone.take(*of_store(history, store))
        assert {
            (r.source_id, r.rule, r.beneficiary_id): r.target_minor
            for r in await audited(world, store)
            if r.target_minor
        } == alone.amounts()


async def test_pieces_that_come_late_lead_to_the_same_rewards(world: World) -> None:
    luck = chance("pieces that come late")
    for history in drawn(capped=False, usual=15):
        store = fresh_store()
        versions = [
            published(program, version=version, store=store) for (_, version), program in history.programs.items()
        ]
        pieces = [configured(store=store), *versions, *of_store(history, store)]
        luck.shuffle(pieces)
        for piece in pieces:
            await world.take(piece)
        alone = Books(history.programs)
        alone.take(*of_store(history, store))
        assert {
            (r.source_id, r.rule, r.beneficiary_id): r.target_minor
            for r in await audited(world, store)
            if r.target_minor
        } == alone.amounts()
