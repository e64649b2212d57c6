"""Whoever leaves a page of the console that renews itself comes where they were going."""

import asyncio
import re

import pytest
from playwright.async_api import BrowserContext, Route, expect

from tests.integration.product.test_portal_story import at_console
from tests.support.two_stores import TwoStores

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


async def test_an_overview_that_begins_anew_does_not_take_the_click_of_somebody_who_leaves(
    two_stores: TwoStores, page_context: BrowserContext
) -> None:
    """The first order came in the very moment: the overview of an empty store would load itself again, with figures."""
    page = await at_console(two_stores, two_stores.b, page_context)
    left, renewed = asyncio.Event(), asyncio.Event()

    async def first_steps(route: Route) -> None:
        await left.wait()
        await route.fulfill(status=200, headers={"hx-refresh": "true"}, content_type="text/html", body="")

    async def ambassadors(route: Route) -> None:
        left.set()
        await renewed.wait()  # the page has done with the answer whatever it does
        await route.continue_()

    await page.route("**/first-steps?*", first_steps)
    await page.route("**/console/analytics/ambassadors", ambassadors)
    async with page.expect_request("**/first-steps?*"):
        await page.goto(f"{two_stores.client.base_url}".rstrip("/") + "/console")
    await page.expose_function("renewed", renewed.set)
    await page.evaluate("document.addEventListener('htmx:finally:request', () => renewed())")
    await page.get_by_role("link", name="Ambassadors").first.click()
    await expect(page).to_have_url(re.compile("/console/analytics/ambassadors$"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ambassadors")
