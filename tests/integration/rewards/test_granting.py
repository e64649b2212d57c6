"""From decisions to rewards and postings, on real PostgreSQL."""

from datetime import timedelta

from contracts.events.conversions import AtSettling
from contracts.events.rewards import RewardAdjusted, RewardGranted, RewardReversed
from tests.integration.rewards.world import World
from tests.unit.rewards.build import ANNA, BORIS, NOON, STORE, configured, make_program, make_state, published


async def open_store(world: World) -> None:
    await world.take(configured(), published(make_program()))


async def test_an_attributed_order_rewards_both_sides_and_says_so(world: World) -> None:
    await open_store(world)
    await world.take(make_state())
    friend, ambassador = sorted(await world.rewards(STORE), key=lambda r: r.rule, reverse=True)
    assert (friend.target_minor, friend.beneficiary_id, friend.status) == (1000, "friend-1", "pending")
    assert (ambassador.target_minor, ambassador.beneficiary_id) == (460, ANNA)
    assert ambassador.available_at == NOON + timedelta(days=14)
    reported = await world.reported(STORE)
    assert {(type(e), e.amount_minor) for e in reported} == {(RewardGranted, 1000), (RewardGranted, 460)}
    assert {e.ambassador_id for e in reported} == {ANNA}
    assert await world.trial(STORE) == {"EUR": 0}


async def test_a_repeat_or_an_older_revision_changes_nothing(world: World) -> None:
    await open_store(world)
    await world.take(make_state(revision=2), make_state(revision=2), make_state(revision=1, cancelled=True))
    await world.take(make_state(revision=2), make_state(revision=1, cancelled=True))
    assert await world.amounts(STORE, "1") == {"friend": 1000, "ambassador": 460}
    assert len(await world.reported(STORE)) == 2


async def test_refunds_lower_and_a_cancellation_reverses(world: World) -> None:
    await open_store(world)
    await world.take(make_state())
    await world.take(make_state(revision=2, refunded_minor=2545))
    assert await world.amounts(STORE, "1") == {"friend": 500, "ambassador": 230}
    await world.take(make_state(revision=3, refunded_minor=2545, cancelled=True))
    assert await world.amounts(STORE, "1") == {}
    assert {r.status for r in await world.rewards(STORE)} == {"reversed"}
    kinds = [type(e) for e in await world.reported(STORE)]
    assert kinds == [RewardGranted] * 2 + [RewardAdjusted] * 2 + [RewardReversed] * 2
    assert await world.trial(STORE) == {"EUR": 0}


async def test_an_order_that_moves_to_another_ambassador_takes_the_reward_along(world: World) -> None:
    await open_store(world)
    await world.take(make_state())
    await world.take(make_state(revision=2, ambassador_id=BORIS))
    held = {r.beneficiary_id: (r.target_minor, r.status) for r in await world.rewards(STORE) if r.rule == "ambassador"}
    assert held == {ANNA: (0, "reversed"), BORIS: (460, "pending")}


async def test_an_order_waits_for_its_programs_version_and_for_its_store(world: World) -> None:
    await world.take(make_state())
    await world.take(published(make_program(), version=2))
    assert await world.rewards(STORE) == []
    await world.take(published(make_program(), version=1))
    assert await world.rewards(STORE) == []
    await world.take(configured())
    assert await world.amounts(STORE, "1") == {"friend": 1000, "ambassador": 460}


async def test_what_arrives_in_one_batch_is_decided_in_it(world: World) -> None:
    await world.take(make_state(), configured(), published(make_program()))
    assert await world.amounts(STORE, "1") == {"friend": 1000, "ambassador": 460}


async def test_a_version_that_comes_later_touches_no_earlier_reward(world: World) -> None:
    await open_store(world)
    await world.take(make_state())
    generous = {"name": "ambassador", "to": "ambassador", "give": {"kind": "fixed", "amount_minor": 9000}}
    await world.take(published(make_program(generous), version=2))
    await world.take(make_state(revision=2, refunded_minor=0, settled_at=NOON + timedelta(days=14)))
    assert await world.amounts(STORE, "1") == {"friend": 1000, "ambassador": 460}


async def test_a_reward_is_bounded_by_what_it_was_at_the_settling_also_if_a_refund_came_in_the_same_batch(
    world: World,
) -> None:
    await open_store(world)
    settled = make_state(revision=2, settled_at=NOON + timedelta(days=14))
    then = AtSettling(figures=settled.figures)
    refunded = settled.model_copy(update={"revision": 3, "refunded_minor": 2545, "at_settling": then})
    await world.take(make_state(), settled, refunded)
    assert await world.amounts(STORE, "1") == {"friend": 500, "ambassador": 230}
    assert {r.rule: r.settled_minor for r in await world.rewards(STORE)} == {"friend": 1000, "ambassador": 460}
    await world.take(settled.model_copy(update={"revision": 4}))
    assert await world.amounts(STORE, "1") == {"friend": 1000, "ambassador": 460}, "the refund failed after all"


async def test_so_it_is_if_the_program_came_after_both(world: World) -> None:
    settled = make_state(revision=2, settled_at=NOON + timedelta(days=14))
    then = AtSettling(figures=settled.figures)
    await world.take(configured(), settled)
    await world.take(settled.model_copy(update={"revision": 3, "refunded_minor": 5090, "at_settling": then}))
    await world.take(published(make_program()))
    assert await world.amounts(STORE, "1") == {}
    await world.take(settled.model_copy(update={"revision": 4}))
    assert await world.amounts(STORE, "1") == {"friend": 1000, "ambassador": 460}
