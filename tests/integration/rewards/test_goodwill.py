"""Goodwill over the API: at once within a limit, by two people above it, taken back, and in the books like the rest."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from contracts.events.audit import AuditNoted
from contracts.events.rewards import SourcedReward
from services.rewards.ledger.domain import Holding
from services.rewards.payouts.domain.terms import LOOSER_AFTER
from tests.integration.rewards.money import audit, details, earned, holding, send_to
from tests.integration.rewards.world import World
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    ANNA,
    BORIS,
    PROGRAM,
    STORE,
    joined,
    make_program,
    make_state,
    published,
)

GIVE = ("goodwill:write", "rewards:read", "rewards:write")
OWNER = ("payouts:read", "payouts:write", "rewards:read")
DAY = int(LOOSER_AFTER.total_seconds())


@pytest.fixture
async def shop(world: World) -> World:
    """Anna has 9.20 of two orders, Boris 4.60 of one. One person may give 50.00 a month alone."""
    await earned(world)
    await world.take(joined(ANNA), joined(BORIS))
    async with world.caller(STORE, *OWNER) as http:
        answer = await http.put("/v1/goodwill-terms/EUR", json={"limit": 5000, "period": "month"})
        assert answer.status_code == 200, answer.text
    await world.move_clock(seconds=DAY)
    return world


def wish(amount: int = 1500, who: str = ANNA, **changed: Any) -> dict[str, Any]:
    return {
        "ambassador_id": who,
        "amount_minor": amount,
        "currency": "EUR",
        "reason": "Helped three customers in our forum.",
        **changed,
    }


async def post(http: httpx.AsyncClient, path: str, body: Any = None, *, status: int = 200, key: str = "") -> Any:
    answer = await http.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
    assert answer.status_code == status, answer.text
    return answer.json()


async def sourced(world: World) -> list[SourcedReward]:
    return [event for event in await world.emitted(STORE) if isinstance(event, SourcedReward)]


async def test_what_is_given_is_available_at_once_and_stands_everywhere(shop: World) -> None:
    async with shop.caller(STORE, *GIVE) as http:
        given = await post(http, "/v1/goodwill", wish(), status=201)
        assert (given["status"], given["amount_minor"], given["left"]) == ("granted", 1500, 1500)
        reward = (await http.get(f"/v1/rewards/{given['reward_id']}")).json()
        assert reward["source"] == {"kind": "person", "id": given["id"]}
        assert (reward["order_id"], reward["rule"], reward["status"]) == (None, None, "available")
        assert (reward["reason"], reward["amount_minor"]) == ("goodwill", 1500)
        entries = (await http.get("/v1/ledger/entries", params={"reward_id": given["reward_id"]})).json()["data"]
        assert [(e["movement"], e["account"], e["debit"], e["credit"]) for e in entries] == [
            ("release", "ambassador_available", None, 1500),
            ("release", "ambassador_pending", 1500, None),
            ("grant", "ambassador_pending", None, 1500),
            ("grant", "program_expense", 1500, None),
        ]
        day = (await shop.now()).date().isoformat()
        statement = (await http.get("/v1/statements", params={"ambassador_id": ANNA, "from": day, "to": day})).json()
        assert [(line["reason"], line["order_id"], line["amount"]) for line in statement["data"][-2:]] == [
            ("goodwill", None, 1500),
            (None, None, 0),
        ]
        liability = (await http.get("/v1/liability")).json()
    assert await holding(shop, ANNA) == Holding(2420, 0, 0, 2420, 0, 0)
    assert "2880" in str(liability)
    assert (await audit(shop)).whole
    granted, released = await sourced(shop)
    assert (granted.TYPE, granted.source.kind, granted.source.id) == ("kith.reward.granted.v2", "person", given["id"])
    assert (released.TYPE, released.status, released.revision) == ("kith.reward.released.v2", "available", 2)
    assert "order_id" not in granted.model_dump()
    assert "forum" not in granted.model_dump_json()


async def test_the_same_key_gives_once(shop: World) -> None:
    async with shop.caller(STORE, *GIVE) as http:
        first = await post(http, "/v1/goodwill", wish(), status=201, key="g-1")
        assert await post(http, "/v1/goodwill", wish(), status=201, key="g-1") == first
        await post(http, "/v1/goodwill", wish(1600), status=422, key="g-1")
        taken = await post(
            http, f"/v1/goodwill/{first['id']}/take-back", {"amount": 500, "reason": "Twice."}, key="t-1"
        )
        again = await post(
            http, f"/v1/goodwill/{first['id']}/take-back", {"amount": 500, "reason": "Twice."}, key="t-1"
        )
    assert taken["left"] == again["left"] == 1000
    assert (await holding(shop, ANNA)).available == 920 + 1000


async def test_above_their_limit_somebody_else_approves(shop: World) -> None:
    async with shop.caller(STORE, *GIVE, key_id="key_a") as mine, shop.caller(STORE, *GIVE, key_id="key_b") as other:
        assert (await post(mine, "/v1/goodwill", wish(4000), status=201))["status"] == "granted"
        assert (await post(mine, "/v1/goodwill", wish(1001), status=201))["status"] == "waiting"
        assert (await post(mine, "/v1/goodwill", wish(1000, BORIS), status=201))["status"] == "granted"
        waiting = await post(mine, "/v1/goodwill", wish(1), status=201)
        assert (waiting["status"], waiting["reward_id"], waiting["left"]) == ("waiting", None, 0)
        assert (await holding(shop, ANNA)).available == 920 + 4000
        problem = await post(mine, f"/v1/goodwill/{waiting['id']}/approve", status=403)
        assert problem["code"] == "second_person_needed"
        approved = await post(other, f"/v1/goodwill/{waiting['id']}/approve")
        assert (approved["status"], approved["decided_by"], approved["left"]) == ("granted", "key_b", 1)
        assert await post(other, f"/v1/goodwill/{waiting['id']}/approve") == approved
        left_waiting = (await mine.get("/v1/goodwill", params={"status": "waiting"})).json()["data"]
        assert [one["amount_minor"] for one in left_waiting] == [1001]
        # What a second person approved uses nobody's limit: of their own, the other may still give all.
        assert (await post(other, "/v1/goodwill", wish(5000), status=201))["status"] == "granted"
        life = (await mine.get(f"/v1/goodwill/{waiting['id']}")).json()["life"]
    assert [(step["kind"], step["by"]) for step in life] == [("asked", "key_a"), ("approved", "key_b")]
    assert (await audit(shop)).whole


async def test_a_new_period_and_only_that_makes_room_again(shop: World) -> None:
    async with shop.caller(STORE, *GIVE, key_id="key_a") as http:
        given = await post(http, "/v1/goodwill", wish(5000), status=201)
        await post(http, f"/v1/goodwill/{given['id']}/take-back", {"reason": "By mistake."})
        assert (await post(http, "/v1/goodwill", wish(1), status=201))["status"] == "waiting"
        await shop.move_clock(seconds=int(timedelta(days=31).total_seconds()))
        assert (await post(http, "/v1/goodwill", wish(5000), status=201))["status"] == "granted"


@pytest.mark.parametrize(("unit", "looser"), [("EUR", 10_000), ("EUR", None), ("points", 10_000)])
async def test_nobody_lifts_the_limit_or_sets_the_first_and_gives_alone_within_a_day(
    shop: World, unit: str, looser: int | None
) -> None:
    gift = wish(6000) if unit == "EUR" else {"ambassador_id": ANNA, "points": 6000, "reason": "Because."}
    terms = {"limit": 5000, "period": "day"} if looser is None else {"limit": looser, "period": "month"}
    async with shop.caller(STORE, *GIVE, *OWNER, key_id="key_a") as alone:
        if looser is None:  # used up: another period begins anew no sooner than tomorrow
            await post(alone, "/v1/goodwill", wish(5000), status=201)
            gift = wish(5000)
        for _ in range(2):  # setting it again puts nothing off
            lifted = (await alone.put(f"/v1/goodwill-terms/{unit}", json=terms)).json()
            held = 5000 if unit == "EUR" else 0
            assert (lifted["limit"], lifted["limit_holds"], lifted["period_holds"]) == (terms["limit"], held, "month")
            assert (await post(alone, "/v1/goodwill", gift, status=201))["status"] == "waiting"
            await shop.move_clock(seconds=DAY // 2)
        assert (await post(alone, "/v1/goodwill", gift, status=201))["status"] == "granted"
        tighter = (await alone.put(f"/v1/goodwill-terms/{unit}", json={"limit": 1, "period": "ever"})).json()
        assert (tighter["limit_holds"], tighter["period_holds"], tighter["limit_from"]) == (1, "ever", None)


async def test_the_audit_says_which_limit_held_and_from_when_the_looser_one_does(shop: World) -> None:
    async with shop.caller(STORE, *OWNER, key_id="key_a") as alone:
        await alone.put("/v1/goodwill-terms/EUR", json={"limit": 10_000, "period": "month"})
        lifted = (await alone.put("/v1/goodwill-terms/EUR", json={"limit": 20_000, "period": "month"})).json()
    notes = [one for one in await shop.emitted(STORE) if isinstance(one, AuditNoted) and one.on == "EUR"][-2:]
    held = {"amount_minor": 5000, "kind": "month"}
    assert [one.before for one in notes] == [held, held], "the 100.00 never held"
    assert notes[1].after["amount_minor"] == 20_000
    assert datetime.fromisoformat(str(notes[1].after["looser_at"])) == datetime.fromisoformat(lifted["limit_from"])


async def test_without_a_limit_all_waits_and_a_refusal_ends_it(shop: World) -> None:
    async with shop.caller(STORE, *GIVE, key_id="key_a") as mine, shop.caller(STORE, *GIVE, key_id="key_b") as other:
        points = {"ambassador_id": ANNA, "points": 200, "reason": "Because."}
        waiting = await post(mine, "/v1/goodwill", points, status=201)
        assert (waiting["status"], waiting["kind"], waiting["points"]) == ("waiting", "points", 200)
        refused = await post(other, f"/v1/goodwill/{waiting['id']}/refuse", {"reason": "Not this month."})
        assert (refused["status"], refused["reward_id"]) == ("refused", None)
        assert await post(other, f"/v1/goodwill/{waiting['id']}/refuse") == refused
        assert (await post(other, f"/v1/goodwill/{waiting['id']}/approve", status=409))["code"] == "goodwill_state"
        own = await post(mine, "/v1/goodwill", points, status=201)
        assert (await post(mine, f"/v1/goodwill/{own['id']}/refuse"))["status"] == "refused"
    assert await sourced(shop) == []


async def test_taking_back_stops_at_what_is_left_and_is_carried_forward_after_a_payout(shop: World) -> None:
    await send_to(shop, ANNA, details(0))
    async with shop.caller(STORE, *GIVE, *OWNER) as http:
        given = await post(http, "/v1/goodwill", wish(), status=201)
        batch = await post(http, "/v1/payout-batches", {"currency": "EUR", "provider": "manual"}, status=201)
        for step in ("approve", "send"):
            await post(http, f"/v1/payout-batches/{batch['id']}/{step}")
        (payout,) = (await http.get("/v1/payouts")).json()["data"]
        await post(http, f"/v1/payouts/{payout['id']}/mark-paid")
        took = f"/v1/goodwill/{given['id']}/take-back"
        assert (await post(http, took, {"amount": 500, "reason": "Twice."}))["left"] == 1000
        assert (await post(http, took, {"amount": 1001, "reason": "More."}, status=409))["code"] == "not_that_much_left"
        assert (await post(http, took, {"reason": "The rest."}))["left"] == 0
        assert (await post(http, took, {"reason": "Again."}, status=409))["code"] == "not_that_much_left"
        reward = (await http.get(f"/v1/rewards/{given['reward_id']}")).json()
    assert (reward["status"], reward["reason"]) == ("reversed", "taken_back")
    assert await holding(shop, ANNA) == Holding(2420, 1500, 0, -1500, 0, 2420)
    assert [event.TYPE.split(".")[2] for event in await sourced(shop)] == [
        "granted",
        "released",
        "adjusted",
        "reversed",
    ]
    assert (await audit(shop)).whole


async def test_the_programs_budget_holds_for_goodwill_too(shop: World) -> None:
    await shop.take(published(make_program(AMBASSADOR_RULE, budget_minor=2000), version=2))
    async with shop.caller(STORE, *GIVE, key_id="key_a") as mine, shop.caller(STORE, *GIVE, key_id="key_b") as other:
        problem = await post(mine, "/v1/goodwill", wish(621), status=409)
        assert (problem["code"], problem["left"]) == ("budget_used_up", "620")
        assert (await post(mine, "/v1/goodwill", wish(500), status=201))["status"] == "granted"
        await shop.take(published(make_program(AMBASSADOR_RULE, budget_minor=10_000), version=3))
        waiting = await post(mine, "/v1/goodwill", wish(5000), status=201)
        await shop.take(published(make_program(AMBASSADOR_RULE, budget_minor=3000), version=4))
        problem = await post(other, f"/v1/goodwill/{waiting['id']}/approve", status=409)
        assert problem["code"] == "budget_used_up"
        # What was given by hand left that much less for orders.
        await shop.take(make_state("big", revision=1, subtotal_minor=50_000, total_minor=50_000, ambassador_id=BORIS))
    assert await shop.amounts(STORE, "big") == {"ambassador": 3000 - 1380 - 500}
    assert (await audit(shop)).whole


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (wish(currency="USD"), "currency"),
        (wish(0), "amount_minor"),
        (wish(10**12 + 1), "amount_minor"),
        (wish(reason="   "), "reason"),
        (wish(points=5), "amount_minor"),
        (wish(expires_after_days=30), "expires_after_days"),
        (wish(pay_as="store_credit", expires_after_days=3_651), "expires_after_days"),
        ({"ambassador_id": ANNA, "points": 5, "currency": "EUR", "reason": "x"}, "currency"),
        ({"ambassador_id": ANNA, "amount_minor": 5, "reason": "x"}, "currency"),
    ],
)
async def test_what_cannot_be_given_is_refused_with_the_field_to_mend(shop: World, body: Any, field: str) -> None:
    async with shop.caller(STORE, *GIVE) as http:
        problem = await post(http, "/v1/goodwill", body, status=422)
        nobody = await post(http, "/v1/goodwill", wish(who="amb_nobody"), status=404)
    assert [one["field"] for one in problem["errors"]] == [field]
    assert nobody["code"] == "ambassador_not_found"
    assert await sourced(shop) == []


async def test_who_is_blocked_or_gone_is_given_nothing_and_their_reasons_go(shop: World) -> None:
    async with shop.caller(STORE, *GIVE, key_id="key_a") as mine, shop.caller(STORE, *GIVE, key_id="key_b") as other:
        given = await post(mine, "/v1/goodwill", wish(), status=201)
        await post(mine, f"/v1/goodwill/{given['id']}/take-back", {"amount": 1, "reason": "Anna knows why."})
        waiting = await post(mine, "/v1/goodwill", wish(9000), status=201)
        await shop.take(joined(ANNA, status="blocked", revision=2))
        assert (await post(mine, "/v1/goodwill", wish(), status=409))["code"] == "ambassador_blocked"
        await shop.take(joined(ANNA, status="erased", revision=3))
        await shop.take(joined(ANNA, revision=1))  # told again, late
        assert (await post(mine, "/v1/goodwill", wish(), status=404))["code"] == "ambassador_not_found"
        path = f"/v1/goodwill/{waiting['id']}/approve"
        assert (await post(other, path, status=404))["code"] == "ambassador_not_found"
        one = (await mine.get(f"/v1/goodwill/{given['id']}")).json()
    assert (one["reason"], [step["reason"] for step in one["life"]]) == ("", [None, None])
    assert one["left"] == 1499


async def test_two_at_once_with_one_key_do_not_pass_its_limit_together(shop: World) -> None:
    async with shop.caller(STORE, *GIVE, key_id="key_a") as http:
        made = await asyncio.gather(*(post(http, "/v1/goodwill", wish(1000), status=201) for _ in range(12)))
    states = [one["status"] for one in made]
    assert (states.count("granted"), states.count("waiting")) == (5, 7)
    assert (await audit(shop)).whole


async def test_the_right_over_goodwill_neither_sets_its_own_limit_nor_comes_by_itself(shop: World) -> None:
    async with shop.caller(STORE, *GIVE) as http:
        assert (await http.put("/v1/goodwill-terms/EUR", json={"limit": 10**9})).status_code == 403
    async with shop.caller(STORE, "rewards:read", "rewards:write", *OWNER) as http:
        await post(http, "/v1/goodwill", wish(), status=403)


async def test_what_is_given_expires_as_whoever_gives_it_says_or_else_the_program(shop: World) -> None:
    """The second gift waits for somebody else; its days begin when they approve it."""
    program = make_program(AMBASSADOR_RULE).model_copy(update={"goodwill_expires_after_days": 90})
    await shop.take(published(program, version=2))
    credit = {"pay_as": "store_credit"}
    async with shop.caller(STORE, *GIVE) as http, shop.caller(STORE, *GIVE, key_id="key_2") as other:
        for days in (None, 10, 0):
            await post(http, "/v1/goodwill", wish(100, **credit, expires_after_days=days), status=201)
        cash = await post(http, "/v1/goodwill", wish(100), status=201)
        waits = await post(http, "/v1/goodwill", wish(9000, **credit, expires_after_days=10), status=201)
        assert (cash["expires_after_days"], waits["status"], waits["expires_after_days"]) == (None, "waiting", 10)
        await shop.move_clock(seconds=2 * DAY)
        await post(other, f"/v1/goodwill/{waits['id']}/approve")
        (money, *_) = (await http.get("/v1/balances", params={"ambassador_id": ANNA})).json()["data"]
    today = (await shop.now()).date()
    ends = [(date.fromisoformat(one["expires_at"][:10]) - today).days for one in money["expiring"]]
    assert [one["amount"] for one in money["expiring"]] == [100, 9000, 100]
    assert ends[1] - ends[0] == 2 and ends[2] - ends[0] == 80
    assert (await audit(shop)).whole


async def test_what_was_given_comes_as_a_spreadsheet_too(shop: World) -> None:
    async with shop.caller(STORE, *GIVE) as http:
        given = await post(http, "/v1/goodwill", wish(), status=201)
        await post(http, f"/v1/goodwill/{given['id']}/take-back", {"amount": 250, "reason": "Too much."})
        table = (await http.get("/v1/goodwill", params={"format": "csv", "ambassador_id": ANNA})).text
    head, row = table.strip().splitlines()
    shown = dict(zip(head.lstrip("\ufeff").split(","), row.split(","), strict=True))
    assert (shown["amount"], shown["left"], shown["currency"], shown["status"]) == ("15.00", "12.50", "EUR", "granted")


async def test_an_order_that_is_called_like_a_goodwill_leaves_it_alone(shop: World) -> None:
    async with shop.caller(STORE, *GIVE) as http:
        given = await post(http, "/v1/goodwill", wish(), status=201)
        await shop.take(make_state(given["id"], revision=1, ambassador_id=BORIS))
        await shop.take(make_state(given["id"], revision=2, status="unattributed"))
        of_order = (await http.get("/v1/rewards", params={"order_id": given["id"]})).json()["data"]
        by_hand = (await http.get("/v1/rewards", params={"source": "person"})).json()["data"]
        orders = (await http.get("/v1/rewards", params={"source": "order"})).json()["data"]
    assert [(one["source"]["kind"], one["amount_minor"]) for one in of_order] == [("order", 0)]
    assert [(one["id"], one["amount_minor"]) for one in by_hand] == [(given["reward_id"], 1500)]
    assert len(orders) == 4
    assert by_hand[0]["program_id"] == PROGRAM


@pytest.mark.parametrize(
    "flip",
    [
        "update goodwill set amount_minor = amount_minor + 1",
        "update goodwill set ambassador_id = 'amb_eve'",
        "delete from goodwill",
        "update rewards set source_kind = 'order' where source_kind = 'person'",
    ],
)
async def test_an_audit_finds_goodwill_that_its_reward_does_not_bear_out(shop: World, flip: str) -> None:
    async with shop.caller(STORE, *GIVE) as http:
        await post(http, "/v1/goodwill", wish(), status=201)
    async with shop.owner.transaction([STORE]) as tx:
        await tx.execute(flip)
    assert {finding.kind for finding in (await audit(shop)).findings} == {"goodwill"}


async def test_a_goodwill_can_be_rejected_for_good_like_any_reward(shop: World) -> None:
    async with shop.caller(STORE, *GIVE) as http:
        given = await post(http, "/v1/goodwill", wish(), status=201)
        await post(http, f"/v1/rewards/{given['reward_id']}/reject", {"reason": "fraud"})
        one = (await http.get(f"/v1/goodwill/{given['id']}")).json()
        took = f"/v1/goodwill/{given['id']}/take-back"
        assert (await post(http, took, {"reason": "too"}, status=409))["code"] == "not_that_much_left"
    assert one["left"] == 0
    assert (await audit(shop)).whole
