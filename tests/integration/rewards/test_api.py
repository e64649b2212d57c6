"""The API of rewards, balances and the ledger."""

import csv
from datetime import timedelta
from decimal import Decimal

import pytest

from contracts.events.catalog import CodeSaved
from tests.integration.rewards.world import World
from tests.unit.rewards.build import ANNA, NOON, PROGRAM, STORE, configured, joined, make_program, make_state, published

OTHER = "str_01k9x0m5w8a3c7e1g5j9n3q7s2"


@pytest.fixture
async def shop(world: World) -> World:
    """Two orders, one of them refunded by half, and a neighbour with an order of the same id."""
    await world.take(configured(), published(make_program()), configured(store=OTHER))
    await world.take(published(make_program(), store=OTHER), make_state("1", store_id=OTHER))
    await world.take(make_state("1"), make_state("2"))
    await world.take(make_state("2", revision=2, refunded_minor=2545))
    return world


def code(text: str, code_id: str, *, hours: int, retired: bool = False, revision: int = 1) -> CodeSaved:
    at = NOON + timedelta(hours=hours)
    return CodeSaved(
        store_id=STORE,
        code_id=code_id,
        code=text,
        program_id=PROGRAM,
        ambassador_id=ANNA,
        retired=retired,
        created_at=at,
        revision=revision,
    )


async def test_rewards_of_an_order_are_listed_with_how_they_came_about(shop: World) -> None:
    async with shop.caller(STORE) as http:
        found = (await http.get("/v1/rewards", params={"order_id": "2"})).json()["data"]
    by_rule = {one["rule"]: one for one in found}
    assert set(by_rule) == {"friend", "ambassador"}
    assert by_rule["ambassador"]["amount_minor"] == 230
    assert by_rule["ambassador"]["beneficiary"] == {"kind": "ambassador", "id": ANNA}
    assert by_rule["ambassador"]["kind"] == "cash"
    assert by_rule["ambassador"]["reason"] == "partly_refunded"
    assert by_rule["ambassador"]["points"] is None
    assert by_rule["friend"]["calculation"] == {
        "base": 1000,
        "order_total_minor": 5090,
        "order_refunded_minor": 2545,
        "want": 500,
        "bound": None,
        "refused": 0,
    }


async def test_a_list_is_paged_and_filtered(shop: World) -> None:
    async with shop.caller(STORE) as http:
        first = (await http.get("/v1/rewards", params={"limit": 3})).json()
        rest = (await http.get("/v1/rewards", params={"limit": 3, "cursor": first["next_cursor"]})).json()
        anna = (await http.get("/v1/rewards", params={"ambassador_id": ANNA, "status": "pending"})).json()["data"]
        hers = (await http.get("/v1/rewards", params={"beneficiary_id": ANNA})).json()["data"]
        none = (await http.get("/v1/rewards", params={"status": "available"})).json()
    assert [len(first["data"]), len(rest["data"]), rest["next_cursor"]] == [3, 1, None]
    ids = [one["id"] for one in first["data"] + rest["data"]]
    assert ids == sorted(ids, reverse=True)
    assert [len(anna), len(hers)] == [4, 2]
    assert none == {"data": [], "next_cursor": None}


async def test_a_list_is_also_a_spreadsheet(shop: World) -> None:
    async with shop.caller(STORE) as http:
        rewards = (await http.get("/v1/rewards", params={"format": "csv"})).text.splitlines()
        ledger = (await http.get("/v1/ledger/entries", params={"format": "csv"})).text.splitlines()
    assert rewards[0].startswith("id,order_id,program_id")
    assert [len(rewards), len(ledger)] == [5, 13]
    amounts = [(row["amount"], row["want"], row["currency"]) for row in csv.DictReader(rewards)]
    assert {money for amount, want, _ in amounts for money in (amount, want)} == {"10.00", "5.00", "4.60", "2.30"}
    assert {currency for _, _, currency in amounts} == {"EUR"}
    entries = list(csv.DictReader(ledger))
    assert sum(Decimal(row["debit"] or 0) for row in entries) == sum(Decimal(row["credit"] or 0) for row in entries)
    assert all("." in row["debit"] + row["credit"] for row in entries)


