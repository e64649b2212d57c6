"""The console's pages of connections in a real browser: a platform is connected, tells of orders, is looked at."""

import json
import re
from datetime import datetime

import asyncpg
import httpx
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.integration.product.test_portal_story import at_console
from tests.integration.product.test_webhook_pages import fits
from tests.support import deliveries
from tests.support.connectors import signed
from tests.support.two_stores import TwoStores, now
from tests.support.wait import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SECRET = "a-secret-of-the-shop"


DISCOUNT = {"give": {"kind": "percent", "basis_points": 1000}}


async def codes_wait_for_access(two_stores: TwoStores, page: Page) -> None:
    """On the connection's page: its store's code waits at the checkout until Kith has access, which is given there."""
    key = two_stores.b.secret
    program = {
        "name": "Ten off",
        "currency": "EUR",
        "landing_url": "https://shop.example/",
        "friend_benefit": "discount",
        "discount": DISCOUNT,
    }
    made = await two_stores.client.post("/v1/programs", headers=key, json=program)
    assert made.status_code == 201, made.text
    fields = {"program_id": made.json()["id"], "code": "TENOFF"}
    assert (await two_stores.client.post("/v1/codes", headers=key, json=fields)).status_code == 201
    await page.get_by_role("link", name="Codes at the checkout").click()
    await expect(page.get_by_text("No code here")).to_be_visible()
    await page.get_by_role("button", name="Put codes there").click()

    texts = ("TENOFF", "Codes wait: Kith has no access to the shop’s API.")  # the second a moment after the first

    async def waits() -> bool:
        await page.reload()
        return all([await page.get_by_text(text).count() > 0 for text in texts])

    await until(waits, within=60, every=0.3, what="the code waits at the checkout")
    await fits(page)
    await page.get_by_role("link", name="WooCommerce").first.click()
    await page.get_by_label("Consumer key").fill("ck_of_the_tests")
    await page.get_by_label("Consumer secret").fill("cs_of_the_tests")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("It has some: what you give here replaces it.")).to_be_visible()
    await fits(page)


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
    await codes_wait_for_access(two_stores, page)
    await page.get_by_role("button", name="Delete").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No connection yet")).to_be_visible()


async def test_what_a_platform_asks_in_peoples_name_is_marked_as_done_on_the_connections_page(
    two_stores: TwoStores, page_context: BrowserContext
) -> None:
    body = {"platform": "shopify", "secret": SECRET, "order_prefix": "s-", "host": "zerno.myshopify.com"}
    made = (await two_stores.client.post("/v1/connections", headers=two_stores.a.secret, json=body)).json()
    about = {"shop_id": 7, "shop_domain": body["host"], "customer": {"id": 207}, "orders_requested": [811, 812]}
    asked = json.dumps(about).encode()
    headers = signed(asked, "customers/data_request", secret=SECRET)
    answer = await two_stores.client.post(httpx.URL(made["url"]).path, content=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    page = await at_console(two_stores, two_stores.a, page_context)
    await page.goto(f"{str(two_stores.client.base_url).rstrip('/')}/console/connectors/connections/{made['id']}")
    await expect(page.get_by_text("A customer asks what is kept of them")).to_be_visible()
    await expect(page.get_by_text("Orders: s-811, s-812")).to_be_visible()
    await fits(page)
    await page.get_by_role("button", name="Mark as done").click()
    await expect(page.locator("#privacy").get_by_text(re.compile("^Done "))).to_be_visible()
    await expect(page.get_by_role("button", name="Mark as done")).to_have_count(0)
    await fits(page)


async def test_what_webhooks_lost_stands_on_the_connections_page(
    two_stores: TwoStores, page_context: BrowserContext
) -> None:
    made = await two_stores.client.post(
        "/v1/connections",
        headers=two_stores.a.secret,
        json={
            "platform": "woocommerce",
            "secret": SECRET,
            "order_prefix": "w-",
            "host": "shop.example",
            "access": {"user": "ck_of_the_shop", "password": "cs_of_the_shop"},
        },
    )
    assert made.status_code == 201, made.text
    connection_id = made.json()["id"]
    page = await at_console(two_stores, two_stores.a, page_context)
    base = str(two_stores.client.base_url).rstrip("/")
    await page.goto(f"{base}/console/connectors/connections/{connection_id}")
    await expect(page.get_by_text("In the last 30 days nothing was lost.")).to_be_visible()
    await found_by_a_poll(two_stores, connection_id)
    await page.reload()
    await expect(page.get_by_text("The platform refused the access.")).to_be_visible()
    await expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    for order, kind in (("w-811", "Missed"), ("w-812", "Changed"), ("w-813", "Late")):
        row = page.locator("tr", has_text=order)
        await expect(row.get_by_text(kind, exact=True).first).to_be_visible()
    await fits(page)
    await page.get_by_role("button", name="Look now").click()
    await expect(page.get_by_text("Looking", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Look now")).to_have_count(0)


async def found_by_a_poll(two_stores: TwoStores, connection_id: str) -> None:
    """A poll that found three orders and was then refused."""
    connection = await asyncpg.connect(two_stores.database_url)
    try:
        store: str = await connection.fetchval(
            "select store_id from connectors.directory where kind = 'hook' and id = $1", connection_id
        )
        await connection.execute("select set_config('kith.stores', $1, false)", store)
        await connection.execute(
            "update connectors.polls set state = 'stopped', reason = 'http_401', next_at = null, began_at = now(),"
            " ended_at = now(), found = 120, missed = 1, changed = 2 where hook_id = $1",
            connection_id,
        )
        await connection.executemany(
            "insert into connectors.gaps (store_id, delivery_id, hook_id, order_id, kind, said, found_at, late_at)"
            " values ($1, $2, $3, $2, $4, '{}', now() - interval '1 hour', case when $5 then now() end)",
            [
                (store, "w-811", connection_id, "missed", False),
                (store, "w-812", connection_id, "changed", False),
                (store, "w-813", connection_id, "missed", True),
            ],
        )
    finally:
        await connection.close()
