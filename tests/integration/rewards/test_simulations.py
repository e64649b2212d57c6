"""Simulations over a real PostgreSQL: past periods under rules, orders that nobody placed, and what neither changes."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.program import Program
from services.kernel.errors import Conflict
from services.kernel.ids import new_id
from services.kernel.jobs import Jobs
from services.kernel.work.worker import Worker
from services.rewards.main import SERVICE
from services.rewards.simulations.actions import replay, runs
from services.rewards.simulations.sql.runs import Run
from tests.integration.rewards.world import World
from tests.property.rewards.histories import History, histories
from tests.support.chance import examples
from tests.support.wait import until
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    ANNA,
    BORIS,
    FRIEND_RULE,
    NOON,
    PROGRAM,
    STORE,
    configured,
    make_program,
    make_state,
    published,
)

LONG = 600.0


async def start(
    world: World,
    *,
    store: str = STORE,
    draft: Program | None = None,
    from_at: datetime = NOON - timedelta(days=30),
    to_at: datetime = NOON + timedelta(days=30),
) -> Run:
    async with world.db.transaction([store]) as tx:
        return await runs.start(tx, store, program_id=PROGRAM, draft=draft, from_at=from_at, to_at=to_at)


async def now_of(world: World, run: Run) -> Run:
    async with world.db.transaction([run.store_id]) as tx:
        return await runs.get(tx, run.store_id, run.simulation_id)


async def through(world: World, run: Run, *, part: int = 3) -> Run:
    """Works on a run to its end, in small parts."""
    assert not await replay.go_on(world.ctx, run.store_id, run.simulation_id, within_s=LONG, part=part)
    return await now_of(world, run)


async def shares_of(world: World, run: Run) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    async with world.db.transaction([run.store_id]) as tx:
        found = await runs.shares(tx, run.store_id, run.simulation_id, after=None, count=1000)
    return {
        (who, unit): (s.own_minor, s.friends_minor, s.granted_own_minor, s.granted_friends_minor)
        for who, unit, s in found
    }


async def assert_nothing_differs(world: World, run: Run) -> None:
    assert run.state == "done"
    assert (run.figures.more, run.figures.less) == (0, 0)
    for rule in run.figures.rules.values():
        assert (rule.rewards, rule.amount_minor) == (rule.granted_rewards, rule.granted_minor)
    for own, friends, granted_own, granted_friends in (await shares_of(world, run)).values():
        assert (own, friends) == (granted_own, granted_friends)


def moved(history: History, store: str) -> tuple[list[Any], list[Any]]:
    """The history at another store: its programs, and its arrivals."""
    versions = [published(program, version=v, store=store) for (_, v), program in history.programs.items()]
    return versions, [state.model_copy(update={"store_id": store}) for state in history.arrivals]


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(capped=False, orders=6), part=st.integers(1, 4))
async def test_a_period_under_its_own_rules_comes_to_what_was_granted(
    world: World, history: History, part: int
) -> None:
    store = new_id("str")
    versions, arrivals = moved(history, store)
    await world.take(configured(store=store), *versions)
    for state in arrivals:
        await world.take(state)
    run = await through(world, await start(world, store=store), part=part)
    orders = {state.order_id for state in arrivals}
    assert (run.done, run.orders) == (len(orders), len(orders))
    granted = sum(reward.target_minor for reward in await world.rewards(store))
    assert sum(rule.amount_minor for rule in run.figures.rules.values()) == granted
    await assert_nothing_differs(world, run)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(capped=True, orders=8, revisions=1), cut=st.integers(0, 3), part=st.integers(1, 4))
async def test_with_caps_and_from_the_middle_too(world: World, history: History, cut: int, part: int) -> None:
    """Orders come once and in the order of purchase; the period begins at a midnight between them."""
    store = new_id("str")
    versions, arrivals = moved(history, store)
    await world.take(configured(store=store), *versions)
    once = {state.order_id: state for state in arrivals}
    for state in sorted(once.values(), key=lambda state: (state.placed_at, state.order_id)):
        await world.take(state)
    first = datetime(2026, 10, 30, tzinfo=UTC) + timedelta(days=cut)
    run = await through(world, await start(world, store=store, from_at=first), part=part)
    assert run.orders == sum(state.placed_at >= first for state in once.values())
    await assert_nothing_differs(world, run)


async def test_helpers_come_to_what_threads_do(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = {**AMBASSADOR_RULE, "limits": {"per_ambassador": {"amount_minor": 1200, "period": "month"}}}
    await world.take(configured(), published(make_program(FRIEND_RULE, rule, budget_minor=20_000)))
    states = [
        make_state(f"o{n:02}", ambassador_id=ANNA if n % 3 else BORIS, placed_at=NOON + timedelta(minutes=n))
        for n in range(30)
    ]
    await world.take(*states)
    here = await through(world, await start(world), part=7)
    monkeypatch.setattr(replay, "FEW", 0)
    beside = await through(world, await start(world), part=7)
    assert beside.figures.dumped() == here.figures.dumped()
    assert {cap for cap, _, _ in here.figures.caps} == {"partly_capped", "capped_ambassador", "capped_budget"}
    await assert_nothing_differs(world, beside)


async def test_a_draft_says_who_would_get_what_the_cost_and_which_caps_were_hit(world: World) -> None:
    await world.take(configured(), published(make_program()))
    await world.take(
        make_state("a", placed_at=NOON),
        make_state("b", ambassador_id=BORIS, placed_at=NOON + timedelta(hours=1)),
        make_state("c", status="unattributed"),
    )
    double = {
        **AMBASSADOR_RULE,
        "give": {"kind": "percent", "basis_points": 2000, "of": "subtotal"},
        "limits": {"per_order_minor": 800},
    }
    run = await through(world, await start(world, draft=make_program(double, budget_minor=1_000)))
    assert (run.figures.orders, run.figures.rewarded) == (2, 2)
    assert {(k.rule, r.amount_minor, r.granted_minor) for k, r in run.figures.rules.items()} == {
        ("ambassador", 800 + 200, 460 + 460),
        ("friend", 0, 1000 + 1000),
    }
    assert await shares_of(world, run) == {(ANNA, "EUR"): (800, 0, 460, 1000), (BORIS, "EUR"): (200, 0, 460, 1000)}
    cuts = {cap: (cut.rewards, cut.amount_minor) for (cap, _, _), cut in run.figures.caps.items()}
    assert cuts == {"per_order": (2, 120 + 120), "partly_capped": (1, 600)}
    assert (run.figures.more, run.figures.less) == (1, 2)  # Anna more, her friend less


async def test_a_draft_is_compared_by_what_friends_discounts_cost_too(world: World) -> None:
    def off(amount_minor: int) -> Program:
        document = make_program().model_dump(mode="json") | {"friend_benefit": "discount"}
        return Program.model_validate(
            document | {"discount": {"give": {"kind": "fixed", "amount_minor": amount_minor}}}
        )

    state = make_state("a")
    figures = state.figures.model_copy(update={"discount_minor": 500})
    await world.take(configured(), published(off(500)), state.model_copy(update={"figures": figures}))
    own = await through(world, await start(world))
    assert {unit: (one.amount_minor, one.granted_minor) for unit, one in own.figures.discounts.items()} == {
        "EUR": (500, 500)
    }
    run = await through(world, await start(world, draft=off(800)))
    async with world.caller(STORE) as shop:
        answer = (await shop.get(f"/v1/simulations/{run.simulation_id}")).json()
        listed = (await shop.get(f"/v1/simulations/{run.simulation_id}/ambassadors?format=csv")).text.splitlines()
    assert answer["discounts"] == [{"unit": "EUR", "amount": 800, "granted": 500, "difference": 300}]
    assert [line.split(",")[-1] for line in listed] == ["what", "rewards", "discounts"]
    assert listed[-1] == ",,EUR,0,0.00,8.00,0.00,5.00,3.00,discounts"
    async with world.browser(STORE) as page:
        shown = (await page.get(f"/console/rewards/simulations/{run.simulation_id}")).text
    assert "discounts would cost" in shown and "€8.00" in shown


async def test_a_draft_multiplies_by_the_tier_that_the_ambassador_was_in(world: World) -> None:
    def ranks(gold: int) -> Program:
        steps = [{"name": "start", "at": 0}, {"name": "gold", "at": 1, "multiplier_basis_points": gold}]
        document = make_program(AMBASSADOR_RULE).model_dump(mode="json")
        return Program.model_validate(document | {"tiers": {"of": "orders", "steps": steps}})

    await world.take(configured(), published(ranks(15_000)))
    first = make_state("a", placed_at=NOON, settled_at=NOON)
    await world.take(first)
    await world.take(make_state("b", placed_at=NOON + timedelta(hours=1)))
    assert {one.source_id: one.multiplier for one in await world.rewards(STORE)} == {"a": 10_000, "b": 15_000}
    await assert_nothing_differs(world, await through(world, await start(world)))
    run = await through(world, await start(world, draft=ranks(20_000)))
    assert await shares_of(world, run) == {(ANNA, "EUR"): (460 + 920, 0, 460 + 690, 0)}


async def test_what_past_orders_do_not_say_is_counted_and_what_they_do_is_used(world: World) -> None:
    """The program asked nothing of its orders. By a first one the friend was won, so that it tells since when."""
    await world.take(configured(), published(make_program(AMBASSADOR_RULE)))
    await world.take(make_state("a", order_number=1), make_state("b", order_number=2))
    grouped = {**AMBASSADOR_RULE, "name": "grouped", "when": {"groups": ["vip"]}}
    bound = {**AMBASSADOR_RULE, "name": "bound", "span": {"months": 6}}
    abroad = {**AMBASSADOR_RULE, "name": "abroad", "when": {"countries": ["RO"]}}
    run = await through(world, await start(world, draft=make_program(grouped, bound, abroad)))
    assert {(k.rule, r.rewards) for k, r in run.figures.rules.items() if r.rewards} == {("bound", 1)}
    async with world.caller(STORE) as shop:
        answer = (await shop.get(f"/v1/simulations/{run.simulation_id}")).json()
    assert answer["unknown"] == [
        {"asked": "country", "orders": 2},
        {"asked": "group", "orders": 2},
        {"asked": "months", "orders": 1},
    ]
    async with world.browser(STORE) as page:
        shown = (await page.get(f"/console/rewards/simulations/{run.simulation_id}")).text
    assert "Orders without the ambassador’s group" in shown


@pytest.mark.parametrize("more", [{}, {"split": {"default_basis_points": 5_000}}], ids=["whole", "shared"])
async def test_counters_start_as_they_stood_at_the_beginning(world: World, more: dict[str, Any]) -> None:
    """By what was posted up to then: what came back later was still there. What is shared counts once."""
    rule = {**AMBASSADOR_RULE, "limits": {"per_ambassador": {"count": 9, "period": "ever"}}, **more}
    await world.take(configured(), published(make_program(rule, budget_minor=100_000)))
    await world.move_clock(-int(timedelta(days=20).total_seconds()))
    then = (await world.now()) - timedelta(days=1)
    await world.take(make_state("a", placed_at=then), make_state("b", placed_at=then, ambassador_id=BORIS))
    await world.take(make_state("a", placed_at=then, revision=2, refunded_minor=5090 // 2))
    stood = {(r.unit): r.amount_minor for r in await world.look(STORE, "select * from spent")}
    counted = {
        (r.ambassador_id, r.rewards, r.amount_minor) for r in await world.look(STORE, "select * from limit_counts")
    }
    from_at = await world.now()
    await world.move_clock(int(timedelta(days=10).total_seconds()))
    await world.take(make_state("a", placed_at=then, revision=3, refunded_minor=5090))
    await world.take(make_state("late", placed_at=then, ambassador_id=BORIS, subtotal_minor=1000))
    await world.take(make_state("within", placed_at=await world.now()))
    run = await start(world, from_at=from_at, to_at=from_at + timedelta(days=15))
    begun = await replay._begin(world.db, STORE, run.simulation_id, until=float("inf"))
    assert begun is not None and begun.orders == 1
    assert begun.spent == {"EUR": stood["EUR"] + 100}  # the late one is counted as it stands
    rows = await world.look(STORE, "select * from simulation_counts")
    assert {(r.ambassador_id, r.rewards, r.amount_minor) for r in rows} == {
        (who, rewards + (who == BORIS), amount + 100 * (who == BORIS)) for who, rewards, amount in counted
    }


async def test_rewards_that_a_person_refused_stay_refused(world: World) -> None:
    await world.take(configured(), published(make_program()), make_state("a"), make_state("b"))
    refused = next(one for one in await world.rewards(STORE, "a") if one.rule == "friend")
    async with world.caller(STORE) as shop:
        answer = await shop.post(f"/v1/rewards/{refused.reward_id}/reject", json={"reason": "a test order"})
        assert answer.status_code == 200, answer.text
    await assert_nothing_differs(world, await through(world, await start(world)))


async def test_orders_from_before_there_was_a_simulator_are_found(world: World) -> None:
    await world.take(configured(), published(make_program()), *(make_state(f"o{n}") for n in range(5)))
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute("update conversions set placed_at = null")
    run = await through(world, await start(world))
    assert run.orders == 5
    await assert_nothing_differs(world, run)


async def dump(world: World) -> Mapping[str, object]:
    """Everything that rewards keeps, but simulations and what carries them."""
    own = ("simulations", "simulation_counts", "simulation_shares", "work_tasks", "due", "audit", "outbox", "head")
    async with world.owner.transaction([STORE]) as tx:
        tables = [r.tablename for r in await tx.all("select tablename from pg_tables where schemaname = 'rewards'")]
        return {
            name: await tx.scalar(f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {name} t")
            for name in sorted(tables)
            if name not in own
        }


async def test_a_run_is_stopped_and_goes_on_is_alone_and_changes_nothing_else(world: World) -> None:
    await world.take(configured(), published(make_program()), *(make_state(f"o{n}") for n in range(7)))
    before = await dump(world)
    run = await start(world)
    with pytest.raises(Conflict):
        await start(world)
    assert await replay.go_on(world.ctx, STORE, run.simulation_id, within_s=-1, part=2)
    async with world.db.transaction([STORE]) as tx:
        await runs.cancel(tx, STORE, run.simulation_id)
    assert not await replay.go_on(world.ctx, STORE, run.simulation_id, within_s=LONG, part=2)
    stopped = await now_of(world, run)
    assert (stopped.state, stopped.orders, stopped.done) == ("cancelled", 7, 2)

    async with world.db.transaction([STORE]) as tx:
        await runs.resume(tx, STORE, run.simulation_id)
    done = await through(world, run, part=2)
    assert done.done == 7
    await assert_nothing_differs(world, done)
    assert await dump(world) == before


async def test_a_part_that_two_workers_did_is_taken_in_once(world: World) -> None:
    await world.take(configured(), published(make_program()), *(make_state(f"o{n}") for n in range(9)))
    run = await start(world)
    await asyncio.gather(*(replay.go_on(world.ctx, STORE, run.simulation_id, within_s=LONG, part=2) for _ in range(3)))
    done = await now_of(world, run)
    assert done.done == 9
    await assert_nothing_differs(world, done)


async def test_a_week_later_a_run_is_forgotten_some_rows_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.take(configured(), published(make_program()))
    await world.take(*(make_state(f"o{n}", ambassador_id=f"amb_{n}") for n in range(5)))
    await through(world, await start(world))
    monkeypatch.setattr(runs, "_FORGOTTEN_AT_ONCE", 2)
    await world.move_clock(int(timedelta(days=6).total_seconds()))
    due = Jobs(world.ctx, jobs=(), due_jobs=SERVICE.due_jobs)
    assert await due.run_due("simulations") == 0
    await world.move_clock(int(timedelta(days=2).total_seconds()))
    assert await due.run_due("simulations") == 3
    for table in ("simulations", "simulation_counts", "simulation_shares"):
        assert not list(await world.look(STORE, f"select 1 from {table}"))


async def test_over_http_a_worker_does_it_and_says_how_far_it_is(world: World) -> None:
    await world.take(configured(), published(make_program()), *(make_state(f"o{n}") for n in range(4)))
    period = {"from": "2026-10-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}
    async with world.caller(STORE) as shop:
        begun = await shop.post("/v1/simulations", json={"program_id": PROGRAM, "period": period})
        assert begun.status_code == 202, begun.text
        place = f"/v1/simulations/{begun.json()['id']}"
        again = await shop.post("/v1/simulations", json={"program_id": PROGRAM, "period": period})
        assert (again.status_code, again.json()["code"]) == (409, "simulation_running")

        worker = Worker(world.ctx, SERVICE.work)
        worker.start()

        async def done() -> bool:
            return bool((await shop.get(place)).json()["state"] == "done")

        await until(done)
        await worker.stop()
        found = (await shop.get(place)).json()
        assert (found["orders"], found["done"], found["rules"]) == (4, 4, "in_force")
        total = {"unit": "EUR", "rewards": 8, "amount": 4 * 1460, "granted_rewards": 8, "granted": 4 * 1460}
        assert found["totals"] == [{**total, "difference": 0}]
        page = (await shop.get(f"{place}/ambassadors")).json()
        assert [(one["ambassador_id"], one["own"], one["friends"]) for one in page["data"]] == [(ANNA, 1840, 4000)]
        sheet = await shop.get(f"{place}/ambassadors?format=csv")
        assert sheet.text.splitlines()[1].startswith(f"{ANNA},,EUR,8,18.40,40.00")
        listed = (await shop.get("/v1/simulations")).json()
        assert [one["id"] for one in listed["data"]] == [found["id"]]
        ended = await shop.post(f"{place}/cancel")
        assert (ended.status_code, ended.json()["code"]) == (409, "simulation_ended")


async def test_an_imagined_order_names_each_figure_and_writes_nothing(world: World) -> None:
    rule = {
        **AMBASSADOR_RULE,
        "limits": {"per_order_minor": 400, "per_ambassador": {"amount_minor": 700, "period": "ever"}},
    }
    await world.take(configured(), published(make_program(FRIEND_RULE, rule, budget_minor=10_000)), make_state("a"))
    before = await dump(world)
    order = {"total_minor": 5000, "items": [{"amount_minor": 4600}], "ambassador_id": ANNA}
    async with world.caller(STORE) as shop:
        answer = await shop.post("/v1/simulations", json={"program_id": PROGRAM, "order": order})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["refusal"], found["budget_minor"], found["spent_minor"]) == (None, 10_000, 1400)
    friend, own = found["rewards"]
    assert (friend["to"], friend["amount"], friend["bound"]) == ("friend", 1000, 8600)
    assert (own["basis_points"], own["of_minor"], own["before_caps"]) == (1000, 4600, 460)
    assert (own["base"], own["used"], own["used_count"]) == (400, 400, 1)
    assert (own["bound"], own["amount"], own["reason"]) == (300, 300, "partly_capped")
    assert await dump(world) == before


@pytest.mark.parametrize(
    ("order", "refusal"),
    [
        ({"new_customer": False}, "not_new_customer"),
        ({"new_customer": False, "by": "customer"}, None),
        ({"total_minor": 999}, "below_minimum"),
        ({"total_minor": 1000}, None),
        ({"total_minor": 999, "currency": "USD"}, None),
    ],
)
async def test_an_imagined_order_that_would_not_count_says_why(
    world: World, order: dict[str, Any], refusal: str | None
) -> None:
    draft = make_program().model_dump(mode="json") | {"attribution": {"min_subtotal_minor": 1000}}
    await world.take(configured())
    async with world.caller(STORE) as shop:
        answer = await shop.post("/v1/simulations", json={"draft": draft, "order": {"total_minor": 5000} | order})
    assert answer.status_code == 200, answer.text
    assert answer.json()["refusal"] == refusal
    assert (answer.json()["rewards"] == []) == (refusal is not None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"program_id": PROGRAM}, "order"),
        ({"order": {"total_minor": 1}}, "program_id"),
        ({"period": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}}, "program_id"),
        (
            {"program_id": PROGRAM, "period": {"from": "2026-02-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}},
            "period.to",
        ),
        (
            {
                "program_id": PROGRAM,
                "draft": make_program(currency="USD").model_dump(mode="json"),
                "order": {"total_minor": 1},
            },
            "draft.currency",
        ),
        (
            {
                "draft": {
                    **make_program().model_dump(mode="json"),
                    "rewards": [{**FRIEND_RULE, "give": {"kind": "fixed"}}],
                },
                "order": {"total_minor": 1},
            },
            "draft.rewards.0.give.fixed.amount_minor",
        ),
    ],
)
async def test_what_is_wrong_is_named_by_its_path(world: World, body: dict[str, Any], field: str) -> None:
    await world.take(configured(), published(make_program()))
    async with world.caller(STORE) as shop:
        answer = await shop.post("/v1/simulations", json=body)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_that_no_hold_can_be_added_to_is_refused(world: World, moment: str) -> None:
    await world.take(configured(), published(make_program()))
    order = {"program_id": PROGRAM, "order": {"total_minor": 100, "placed_at": moment}}
    period = {"program_id": PROGRAM, "period": {"from": "2026-01-01T00:00:00Z", "to": moment}}
    async with world.caller(STORE) as shop:
        answers = [await shop.post("/v1/simulations", json=body) for body in (order, period)]
    assert [(one.status_code, one.json()["errors"][0]["field"]) for one in answers] == [
        (422, "order.placed_at"),
        (422, "period.to"),
    ]


async def test_a_run_that_somebody_else_ended_is_left_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ended(way: object, decided: object) -> None:
        raise replay.Stopped

    await world.take(configured(), published(make_program()), *(make_state(f"o{n}") for n in range(9)))
    run = await start(world)
    monkeypatch.setattr(replay, "_take", ended)
    assert not await replay.go_on(world.ctx, STORE, run.simulation_id, within_s=LONG, part=2)
