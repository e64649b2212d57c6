"""Proving a phone: a code by SMS, limits that keep codes from being a nuisance or a cost, and the same word for all."""

import httpx
import pytest

from services.links.phone_codes import sql as codes
from services.links.phone_codes.sql import MOST_TRIES
from services.links.sms.actions import phones
from services.links.sms.jobs import forget
from tests.integration.links.mailing import relay, working
from tests.integration.links.texting import PHONE, code_in, gateway, proved, set_up
from tests.integration.links.world import Replica, Shop, events, portal_of
from tests.support.sms import SmsGateway
from tests.support.wait import until

__all__ = ["gateway", "relay", "working"]

BELA = "+37379999111"


async def asks(browser: httpx.AsyncClient, number: str = PHONE) -> int:
    return (await browser.post("/p/phone", data={"number": number})).status_code


async def types(browser: httpx.AsyncClient, code: str) -> int:
    return (await browser.post("/p/phone/code", data={"code": code})).status_code


async def test_who_decides_the_limits_of_codes() -> None:
    """(Of a person, of a number): within an hour, within a day."""
    assert (phones.OF_PERSON, phones.OF_NUMBER, MOST_TRIES) == ((3, 5), (3, 5), 5)
    assert phones.LIFE.total_seconds() == 600


@pytest.mark.usefixtures("working", "relay")
async def test_a_number_is_a_channel_once_its_code_was_typed(links: Replica, shop: Shop, gateway: SmsGateway) -> None:
    await set_up(shop, gateway)
    anna = (await shop.ambassador(await shop.program(), name="Anna"))["id"]
    browser = await portal_of(links, shop, anna)
    assert "Add a number" in (await browser.get("/p/settings", headers={"Accept-Language": "en"})).text
    wrong = await browser.post("/p/phone", data={"number": "069123456"}, headers={"Accept-Language": "en"})
    assert wrong.status_code == 422 and "country’s code" in wrong.text and 'value="069123456"' in wrong.text
    assert await asks(browser) == 303
    await until(lambda: gateway.to(PHONE), what="the code")
    page = (await browser.get("/p/phone")).text
    assert "+373…56" in page and PHONE not in page and code_in(gateway.to(PHONE)[0]) not in page
    assert (await shop.got(f"/v1/ambassadors/{anna}/preferences"))["sms"] == "none", "nothing is proved yet"
    code = code_in(gateway.to(PHONE)[0])
    assert await types(browser, f"{code[:3]} {code[3:]}") == 303
    assert await types(browser, code) == 422, "once"
    assert (await shop.got(f"/v1/ambassadors/{anna}/preferences"))["channel"] == "sms"
    assert (await shop.got(f"/v1/ambassadors/{anna}"))["phone"] == PHONE
    assert (await events(links, "ambassador.saved"))[-1]["contact_hashes"], (
        "known by it, as by a number that a store gives"
    )
    assert (await browser.get("/p/my-data.json")).json()["sms"] == PHONE

    assert (await browser.post("/p/phone/end")).status_code == 303
    assert (await browser.post("/p/phone/end")).status_code == 303
    wish = await shop.got(f"/v1/ambassadors/{anna}/preferences")
    assert (wish["channel"], wish["sms"]) == ("email", "none")
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select reason from suppressions") == "unsubscribed"
    await browser.aclose()
    await (await proved(links, shop, gateway, anna)).aclose()
    assert (await shop.got(f"/v1/ambassadors/{anna}/preferences"))["sms"] == "ok", "who proves it anew wants it again"


@pytest.mark.usefixtures("working", "relay")
async def test_a_code_bears_five_tries_and_only_the_newest_counts(
    links: Replica, shop: Shop, gateway: SmsGateway
) -> None:
    await set_up(shop, gateway)
    anna = (await shop.ambassador(await shop.program()))["id"]
    browser = await portal_of(links, shop, anna)
    await asks(browser)
    await until(lambda: gateway.to(PHONE), what="the code")
    first = code_in(gateway.to(PHONE)[0])
    wrong = f"{(int(first) + 1) % 1_000_000:06d}"
    for typed in ("", "12345", "кодкод", wrong, wrong):
        assert await types(browser, typed) == 422
    assert await types(browser, first) == 422, "too many tries: it is good no more"
    await asks(browser)
    await until(lambda: len(gateway.to(PHONE)) == 2, what="another code")
    second = code_in(gateway.to(PHONE)[1])
    await asks(browser, BELA)
    await until(lambda: gateway.to(BELA), what="a code for another number")
    assert await types(browser, second) == 422, "it went to a number that is asked for no more"
    assert await types(browser, code_in(gateway.to(BELA)[0])) == 303
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select sms from people where ambassador_id = :a", a=anna) == BELA
    await browser.aclose()


