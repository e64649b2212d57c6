"""The console's pages of webhooks in a real browser: an endpoint is added, tried, given another secret, and deleted."""

import re
from urllib.parse import quote

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.integration.product.test_portal_story import at_console
from tests.support.axe import violations
from tests.support.two_stores import TwoStores
from tests.support.wait import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
NARROW = 360


async def fits(page: Page) -> None:
    """It keeps nobody out, and fits a narrow phone."""
    assert await violations(page) == []
    size = page.viewport_size
    assert size is not None
    await page.set_viewport_size({"width": NARROW, "height": 780})
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url
    await page.set_viewport_size(size)


async def test_a_developer_adds_an_endpoint_tries_it_and_changes_its_secret(
    two_stores: TwoStores, page_context: BrowserContext
) -> None:
    page = await at_console(two_stores, two_stores.b, page_context)
    base = str(two_stores.client.base_url).rstrip("/")
    await page.goto(f"{base}/console/connectors/webhooks")
    await expect(page.get_by_text("No endpoint yet")).to_be_visible()
    await page.get_by_label("Address").fill("https://10.0.0.7/inside")
    await page.get_by_role("button", name="Add endpoint").click()
    await expect(page.get_by_text("Give a public https address")).to_be_visible()
    await fits(page)
    await page.get_by_label("Address").fill("https://hooks.invalid/kith")
    await page.get_by_label("reward.granted").uncheck()
    await page.get_by_role("button", name="Add endpoint").click()
    first = await page.get_by_text(re.compile("^whsec_")).inner_text()
    await fits(page)
    await page.get_by_label("Event").select_option("order.settled")
    await page.get_by_role("button", name="Send a sample").click()
    await expect(page.locator("h1")).to_have_text("order.settled")

    await expect(page.get_by_text('"settled_at"')).to_be_visible()

    async def tried() -> bool:
        await page.reload()
        return await page.get_by_text("nobody answers there").count() > 0

    await until(tried, within=60, every=0.3, what="the sample was tried")
    await page.get_by_text("Request", exact=True).click()
    sent = await page.locator("details pre").inner_text()
    assert sent.startswith("POST https://hooks.invalid/kith\n")
    assert re.search("^webhook-signature: v1,.{6}…$", sent, re.M), "enough to see which secret signed, not to sign"
    await fits(page)
    await page.get_by_role("link", name="Webhook endpoint").click()
    await expect(page.get_by_text(first)).to_have_count(0)
    await page.get_by_label("Also what arrived").check()
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_text("Sent again: 0.")).to_be_visible()  # a sample is not sent again
    await fits(page)
    for moment in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"):  # no clock has them
        answer = await page.goto(f"{page.url.partition('?')[0]}?sent=1&all=1&since={quote(moment)}")
        assert answer is not None
        assert answer.status == 200
    await expect(page.get_by_label("Also what arrived")).to_be_checked()
    await page.get_by_label("Since").fill("2026-11-22T14:00:05")
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_text("Sent again: 0.")).to_be_visible()
    await page.get_by_label("Also what arrived").check()
    await page.get_by_label("Since").evaluate("field => { field.type = 'text'; field.value = 'soon' }")
    async with page.expect_response(lambda one: one.url.endswith("/replay-since")) as refused:
        await page.get_by_role("button", name="Send again").click()
    assert (await refused.value).status == 422
    await expect(page.get_by_text("Give a day and a time.")).to_be_visible()
    await expect(page.get_by_label("Also what arrived")).to_be_checked()
    await page.get_by_label("The present secret ends after").select_option("168")
    await page.get_by_role("button", name="New secret").click()
    assert await page.get_by_text(re.compile("^whsec_")).inner_text() != first
    await page.get_by_role("button", name="Turn off").click()
    await expect(page.get_by_text("Turned off by hand.")).to_be_visible()
    await page.get_by_role("button", name="Delete").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No endpoint yet")).to_be_visible()
