"""The page of invitation as a friend meets it: on a phone and a screen, by day and by night, in every language."""

from itertools import product
from typing import Literal

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from services.ui.locales import LANGUAGES
from tests.integration.links.test_landing import PAGE
from tests.integration.links.test_portal_in_a_browser import too_small
from tests.integration.links.world import BASE, Replica, Shop

pytestmark = pytest.mark.browser

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def shown(context: BrowserContext, links: Replica, path: str) -> tuple[Page, list[str]]:
    """The page without a server in between, and what it asked for beside itself."""
    asked: list[str] = []

    async def answer(route: Route) -> None:
        request = route.request
        asked.append(request.url)
        reported = await links.http.request(request.method, request.url, headers=await request.all_headers())
        if reported.status_code == 302:
            location = reported.headers["location"]
            await route.fulfill(status=302, headers={"location": location})
            return
        await route.fulfill(status=reported.status_code, headers=dict(reported.headers), body=reported.content)

    page = await context.new_page()
    await page.route("**/*", answer)
    await page.goto(f"{BASE}{path}")
    return page, asked


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_fits_can_be_touched_and_fetches_nothing(
    links: Replica, shop: Shop, page_context: BrowserContext, language: str
) -> None:
    program = {**PAGE, "friend_benefit": "both", "name": "Give 10, get 10"}
    anna = await shop.ambassador(await shop.program(**program), name="Anna-Magdalena Wolfeschlegelsteinhausen")
    page, asked = await shown(page_context, links, f"/l/{anna['link']['slug']}?lang={language}")
    for width, scheme in product((320, 390, 1280), SCHEMES):
        await page.emulate_media(color_scheme=scheme)
        await page.set_viewport_size({"width": width, "height": 844})
        where = f"at {width} px, {scheme}"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, where
        assert await too_small(page) == [], where
        button = await page.locator(".go").bounding_box()
        assert button is not None
        assert button["y"] + button["height"] < 844, f"the way on is seen at first sight {where}"
        assert [url for url in asked if "/l/" not in url] == [], where


async def test_the_code_is_copied_and_the_address_can_be_shared(
    links: Replica, shop: Shop, page_context: BrowserContext
) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE), name="Anna")
    # A page of this scheme has no clipboard of its own; what it would be given is kept for the test to see.
    await page_context.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { window.copied = text }}})"
    )
    location = (await links.http.get(f"/r/{anna['link']['slug']}?ch=qr", headers={"User-Agent": "Mozilla/5.0"})).headers
    page, _ = await shown(page_context, links, f"{location['location']}&lang=en")
    assert page.url == f"{BASE}/l/{anna['link']['slug']}?lang=en"
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("window.copied") == anna["code"]["code"]
