"""Cashback over PostgreSQL: from orders that nobody referred to the books, the pages and the check of the books."""

import random
from datetime import timedelta
from typing import Any

from contracts.events.conversions import Conversion
from contracts.events.rewards import SourcedReward
from contracts.program import Program
from tests.integration.rewards.money import audit
from tests.integration.rewards.world import World
from tests.unit.rewards.build import NOON, PROGRAM, STORE, configured, make_program, published
from tests.unit.rewards.test_cashback import FREE, bought, giving

EURO: dict[str, Any] = FREE | {"pay_as": "store_credit", "give": {"kind": "fixed", "amount_minor": 100}}


def since(program: Program, days: int, version: int = 1) -> Any:
    """A version that was published so many days before the orders."""
    return published(program, version=version).model_copy(update={"published_at": NOON - timedelta(days=days)})


async def worth(world: World) -> dict[str, int]:
    return {one.source_id: one.target_minor for one in await world.rewards(STORE) if one.target_minor}


async def test_a_buyers_own_orders_bring_credit_and_refunds_take_it_back(world: World) -> None:
    await world.take(configured(), since(giving(EURO), 90))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()) + 60)
    await world.take(bought("1", 4_999))
    assert await worth(world) == {}
    guest = bought("4", 5_000, friend_id="4")  # who gave no name is called by their order, and earns nothing
    await world.take(bought("2", 10_001), bought("3", 5_000, friend_id="noa"), guest)
    assert await worth(world) == {"2/free/5000/1-3": 300, "3/free/5000/1-1": 100}
    await world.release()
    async with world.caller(STORE) as api:
        [mia] = (await api.get("/v1/balances", params={"friend_id": "mia"})).json()["data"]
        listed = (await api.get("/v1/rewards", params={"source": "cashback"})).json()["data"]
        sheet = (await api.get("/v1/rewards", params={"source": "cashback", "format": "csv"})).text
    assert mia["available"] == 300
    [hers] = [one for one in listed if one["beneficiary"] == {"kind": "friend", "id": "mia"}]
    assert (hers["ambassador_id"], hers["source"]) == (None, {"kind": "cashback", "id": "2/free/5000/1-3"})
    assert len(sheet.splitlines()) == 3
    async with world.browser(STORE) as console:
        page = (await console.get("/console/rewards/rewards", params={"source": "cashback"})).text
        one = (await console.get(f"/console/rewards/rewards/{hers['id']}")).text
    assert "Cashback: 3 × €50.00" in page and "Buyer" in page and "Cashback: 3 × €50.00" in one

    await world.take(bought("2", 10_001, revision=2, refunded_minor=5_001))
    assert await worth(world) == {"2/free/5000/1-3": 100, "3/free/5000/1-1": 100}
    async with world.browser(STORE) as console:
        one = (await console.get(f"/console/rewards/rewards/{hers['id']}")).text
    assert "Lowered: orders that counted fell away." in one
    reported = [
        one for one in await world.emitted(STORE) if isinstance(one, SourcedReward) and one.beneficiary.id == "mia"
    ]
    assert [(one.TYPE, one.amount_minor, one.ambassador_id) for one in reported] == [
        ("kith.reward.granted.v2", 300, None),
        ("kith.reward.released.v2", 300, None),
        ("kith.reward.adjusted.v2", 100, None),
    ]
    assert (await audit(world)).whole


async def test_states_in_any_order_in_any_batches_and_again_end_alike(world: World) -> None:
    await world.take(configured(), since(giving(EURO), 90))
    chance = random.Random(11)
    states: list[Conversion] = [
        bought(
            f"o{number}",
            7_000,
            revision=revision,
            friend_id=chance.choice(["mia", "noa"]),
            person="p" if number % 3 else "q",
            refunded_minor=chance.choice([0, 0, 1_000, 7_000]),
            cancelled=chance.random() < 0.1,
        )
        for number in range(12)
        for revision in (1, 2)
    ]
    reported = [*states, *chance.sample(states, 6)]
    chance.shuffle(reported)
    while reported:
        size = chance.randint(1, 5)
        await world.take(*reported[:size])
        reported = reported[size:]
    sums = {"p": 0, "q": 0}
    for one in states:
        if one.revision == 2 and not one.cancelled:
            sums[one.person or ""] += 7_000 - one.refunded_minor
    assert sum((await worth(world)).values()) == sum(spent // 5_000 * 100 for spent in sums.values()) != 0
    assert (await audit(world)).whole


async def test_an_order_counts_by_the_version_that_was_in_force_when_it_was_placed(world: World) -> None:
    """No version: none; the second version has no cashback, and the third gives twice as much."""
    twice = EURO | {"give": {"kind": "fixed", "amount_minor": 200}}
    await world.take(
        configured(),
        since(giving(EURO), 9, 1),
        since(make_program(), 6, 2),
        since(giving(twice), 3, 3),
    )
    placed = {"before": 10, "first": 8, "second": 5, "third": 2}
    await world.take(
        *(bought(name, friend_id=f"of-{name}", placed_at=NOON - timedelta(days=days)) for name, days in placed.items())
    )
    assert await worth(world) == {"first/free/5000/1-1": 100, "third/free/5000/1-1": 200}
    assert (await audit(world)).whole


async def test_the_check_of_the_books_finds_a_sum_that_was_changed(world: World) -> None:
    await world.take(configured(), since(giving(EURO), 90), bought("1", 15_000))
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute("update cashback_counts set spent_minor = 5000 where store_id = :store", store=STORE)
    found = [one.detail for one in (await audit(world)).findings if one.kind == "cashback"]
    assert len(found) == 2 and "counts 5000 as spent, its orders come to 15000" in found[0]
    assert "wanted as 300, the sum says 100" in found[1]


async def test_an_imagined_order_that_nobody_referred_says_what_it_brings_its_buyer(world: World) -> None:
    await world.take(configured(), since(giving(EURO, budget_minor=250), 90))
    order = {"total_minor": 15_000, "by": "nobody", "spent_minor": 4_000}
    async with world.caller(STORE) as api:
        found = (await api.post("/v1/simulations", json={"program_id": PROGRAM, "order": order})).json()
        referred = (
            await api.post("/v1/simulations", json={"program_id": PROGRAM, "order": order | {"by": "code"}})
        ).json()
    assert found["cashback"] == [{"rule": "free", "times": 0, "with_order": 3, "unit": "EUR", "amount": 250}]
    assert (found["rewards"], referred["cashback"]) == ([], [])
    async with world.browser(STORE) as console:
        query = {"program": PROGRAM, "total": "150", "by": "nobody", "spent": "40"}
        page = (await console.get("/console/rewards/simulator", params=query)).text
    assert "free: 0 → 3, €2.50" in page
