"""Pages of payouts: what the console shows and takes, and what ambassadors see and may change at the portal."""

import asyncio
import re
from datetime import timedelta

import httpx
import pytest

from services.common.portal_session import FRESH, PortalSession, issue_portal_session, portal_cookie_name
from services.kernel.auth.sessions import COOKIE, issue_session, real_time
from services.kernel.http.app import Edge
from services.rewards.destinations import sql as destinations
from services.rewards.main import SERVICE
from services.rewards.slices import sql as slices
from tests.integration.rewards.money import IBANS, PAYER, details, earned, send_to
from tests.integration.rewards.test_payouts import PAY, prepared, saved, until_blocked
from tests.integration.rewards.world import BASE, World
from tests.unit.rewards.build import ANNA, BORIS, STORE

SAME = {"sec-fetch-site": "same-origin"}
LIST = "/console/rewards/payouts"


@pytest.fixture
async def shop(world: World) -> World:
    await earned(world)
    await send_to(world, ANNA, details(0), cooled=False)
    await send_to(world, BORIS, details(1))
    return world


def portal(
    world: World, who: str = ANNA, *, proved: timedelta | None = timedelta(0), language: str = "en"
) -> httpx.AsyncClient:
    """An ambassador at the portal, who signed in by mail so long ago; None: the store opened their page."""
    session = PortalSession(
        STORE,
        who,
        "ses_1",
        real_time(timedelta(hours=12)),
        real_time(timedelta(days=90)),
        None if proved is None else real_time(-proved),
    )
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=Edge(SERVICE, world.ctx), raise_app_exceptions=True),
        base_url=BASE,
        cookies={portal_cookie_name(secure=False): issue_portal_session(world.ctx.ring, session)},
        headers={"Accept": "text/html", "Accept-Language": language, **SAME},
    )


async def test_a_batch_is_prepared_approved_sent_and_reconciled_at_the_console(shop: World) -> None:
    async with shop.browser(STORE) as page:
        shown = (await page.get(LIST, params={"currency": "EUR"})).text
        assert "€13.80" in shown and "Prepare a batch" in shown
        made = await page.post(LIST, data={"currency": "EUR", "provider": "manual"}, headers=SAME)
        batch = made.headers["location"]
        assert made.status_code == 303
        assert "Approve" in (await page.get(batch)).text
        for step in ("approve", "send"):
            assert (await page.post(f"{batch}/{step}", headers=SAME)).status_code == 303
        text = (await page.get(batch)).text
        assert "DE •••• 3000" in text and IBANS[0] not in text
        one, two = sorted(set(re.findall(r"/console/rewards/payouts/(pay_\w+)", text)))
        listed = {"file": ("bank.csv", f"payout_id,status,reason\n{one},paid,\n{two},failed,closed\n", "text/csv")}
        assert (await page.post(f"{batch}/results", files=listed, headers=SAME)).status_code == 303
        paid = (await page.get(f"{LIST}/{one}")).text
        assert all(word in paid for word in ("Draft", "Approved", "Sent", "Paid", "rwd_"))
        back = await page.post(f"{LIST}/{one}/mark", data={"outcome": "returned", "reason": "closed"}, headers=SAME)
        assert back.status_code == 303
        again = await page.post(f"{LIST}/{one}/mark", data={"outcome": "paid"}, headers=SAME)
        assert again.status_code == 409 and "Nothing was taken" in again.text
        wrong = await page.post(f"{batch}/results", data={"csv": "nothing"}, headers=SAME)
        assert wrong.status_code == 422 and "there is no payout_id, status" in wrong.text


