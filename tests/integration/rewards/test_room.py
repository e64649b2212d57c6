"""Whether a program can still give, for everybody who asks."""

from services.rewards.grants.sql import counters
from tests.integration.rewards.world import World
from tests.unit.rewards.build import AMBASSADOR_RULE, FRIEND_RULE, PROGRAM, STORE, configured, make_program, make_state
from tests.unit.rewards.build import published as version


async def _room(world: World, program: str = PROGRAM, store: str = STORE) -> bool:
    async with world.browser(STORE) as anybody:
        anybody.cookies.clear()
        answer = await anybody.get(f"/room/{store}/{program}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "public, max-age=60"
    return bool(answer.json()["open"])


async def test_a_program_is_open_until_its_budget_is_granted_and_again_when_something_comes_back(world: World) -> None:
    await world.take(configured(), version(make_program(FRIEND_RULE, AMBASSADOR_RULE, budget_minor=1460)))
    assert await _room(world)
    await world.take(make_state("1"))
    async with world.ctx.db.transaction([STORE]) as tx:
        assert await counters.spent(tx, [(STORE, PROGRAM)]) == {(STORE, PROGRAM, "EUR"): 1460}
    assert not await _room(world)
    await world.take(make_state("1", revision=2, cancelled=True))
    assert await _room(world)


async def test_a_program_without_a_budget_and_an_unknown_one_are_open(world: World) -> None:
    await world.take(configured(), version(make_program()), make_state("1"))
    assert await _room(world)
    assert await _room(world, program="prg_none", store="str_none")
