"""Setting providers up: what is shown of credentials, what is tried, what each may pay, and the console's page."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from services.kernel.auth.sealing import Sealing
from services.kernel.reseal import reseal
from services.rewards.main import SERVICE
from tests.integration.rewards.paying import PAY, Paying, paying, people, signed
from tests.integration.rewards.test_payout_pages import SAME
from tests.integration.rewards.world import World
from tests.support.payout_providers import CLIENT, CLIENT_SECRET, SECRET, Moods
from tests.support.wait import until
from tests.unit.rewards.build import ANNA, STORE

PAGE = "/console/rewards/payout-providers"


@pytest.fixture
async def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Paying]:
    await people(world, [ANNA])
    async with paying(world) as made:
        monkeypatch.setenv("KITH_REWARDS_PAYPAL_SANDBOX_URL", made.providers.url)
        yield made


async def test_credentials_are_sealed_and_shown_by_their_last_signs_alone(shop: Paying) -> None:
    await shop.set_up("http")
    await shop.set_up("paypal")
    listed = (await shop.http.get("/v1/payout-providers")).text
    async with shop.world.browser(STORE) as page:
        shown = (await page.get(PAGE)).text
    assert f"…{CLIENT_SECRET[-4:]}" in listed and f"…{CLIENT_SECRET[-4:]}" in shown
    kept = repr(await shop.world.look(STORE, "select * from payout_providers"))
    noted = repr(await shop.world.look(STORE, "select * from audit"))
    for text in (listed, shown, kept, noted):
        assert CLIENT_SECRET not in text and SECRET not in text and SECRET.removeprefix("whsec_") not in text
    assert CLIENT in listed


async def test_a_new_sealing_key_seals_them_anew(shop: Paying) -> None:
    await shop.set_up("paypal")
    (where,) = [one for one in SERVICE.sealed if one.table == "payout_providers"]
    new = Sealing("s2:" + "y" * 40 + ",s1:" + "z" * 40, before=shop.world.ctx.ring)
    async with shop.world.db.transaction([STORE]) as tx:
        assert (await reseal(tx, new, where, STORE)).done == 1
    shop.world.ctx.sealing = Sealing("s2:" + "y" * 40, before=shop.world.ctx.ring)
    assert (await shop.http.post("/v1/payout-providers/paypal/tests")).json()["outcome"] == "ok"


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("http", {"url": "nowhere"}, "url"),
        ("http", {"url": "https://user@pay.example/"}, "url"),
        ("http", {"url": "https://10.0.0.1/"}, "url"),
        ("http", {"url": "https://pay.example/", "secret": "short"}, "secret"),
        ("paypal", {"client_id": "with a space", "client_secret": "E" * 20, "mode": "live"}, "client_id"),
        ("paypal", {"client_id": "A" * 20, "mode": "live"}, "client_secret"),
        ("paypal", {"client_id": "A" * 20, "client_secret": "E" * 20, "mode": "test"}, "mode"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(
    shop: Paying, kind: str, body: dict[str, str], field: str
) -> None:
    answer = await shop.http.put(f"/v1/payout-providers/{kind}", json=body)
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field, answer.text


async def test_a_try_says_what_is_wrong_and_pays_nothing(shop: Paying) -> None:
    assert (await shop.http.post("/v1/payout-providers/http/tests")).json()["code"] == "provider_not_set"
    await shop.set_up("http")
    assert (await shop.http.post("/v1/payout-providers/http/tests")).json() == {"outcome": "ok", "reason": None}
    made = (await shop.http.post("/v1/payout-providers/http/secret")).json()
    assert made["new_secret"].startswith("whsec_")
    assert (await shop.http.post("/v1/payout-providers/http/tests")).json()["outcome"] == "ok", "both hold for a day"
    await shop.http.put("/v1/payout-providers/http", json={"url": f"{shop.providers.pay_url}?other"})
    tried = (await shop.http.post("/v1/payout-providers/http/tests")).json()
    assert tried == {"outcome": "failed", "reason": "status_401"}
    body = {"client_id": CLIENT, "client_secret": "E-another-secret", "mode": "sandbox"}
    await shop.http.put("/v1/payout-providers/paypal", json=body)
    tried = (await shop.http.post("/v1/payout-providers/paypal/tests")).json()
    assert tried == {"outcome": "failed", "reason": "credentials"}
    assert not shop.providers.endpoint.book and not shop.providers.paypal.batches


async def test_payouts_wait_for_credentials_that_hold_and_then_go(shop: Paying) -> None:
    await shop.set_up("paypal")
    wrong = {"client_id": CLIENT, "client_secret": "E-another-secret", "mode": "sandbox"}
    await shop.http.put("/v1/payout-providers/paypal", json=wrong)
    await shop.sent("paypal")

    async def trouble() -> str | None:
        listed = (await shop.http.get("/v1/payout-providers")).json()["data"]
        found: str | None = listed[0]["trouble"]
        return found

    assert await until(trouble, what="PayPal refuses the credentials") == "credentials"
    assert set((await shop.standing()).values()) == {"submitting"}
    async with shop.world.browser(STORE) as page:
        assert "PayPal does not know these credentials" in (await page.get(PAGE)).text
    await shop.set_up("paypal")
    await until(shop.is_paid, what="the new secret lets it go on")
    assert await trouble() is None


async def test_without_the_key_to_its_secret_nothing_is_sent_and_nothing_is_lost(shop: Paying) -> None:
    await shop.set_up("http")
    kept, shop.world.ctx.sealing = shop.world.ctx.sealing, Sealing("s2:" + "y" * 40, before=shop.world.ctx.ring)
    await shop.sent("http")

    async def lost() -> bool:
        listed = (await shop.http.get("/v1/payout-providers")).json()["data"]
        return bool(listed[0]["trouble"] == "no_secret")

    await until(lost, what="the secret cannot be opened")
    shop.world.ctx.sealing = kept
    await until(lambda: shop.all_are("paid"), what="the key is back")
    assert len(shop.providers.endpoint.given) == 1


async def test_somebody_who_wants_peace_gets_it_and_loses_nothing(shop: Paying) -> None:
    await shop.set_up("http")
    shop.providers.endpoint.moods = Moods(busy=100)
    await shop.sent("http")
    held = await until(lambda: shop.world.look(STORE, "select lane from work_lanes"), what="its lane is held")
    assert len(list(held)) == 1 and set((await shop.standing()).values()) == {"submitting"}
    shop.providers.endpoint.moods = Moods()
    await until(lambda: shop.all_are("paid"), what="it goes on")
    assert shop.providers.endpoint.given == list(shop.providers.endpoint.book)


async def test_what_a_provider_cannot_pay_is_said_before_anything_is_set_aside(shop: Paying) -> None:
    for kind in ("http", "paypal"):
        unset = await shop.http.post("/v1/payout-batches", json={"currency": "EUR", "provider": kind})
        assert (unset.status_code, unset.json()["code"]) == (409, "provider_not_set")
        await shop.set_up(kind)
    there = await shop.http.post("/v1/payout-batches", json={"currency": "MDL", "provider": "paypal"})
    assert there.status_code == 422 and there.json()["errors"][0]["code"] == "not_paid_there"
    preview = {"currency": "EUR", "provider": "paypal"}
    assert (await shop.http.get("/v1/payout-batches/preview", params=preview)).json()["payouts"] == 1


async def test_a_provider_that_was_turned_off_gets_nothing_new(shop: Paying) -> None:
    await shop.set_up("http")
    batch = (await shop.http.post("/v1/payout-batches", json={"currency": "EUR", "provider": "http"})).json()["id"]
    await shop.http.post(f"/v1/payout-batches/{batch}/approve")
    assert (await shop.http.delete("/v1/payout-providers/http")).status_code == 204
    refused = await shop.http.post(f"/v1/payout-batches/{batch}/send")
    assert (refused.status_code, refused.json()["code"]) == (409, "provider_not_set")
    assert (await shop.http.post(f"/v1/payout-batches/{batch}/cancel")).status_code == 200


async def secrets_of(shop: Paying) -> list[bool]:
    """Of each account, oldest first, whether its secret is kept."""
    rows = await shop.world.look(STORE, "select sealed from payout_providers where store_id = :store order by made_at")
    return [row.sealed is not None for row in rows]


async def test_an_account_that_was_never_used_leaves_no_secret_when_it_is_turned_off(shop: Paying) -> None:
    await shop.set_up("http")
    await shop.http.put("/v1/payout-providers/http", json={"url": f"{shop.providers.pay_url}?at=new"})
    assert await secrets_of(shop) == [False, True]
    assert (await shop.http.delete("/v1/payout-providers/http")).status_code == 204
    assert await secrets_of(shop) == [False, False]
    listed = (await shop.http.get("/v1/payout-providers")).json()["data"]
    assert [one["secret"] for one in listed] == ["", ""]


async def test_a_secret_goes_with_the_last_that_is_asked_under_it(shop: Paying) -> None:
    made = await shop.set_up("http")
    await shop.sent("http")
    await until(lambda: shop.all_are("paid"), what="everybody is paid")
    assert (await shop.http.delete("/v1/payout-providers/http")).status_code == 204
    assert await secrets_of(shop) == [True], "what was paid may come back"

    async def all_is_asked() -> bool:
        await shop.world.move_clock(seconds=int(timedelta(days=8).total_seconds()))
        return await secrets_of(shop) == [False]

    await until(all_is_asked, what="a day, a week and a month later nothing is left to ask")
    (payout,) = await shop.standing()
    content, headers = signed({"id": payout, "status": "returned"})
    late = await shop.http.post(httpx.URL(made["event_url"]).path, content=content, headers=headers)
    assert late.status_code == 401
    assert (await shop.http.post(f"/v1/payouts/{payout}/look-up")).status_code == 202

    async def over() -> bool:
        waiting = "select 1 from work_tasks where store_id = :store and state = 'waiting' and due <= :now"
        return not list(await shop.world.look(STORE, waiting, now=await shop.world.now()))

    await until(over, what="a look that somebody asks for finds nobody to ask, and ends")
    assert set((await shop.standing()).values()) == {"paid"}


async def test_who_may_only_read_sets_nothing_up(shop: Paying) -> None:
    async with shop.world.caller(STORE, PAY[0]) as reader:
        assert (await reader.get("/v1/payout-providers")).status_code == 200
        for method, path in (
            ("PUT", "/v1/payout-providers/http"),
            ("PUT", "/v1/payout-providers/paypal"),
            ("POST", "/v1/payout-providers/http/secret"),
            ("POST", "/v1/payout-providers/http/tests"),
            ("DELETE", "/v1/payout-providers/http"),
        ):
            assert (await reader.request(method, path, json={})).status_code == 403, path


async def test_the_console_sets_up_tries_pays_and_asks(shop: Paying) -> None:
    async with shop.world.browser(STORE) as page:
        shown = (await page.get(PAGE)).text
        assert "Not set up" in shown and "Ways to send payouts" in shown
        wrong = await page.post(f"{PAGE}/http", data={"url": "nowhere"}, headers=SAME)
        assert (
            wrong.status_code == 422 and "Give a public https address" in wrong.text and 'value="nowhere"' in wrong.text
        )
        made = await page.post(f"{PAGE}/http", data={"url": shop.providers.pay_url}, headers=SAME)
        assert made.status_code == 200 and "The secret is shown this once" in made.text and "whsec_" in made.text
        assert "whsec_" not in (await page.get(PAGE)).text.replace("whsec_ and", "")
        given = {"url": shop.providers.pay_url, "secret": SECRET}
        assert (await page.post(f"{PAGE}/http", data=given, headers=SAME)).status_code == 303
        assert "answers as it should" in (await page.post(f"{PAGE}/http/try", headers=SAME)).text
        rotated = await page.post(f"{PAGE}/http/secret", headers=SAME)
        assert "The secret is shown this once" in rotated.text
        account = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "mode": "sandbox"}
        assert (await page.post(f"{PAGE}/paypal", data=account, headers=SAME)).status_code == 303
        assert "PayPal: it answers as it should" in (await page.post(f"{PAGE}/paypal/try", headers=SAME)).text
        batch = await page.post(
            "/console/rewards/payouts", data={"currency": "EUR", "provider": "paypal"}, headers=SAME
        )
        for step in ("approve", "send"):
            assert (await page.post(f"{batch.headers['location']}/{step}", headers=SAME)).status_code == 303
        await until(lambda: shop.all_are("paid"), what="Anna is paid")
        payout = f"/console/rewards/payouts/{next(iter(await shop.standing()))}"
        shown = (await page.get(payout)).text
        assert "What the provider says" in shown and "SUCCESS" in shown and "Ask it now" in shown
        assert (await page.post(f"{payout}/look-up", headers=SAME)).status_code == 303
        assert (await page.post(f"{PAGE}/paypal/end", headers=SAME)).status_code == 303
        assert "Not set up" in (await page.get(PAGE)).text


@pytest.mark.parametrize(
    ("language", "word"), [("ru", "Способы отправки"), ("uk", "Способи надсилання"), ("ro", "Moduri de trimitere")]
)
async def test_the_page_speaks_the_readers_language(shop: Paying, language: str, word: str) -> None:
    async with shop.world.browser(STORE, language) as page:
        assert word in (await page.get(PAGE)).text
