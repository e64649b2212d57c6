"""The portal as a thumb meets it: whatever can be touched is large enough, on every page, in every language."""

from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, Route

from services.ui.locales import LANGUAGES
from tests.integration.links.world import BASE, Replica, Shop
from tests.support.forge import forged

LEAST = 44
"""Pixels that a target has, in either direction."""
_TARGETS = """() => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
  .map((target) => [target.outerHTML.slice(0, 80), target.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.height > 1)
  .map(([text, box]) => [text, Math.round(box.width), Math.round(box.height)])"""
_OPEN = "(open) => document.querySelectorAll('details').forEach((one) => (one.open = open))"


async def opened(context: BrowserContext, links: Replica, url: str) -> Page:
    """A page of links in the browser, without a server in between. A balance is another service's to tell."""

    async def answer(route: Route) -> None:
        asked = route.request
        reported = await links.http.request(asked.method, asked.url, headers=await asked.all_headers())
        await route.fulfill(status=reported.status_code, headers=dict(reported.headers), body=reported.content)

    page = await context.new_page()
    await page.route("**/*", answer)
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


@pytest.mark.parametrize("width", [390, 1280])
async def test_what_can_be_touched_in_the_portal_is_large_enough(
    links: Replica, shop: Shop, page_context: BrowserContext, width: int
) -> None:
    anna = await shop.ambassador(await shop.program(), name="Anna Kowalczyk")
    for path in (anna["portal_url"], forged(anna["portal_url"])):
        for language in LANGUAGES:
            page = await opened(page_context, links, str(httpx.URL(BASE).join(path).copy_set_param("lang", language)))
            await page.set_viewport_size({"width": width, "height": 844})
            small = await too_small(page)
            assert not small, f"{page.url} at {width} px: {small}"
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            await page.close()