@pytest.mark.usefixtures("working", "relay")
async def test_a_code_is_good_for_ten_minutes(links: Replica, shop: Shop, gateway: SmsGateway) -> None:
    await set_up(shop, gateway)
    browser = await portal_of(links, shop, (await shop.ambassador(await shop.program()))["id"])
    await asks(browser)
    await until(lambda: gateway.to(PHONE), what="the code")
    async with links.ctx.db.transaction([shop.id]) as tx:
        left = await tx.scalar("select extract(epoch from max(expires_at) - now()) from phone_codes")
        assert 500 < left <= 600
        await tx.execute("update phone_codes set expires_at = now()")
    late = await browser.post(
        "/p/phone/code", data={"code": code_in(gateway.to(PHONE)[0])}, headers={"Accept-Language": "en"}
    )
    assert late.status_code == 422 and "Ask for another" in late.text
    await browser.aclose()


@pytest.mark.usefixtures("working", "relay")
async def test_limits_of_person_number_and_store_and_the_same_word_for_every_number(
    links: Replica, shop: Shop, gateway: SmsGateway
) -> None:
    await set_up(shop, gateway, most_codes_a_day=9)
    program = await shop.program()
    people = [(await shop.ambassador(program, name=f"P{n}"))["id"] for n in range(4)]
    browsers = [await portal_of(links, shop, who) for who in people]
    await (await proved(links, shop, gateway, people[0])).aclose()

    answers = []
    for number, codes_by_then in ((PHONE, 2), (BELA, 1)):
        answers.append(await browsers[1].post("/p/phone", data={"number": number}))
        await until(lambda n=number, c=codes_by_then: len(gateway.to(n)) == c, what="a code")  # type: ignore[misc]
    assert {(one.status_code, one.headers["location"], one.text) for one in answers} == {(303, "/p/phone", "")}
    pages = [(await browsers[1].get("/p/phone")).status_code for _ in answers]
    assert pages == [200, 200], "somebody's number and nobody's alike"
    assert await asks(browsers[1]) == 303
    await until(lambda: len(gateway.to(PHONE)) == 3, what="the third code to the number")
    assert await asks(browsers[1]) == 429, "a person has three an hour"
    assert await asks(browsers[2]) == 303, "and a number too: nobody hears how often others asked for it"
    assert await asks(browsers[2], "+37360000077") == 303
    await until(lambda: gateway.to("+37360000077"), what="a code to another number")
    assert len(gateway.to(PHONE)) == 3

    assert await asks(browsers[3], "+40721234567") == 422, "no such country"
    async with links.ctx.db.transaction([shop.id]) as tx:
        await tx.execute("update phone_codes set created_at = created_at - interval '2 hours'")
    assert await asks(browsers[1]) == 303 and await asks(browsers[1]) == 303
    assert await asks(browsers[1]) == 429, "five a day"
    assert await asks(browsers[3]) == 303
    assert await asks(browsers[3]) == 409, "nine a day of the store"
    await until(
        lambda: len(gateway.to(PHONE)) == 4, what="five codes a day to a number, those asked for in vain included"
    )
    async with links.ctx.db.transaction([shop.id]) as tx:
        await tx.execute("update phone_codes set created_at = created_at - interval '1 day'")
        assert await forget(tx, [shop.id]) == {}
        assert await codes.newest(tx, shop.id, people[3]) is None
    assert await asks(browsers[3]) == 303
    for browser in browsers:
        await browser.aclose()


@pytest.mark.usefixtures("working", "relay")
async def test_who_ends_their_messages_is_not_given_codes_anew(links: Replica, shop: Shop, gateway: SmsGateway) -> None:
    await set_up(shop, gateway)
    anna = (await shop.ambassador(await shop.program()))["id"]
    browser = await proved(links, shop, gateway, anna)
    assert [await asks(browser, BELA), await asks(browser, BELA)] == [303, 303]
    await until(lambda: len(gateway.to(BELA)) == 2, what="codes to somebody else's number")
    code = code_in(gateway.to(BELA)[-1])
    assert (await browser.post("/p/phone/end")).status_code == 303
    assert await types(browser, code) == 422
    assert await asks(browser, BELA) == 429
    await browser.aclose()


@pytest.mark.usefixtures("working", "relay")
async def test_without_a_gateway_no_number_is_asked_for(links: Replica, shop: Shop) -> None:
    browser = await portal_of(links, shop, (await shop.ambassador(await shop.program()))["id"])
    assert "/p/phone" not in (await browser.get("/p/settings")).text
    assert 'name="number"' not in (await browser.get("/p/phone")).text
    assert await asks(browser) == 409
    assert (await links.http.post("/p/phone", data={"number": PHONE})).status_code in (303, 401)
    await browser.aclose()
