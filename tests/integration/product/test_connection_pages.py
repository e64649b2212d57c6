"""The console's pages of connections in a real browser: a platform is connected, tells of orders, is looked at."""

import re
from datetime import datetime

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from tests.integration.product.test_portal_story import at_console
from tests.integration.product.test_webhook_pages import fits
from tests.support import deliveries
from tests.support.two_stores import TwoStores, now
from tests.support.wait import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SECRET = "a-secret-of-the-shop"


async def test_a_shop_is_connected_and_its_deliveries_are_looked_at(
    two_stores: TwoStores, page_context: BrowserContext
) -> None:
    page = await at_console(two_stores, two_stores.b, page_context)
    base = str(two_stores.client.base_url).rstrip("/")
    await page.goto(f"{base}/console/connectors/connections")
    await expect(page.get_by_text("No connection yet")).to_be_visible()
    await fits(page)
    await page.goto(f"{base}/console/connectors/connections?platform=woocommerce")
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_text("This is no new secret of this platform.")).to_be_visible()
    await page.get_by_label("What it signs with").fill(SECRET)
    await page.get_by_role("button", name="Connect").click()
    address = await page.get_by_text(re.compile("/in/woocommerce/con_")).inner_text()
    await expect(page.get_by_text("Nothing came yet")).to_be_visible()
    await fits(page)
    order = deliveries.woo_order(datetime.fromisoformat(now()), customer_note="ring at Eva's", id=811)
    for sent in (
        deliveries.woocommerce(order, SECRET),
        deliveries.woocommerce(order | {"total": "odd", "id": 812}, SECRET),
        deliveries.woocommerce(order | {"status": "draft", "id": 813}, SECRET),
    ):
        answer = await two_stores.client.post(httpx.URL(address).path, content=sent.body, headers=sent.headers)
        assert answer.status_code == 200, answer.text
    await page.goto(f"{base}/console/connectors/connections")
    await page.get_by_role("link", name="WooCommerce").first.click()

    async def read() -> bool:
        await page.reload()
        return await page.get_by_text("Waiting", exact=True).count() == 0

    await until(read, within=60, every=0.3, what="all is read")
    await expect(page.get_by_text("Taken", exact=True).first).to_be_visible()
    await expect(page.get_by_text("a draft, no order yet").first).to_be_visible()
    await expect(page.get_by_text("total cannot be read").first).to_be_visible()
    await fits(page)
    await page.locator("tr", has_text="811").get_by_role("link").first.click()
    shown = await page.locator("pre").inner_text()
    assert '"total": "50.90"' in shown
    assert "ANNA10" in shown
    assert not re.search("Eva|example.com|660", shown)
    await fits(page)
    await page.get_by_role("link", name="WooCommerce").first.click()
    await page.get_by_role("button", name="Delete").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No connection yet")).to_be_visible()