async def test_terms_are_set_by_the_form_and_the_account_is_shown_nowhere(shop: World) -> None:
    async with shop.browser(STORE) as page:
        form = {"currency": "EUR", "minimum": "5,00", "approval": "100", "may_request": "1", **PAYER}
        assert (await page.post(f"{LIST}/terms", data=form, headers=SAME)).status_code == 303
        shown = (await page.get(LIST)).text
        assert 'value="5.00"' in shown and 'value="100.00"' in shown
        assert PAYER["iban"] not in shown and PAYER["holder"] not in shown and "it is set" in shown
        assert "Less than the minimum" in shown
        wrong = await page.post(f"{LIST}/terms", data={**form, "minimum": "-1", "iban": "DE00"}, headers=SAME)
        assert wrong.status_code == 422 and "Write an amount" in wrong.text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "still needs a second person"),
        ("ru", "второй человек"),
        ("uk", "друга людина"),
        ("ro", "a doua persoană"),
    ],
)
async def test_the_form_says_that_the_former_limit_holds_for_a_day(shop: World, language: str, text: str) -> None:
    async with shop.browser(STORE, language) as page:
        form = {"currency": "EUR", "minimum": "", "approval": "100"}
        assert (await page.post(f"{LIST}/terms", data=form, headers=SAME)).status_code == 303
        assert text not in (await page.get(LIST)).text
        assert (await page.post(f"{LIST}/terms", data={**form, "approval": ""}, headers=SAME)).status_code == 303
        assert text in (await page.get(LIST)).text
        await shop.move_clock(seconds=int(timedelta(hours=25).total_seconds()))
        assert text not in (await page.get(LIST)).text


async def test_who_prepared_a_large_batch_sees_no_button_to_approve_it(shop: World) -> None:
    async with shop.caller(STORE, *PAY, key_id="key_1") as http, shop.browser(STORE) as page:
        await http.put("/v1/payout-terms/EUR", json={"approval_minor": 100})
        batch = f"/console/rewards/payout-batches/{(await prepared(http))['id']}"
        shown = (await page.get(batch)).text
        assert "somebody else must approve it" in shown and f'action="{batch}/approve"' not in shown
        refused = await page.post(f"{batch}/approve", headers=SAME)
        assert refused.status_code == 403 and "Somebody other than who prepared it" in refused.text


async def test_a_destination_is_changed_only_by_who_signed_in_just_now_by_mail(world: World) -> None:
    await earned(world)
    form = {"method": "iban", "holder": "Anna Beispiel", "value": "DE89 3704 0044 0532 0130 00"}
    for proved in (None, FRESH + timedelta(seconds=1)):
        async with portal(world, proved=proved) as page:
            assert "Sign in again" in (await page.get("/p/payouts")).text
            refused = await page.post("/p/payouts/destination", data=form)
            assert refused.status_code == 403 and "DE89" not in refused.text
    async with portal(world) as page:
        assert (await page.post("/p/payouts/destination", data=form)).status_code == 303
        shown = (await page.get("/p/payouts")).text
    assert "DE •••• 3000" in shown and "Used from" in shown and "Anna Beispiel" not in shown
    (note,) = await world.look(STORE, "select actor_kind, action, after from audit where action like 'destination%'")
    assert (note.actor_kind, note.after) == ("ambassador", {"method": "iban"})


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({"method": "other", "holder": "Anna", "value": "4111 1111 1111 1111"}, "Never write a card number"),
        ({"method": "iban", "holder": "Anna", "value": "DE00 1"}, "no valid IBAN"),
        ({"method": "paypal", "holder": "Anna", "value": "anna-at-nowhere"}, "address of your PayPal"),
        ({"method": "iban", "holder": "", "value": IBANS[0]}, "full name"),
    ],
)
async def test_what_is_no_destination_is_said_and_never_shown_again(
    world: World, form: dict[str, str], text: str
) -> None:
    await earned(world)
    async with portal(world) as page:
        refused = await page.post("/p/payouts/destination", data=form)
    assert refused.status_code == 422 and text in refused.text and form["value"] not in refused.text
    assert not list(await world.look(STORE, "select 1 from destinations"))