async def test_spreadsheets_name_ambassadors_by_the_code_that_they_are_known_by(shop: World) -> None:
    async def named() -> tuple[set[str], dict[str, set[str]]]:
        async with shop.caller(STORE) as http:
            rewards = (await http.get("/v1/rewards", params={"format": "csv"})).text.splitlines()
            ledger = (await http.get("/v1/ledger/entries", params={"format": "csv"})).text.splitlines()
        sides: dict[str, set[str]] = {}
        for row in csv.DictReader(ledger):
            sides.setdefault(row["account"].split("_")[0], set()).add(row["ambassador_code"])
        return {row["ambassador_code"] for row in csv.DictReader(rewards)}, sides

    assert await named() == ({""}, {"ambassador": {""}, "friend": {""}, "program": {""}})
    await shop.take(code("SPRING", "cod_2", hours=2), code("ANNA10", "cod_1", hours=1))
    assert (await named())[0] == {"ANNA10"}
    await shop.take(code("ANNA10", "cod_1", hours=1, retired=True, revision=2), code("ANNA10", "cod_1", hours=1))
    assert (await named())[0] == {"SPRING"}
    await shop.take(joined(ANNA, code_id="cod_1", revision=2))
    await shop.take(joined(ANNA, code_id="cod_2", revision=1))
    assert await named() == ({"ANNA10"}, {"ambassador": {"ANNA10"}, "friend": {""}, "program": {""}})


async def test_balances_are_split_into_pending_available_lifetime_and_clawed_back(shop: World) -> None:
    async with shop.caller(STORE) as http:
        [anna] = (await http.get("/v1/balances", params={"ambassador_id": ANNA})).json()["data"]
        [friend] = (await http.get("/v1/balances", params={"friend_id": "friend-2"})).json()["data"]
        nobody = (await http.get("/v1/balances", params={"ambassador_id": "amb_nobody"})).json()
        unclear = await http.get("/v1/balances")
    want = {"unit": "EUR", "currency": "EUR", "pending": 690, "available": 0, "in_payout": 0, "paid": 0}
    want |= {"lifetime": 920, "clawed_back": 230, "expired": 0, "expiring": [], "reserved": 0, "used": 0}
    assert anna == want
    assert (friend["pending"], friend["lifetime"]) == (500, 1000)
    assert nobody == {"data": [], "milestones": [], "tier": None}
    assert unclear.status_code == 422


async def test_the_trial_balance_differs_by_nothing(shop: World) -> None:
    async with shop.caller(STORE) as http:
        [euro] = (await http.get("/v1/ledger/trial-balance")).json()["data"]
        lines = (await http.get("/v1/ledger/entries", params={"limit": 5})).json()
        more = (await http.get("/v1/ledger/entries", params={"limit": 200, "cursor": lines["next_cursor"]})).json()
        expense = (await http.get("/v1/ledger/entries", params={"account": "program_expense"})).json()["data"]
    assert (euro["currency"], euro["debits"], euro["credits"], euro["difference"]) == ("EUR", 3650, 3650, 0)
    entries = lines["data"] + more["data"]
    assert len(entries) == 12
    assert sum((e["debit"] or 0) - (e["credit"] or 0) for e in entries) == 0
    assert len(expense) == 6
    claws = [e for e in entries if e["movement"] == "claw_back"]
    assert {e["corrects"] for e in claws} == {3, 4}


async def test_entries_of_a_program_an_ambassador_and_a_friend_are_found_by_whose_account_it_is(shop: World) -> None:
    await shop.take(make_state("3", friend_id=PROGRAM))  # a customer whom the store calls like its program
    async with shop.caller(STORE) as http:
        found = {
            owner: (await http.get("/v1/ledger/entries", params={"owner": owner})).json()["data"]
            for owner in (PROGRAM, ANNA, "friend-2", "nobody")
        }
        one = (await http.get("/v1/ledger/entries", params={"owner": ANNA, "account": "program_expense"})).json()
    assert {owner: len(entries) for owner, entries in found.items()} == {
        PROGRAM: 9,
        ANNA: 4,
        "friend-2": 2,
        "nobody": 0,
    }
    assert {entry["account"] for entry in found[PROGRAM]} == {"program_expense", "friend_pending"}
    assert one["data"] == []


async def test_a_reward_is_approved_once_and_only_while_it_is_pending(shop: World) -> None:
    reward = (await shop.rewards(STORE, "1"))[0]
    async with shop.caller(STORE) as http:
        first = await http.post(f"/v1/rewards/{reward.reward_id}/approve")
        again = await http.post(f"/v1/rewards/{reward.reward_id}/approve", json={})
        await shop.take(make_state("1", revision=2, cancelled=True))
        late = await http.post(f"/v1/rewards/{reward.reward_id}/approve")
    assert (first.status_code, first.json()["status"]) == (200, "approved")
    assert again.json() == first.json()
    assert (late.status_code, late.json()["code"]) == (409, "reward_not_pending")


