"""A store's SMS gateway: set by API and in the console, its secret sealed and rotated, its costs capped."""

from datetime import timedelta

import httpx
import pytest

from services.links.sms_gateways.actions import setup
from services.links.sms_gateways.sql import Spent
from tests.integration.links.mailing import relay, working
from tests.integration.links.notifying import ConversionAttributed, noon, notify, order, receive
from tests.integration.links.texting import PHONE, SETTINGS, gateway, proved, set_up
from tests.integration.links.world import Replica, Shop
from tests.support.mail import MailServer
from tests.support.sms import NEXT_SECRET, SECRET, SmsGateway, reports
from tests.support.wait import until

__all__ = ["gateway", "relay", "working"]

SMS = "/console/links/sms"
ANNA = "anna@example.com"


async def test_the_secret_is_sealed_masked_and_rotated(links: Replica, shop: Shop, gateway: SmsGateway) -> None:
    assert (await shop.http.get("/v1/sms-gateway")).status_code == 404
    first = await shop.http.put("/v1/sms-gateway", json={"url": gateway.url, **SETTINGS, "secret": None})
    assert first.status_code == 422 and first.json()["errors"][0]["field"] == "secret"
    made = await set_up(shop, gateway)
    assert made["secret"] == f"…{SECRET.rstrip('=')[-4:]}" and SECRET not in str(made)
    async with links.ctx.db.transaction([shop.id]) as tx:
        row = str(await tx.scalar("select g::text from sms_gateways g"))
    assert SECRET.removeprefix("whsec_") not in row

    stop = {"status": "stop", "number": PHONE}
    changed = await set_up(shop, gateway, secret=None, sender="37360123")
    assert (changed["sender"], changed["secret"], changed["report_url"]) == (
        "37360123",
        made["secret"],
        made["report_url"],
    )
    await set_up(shop, gateway, secret=NEXT_SECRET)
    tried = (await shop.post("/v1/sms-gateway/tests", {"to": PHONE})).json()
    assert tried["outcome"] == "taken", "the gateway that knows the former secret only believes us still"
    gateway.secrets = [NEXT_SECRET]
    assert (await shop.post("/v1/sms-gateway/tests", {"to": PHONE})).json()["outcome"] == "taken"
    for secret in (SECRET, NEXT_SECRET):
        assert await reports(links.http, made["report_url"], stop, secret=secret) == 204
    async with links.ctx.db.transaction([shop.id]) as tx:
        one = await setup.get(tx, shop.id)
        sealing = links.ctx.require_sealing()
        newest, former = setup.keys_of(sealing, one)
        over = sealing.seal(setup.PURPOSE, _sealed(newest, former, until=1), owner=shop.id)
        await tx.execute("update sms_gateways set sealed_secret = :s", s=over)
    assert await reports(links.http, made["report_url"], stop, secret=SECRET) == 401, "a day later"
    assert (await shop.http.delete("/v1/sms-gateway")).status_code == 204
    assert (await shop.http.delete("/v1/sms-gateway")).status_code == 404
    assert await reports(links.http, made["report_url"], stop, secret=NEXT_SECRET) == 404


def _sealed(newest: bytes, former: bytes, *, until: int) -> bytes:
    from base64 import b64encode

    return b" ".join((b64encode(newest), b64encode(former), str(until).encode()))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "ftp://sms.example/"),
        ("url", "https://user@sms.example/"),
        ("url", "sms.example"),
        ("secret", "whsec_c2hvcnQ="),
        ("secret", "not base64"),
        ("sender", "A name too long"),
        ("sender", "Зерно"),
        ("prefixes", ["373"]),
        ("prefixes", ["+0"]),
        ("most_a_day", -1),
        ("most_a_month", 2_000_000),
    ],
)
async def test_what_cannot_be_used_is_named(shop: Shop, gateway: SmsGateway, field: str, value: object) -> None:
    answer = await shop.http.put("/v1/sms-gateway", json={"url": gateway.url, **SETTINGS, field: value})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"].startswith(field), answer.text


async def test_an_address_must_be_public_and_https(shop: Shop) -> None:
    for url in ("http://sms.example/kith", "https://127.0.0.1/kith", "https://localhost/kith"):
        answer = await shop.http.put("/v1/sms-gateway", json={"url": url, **SETTINGS})
        assert answer.status_code in (200, 422) and (answer.status_code == 422 or "localhost" in url), answer.text


async def test_a_try_says_what_the_gateway_answers_and_keeps_no_number(
    links: Replica, shop: Shop, gateway: SmsGateway
) -> None:
    assert (await shop.post("/v1/sms-gateway/tests", {"to": PHONE})).status_code == 404
    await noon(links)
    await set_up(shop, gateway, most_a_day=4)
    tried = (await shop.post("/v1/sms-gateway/tests", {"to": PHONE})).json()
    assert tried == {"outcome": "taken", "status": None, "reason": None, "segments": 1}
    assert "Zerno" in gateway.to(PHONE)[0]
    assert (await shop.post("/v1/sms-gateway/tests", {"to": "12"})).status_code == 422
    assert (await shop.post("/v1/sms-gateway/tests", {"to": "+40721234567"})).json()["errors"][0]["code"] == "not_there"
    gateway.away = True
    assert (await shop.post("/v1/sms-gateway/tests", {"to": PHONE})).json()["outcome"] == "away"
    async with links.ctx.db.transaction([shop.id]) as tx:
        found = await tx.scalar("select count(*) from audit a where a::text like '%69123456%'")
        assert found == 0 and await tx.scalar("select count(*) from mails") == 0


