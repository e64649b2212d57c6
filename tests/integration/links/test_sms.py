"""News by SMS: to phones that people proved, once each, until they say STOP; and by mail where the gateway fails."""

from datetime import timedelta

import pytest

from tests.integration.links.mailing import relay, working
from tests.integration.links.notifying import (
    ConversionAttributed,
    RewardGranted,
    RewardReleased,
    noon,
    notify,
    order,
    receive,
    reward,
)
from tests.integration.links.texting import PHONE, gateway, proved, set_up
from tests.integration.links.world import Replica, Shop
from tests.support.mail import MailServer
from tests.support.sms import NEXT_SECRET, SmsGateway, reports
from tests.support.wait import until

__all__ = ["gateway", "relay", "working"]

ANNA = "anna@example.com"


async def outcomes(shop: Shop, *, channel: str = "sms", kind: str = "notice") -> list[tuple[str, str | None]]:
    log = (await shop.got("/v1/messages", channel=channel))["data"]
    return [(one["state"], one["reason"]) for one in reversed(log) if one["kind"] == kind]


async def buys(links: Replica, shop: Shop, who: str, order_id: str = "o-1") -> None:
    """A friend's order, and the moment when it is told."""
    await receive(links, order(ConversionAttributed, shop, order_id, who=who))
    await notify(links, after=timedelta(minutes=3))


@pytest.mark.usefixtures("working")
async def test_a_proved_phone_hears_what_became_of_friends_until_it_says_stop(
    links: Replica, shop: Shop, gateway: SmsGateway, relay: MailServer
) -> None:
    where = (await set_up(shop, gateway))["report_url"]
    anna = (await shop.ambassador(await shop.program(), email=ANNA, locale="en"))["id"]
    browser = await proved(links, shop, gateway, anna)
    wish = await shop.got(f"/v1/ambassadors/{anna}/preferences")
    assert (wish["channel"], wish["sms"]) == ("sms", "ok"), "who proves a phone wants to hear by it"
    assert '<option value="sms" selected>SMS</option>' in (await browser.get("/p/messages")).text

    await receive(
        links, order(ConversionAttributed, shop, "o-1", who=anna), reward(RewardGranted, shop, anna, minor=460)
    )
    await notify(links, after=timedelta(minutes=3))
    await until(lambda: len(gateway.to(PHONE)) == 2, what="the news")
    assert gateway.sent[-1]["sender"] == "ZERNO"
    assert gateway.to(PHONE)[1].startswith("A friend of yours has bought at Zerno")
    assert "http://kith.test/p/" in gateway.to(PHONE)[1]
    assert relay.to(ANNA) == [], "by SMS alone: it is not about money that can be used"

    await receive(links, reward(RewardReleased, shop, anna, minor=460, revision=2, status="available"))
    await notify(links)
    await until(lambda: relay.to(ANNA) and len(gateway.to(PHONE)) == 3, what="what can be used, by mail as well")
    assert "€4.60" in gateway.to(PHONE)[2] and "€4.60" in relay.to(ANNA)[0]["Subject"]

    newest = (await shop.got("/v1/messages", channel="sms"))["data"][0]["id"]
    assert await reports(links.http, where, {"status": "delivered", "id": newest}) == 204
    assert await outcomes(shop) == [("sent", None), ("delivered", None)]

    assert await reports(links.http, where, {"status": "stop", "number": "+373 69 123 456"}) == 204
    assert (await shop.got(f"/v1/ambassadors/{anna}/preferences"))["sms"] == "unsubscribed"
    assert "gets no SMS" in (await browser.get("/p/phone")).text
    await buys(links, shop, anna, "o-2")
    await until(lambda: len(relay.to(ANNA)) == 2, what="the next news, by mail")
    assert len(gateway.to(PHONE)) == 3

    assert await reports(links.http, where, {"status": "start", "number": PHONE}) == 204
    await buys(links, shop, anna, "o-3")
    await until(lambda: len(gateway.to(PHONE)) == 4, what="the news after START")
    await browser.aclose()