async def test_an_ambassador_sees_the_minimum_asks_and_is_in_the_next_batch(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http, portal(shop) as anna, portal(shop, BORIS) as boris:
        await http.put("/v1/payout-terms/EUR", json={"minimum_minor": 500})
        assert "Ask for the money" not in (await anna.get("/p/payouts")).text
        assert (await anna.post("/p/payouts/request", data={"currency": "EUR"})).status_code == 409
        await http.put("/v1/payout-terms/EUR", json={"minimum_minor": 500, "may_request": True})
        assert "€0.40 to go" in (await boris.get("/p/payouts")).text
        assert (await boris.post("/p/payouts/request", data={"currency": "EUR"})).status_code == 409
        assert "Ask for the money" in (await anna.get("/p/payouts")).text
        for _ in range(2):
            assert (await anna.post("/p/payouts/request", data={"currency": "EUR"})).status_code == 303
        assert "You asked for it" in (await anna.get("/p/payouts")).text
        body = {"currency": "EUR", "provider": "manual", "requested_only": True}
        assert (await http.post("/v1/payout-batches", json=body)).json()["payouts"] == 1
        shown = (await anna.get("/p/payouts")).text
        assert "You asked for it" not in shown and "On its way to you" in shown and "€9.20" in shown


@pytest.mark.parametrize(("language", "word"), [("ru", "Выплаты"), ("uk", "Виплати"), ("ro", "Plăți")])
async def test_pages_speak_the_readers_language(shop: World, language: str, word: str) -> None:
    async with shop.browser(STORE, language) as page, portal(shop, language=language) as own:
        for text in ((await page.get(LIST)).text, (await own.get("/p/payouts")).text):
            assert word in text


async def test_nobody_sets_a_destination_while_they_are_erased(shop: World) -> None:
    async with portal(shop) as page:
        async with shop.db.transaction([STORE]) as tx:
            await tx.lock_stores([STORE])
            form = {"method": "iban", "holder": "Anna Beispiel", "value": IBANS[2]}
            setting = asyncio.create_task(page.post("/p/payouts/destination", data=form))
            await until_blocked(shop, setting)
            await slices.close_portals(tx, [(STORE, ANNA)])
            await destinations.erase(tx, [(STORE, ANNA)])
        assert (await setting).status_code == 404
    rows = await shop.look(STORE, "select sealed from destinations where ambassador_id = :who", who=ANNA)
    assert {row.sealed for row in rows} == {None}


async def test_a_nul_in_a_part_of_a_form_is_refused_by_name(shop: World) -> None:
    async with shop.caller(STORE, *PAY) as http, shop.browser(STORE) as page:
        batch = await prepared(http)
        for step in ("approve", "send"):
            await http.post(f"/v1/payout-batches/{batch['id']}/{step}")
        one = (await http.get("/v1/payouts")).json()["data"][0]["id"]
        parts: dict[str, tuple[str | None, bytes]] = {"outcome": (None, b"paid"), "reference": (None, b"B\0")}
        answer = await page.post(f"{LIST}/{one}/mark", files=parts, headers={**SAME, "accept": "application/json"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "nul"), answer.text
        assert (await http.get(f"/v1/payouts/{one}")).json()["status"] == "submitted"


async def test_who_may_not_see_payouts_is_led_nowhere_near_them(shop: World) -> None:
    entry = f'href="{LIST}"'
    few = issue_session(
        shop.ctx.ring,
        store_id=STORE,
        key_id="key_1",
        scopes=frozenset({"rewards:read"}),
        life=timedelta(hours=1),
    )
    async with shop.browser(STORE) as all_of_it, shop.browser(STORE) as page:
        page.cookies.set(COOKIE, few)
        assert entry in (await all_of_it.get("/console/rewards/rewards")).text
        shown = (await page.get("/console/rewards/rewards")).text
        assert entry not in shown and 'href="/console/rewards/approvals"' in shown
        assert (await page.get(LIST)).status_code == 403


async def test_who_is_blocked_is_told_that_payouts_wait(shop: World) -> None:
    await shop.take(saved(ANNA, status="blocked"))
    async with portal(shop) as page:
        assert "Payouts wait until it goes on." in (await page.get("/p/payouts")).text
        assert (await page.post("/p/payouts/request", data={"currency": "EUR"})).status_code == 409
    await shop.take(saved(ANNA, revision=2))
    async with portal(shop) as page:
        assert "Payouts wait until it goes on." not in (await page.get("/p/payouts")).text
