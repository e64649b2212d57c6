"""A program's budget is used up and refilled: reported once each time, with the change that made it so."""

from contracts.events.programs import ProgramBudget, ProgramExhausted, ProgramRefilled
from services.kernel.jobs import Jobs
from services.rewards.main import SERVICE
from tests.integration.rewards.world import World
from tests.unit.rewards.build import AMBASSADOR_RULE, PROGRAM, STORE, configured, make_program, make_state, published

FIVE = {**AMBASSADOR_RULE, "give": {"kind": "fixed", "amount_minor": 500}}


async def budgets_of(world: World, store: str = STORE) -> list[ProgramBudget]:
    return [one for one in await world.emitted(store) if isinstance(one, ProgramBudget)]


async def test_it_is_reported_when_no_promise_can_be_kept_and_when_one_can_again(world: World) -> None:
    await world.take(configured(), published(make_program(FIVE, budget_minor=1200)), make_state("1"))
    assert await budgets_of(world) == []
    await world.take(make_state("2"), make_state("3"))
    (used_up,) = await budgets_of(world)
    assert isinstance(used_up, ProgramExhausted)
    assert (used_up.program_id, used_up.revision, used_up.budget_minor, used_up.spent_minor) == (PROGRAM, 1, 1200, 1200)
    assert used_up.subject() == PROGRAM and used_up.currency == "EUR" and used_up.program_version == 1
    assert await world.amounts(STORE, "3") == {"ambassador": 200}, "what is left goes to whoever is next"
    await world.take(make_state("4"), make_state("3", revision=2, cancelled=True))
    assert len(await budgets_of(world)) == 1, "200 are back, and nobody was promised 200"

    await world.take(make_state("1", revision=2, cancelled=True))
    refilled = (await budgets_of(world))[-1]
    assert isinstance(refilled, ProgramRefilled) and (refilled.revision, refilled.spent_minor) == (2, 500)
    await world.take(make_state("5"))
    await world.take(published(make_program(FIVE, budget_minor=2000), version=2))
    await world.take(published(make_program(FIVE, budget_minor=2000), version=2))
    await world.take(published(make_program(FIVE, budget_minor=900), version=3))
    await world.take(published(make_program(FIVE), version=4))
    found = [
        (type(one).__name__, one.program_version, one.revision, one.budget_minor) for one in await budgets_of(world)
    ]
    assert found[2:] == [
        ("ProgramExhausted", 1, 3, 1200),
        ("ProgramRefilled", 2, 4, 2000),
        ("ProgramExhausted", 3, 5, 900),
        ("ProgramRefilled", 4, 6, None),
    ]


async def test_of_many_at_once_one_uses_it_up(world: World) -> None:
    store = "str_many"
    await world.take(configured(store=store), published(make_program(FIVE, budget_minor=2500), store=store))
    await world.take_in_parallel([[make_state(str(n), store_id=store)] for n in range(12)])
    assert [(type(one), one.spent_minor) for one in await budgets_of(world, store)] == [(ProgramExhausted, 2500)]


async def test_a_program_that_was_used_up_before_any_was_reported_is_reported_by_a_job(world: World) -> None:
    store = "str_before"
    await world.take(
        configured(store=store),
        published(make_program(FIVE, budget_minor=500), store=store),
        make_state("1", store_id=store),
    )
    async with world.owner.transaction([store]) as tx:
        await tx.execute("delete from budget_states where store_id = :store", store=store)
        await tx.execute("delete from outbox where store_id = :store", store=store)
        await tx.execute("insert into due (job, store_id, at) values ('budgets', :store, now())", store=store)
    await Jobs(world.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due("budgets")
    assert [one.revision for one in await budgets_of(world, store)] == [1]
