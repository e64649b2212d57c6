"""The portal as a thumb meets it: whatever can be touched is large enough, on every page, in every language."""

from base64 import b64encode
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from services.ui.locales import LANGUAGES
from tests.integration.links.mailing import an_hour_later, digits_in, relay, working
from tests.integration.links.test_looks import picture
from tests.integration.links.texting import PHONE, gateway, set_up
from tests.integration.links.world import BASE, Replica, Shop, portal_of
from tests.support.forge import forged
from tests.support.mail import MailServer, text_part
from tests.support.sms import SmsGateway
from tests.support.wait import until

__all__ = ["an_hour_later", "gateway", "relay", "working"]

LEAST = 44
"""Pixels that a target has, in either direction."""
_TARGETS = """() => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
  .map((target) => [target.outerHTML.slice(0, 80), (target.closest('label') || target).getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.height > 1)
  .map(([text, box]) => [text, Math.round(box.width), Math.round(box.height)])"""
_OPEN = "(open) => document.querySelectorAll('details').forEach((one) => (one.open = open))"


async def blank(context: BrowserContext, links: Replica) -> Page:
    """A tab whose pages are those of links, without a server in between. A balance is another service's to tell."""

    async def answer(route: Route) -> None:
        asked = route.request
        # As a browser that says nothing of the site: whose form it is, Origin alone tells then.
        headers = {name: text for name, text in (await asked.all_headers()).items() if not name.startswith("sec-")}
        reported = await links.http.request(
            asked.method, asked.url, headers=headers, content=asked.post_data_buffer or b""
        )
        links.http.cookies.clear()
        await route.fulfill(status=reported.status_code, headers=dict(reported.headers), body=reported.content)

    page = await context.new_page()
    await page.route("**/*", answer)
    return page


async def opened(context: BrowserContext, links: Replica, url: str) -> Page:
    """A page of links in a tab of its own."""
    page = await blank(context, links)
    await page.goto(url)
    return page


async def too_small(page: Page) -> list[Any]:
    found = []
    for state in (False, True):
        await page.evaluate(_OPEN, state)
        targets = await page.evaluate(_TARGETS)
        assert targets
        found += [one for one in targets if min(one[1:]) < LEAST]
    return found


@pytest.mark.usefixtures("working", "an_hour_later")
async def test_the_forms_of_signing_in_work_where_origin_alone_tells_whose_they_are(
    links: Replica, shop: Shop, relay: MailServer, page_context: BrowserContext
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, name="Anna Kern", email="anna@browser.example")
    await shop.http.patch(
        "/v1/stores/look", json={"color": "#7A3B1E", "logo": b64encode(picture(size=(64, 64))).decode()}
    )
    page = await opened(page_context, links, f"{BASE}/p/sign-in?program={program}&lang=en")
    button = page.get_by_role("button", name="Send me a mail")
    await expect(button).to_have_css("background-color", "rgb(122, 59, 30)")
    assert await page.locator(".mast img").evaluate("(found) => found.naturalWidth") == 64
    await page.get_by_label("E-mail").fill("anna@browser.example")
    async with page.expect_request(lambda asked: asked.method == "POST") as posted:
        await button.click()
    assert (await (await posted.value).all_headers())["origin"] == BASE
    await until(lambda: relay.to("anna@browser.example"), what="the mail")
    await page.get_by_label("Six digits").fill(digits_in(text_part(relay.to("anna@browser.example")[0])))
    await page.get_by_role("button", name="Open my page").click()
    await expect(page.get_by_text(anna["code"]["code"]).first).to_be_visible()
    again = await shop.made("/v1/portal-sessions", {"ambassador_id": anna["id"]})
    await page.goto(f"{again['url']}?lang=en")
    await page.get_by_role("button", name="Open my page").click()
    await expect(page.get_by_text(anna["code"]["code"]).first).to_be_visible()


async def test_who_chose_no_time_zone_is_offered_that_of_the_browser(
    links: Replica, shop: Shop, browser: Browser
) -> None:
    anna = (await shop.ambassador(await shop.program()))["id"]
    signed_in = await portal_of(links, shop, anna)
    (cookie,) = [{"name": one.name, "value": one.value or "", "url": BASE} for one in signed_in.cookies.jar]
    await signed_in.aclose()
    contexts = {zone: await browser.new_context(timezone_id=zone) for zone in ("Europe/Chisinau", "Asia/Tokyo")}
    for context in contexts.values():
        await context.add_cookies([cookie])  # type: ignore[list-item]  # a cookie's own fields
    page = await opened(contexts["Europe/Chisinau"], links, f"{BASE}/p/messages?lang=en")
    await expect(page.get_by_label("Time zone")).to_have_value("Europe/Chisinau")
    await page.get_by_label("At most within a day").select_option("3")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("At most within a day")).to_have_value("3")
    kept = await shop.got(f"/v1/ambassadors/{anna}/preferences")
    assert (kept["zone"], kept["most_a_day"]) == ("Europe/Chisinau", 3)
    page = await opened(contexts["Asia/Tokyo"], links, f"{BASE}/p/messages?lang=en")
    await expect(page.get_by_label("Time zone")).to_have_value("Europe/Chisinau")
    for context in contexts.values():
        await context.close()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_can_be_touched_in_the_portal_is_large_enough(
    links: Replica, shop: Shop, gateway: SmsGateway, page_context: BrowserContext, language: str
) -> None:
    await set_up(shop, gateway)
    anna = await shop.ambassador(await shop.program(), name="Anna Kowalczyk")
    made = await shop.made("/v1/portal-sessions", {"ambassador_id": anna["id"]})
    signed_in = await portal_of(links, shop, anna["id"])
    await signed_in.post("/p/links", data={"page": "https://shop.example/p/" + "long-name-" * 20})
    (cookie,) = [{"name": one.name, "value": one.value or "", "url": BASE} for one in signed_in.cookies.jar]
    await page_context.add_cookies([cookie])  # type: ignore[list-item]  # a cookie's own fields
    assert (await signed_in.post("/p/phone", data={"number": PHONE})).status_code == 303
    await signed_in.aclose()
    parts = ("/p/links", "/p/phone", "/p/phone?another=1", "/p/invites", "/p/messages", "/p/settings", "/p/materials")
    page = await blank(page_context, links)
    for path in ("/p", *parts, "/p/sign-in", made["url"], forged(made["url"])):
        await page.goto(str(httpx.URL(BASE).join(path).copy_set_param("lang", language)))
        for width in (390, 1280):
            await page.set_viewport_size({"width": width, "height": 844})
            small = await too_small(page)
            assert not small, f"{page.url} at {width} px: {small}"
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