async def test_a_rejected_reward_stays_at_zero_whatever_happens_to_its_order(shop: World) -> None:
    reward = next(r for r in await shop.rewards(STORE, "2") if r.rule == "ambassador")
    async with shop.caller(STORE) as http:
        done = (await http.post(f"/v1/rewards/{reward.reward_id}/reject", json={"reason": "Own shop staff"})).json()
        await shop.take(make_state("2", revision=3, refunded_minor=0))
        after = (await http.get(f"/v1/rewards/{reward.reward_id}")).json()
        again = await http.post(f"/v1/rewards/{reward.reward_id}/reject", json={"reason": "Twice"})
        [anna] = (await http.get("/v1/balances", params={"ambassador_id": ANNA})).json()["data"]
    assert (done["status"], done["amount_minor"], done["reason"]) == ("rejected", 0, "rejected_by_person")
    assert (after["status"], after["amount_minor"], after["note"]) == ("rejected", 0, "Own shop staff")
    assert again.json()["note"] == "Own shop staff"
    assert anna["pending"] == 460
    assert await shop.amounts(STORE, "2") == {"friend": 1000}


async def test_a_rejection_needs_a_reason_and_an_existing_reward(shop: World) -> None:
    reward = (await shop.rewards(STORE, "1"))[0]
    async with shop.caller(STORE) as http:
        bare = await http.post(f"/v1/rewards/{reward.reward_id}/reject", json={})
        unknown = await http.post("/v1/rewards/rwd_nothing/reject", json={"reason": "x"})
    assert (bare.status_code, bare.json()["errors"][0]["field"]) == (422, "reason")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "reward_not_found")


async def test_no_reason_of_a_person_is_told_to_others(shop: World) -> None:
    reward = (await shop.rewards(STORE, "1"))[0]
    async with shop.caller(STORE) as http:
        await http.post(f"/v1/rewards/{reward.reward_id}/reject", json={"reason": "marked-words"})
    reported = [event.model_dump_json() for event in await shop.reported(STORE)]
    assert reported
    assert not any("marked-words" in text for text in reported)


async def test_a_neighbour_sees_nothing_and_changes_nothing(shop: World) -> None:
    reward = (await shop.rewards(STORE, "1"))[0]
    async with shop.caller(OTHER) as http:
        listed = (await http.get("/v1/rewards", params={"order_id": "2"})).json()
        own = (await http.get("/v1/rewards")).json()["data"]
        foreign = await http.get(f"/v1/rewards/{reward.reward_id}")
        unknown = await http.get("/v1/rewards/rwd_0000")
        refused = await http.post(f"/v1/rewards/{reward.reward_id}/reject", json={"reason": "x"})
    assert listed == {"data": [], "next_cursor": None}
    assert {one["order_id"] for one in own} == {"1"}
    assert foreign.status_code == unknown.status_code == refused.status_code == 404
    assert foreign.json()["code"] == unknown.json()["code"]


async def test_scopes_are_asked_for(shop: World) -> None:
    reward = (await shop.rewards(STORE, "1"))[0]
    async with shop.caller(STORE, "rewards:read") as reader, shop.caller(STORE, "orders:read") as stranger:
        assert (await reader.get("/v1/rewards")).status_code == 200
        assert (await reader.post(f"/v1/rewards/{reward.reward_id}/approve")).status_code == 403
        for path in ("/v1/rewards", "/v1/balances?ambassador_id=x", "/v1/ledger/entries", "/v1/ledger/trial-balance"):
            assert (await stranger.get(path)).status_code == 403


async def test_odd_input_is_refused_and_never_a_failure(shop: World) -> None:
    async with shop.caller(STORE) as http:
        for path in (
            "/v1/rewards?order_id=%00",
            "/v1/rewards?cursor=nonsense",
            "/v1/rewards?cursor=WyJcdTAwMDAiXQ",
            "/v1/rewards?status=lost",
            "/v1/rewards?limit=0",
            "/v1/ledger/entries?cursor=Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OSwxXQ",
            "/v1/ledger/entries?account=slush_fund",
            "/v1/balances?ambassador_id=%00",
            f"/v1/rewards?order_id={'x' * 300}",
        ):
            answer = await http.get(path)
            assert 400 <= answer.status_code < 500, path
            assert answer.headers["content-type"] == "application/problem+json", path
        for path in ("/v1/rewards/%00", "/v1/rewards/%F0%9F%92%A9", f"/v1/rewards/{'x' * 3000}"):
            assert 400 <= (await http.get(path)).status_code < 500, path


async def test_what_is_due_is_released_and_the_balance_becomes_available(shop: World) -> None:
    now = await shop.now()
    await shop.take(make_state("1", revision=2, placed_at=NOON, settled_at=now - timedelta(minutes=1)))
    await shop.move_clock(seconds=max(0, int((NOON + timedelta(days=14) - now).total_seconds())) + 5)
    await shop.release()
    async with shop.caller(STORE) as http:
        found = (await http.get("/v1/rewards", params={"status": "available"})).json()["data"]
        [anna] = (await http.get("/v1/balances", params={"ambassador_id": ANNA})).json()["data"]
    assert {(one["order_id"], one["rule"]) for one in found} == {("1", "friend"), ("1", "ambassador")}
    assert (anna["available"], anna["pending"]) == (460, 230)