@pytest.mark.usefixtures("working")
async def test_when_the_day_is_used_up_people_are_told_by_mail_and_the_console_says_so(
    links: Replica, shop: Shop, gateway: SmsGateway, relay: MailServer, console: httpx.AsyncClient
) -> None:
    await noon(links)
    await set_up(shop, gateway, most_a_day=3)
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await (await proved(links, shop, gateway, anna)).aclose()
    english = {"Accept-Language": "en"}
    assert "used up" not in (await console.get(SMS, headers=english)).text
    for number in range(2, 5):
        await receive(links, order(ConversionAttributed, shop, f"o-{number}", who=anna))
        await notify(links, after=timedelta(minutes=3))
        if number < 4:
            await until(lambda n=number: len(gateway.to(PHONE)) == n, what="news by SMS")  # type: ignore[misc]
    await until(lambda: relay.to(ANNA), what="the mail instead")
    assert len(gateway.to(PHONE)) == 3
    found = await shop.got("/v1/sms-gateway")
    assert (found["spent"], found["reached"]) == ({"today": 3, "this_month": 3}, "day")
    page = (await console.get(SMS, headers=english)).text
    assert "3 of 3" in page and "The SMS of the day are used up" in page
    await notify(links, after=timedelta(days=1))
    assert (await shop.got("/v1/sms-gateway"))["reached"] is None, "tomorrow is another day"


@pytest.mark.parametrize(
    ("today", "month", "more", "reached"),
    [
        (0, 0, 1, None),
        (9, 9, 1, None),
        (9, 9, 2, "day"),
        (10, 10, 1, "day"),
        (0, 100, 1, "month"),
        (0, 99, 1, None),
        (10, 100, 1, "day"),
    ],
)
async def test_limits_by_day_and_month(
    links: Replica, shop: Shop, gateway: SmsGateway, today: int, month: int, more: int, reached: str | None
) -> None:
    await set_up(shop, gateway, most_a_day=10, most_a_month=100)
    async with links.ctx.db.transaction([shop.id]) as tx:
        one = await setup.get(tx, shop.id)
    assert setup.reached(one, Spent(today, month), more) == reached


@pytest.mark.usefixtures("working")
async def test_what_waits_when_the_gateway_goes_or_its_countries_change_is_told_by_mail(
    links: Replica, shop: Shop, gateway: SmsGateway, relay: MailServer
) -> None:
    await set_up(shop, gateway)
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await (await proved(links, shop, gateway, anna)).aclose()
    gateway.busy = 1
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))
    await until(lambda: gateway.asked == 2, what="a message that waits")
    await set_up(shop, gateway, prefixes=["+40"])

    async def mailed() -> bool:
        await notify(links, after=timedelta(seconds=10))
        return bool(relay.to(ANNA))

    await until(mailed, what="the mail instead")
    log = (await shop.got("/v1/messages", channel="sms"))["data"]
    assert [one["reason"] for one in log if one["kind"] == "notice"] == ["sms_prefix"]


async def test_the_console_sets_it_names_what_is_wrong_and_tries_it(
    links: Replica, shop: Shop, gateway: SmsGateway, console: httpx.AsyncClient
) -> None:
    english = {"Accept-Language": "en"}
    assert "whsec_ and the base64" in (await console.get(SMS, headers=english)).text
    form = {"url": gateway.url, "secret": "", "sender": "ZERNO", "prefixes": "+373, +40"}
    form |= {"most_a_day": "100", "most_a_month": "1000", "most_codes_a_day": "20"}
    wrong = await console.post(SMS, data=form | {"sender": "Зерно"}, headers=english)
    assert wrong.status_code == 422 and "At most 11 Latin letters" in wrong.text
    assert (await console.post(SMS, data=form, headers=english)).status_code == 422, "no secret yet"
    assert (await console.post(SMS, data=form | {"most_a_day": "many", "secret": SECRET})).status_code == 422
    assert (await console.post(SMS, data=form | {"secret": SECRET})).status_code == 303
    assert (await console.post(SMS, data=form)).status_code == 303, "an empty secret keeps the one of before"
    found = await shop.got("/v1/sms-gateway")
    assert found["prefixes"] == ["+373", "+40"] and found["most_a_month"] == 1000
    page = (await console.get(SMS, headers=english)).text
    assert SECRET not in page and found["report_url"] in page and "0 of 100" in page
    tried = await console.post(f"{SMS}/try", data={"to": PHONE}, headers=english)
    assert tried.status_code == 200 and "took it: 1 segment." in tried.text and gateway.to(PHONE)
    odd = await console.post(f"{SMS}/try", data={"to": "12"}, headers=english)
    assert odd.status_code == 422 and "country’s code" in odd.text
    gateway.away = True
    assert "did not answer" in (await console.post(f"{SMS}/try", data={"to": PHONE}, headers=english)).text
    assert (await console.post(f"{SMS}/off")).status_code == 303
    assert (await shop.http.get("/v1/sms-gateway")).status_code == 404