@pytest.mark.usefixtures("working")
async def test_stop_between_the_decision_and_the_sending_is_heard(
    links: Replica, shop: Shop, gateway: SmsGateway, relay: MailServer
) -> None:
    where = (await set_up(shop, gateway))["report_url"]
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await (await proved(links, shop, gateway, anna)).aclose()
    gateway.busy = 1
    await buys(links, shop, anna)
    await until(lambda: gateway.asked == 2, what="the call that comes too early")
    await reports(links.http, where, {"status": "stop", "number": PHONE})
    await notify(links, after=timedelta(minutes=1))

    async def ended() -> bool:
        await notify(links)
        return bool(relay.to(ANNA))

    await until(ended, what="the mail instead")
    assert len(gateway.to(PHONE)) == 1 and await outcomes(shop) == [("refused", "sms_ended")]


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize("error", ["unknown_number", "opted_out"])
async def test_a_number_that_gets_nothing_is_written_to_no_more(
    links: Replica, shop: Shop, gateway: SmsGateway, relay: MailServer, error: str
) -> None:
    await noon(links)
    await set_up(shop, gateway)
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await (await proved(links, shop, gateway, anna)).aclose()
    (gateway.unknown if error == "unknown_number" else gateway.opted_out).add(PHONE)
    await buys(links, shop, anna)

    async def mailed() -> bool:
        await notify(links)
        return bool(relay.to(ANNA))

    await until(mailed, what="the mail instead")
    assert await outcomes(shop) == [("refused", f"sms_{error}")]
    state = (await shop.got(f"/v1/ambassadors/{anna}/preferences"))["sms"]
    assert state == {"unknown_number": "bounced", "opted_out": "unsubscribed"}[error]
    asked = gateway.asked
    await buys(links, shop, anna, "o-2")
    await until(lambda: len(relay.to(ANNA)) == 2, what="the next news")
    assert gateway.asked == asked
    spent = (await shop.got("/v1/sms-gateway"))["spent"]
    assert spent == {"today": 1, "this_month": 1}, "what was refused costs nothing"


@pytest.mark.usefixtures("working")
async def test_what_was_not_delivered_is_told_by_mail(
    links: Replica, shop: Shop, gateway: SmsGateway, relay: MailServer
) -> None:
    where = (await set_up(shop, gateway))["report_url"]
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await (await proved(links, shop, gateway, anna)).aclose()
    await buys(links, shop, anna)
    await until(lambda: len(gateway.to(PHONE)) == 2, what="the news")
    failed = {"status": "failed", "id": gateway.sent[-1]["id"]}
    for _ in range(2):
        assert await reports(links.http, where, failed) == 204
    await notify(links)
    await until(lambda: relay.to(ANNA), what="the mail instead")
    assert await outcomes(shop) == [("bounced", "sms_failed")]
    assert await reports(links.http, where, {"status": "delivered", "id": failed["id"]}) == 204
    assert await outcomes(shop) == [("bounced", "sms_failed")], "what came too late changes nothing"
    assert len(relay.to(ANNA)) == 1


@pytest.mark.usefixtures("working")
async def test_a_busy_gateway_holds_its_own_lane_and_a_broken_one_loses_its_messages_to_mail_after_a_day(
    links: Replica, shop: Shop, gateway: SmsGateway, relay: MailServer
) -> None:
    await set_up(shop, gateway)
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA))["id"]
    bela = (await shop.ambassador(program, email="bela@example.com"))["id"]
    await (await proved(links, shop, gateway, anna)).aclose()
    gateway.busy = 1
    asked = gateway.asked
    await buys(links, shop, anna)
    await until(lambda: gateway.asked == asked + 1, what="the call that is one too many")
    await buys(links, shop, bela, "o-2")  # its seven seconds are over by this clock
    await until(lambda: relay.to("bela@example.com"), what="a mail in the meantime")
    await until(lambda: len(gateway.to(PHONE)) == 2, what="the message, after it waited")

    gateway.away = True
    await buys(links, shop, anna, "o-3")
    await until(lambda: gateway.asked > asked + 2, what="a call to who is away")
    assert relay.to(ANNA) == []
    await notify(links, after=timedelta(hours=25))

    async def mailed() -> bool:
        await notify(links, after=timedelta(seconds=2))  # the lane is held for a moment after each failure
        return bool(relay.to(ANNA))

    await until(mailed, what="the mail instead")
    assert (await outcomes(shop))[-1] == ("refused", "sms_away")
    gateway.away = False
    await buys(links, shop, anna, "o-4")
    await until(lambda: len(gateway.to(PHONE)) == 3, what="the next news, by SMS again")


