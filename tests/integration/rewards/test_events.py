"""Rewards of custom events: whatever order their states come in, what waits, and what pages say they are for."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from contracts.events.actions import Action, ActionAttributed, ActionReversed, ActionSettled
from contracts.program import Program
from tests.integration.rewards.money import audit
from tests.integration.rewards.test_payout_pages import portal
from tests.integration.rewards.world import World
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    ANNA,
    NOON,
    STORE,
    configured,
    joined,
    make_program,
    make_state,
    published,
)
from tests.unit.rewards.test_events import RULES, TERMS, happened


def made(kind: type[Action], **changed: Any) -> Action:
    return kind.model_validate(happened(**changed).model_dump())


ATTRIBUTED = made(ActionAttributed)
SETTLED = made(ActionSettled, revision=2, settled_at=NOON)
CANCELLED = made(ActionReversed, revision=3, settled_at=NOON, cancelled=True, cancel_reason="mistake")


@pytest.fixture
async def shop(world: World) -> World:
    """A store at noon whose program rewards sign-ups."""
    await world.take(configured(), published(TERMS), joined(ANNA))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    return world


async def test_states_in_any_order_and_again_end_alike(shop: World) -> None:
    for number, states in enumerate(permutations([ATTRIBUTED, SETTLED, CANCELLED])):
        for state in (*states, states[0]):
            await shop.take(state.model_copy(update={"event_id": f"e{number}"}))
    worth = {reward.target_minor for reward in await shop.rewards(STORE)}
    assert worth <= {0}
    assert (await audit(shop)).whole


async def test_an_event_waits_for_its_programs_version(world: World) -> None:
    await world.take(configured(), ATTRIBUTED)
    assert await world.rewards(STORE) == []
    await world.take(published(TERMS))
    assert {(reward.rule, reward.target_minor) for reward in await world.rewards(STORE)} == {
        ("join", 200),
        ("hello", 50),
    }


async def test_pages_say_what_it_was_for(shop: World) -> None:
    await shop.take(ATTRIBUTED)
    async with shop.browser(STORE) as page:
        listed = (await page.get("/console/rewards/rewards", params={"source": "event"})).text
        assert "A friend’s sign-up" in listed and "For other events" in listed
        reward = next(one for one in await shop.rewards(STORE) if one.rule == "join")
        shown = (await page.get(f"/console/rewards/rewards/{reward.reward_id}")).text
        assert "A friend’s sign-up" in shown and "e1" in shown and "Show the goodwill" not in shown
        assert "Reward granted, a friend’s sign-up" in (await page.get(f"/console/rewards/statements/{ANNA}")).text
    async with shop.browser(STORE, "uk") as page:
        assert "Реєстрація друга" in (await page.get("/console/rewards/rewards")).text
    await shop.take(CANCELLED)
    async with portal(shop) as mine:
        statement = (await mine.get("/p/statement")).text
    assert "Reward granted, a friend’s sign-up" in statement
    assert "Taken back: it was called off, a friend’s sign-up" in statement


async def test_an_order_and_an_event_of_one_id_under_rules_of_one_name_are_two_things(world: World) -> None:
    """A rule's name may move from orders to events, from one version to the next."""
    moved = {**RULES[0], "name": AMBASSADOR_RULE["name"]}
    later = Program.model_validate(make_program().model_dump(mode="json") | {"rewards": [], "event_rewards": [moved]})
    await world.take(configured(), published(make_program(AMBASSADOR_RULE)), published(later, version=2))
    await world.take(make_state("1001"), made(ActionAttributed, event_id="1001", program_version=2))
    found = {one.source_kind: (one.source_id, one.target_minor) for one in await world.rewards(STORE)}
    assert found == {"order": ("1001", 460), "event": ("1001", 200)}
    assert (await audit(world)).whole


async def test_it_is_released_when_it_has_settled_and_its_hold_is_over(shop: World) -> None:
    await shop.take(ATTRIBUTED)
    await shop.move_clock(seconds=int(timedelta(days=15).total_seconds()))
    await shop.release()
    assert {reward.status for reward in await shop.rewards(STORE)} == {"pending"}
    await shop.take(SETTLED)
    await shop.release()
    assert {reward.status for reward in await shop.rewards(STORE)} == {"available"}
    assert (await audit(shop)).whole
