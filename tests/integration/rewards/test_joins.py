"""What contacts earned goes over to the customer whose they are: over a real PostgreSQL, in any order of events."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contracts.events.people import PersonJoined
from services.rewards.ledger.domain import Holding
from services.rewards.ledger.sql import holdings_of
from services.rewards.lots.domain import Holder
from services.rewards.verification.actions import verify
from tests.integration.rewards import spent
from tests.integration.rewards.money import audit
from tests.integration.rewards.spent import CREDIT, DAY, POINTS, bought, debt, lots, opened, run_jobs, time_passes
from tests.integration.rewards.world import World
from tests.support.chance import examples
from tests.unit.rewards.build import NOON, STORE, configured, make_program, make_state, published

MAIL, PHONE, OTHER = "e_" + "0a" * 16, "p_" + "0b" * 16, "e_" + "0c" * 16
MIA = "8412"
_stores = count(1)


def named(*contacts: str, customer: str = MIA, store: str = STORE) -> PersonJoined:
    return PersonJoined(store_id=store, customer_id=customer, contact_hashes=contacts, joined_at=NOON)


async def held(world: World, who: str, unit: str = "EUR", store: str = STORE) -> Holding:
    async with world.db.transaction([store]) as tx:
        return (await holdings_of(tx, store, owner=who, side="friend")).get(unit, Holding())


def of_mia(amount: int, store: str = STORE) -> dict[str, Any]:
    return {"holder": Holder(store, "friend", MIA, "EUR", "store_credit"), "amount": amount}


async def test_what_a_guest_earned_can_be_spent_once_the_contact_is_verified(world: World) -> None:
    await opened(world, CREDIT | {"name": "later", "hold_days": 20}, CREDIT)
    await bought(world, "1", "2", friend_id=MAIL)
    await bought(world, "3", friend_id=MIA)
    assert ((await held(world, MAIL)).available, (await held(world, MAIL)).pending) == (200, 200)
    await world.take(named(MAIL, PHONE))
    assert await held(world, MAIL) == Holding()
    mine = await held(world, MIA)
    assert (mine.granted, mine.available, mine.pending) == (600, 300, 300)
    assert list(await world.look(STORE, "select owner, count(distinct expires_at) from lots group by 1")) == [(MIA, 1)]
    await spent.reserve(world, name="cart", **of_mia(250))
    await spent.capture(world, "cart")
    async with world.caller(STORE) as api:
        (balance,) = (await api.get("/v1/balances", params={"friend_id": MIA})).json()["data"]
        entries = (await api.get("/v1/ledger/entries", params={"owner": MAIL})).json()["data"]
    assert (balance["available"], balance["used"], balance["lifetime"]) == (50, 250, 600)
    assert [(one["movement"], one["account"], one["debit"]) for one in entries if one["movement"] == "join"] == [
        ("join", "friend_available", 200),
        ("join", "friend_pending", 200),
    ]
    assert await world.trial(STORE) == {"EUR": 0}
    assert (await audit(world)).findings == []


async def test_it_happens_once_and_the_first_customer_keeps_it(world: World) -> None:
    await opened(world, CREDIT)
    await bought(world, "1", friend_id=MAIL)
    await world.take(named(MAIL), named(MAIL, customer="other"))
    sets = await world.look(STORE, "select count(*) from posting_sets")
    for again in (named(MAIL), named(MAIL, customer="other"), named(MAIL, PHONE, customer="other")):
        await world.take(again)
    assert await world.look(STORE, "select count(*) from posting_sets") == sets
    assert ((await held(world, MIA)).available, (await held(world, "other")).granted) == (100, 0)
    await bought(world, "2", friend_id=PHONE)
    assert (await held(world, "other")).available == 100
    assert (await audit(world)).findings == []


async def test_what_comes_later_under_the_contact_is_the_customers(world: World) -> None:
    await opened(world, CREDIT, POINTS | {"name": "friends", "to": "friend"})
    await world.take(named(MAIL))
    await bought(world, "1", friend_id=MAIL)
    assert ((await held(world, MAIL)).granted, (await held(world, MIA)).available) == (0, 100)
    assert (await held(world, MIA, "points")).available == 100
    assert {one.beneficiary_id for one in await world.rewards(STORE, "1")} == {MAIL}
    assert (await audit(world)).findings == []


async def test_what_is_taken_back_later_is_taken_from_the_customer(world: World) -> None:
    await opened(world, CREDIT)
    await bought(world, "1", "2", friend_id=MAIL)
    await world.take(named(MAIL))
    await spent.reserve(world, name="cart", **of_mia(150))
    await bought(world, "1", "2", revision=2, friend_id=MAIL, cancelled=True)
    mine = await held(world, MIA)
    assert (mine.available, mine.reserved, mine.clawed_back, await debt(world)) == (-150, 150, 200, 150)
    await spent.release(world, "cart")
    assert ((await held(world, MIA)).available, await debt(world)) == (0, 0)
    assert (await held(world, MAIL)).granted == 0
    assert (await audit(world)).findings == []


async def test_what_expired_before_is_undone_for_the_customer_when_it_is_taken_back(world: World) -> None:
    await opened(world, CREDIT)
    await bought(world, "1", "2", friend_id=MAIL)
    await time_passes(world, 70 * DAY)
    assert ((await held(world, MAIL)).expired, (await held(world, MAIL)).available) == (200, 0)
    await world.take(named(MAIL))
    assert await held(world, MAIL) == Holding()
    assert ((await held(world, MIA)).expired, (await held(world, MIA)).available) == (200, 0)
    assert (await audit(world)).findings == []
    await bought(world, "1", revision=2, friend_id=MAIL, cancelled=True)
    mine = await held(world, MIA)
    assert (mine.expired, mine.clawed_back, mine.available, await debt(world)) == (100, 100, 0, 0)
    assert (await audit(world)).findings == []


async def test_what_comes_over_pays_the_customers_debt_and_what_expires_first_before_all_else(world: World) -> None:
    await opened(world, CREDIT)
    await bought(world, "1", friend_id=MIA)
    await spent.reserve(world, name="cart", **of_mia(100))
    await spent.capture(world, "cart")
    await bought(world, "1", revision=2, friend_id=MIA, cancelled=True)
    await bought(world, "2", friend_id=MAIL)
    await time_passes(world, DAY)
    await bought(world, "3", friend_id=MAIL, total_minor=1)
    assert await debt(world) == 100
    await world.take(named(MAIL))
    assert ((await held(world, MIA)).available, await debt(world)) == (100, 0)
    assert [(one[1], one[5]) for one in await lots(world)] == [(0, 0), (100, 0), (0, 100)]
    assert (await audit(world)).findings == []


async def test_several_contacts_with_lots_of_one_day_lie_beside_the_customers_own(world: World) -> None:
    await opened(world, CREDIT)
    for number, who in enumerate((MAIL, PHONE, MIA, OTHER)):
        await bought(world, str(number), friend_id=who)
    await world.take(named(MAIL), named(PHONE), named(OTHER, customer="another"))
    assert ((await held(world, MIA)).available, (await held(world, "another")).available) == (300, 100)
    await spent.reserve(world, name="cart", **of_mia(300))
    await bought(world, "9", friend_id=PHONE)
    assert (await held(world, MIA)).available == 100
    assert (await audit(world)).findings == []


async def test_what_is_owed_by_age_stays_as_it_was(world: World) -> None:
    await opened(world, CREDIT, CREDIT | {"name": "later", "hold_days": 20})
    await bought(world, "1", friend_id=MAIL)
    await bought(world, "2", friend_id=MIA)
    async with world.caller(STORE) as api:
        before = (await api.get("/v1/liability")).json()
        await world.take(named(MAIL))
        after = (await api.get("/v1/liability")).json()
    for one in (before, after):
        one.pop("at", None)
    assert after == before


async def test_many_at_once_lose_nothing(world: World) -> None:
    await opened(world, CREDIT)
    orders = [[make_state(f"o{n}", friend_id=(MAIL, PHONE)[n % 2], settled_at=NOON)] for n in range(16)]
    await world.take_in_parallel([*orders[:8], [named(MAIL)], [named(PHONE)], *orders[8:], [named(MAIL, PHONE)]])
    while await world.release():
        pass
    assert ((await held(world, MIA)).available, (await held(world, MAIL)).granted) == (1600, 0)
    assert (await audit(world)).findings == []


@pytest.mark.parametrize(
    ("flip", "words"),
    [
        (f"insert into contact_holders values ('{STORE}', '{OTHER}', 'eve', now())", "holds 100 EUR still"),
        ("update contact_holders set customer_id = 'eve'", "its contact is eve's"),
        ("delete from contact_holders", "its contact is nobody's"),
    ],
)
async def test_a_join_that_was_changed_by_hand_is_named(world: World, flip: str, words: str) -> None:
    await opened(world, CREDIT)
    await bought(world, "1", friend_id=MAIL)
    await bought(world, "2", friend_id=OTHER)
    await world.take(named(MAIL))
    assert (await audit(world)).findings == []
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute(flip)
    assert any(words in one.detail for one in (await audit(world)).findings if one.kind == "join")


Act = tuple[str, int, int]
ACTS = st.lists(
    st.tuples(st.sampled_from(("earn", "earn", "refund", "cancel", "wait")), st.integers(0, 5), st.integers(0, 2)),
    max_size=10,
)
_NAMES = (MAIL, PHONE, MIA)


async def _history(world: World, acts: Sequence[Act], places: Sequence[int]) -> dict[str, int]:
    """What the customer has in the end, where the store names each contact before the act of a place."""
    store = f"str_{next(_stores)}"
    rule = CREDIT | {"expires_after_days": 3}
    await world.take(configured(store=store), published(make_program(rule), store=store))
    began = await world.now()
    orders: dict[str, tuple[str, int]] = {}
    for at, (act, which, who) in enumerate([*acts, ("end", 0, 0)]):
        for contact, place in zip((MAIL, PHONE), places, strict=True):
            if min(place, len(acts)) == at:
                await world.take(named(contact, store=store))
        changed: dict[str, Any] = {"store_id": store, "settled_at": began, "placed_at": began}
        if act == "earn":
            orders[f"o{at}"] = (_NAMES[who], 1)
            await world.take(make_state(f"o{at}", friend_id=_NAMES[who], **changed))
        elif act in ("refund", "cancel") and orders:
            name = sorted(orders)[which % len(orders)]
            friend, revision = orders[name]
            orders[name] = (friend, revision + 1)
            how: dict[str, Any] = {"cancelled": True} if act == "cancel" else {"refunded_minor": 2000}
            await world.take(make_state(name, friend_id=friend, revision=revision + 1, **changed, **how))
        elif act == "wait":
            await world.move_clock(seconds=(1 + which) * 86_400)
        while await world.release():
            pass
        await run_jobs(world)
    async with world.owner.transaction([store]) as tx:
        report = await verify(tx, store)
    assert report.whole, report.findings
    mine, sums = await held(world, MIA, store=store), Holding()
    for one in (mine, *[await held(world, contact, store=store) for contact in (MAIL, PHONE)]):
        for name in ("granted", "clawed_back"):
            setattr(sums, name, getattr(sums, name) + getattr(one, name))
    rows = await world.look(
        store, "select sum(remaining)::bigint as n from lots where store_id = :store and owner = :o", o=MIA
    )
    return {
        "pending": mine.pending,
        "available": mine.available,
        "expired": mine.expired,
        "granted": sums.granted,
        "clawed_back": sums.clawed_back,
        "left": next(iter(rows)).n or 0,
    }


@settings(
    max_examples=examples(10),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS, places=st.lists(st.integers(0, 10), min_size=2, max_size=2))
async def test_it_makes_no_difference_when_the_store_says_whose_a_contact_is(
    world: World, acts: list[Act], places: list[int]
) -> None:
    assert await _history(world, acts, places) == await _history(world, acts, [0, 0])