@pytest.mark.usefixtures("working", "relay")
async def test_what_was_taken_without_a_word_is_sent_once(links: Replica, shop: Shop, gateway: SmsGateway) -> None:
    await noon(links)
    await set_up(shop, gateway)
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await (await proved(links, shop, gateway, anna)).aclose()
    gateway.breaks_off = 2
    await buys(links, shop, anna)

    async def sent() -> bool:
        await notify(links, after=timedelta(seconds=2))
        return await outcomes(shop) == [("sent", None)]

    await until(sent, what="the word that it was taken")
    assert gateway.asked == 4 and len(gateway.to(PHONE)) == 2
    assert (await shop.got("/v1/sms-gateway"))["spent"]["today"] == 2, "and counted once"


@pytest.mark.usefixtures("working")
async def test_a_gateway_that_takes_nothing_from_us_is_said_to_and_set_anew(
    links: Replica, shop: Shop, gateway: SmsGateway, relay: MailServer
) -> None:
    await set_up(shop, gateway)
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await (await proved(links, shop, gateway, anna)).aclose()
    gateway.forbidden = True
    await buys(links, shop, anna)

    async def mailed() -> bool:
        await notify(links)
        return bool(relay.to(ANNA))

    await until(mailed, what="the mail instead")
    found = await shop.got("/v1/sms-gateway")
    assert (found["state"], found["reason"]) == ("refused", "sms_403")
    assert (await shop.got(f"/v1/ambassadors/{anna}/preferences"))["sms"] == "ok", "the phone is as good as before"
    gateway.forbidden = False
    assert (await set_up(shop, gateway))["state"] == "active"
    await buys(links, shop, anna, "o-2")
    await until(lambda: len(gateway.to(PHONE)) == 2, what="the next news, by SMS again")


@pytest.mark.usefixtures("working", "relay")
async def test_who_is_erased_is_told_nothing_and_a_stop_outlives_them(
    links: Replica, shop: Shop, gateway: SmsGateway
) -> None:
    where = (await set_up(shop, gateway))["report_url"]
    program = await shop.program()
    anna = (await shop.ambassador(program, email=ANNA))["id"]
    await (await proved(links, shop, gateway, anna)).aclose()
    await reports(links.http, where, {"status": "stop", "number": PHONE})
    await reports(links.http, where, {"status": "start", "number": PHONE})
    gateway.busy = 1
    await buys(links, shop, anna)
    await until(lambda: gateway.asked == 2, what="a message that waits")
    await reports(links.http, where, {"status": "stop", "number": PHONE})
    await shop.http.delete(f"/v1/ambassadors/{anna}")
    await notify(links, after=timedelta(minutes=1))
    await until_async(shop, ("dropped", "nobody"))
    assert len(gateway.to(PHONE)) == 1
    async with links.ctx.db.transaction([shop.id]) as tx:
        for table in ("people", "phone_codes", "mails", "notices", "suppressions", "work_tasks", "sms_gateways"):
            found = await tx.scalar(f"select count(*) from {table} t where t::text like '%69123456%'")
            assert found == 0, table
        assert await tx.scalar("select reason from suppressions where mail_hash like 'p_%'") == "unsubscribed"


async def until_async(shop: Shop, outcome: tuple[str, str | None]) -> None:
    async def is_so() -> bool:
        return outcome in await outcomes(shop)

    await until(is_so, what=str(outcome))


@pytest.mark.usefixtures("working", "gateway", "relay")
async def test_only_the_gateway_reports_and_odd_reports_do_nothing(
    links: Replica, shop: Shop, gateway: SmsGateway
) -> None:
    where = (await set_up(shop, gateway))["report_url"]
    stop = {"status": "stop", "number": PHONE}
    assert await reports(links.http, where, stop, secret=NEXT_SECRET) == 401
    assert await reports(links.http, where, stop, at=1_700_000_000) == 401, "a recording"
    assert await reports(links.http, where[:-2] + "00", stop) == 404
    assert (await links.http.post(where.removeprefix("http://kith.test"), json=stop)).status_code == 401
    for odd in (
        {},
        {"status": "read", "id": "mai_1"},
        {"status": "stop", "number": "1"},
        {"status": "failed", "id": 7},
    ):
        assert await reports(links.http, where, odd) == 400
    for harmless in ({"status": "delivered", "id": "mai_nobody"}, {"status": "failed", "id": "x"}, stop, stop):
        assert await reports(links.http, where, harmless) == 204
