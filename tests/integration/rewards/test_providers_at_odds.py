"""Bad days of payouts by call: reports out of order, answers that get lost, accounts that change, books that differ."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.rewards.destinations.actions import set_destination
from services.rewards.destinations.domain import checked
from tests.integration.rewards.money import audit, holding
from tests.integration.rewards.paying import Paying, paying, people, signed
from tests.integration.rewards.world import World
from tests.support.payout_providers import Moods
from tests.support.wait import until
from tests.unit.rewards.build import NOON, STORE, joined, make_state

ANNA, BORIS, CARLA = "amb_anna", "amb_boris", "amb_carla"


@pytest.fixture
async def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Paying]:
    """Two ambassadors who take money by PayPal: Anna has 1.00, Boris 1.01; and a worker."""
    await people(world, [ANNA, BORIS])
    async with paying(world) as made:
        monkeypatch.setenv("KITH_REWARDS_PAYPAL_SANDBOX_URL", made.providers.url)
        yield made


async def one_of(shop: Paying, who: str) -> dict[str, Any]:
    """The newest payout of somebody."""
    found: list[dict[str, Any]] = (await shop.http.get("/v1/payouts", params={"ambassador_id": who})).json()["data"]
    return found[0]


async def report(shop: Paying, made: dict[str, Any], event: dict[str, Any], **how: Any) -> httpx.Response:
    content, headers = signed(event, **how)
    return await shop.http.post(httpx.URL(made["event_url"]).path, content=content, headers=headers)


async def test_a_report_may_come_before_the_answer_and_again_and_moves_money_once(shop: Paying) -> None:
    made = await shop.set_up("http")
    shop.providers.endpoint.moods = Moods(event_first=100)
    await shop.sent("http")
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    anna = await one_of(shop, ANNA)
    for status in ("accepted", "paid", "in_transit"):
        assert (await report(shop, made, {"id": anna["id"], "status": status})).status_code == 204
    whole = await shop.payout(anna["id"])
    assert [step["status"] for step in whole["life"]] == ["draft", "approved", "submitting", "paid"]
    assert (await holding(shop.world, ANNA)).paid == 100 and (await audit(shop.world)).whole


async def test_only_what_is_signed_by_the_account_that_was_called_is_a_report(shop: Paying) -> None:
    made = await shop.set_up("http")
    await shop.sent("http")
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    event = {"id": (await one_of(shop, ANNA))["id"], "status": "returned"}
    other = "whsec_" + "QUJD" * 8
    assert (await report(shop, made, event, secret=other)).status_code == 401
    assert (await report(shop, made, event, at=1_700_000_000)).status_code == 401
    assert (await report(shop, made, {"id": "pay_nobodys", "status": "paid"})).status_code == 404
    assert (await report(shop, made, {"id": event["id"], "status": "gone"})).status_code == 400
    assert (await report(shop, {"event_url": "http://kith.test/v1/payout-events/nothing"}, event)).status_code == 404
    assert set((await shop.standing()).values()) == {"paid"}


async def test_a_report_of_paid_after_it_came_back_has_the_endpoint_asked_and_alarms_only_if_that_says_so(
    shop: Paying,
) -> None:
    made = await shop.set_up("http")
    await shop.sent("http")
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    endpoint = shop.providers.endpoint
    endpoint.moods = Moods(returns=100)
    await endpoint.give_back()
    await until(lambda: shop.all_are("returned"), what="all came back")
    anna, boris = await one_of(shop, ANNA), await one_of(shop, BORIS)
    endpoint.book[boris["id"]].status = "paid"

    async def at_odds() -> bool:
        await shop.make_due()
        return bool((await shop.payout(boris["id"]))["called"]["at_odds"])

    for one in (anna, boris):
        assert (await report(shop, made, {"id": one["id"], "status": "paid"})).status_code == 204
        assert not (await shop.payout(one["id"]))["called"]["at_odds"]
    await until(at_odds, what="the endpoint still says that it was paid")
    await until(lambda: endpoint.book[anna["id"]].looks > 0, what="it is asked about the other, too")
    assert not (await shop.payout(anna["id"]))["called"]["at_odds"]
    assert (await holding(shop.world, ANNA)).available == 100 and (await audit(shop.world)).whole


@pytest.mark.parametrize("kind", ["http", "paypal"])
async def test_what_comes_back_after_it_was_paid_is_available_again(shop: Paying, kind: str) -> None:
    await shop.set_up(kind)
    await shop.sent(kind)
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    book = shop.books[kind]
    book.moods = Moods(returns=100)
    assert len(await book.give_back()) == 2
    await until(lambda: shop.all_are("returned"), what="all came back")
    assert (await holding(shop.world, ANNA)).available == 100 and (await audit(shop.world)).whole
    await shop.sent(kind)
    await until(lambda: shop.all_are("returned", "paid"), what="they are paid anew, under other keys")
    assert len(book.book) == 4 and not book.doubled


async def test_without_a_word_from_the_provider_a_later_look_finds_what_came_back(shop: Paying) -> None:
    await shop.set_up("paypal")
    await shop.sent("paypal")
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    paypal = shop.providers.paypal
    paypal.listener, paypal.moods = None, Moods(returns=100)
    await paypal.give_back()
    await shop.world.move_clock(seconds=int(timedelta(days=1, hours=1).total_seconds()))
    await until(lambda: shop.all_are("returned"), what="the look of the next day")


async def test_one_wrong_receiver_fails_alone_and_the_others_go_under_the_same_key(shop: Paying) -> None:
    await shop.set_up("paypal")
    paypal = shop.providers.paypal
    paypal.invalid_receivers = {f"{ANNA}@example.com"}
    batch = await shop.sent("paypal")
    await until(lambda: shop.all_are("paid", "failed"), what="each has come to its end")
    assert paypal.given == [f"{batch}-1"] * 2
    anna, boris = await one_of(shop, ANNA), await one_of(shop, BORIS)
    assert (anna["status"], anna["reason"], boris["status"]) == ("failed", "Receiver is invalid", "paid")
    assert (await holding(shop.world, ANNA)).available == 100 and (await audit(shop.world)).whole


async def test_a_wrong_receiver_of_a_batch_that_nobody_answered_for_fails_once_it_is_sure(shop: Paying) -> None:
    await shop.set_up("paypal")
    paypal = shop.providers.paypal
    paypal.invalid_receivers, paypal.moods = {f"{ANNA}@example.com"}, Moods(away_after=100)
    await shop.sent("paypal")
    await until(lambda: shop.all_are("unknown"), what="the refusal got lost")
    paypal.moods = Moods()
    await until(lambda: shop.all_are("paid", "failed"), what="each has come to its end")
    assert (await one_of(shop, ANNA))["status"] == "failed" and [one.to for one in paypal.book.values()] == [
        f"{BORIS}@example.com"
    ]


async def test_what_nobody_has_claimed_is_on_its_way_until_it_comes_back(shop: Paying) -> None:
    await shop.set_up("paypal")
    paypal = shop.providers.paypal
    paypal.statuses = {f"{ANNA}@example.com": "UNCLAIMED", f"{BORIS}@example.com": "BLOCKED"}
    await shop.sent("paypal")
    await until(lambda: shop.all_are("in_transit"), what="both wait for their receivers")
    whole = await shop.payout((await one_of(shop, ANNA))["id"])
    assert whole["called"]["word"] == "UNCLAIMED" and (await holding(shop.world, ANNA)).in_payout == 100
    for item in next(iter(paypal.batches.values())).items:
        item.status = "RETURNED"
    await until(lambda: shop.all_are("returned"), what="both came back")


async def test_a_batch_that_paypal_knows_and_does_not_name_waits_for_its_webhook(shop: Paying) -> None:
    await shop.set_up("paypal")
    paypal = shop.providers.paypal
    paypal.moods, paypal.links_duplicates = Moods(away_after=100), False
    await shop.sent("paypal")
    await until(lambda: len(paypal.given) > 1, what="it was given again")
    paypal.moods = Moods()
    given = len(paypal.given)
    await shop.make_due()
    await until(lambda: len(paypal.given) > given, what="it is refused as known")
    assert await shop.all_are("unknown")
    await paypal.report(paypal.event(next(iter(paypal.batches.values()))))
    await until(lambda: shop.all_are("paid"), what="it is found by the number in the webhook")
    assert not paypal.doubled and len(paypal.batches) == 1


async def test_after_weeks_paypal_is_given_nothing_again(shop: Paying) -> None:
    await shop.set_up("paypal")
    paypal = shop.providers.paypal
    paypal.moods = Moods(away_before=100)
    await shop.sent("paypal")
    await until(lambda: shop.all_are("unknown"), what="nobody answers")
    async with shop.world.owner.transaction([STORE]) as tx:
        await tx.execute("update payout_calls set tried_at = tried_at - interval '26 days'")
    paypal.moods = Moods()

    async def given_up() -> bool:
        await shop.make_due()
        rows = await shop.world.look(STORE, "select reason from work_tasks where state = 'given_up'")
        return [row.reason for row in rows] == ["never_answered"]

    await until(given_up, what="an operator sees it")
    assert not paypal.batches and set((await shop.standing()).values()) == {"unknown"}


async def test_what_was_sent_to_a_former_address_is_asked_about_there(shop: Paying) -> None:
    await shop.set_up("http")
    endpoint = shop.providers.endpoint
    endpoint.moods = Moods(away_after=100)
    await shop.sent("http")
    await until(lambda: shop.all_are("unknown"), what="nobody answered")
    moved = {"url": f"{shop.providers.pay_url}?at=new"}
    assert (await shop.http.put("/v1/payout-providers/http", json=moved)).json()["new_secret"].startswith("whsec_")
    endpoint.moods = Moods()
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    assert set(endpoint.places) == {""} and not endpoint.doubled
    listed = (await shop.http.get("/v1/payout-providers")).json()["data"]
    assert [bool(one["ended_at"]) for one in listed] == [True, False]


async def test_who_lost_its_book_is_not_given_a_payout_again(shop: Paying) -> None:
    await shop.set_up("http")
    endpoint = shop.providers.endpoint
    endpoint.answers = "accepted"
    await shop.sent("http")
    await until(lambda: shop.all_are("submitted", "paid"), what="it has them")
    endpoint.book.clear()
    given = len(endpoint.given)

    async def odd() -> bool:
        await shop.make_due()
        rows = await shop.world.look(STORE, "select at_odds from payout_calls where word = 'unknown'")
        return [row.at_odds for row in rows] == [True, True]

    await until(odd, what="it says that it never had them")
    assert len(endpoint.given) == given and set((await shop.standing()).values()) == {"submitted"}


async def test_what_was_failed_by_hand_and_paid_all_the_same_is_shown_and_moves_nothing(shop: Paying) -> None:
    made = await shop.set_up("http")
    endpoint = shop.providers.endpoint
    endpoint.moods = Moods(away_after=100)
    await shop.sent("http")
    await until(lambda: shop.all_are("unknown"), what="nobody answered")
    anna = await one_of(shop, ANNA)
    async with shop.world.owner.transaction([STORE]) as tx:
        await tx.execute("update work_tasks set due = due + interval '1 day'")

    async def marked() -> bool:
        return (await shop.http.post(f"/v1/payouts/{anna['id']}/mark-failed")).status_code == 200

    await until(marked, what="no call is on its way any more")
    assert (await report(shop, made, {"id": anna["id"], "status": "paid"})).status_code == 204
    assert (await report(shop, made, {"id": anna["id"], "status": "paid", "amount_minor": 7})).status_code == 204
    whole = await shop.payout(anna["id"])
    assert (whole["status"], whole["called"]["word"], whole["called"]["at_odds"]) == ("failed", "paid", True)
    async with shop.world.browser(STORE) as page:
        shown = (await page.get(f"/console/rewards/payouts/{anna['id']}")).text
    assert "cannot be by the books" in shown
    assert (await holding(shop.world, ANNA)).available == 100


async def test_another_amount_than_ours_is_not_believed(shop: Paying) -> None:
    made = await shop.set_up("http")
    shop.providers.endpoint.answers = "accepted"
    await shop.sent("http")
    await until(lambda: shop.all_are("submitted", "paid"), what="it has them")
    boris = await one_of(shop, BORIS)
    await report(shop, made, {"id": boris["id"], "status": "failed", "amount_minor": 102})
    whole = await shop.payout(boris["id"])
    assert whole["status"] != "failed" and whole["called"]["at_odds"]


async def test_nobody_fails_a_payout_by_hand_while_its_call_is_on_its_way(shop: Paying) -> None:
    await shop.set_up("http")
    endpoint = shop.providers.endpoint
    endpoint.hangs = asyncio.Event()
    await shop.sent("http")
    await until(lambda: len(endpoint.places) == 2, what="both calls are on their way")
    anna = await one_of(shop, ANNA)
    refused = await shop.http.post(f"/v1/payouts/{anna['id']}/mark-failed")
    assert (refused.status_code, refused.json()["code"]) == (409, "payout_busy")
    endpoint.hangs.set()
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    assert (await shop.http.post(f"/v1/payouts/{anna['id']}/mark-returned")).status_code == 200


async def test_whose_destination_changed_before_the_call_is_not_paid(world: World) -> None:
    await people(world, [ANNA, BORIS])
    async with paying(world, works=False) as shop:
        await shop.set_up("http")
        await shop.sent("http")
        async with world.db.transaction([STORE]) as tx:
            other = checked("paypal", holder="Anna Beispiel", value="another@example.com")
            await set_destination(tx, world.ctx.require_sealing(), STORE, ANNA, other)
        await shop.work()
        await until(lambda: shop.all_are("paid", "failed"), what="each has come to its end")
        assert (await one_of(shop, ANNA))["reason"] == "destination_changed"
        assert [one.to for one in shop.providers.endpoint.book.values()] == [f"{BORIS}@example.com"]


async def test_who_was_blocked_or_lost_rewards_before_the_call_is_not_paid(world: World) -> None:
    await people(world, [ANNA, BORIS, CARLA])
    async with paying(world, works=False) as shop:
        await shop.set_up("http")
        await shop.sent("http")
        await world.take(joined(ANNA, status="blocked"))
        await world.take(make_state(f"{BORIS}-0", revision=2, settled_at=NOON, ambassador_id=BORIS, cancelled=True))
        await shop.work()
        await until(lambda: shop.all_are("paid", "failed"), what="each has come to its end")
        found = {who: await one_of(shop, who) for who in (ANNA, BORIS, CARLA)}
        assert {who: (one["status"], one["reason"]) for who, one in found.items()} == {
            ANNA: ("failed", "blocked"),
            BORIS: ("failed", "taken_back"),
            CARLA: ("paid", None),
        }
        assert (await holding(world, ANNA)).available == 100 and (await holding(world, BORIS)).available == 0
        assert [one.to for one in shop.providers.endpoint.book.values()] == [f"{CARLA}@example.com"]
        assert (await audit(world)).whole


@pytest.mark.parametrize("replaced", [False, True])
async def test_what_a_provider_was_not_given_before_it_was_turned_off_never_goes_there(
    world: World, replaced: bool
) -> None:
    await people(world, [ANNA, BORIS])
    async with paying(world, works=False) as shop:
        await shop.set_up("http")
        await shop.sent("http")
        if replaced:
            await shop.http.put("/v1/payout-providers/http", json={"url": f"{shop.providers.pay_url}?at=new"})
        else:
            await shop.http.delete("/v1/payout-providers/http")
        await shop.work()
        await until(lambda: shop.all_are("failed"), what="it is said that they were not sent")
        assert (await one_of(shop, ANNA))["reason"] == "provider_ended"
        assert not shop.providers.endpoint.given
        assert (await holding(world, ANNA)).available == 100 and (await audit(world)).whole


async def test_what_a_turned_off_provider_says_it_never_had_is_left_to_a_person(shop: Paying) -> None:
    await shop.set_up("http")
    endpoint = shop.providers.endpoint
    endpoint.moods = Moods(away_before=100)
    await shop.sent("http")
    await until(lambda: shop.all_are("unknown"), what="nobody answered")
    await shop.http.delete("/v1/payout-providers/http")
    endpoint.moods = Moods()
    given, called = len(endpoint.given), len(endpoint.places)

    async def was_asked() -> bool:
        await shop.make_due()
        return len(endpoint.places) >= called + 6

    await until(was_asked, what="it says that it never had them")
    assert len(endpoint.given) == given and set((await shop.standing()).values()) == {"unknown"}


async def test_a_token_that_ended_early_is_replaced_by_one_and_used_again(shop: Paying) -> None:
    await shop.set_up("paypal")
    assert (await shop.http.post("/v1/payout-providers/paypal/tests")).json() == {"outcome": "ok", "reason": None}
    paypal = shop.providers.paypal
    await shop.sent("paypal")
    await until(lambda: len(paypal.batches) == 1, what="the batch is made")
    paypal.valid.clear()
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    assert paypal.refused_calls >= 1 and paypal.tokens <= 3
