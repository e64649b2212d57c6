"""Memberships over PostgreSQL: from what somebody bought to the rewards that rest on it, whatever comes in whatever
order; what is told, shown, frozen and checked.
"""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.events import Payload
from contracts.events.actions import ActionReversed, ActionSettled, ActionUnattributed
from contracts.events.conversions import Conversion
from contracts.events.memberships import MembershipChanged
from services.kernel.jobs import Jobs
from services.rewards.main import SERVICE
from services.rewards.memberships.domain import held_at
from tests.integration.rewards.money import audit
from tests.integration.rewards.test_payout_pages import portal
from tests.integration.rewards.world import World
from tests.unit.rewards.build import ANNA, NOON, PROGRAM, STORE, configured, joined, make_state, published
from tests.unit.rewards.test_cashback import FREE
from tests.unit.rewards.test_cashback import bought as own_order
from tests.unit.rewards.test_memberships import CLUB, MEMBERS, bought, club_order, with_club

MEMBER = joined(ANNA, external_id="anna-7", contact_hashes=("h-mail",))


async def after_work(world: World) -> None:
    """Runs the job that decides what waits, until nothing is due."""
    while await Jobs(world.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due("waiting"):
        pass


def friends_order(order_id: str, day: float, **changed: Any) -> Conversion:
    return make_state(order_id, placed_at=NOON + timedelta(days=day), **changed)


async def told(world: World) -> list[MembershipChanged]:
    return [one for one in await world.emitted(STORE) if isinstance(one, MembershipChanged)]


async def held(world: World) -> dict[str, tuple[list[str], bool]]:
    rows = await world.look(STORE, "select order_id, held, settled from membership_orders where store_id = :store")
    return {row.order_id: (list(row.held), row.settled) for row in rows}


async def test_who_buys_the_club_earns_more_until_it_ends(world: World) -> None:
    await world.take(configured(), published(with_club()), MEMBER)
    await world.take(friends_order("before", -1), club_order("club"), friends_order("in", 29), friends_order("out", 30))
    assert await world.amounts(STORE, "in") == {"members": 460}
    assert await world.amounts(STORE, "before") == await world.amounts(STORE, "out") == {}
    [begun] = await told(world)
    assert (begun.customer_id, begun.ambassador_id, begun.membership, begun.why) == ("anna-7", ANNA, "Club", "began")
    assert (begun.since, begun.until, begun.revision) == (NOON, NOON + timedelta(days=30), 1)

    # A second purchase goes on from the end, also for an order that was placed meanwhile.
    await world.take(club_order("again", NOON + timedelta(days=10)))
    await after_work(world)
    assert await world.amounts(STORE, "out") == {"members": 460}
    # It is cancelled on day 35: what was bought by then was bought by a member.
    await world.take(
        club_order(
            "again", NOON + timedelta(days=10), revision=2, cancelled=True, returned_at=NOON + timedelta(days=35)
        ),
        friends_order("later", 36),
    )
    await after_work(world)
    assert await world.amounts(STORE, "out") == {"members": 460}
    assert await world.amounts(STORE, "later") == {}
    assert [(one.why, one.until and (one.until - NOON).days, one.revision) for one in await told(world)] == [
        ("began", 30, 1),
        ("extended", 60, 2),
        ("shortened", 35, 3),
    ]
    assert (await audit(world)).whole


async def test_the_orders_page_says_who_was_no_member(world: World) -> None:
    await world.take(configured(), published(with_club()), MEMBER, club_order("club"))
    await world.take(friends_order("in", 1), friends_order("out", 30))
    async with world.browser(STORE) as console:
        inside = (await console.get("/console/rewards/orders/in")).text
        outside = (await console.get("/console/rewards/orders/out")).text
    assert "the ambassador was none at the purchase" in outside
    assert "the ambassador was none" not in inside and "€4.60" in inside


async def test_what_a_settled_order_rests_on_stays_and_the_books_notice_another(world: World) -> None:
    await world.take(configured(), published(with_club()), MEMBER)
    await world.take(friends_order("early", 1, settled_at=NOON + timedelta(days=15)), friends_order("open", 1))
    await world.take(club_order("club"))
    await after_work(world)
    assert await held(world) == {"early": ([], True), "open": (["Club"], False)}
    assert await world.amounts(STORE, "early") == {}
    # A refund recomputes it from what was fixed.
    await world.take(friends_order("early", 1, settled_at=NOON + timedelta(days=15), revision=2, refunded_minor=100))
    assert await world.amounts(STORE, "early") == {}
    assert (await audit(world)).whole
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute("update membership_orders set held = '{}' where store_id = :s and order_id = 'open'", s=STORE)
    report = await audit(world)
    assert {finding.kind for finding in report.findings} == {"figures"}


async def test_a_club_that_an_event_buys_ends_when_that_is_called_off(world: World) -> None:
    by_event = CLUB | {"bought_by": {"event": "club.paid"}, "lasts": {"months": 1}}
    await world.take(configured(timezone="Europe/Berlin"), published(with_club(memberships=[by_event])), MEMBER)
    state: dict[str, Any] = {"store_id": STORE, "event_id": "e1", "name": "club.paid", "status": "unattributed"}
    state |= {"reason": "no_evidence", "happened_at": NOON, "friend_id": "anna-7", "event_number": 1, "engine": "1"}
    await world.take(ActionUnattributed(**state, revision=1, decided_at=NOON))
    await world.take(friends_order("in", 2), friends_order("out", 40))
    assert (await world.amounts(STORE, "in"), await world.amounts(STORE, "out")) == ({"members": 460}, {})
    off: dict[str, Any] = state | {"cancelled": True, "cancelled_at": NOON + timedelta(days=3)}
    await world.take(ActionReversed(**off, revision=2, decided_at=NOON + timedelta(days=5)))
    await world.take(friends_order("later", 4))
    # It settles all the same, which is told, and moves no end.
    settled = NOON + timedelta(days=14)
    await world.take(ActionSettled(**off, revision=3, decided_at=settled, settled_at=settled))
    await after_work(world)
    assert (await world.amounts(STORE, "in"), await world.amounts(STORE, "later")) == ({"members": 460}, {})
    assert [one.why for one in await told(world)] == ["began", "shortened"]
    assert (await told(world))[-1].until == NOON + timedelta(days=3)


async def test_cashback_for_members_counts_what_they_bought_as_members(world: World) -> None:
    rule = FREE | {"memberships": ["Club"], "pay_as": "store_credit", "give": {"kind": "fixed", "amount_minor": 100}}
    program = with_club(MEMBERS, cashback_rewards=[rule])
    await world.take(configured(), published(program))
    settled = {"friend_id": "anna-7", "settled_at": NOON + timedelta(days=60)}
    await world.take(club_order("club"))
    await world.take(
        own_order("in", 5_000, **settled, placed_at=NOON + timedelta(days=1)),
        own_order("out", 5_000, **settled, placed_at=NOON + timedelta(days=31)),
    )
    assert {one.source_id: one.target_minor for one in await world.rewards(STORE)} == {"in/free/5000/1-1": 100}
    # It goes back in part later, when the club is undone: what it counted by stays.
    gone: dict[str, Any] = {"revision": 2, "cancelled": True, "returned_at": NOON}
    await world.take(club_order("club", **gone))
    await world.take(
        own_order("in", 5_000, **settled, placed_at=NOON + timedelta(days=1), revision=2, refunded_minor=1)
    )
    assert {one.source_id: one.target_minor for one in await world.rewards(STORE)} == {"in/free/5000/1-1": 0}
    await world.take(own_order("in", 5_000, **settled, placed_at=NOON + timedelta(days=1), revision=3))
    assert {one.source_id: one.target_minor for one in await world.rewards(STORE)} == {"in/free/5000/1-1": 100}
    assert (await audit(world)).whole


async def test_who_bought_as_a_guest_too_is_told_of_under_each_name(world: World) -> None:
    await world.take(configured(), published(with_club()))
    await world.take(club_order("own", friend_contacts=("h-mail",)))
    guest: dict[str, Any] = {"at": NOON + timedelta(days=1), "friend_id": "h-mail", "friend_contacts": ("h-mail",)}
    await world.take(club_order("guest", **guest))
    await world.take(club_order("guest", **guest, revision=2, cancelled=True, returned_at=guest["at"]))
    states = [(one.customer_id, one.why, one.until and (one.until - NOON).days) for one in await told(world)]
    assert [one[1:] for one in states if one[0] == "anna-7"] == [("began", 30), ("extended", 60), ("shortened", 30)]
    assert [one[2] for one in states if one[0] == "h-mail"] == [60, 30]
    async with world.caller(STORE) as api:
        [own] = (await api.get("/v1/memberships", params={"customer_id": "anna-7"})).json()["data"]
    assert datetime.fromisoformat(own["until"]) == NOON + timedelta(days=30)


async def test_cashback_goes_on_by_the_rules_that_an_order_counted_by(world: World) -> None:
    give = {"pay_as": "store_credit", "give": {"kind": "fixed", "amount_minor": 100}}
    silver = CLUB | {"name": "Silver", "bought_by": {"products": ["silver-1"]}}
    both = FREE | give | {"name": "both", "memberships": ["Club", "Silver"]}
    fewer = FREE | give | {"name": "fewer", "memberships": ["Silver"]}
    program = with_club(MEMBERS, memberships=[CLUB, silver], cashback_rewards=[both, fewer])
    await world.take(configured(), published(program), club_order("club"))
    settled = {"friend_id": "anna-7", "settled_at": NOON + timedelta(days=60)}
    inside, outside = ({**settled, "placed_at": NOON + timedelta(days=day)} for day in (1, 31))
    await world.take(own_order("in", 6_000, **inside), own_order("out", 6_000, **outside))
    # What is told since of the buyer changes nothing of settled orders, whatever they came to.
    await world.take(club_order("late", NOON + timedelta(days=30)))
    await world.take(own_order("in", 6_000, **inside, revision=2, refunded_minor=100))
    await world.take(own_order("out", 6_000, **outside, revision=2, refunded_minor=6_000))
    await world.take(own_order("out", 6_000, **outside, revision=3, refunded_minor=100))
    assert {one.source_id: one.target_minor for one in await world.rewards(STORE)} == {"in/both/5000/1-1": 100}
    assert (await audit(world)).whole


@pytest.mark.parametrize("seed", range(8))
async def test_in_any_order_in_any_batches_and_again_it_ends_alike(world: World, seed: int) -> None:
    """Purchases, what undid them, friends' orders, and who the ambassador is: shuffled, repeated, in batches."""
    chance = random.Random(seed)
    moments = {f"o{number}": chance.randrange(0, 80) + 0.5 for number in range(8)}
    newest: list[Conversion] = []
    states: list[Payload] = [MEMBER, *(friends_order(order_id, day) for order_id, day in moments.items())]
    for number in range(5):
        at = NOON + timedelta(days=chance.randrange(0, 60))
        called: dict[str, Any] = {"friend_id": chance.choice(["anna-7", "else"]), "friend_contacts": ("h-mail",)}
        newest.append(club_order(f"c{number}", at, **called))
        states.append(newest[-1])
        if chance.random() < 0.5:
            undone: dict[str, Any] = {
                "revision": 2,
                "cancelled": True,
                "returned_at": at + timedelta(days=chance.randrange(0, 40)),
            }
            newest[-1] = club_order(f"c{number}", at, **called, **undone)
            states.append(newest[-1])
    states += chance.sample(states, 4)
    chance.shuffle(states)
    await world.take(configured(), published(with_club()))
    while states:
        size = chance.randrange(1, 6)
        await world.take(*states[:size])
        states = states[size:]
    await after_work(world)
    purchases = [one for state in newest for one in bought(state)]
    members = {ref for ref, day in moments.items() if held_at(purchases, NOON + timedelta(days=day))}
    assert {one.source_id for one in await world.rewards(STORE) if one.target_minor} == members
    assert await held(world) == {ref: (["Club"] if ref in members else [], False) for ref in moments}
    assert (await audit(world)).whole


async def test_it_is_shown_to_the_store_and_to_the_ambassador(world: World) -> None:
    await world.take(configured(), published(with_club()), MEMBER, club_order("club"))
    now = await world.now()
    await world.move_clock(seconds=int((NOON + timedelta(days=1) - now).total_seconds()))
    async with world.caller(STORE) as api:
        [mine] = (await api.get("/v1/memberships", params={"ambassador_id": ANNA})).json()["data"]
        same = (await api.get("/v1/memberships", params={"customer_id": "anna-7"})).json()["data"]
        none = (await api.get("/v1/memberships", params={"customer_id": "else"})).json()["data"]
        wrong = await api.get("/v1/memberships")
    assert same == [mine] and none == [] and wrong.status_code == 422
    assert (mine["program_id"], mine["name"], mine["active"], len(mine["purchases"])) == (PROGRAM, "Club", True, 1)
    async with world.browser(STORE) as console:
        page = (await console.get(f"/console/rewards/balances/{ANNA}")).text
    async with portal(world, ANNA) as anna:
        own = (await anna.get("/p/balance")).text
    assert "Member until" in page and "Member until" in own
    await world.move_clock(seconds=30 * 24 * 3600)
    async with portal(world, ANNA) as anna:
        assert "Ended" in (await anna.get("/p/balance")).text


async def test_who_is_erased_is_known_by_nothing_and_keeps_what_they_earned(world: World) -> None:
    await world.take(configured(), published(with_club()), MEMBER)
    await world.take(club_order("club"), friends_order("in", 1))
    await world.take(joined(ANNA, status="erased", revision=2))
    rows = await world.look(STORE, "select name from ambassador_names where store_id = :store")
    assert list(rows) == []
    # A later state of the order recomputes it by what stood.
    await world.take(friends_order("in", 1, revision=2, refunded_minor=1))
    await after_work(world)
    assert (await held(world))["in"] == (["Club"], False)
    assert await world.amounts(STORE, "in") != {}
