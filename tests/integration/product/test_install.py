"""A store is connected in a real browser, from nothing to the first credited reward: the console leads, the page of the
check lights up by itself, and names what was refused.
"""

import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, expect
from starlette.types import Receive, Scope, Send

from services.cli.simulated import Purchase, simulate
from services.kernel.server import Server
from tests.embed.answers import answer, life
from tests.integration.product.test_portal_story import at_console
from tests.integration.product.test_webhook_pages import fits
from tests.support import command_line
from tests.support.two_stores import OPERATOR, PROGRAM, Store, TwoStores
from tests.support.wait import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
SECRET = "a-secret-of-the-shop"


class Shop:
    """A shop's server, whose pages load `kith.js` with some key."""

    def __init__(self, kith: str) -> None:
        self._kith = kith
        self.key = ""
        self.url = ""
        self.elsewhere = ""
        """The same pages, by a name that is none of the store's domains."""

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await life(scope, receive, send):
            line = f'<script defer src="{self._kith}/kith.js" data-key="{self.key}"></script>' if self.key else ""
            await answer(send, f"<!doctype html><title>Shop</title>{line}<h1>Shop</h1>".encode(), "text/html")


@asynccontextmanager
async def opened_shop(kith: str) -> AsyncIterator[Shop]:
    shop = Shop(kith)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await shop.app(scope, receive, send)

    async with Server(app, host="127.0.0.1", port=0) as server:
        shop.url, shop.elsewhere = f"http://localhost:{server.port}", f"http://127.0.0.1:{server.port}"
        yield shop


async def new_store(client: httpx.AsyncClient, shop: Shop) -> Store:
    body = {"name": "New", "currency": "EUR", "timezone": "Europe/Berlin", "locale": "en"}
    domains = [shop.url.removeprefix("http://")]
    made = await client.post(
        "/v1/stores", json=body | {"domains": domains}, headers={"authorization": f"Bearer {OPERATOR}"}
    )
    assert made.status_code == 201, made.text
    keys = ({"authorization": f"Bearer {made.json()[name]}"} for name in ("secret_key", "publishable_key"))
    return Store(made.json()["id"], *keys)


def key_of(headers: dict[str, str]) -> str:
    return headers["authorization"].removeprefix("Bearer ")


async def looked_at(context: BrowserContext, url: str) -> None:
    """Somebody opens a page of the shop whom no cookie knows."""
    await context.clear_cookies()
    page = await context.new_page()
    await page.goto(url)
    await page.wait_for_function("window.kith && window.kith.version")
    await page.close()


async def doctor(*words: str) -> tuple[int, dict[str, Any]]:
    """What `kith doctor --store` says."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
    status, out, _ = await command_line.run("doctor", *words, "--json", env=clean)
    return status, {one["name"]: one for one in json.loads(out.splitlines()[-1])["findings"]}


async def test_a_store_is_led_from_nothing_to_its_first_reward(
    two_stores: TwoStores, page_context: BrowserContext
) -> None:
    client = two_stores.client
    base = str(client.base_url).rstrip("/")
    browser = page_context.browser
    assert browser is not None
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
    visitor = await browser.new_context(user_agent=agent)
    async with opened_shop(base) as shop:
        store = await new_store(client, shop)
        page = await at_console(two_stores, store, page_context)

        async def post(path: str, body: dict[str, Any]) -> Any:
            made = await client.post(path, json=body, headers=store.secret)
            assert made.status_code == 201, made.text
            return made.json()

        # The empty console says what to do, and shows by itself what was done.

        async def known() -> bool:
            answer = await page.goto(f"{base}/console")
            return answer is not None and answer.ok

        await until(known, within=30, what="the console knows the store")
        current = page.locator(".setup [aria-current=step] b")
        await expect(current).to_have_text("A program")
        program = await post("/v1/programs", PROGRAM | {"landing_url": f"{shop.url}/"})
        await expect(current).to_have_text("The first ambassador")
        ambassador = await post("/v1/ambassadors", {"program_id": program["id"], "external_id": "anna"})
        await expect(current).to_have_text("Your platform")
        await fits(page)
        await page.get_by_role("link", name="Choose a platform").click()
        await fits(page)
        await page.get_by_role("link", name="WooCommerce").click()
        await fits(page)
        await page.get_by_role("link", name="Connect", exact=True).click()
        await page.get_by_label("What it signs with").fill(SECRET)
        await page.get_by_role("button", name="Connect").click()
        await expect(page.get_by_text("order.updated", exact=True)).to_be_visible()
        await fits(page)
        address = await page.locator(".copy .code").first.inner_text()

        await page.goto(f"{base}/console/analytics/install")
        await page.get_by_role("button", name="Begin the check").click()
        step = steps_of(page)
        await expect(step["Your platform"]).to_have_class("done")
        await expect(step["The line in your pages"]).to_have_class("waiting current")

        # A secret key in the page, a page on no domain of the store; then the right one.
        shop.key = key_of(store.secret)
        await looked_at(visitor, shop.url)
        await expect(step["The line in your pages"]).to_contain_text("sent the secret key")
        await expect(page.locator("#announced")).to_contain_text("1 thing to mend")
        shop.key = key_of(store.publishable)
        await looked_at(visitor, shop.elsewhere)
        await expect(step["The line in your pages"]).to_contain_text("which is none of your domains")
        await fits(page)
        await looked_at(visitor, shop.url)
        await expect(step["The line in your pages"]).to_have_class("done")

        # A share link leads to the shop, whose page tells of the click.
        friend = await visitor.new_page()
        await friend.goto(f"{base}{httpx.URL(ambassador['link']['url']).path}")
        await expect(step["A click that your page knows of"]).to_have_class("done")
        token = next(one["value"] for one in await visitor.cookies(shop.url) if one["name"] == "kith_t")

        # The platform's deliveries: with another secret, without a click, and rightly.
        await deliver(client, address, Purchase("900", datetime.now(UTC)), "another-secret", 401)
        deliveries = step["Deliveries of WooCommerce"]
        await expect(deliveries).to_contain_text("each has its own")
        await deliver(client, address, Purchase("901", datetime.now(UTC)), SECRET)
        await expect(deliveries).to_have_class("done")
        order = step["An order that names its ambassador"]
        await expect(order).to_contain_text("Order 901 came without a click and without a code.")
        status, findings = await doctor("--store", shop.url, "--key", key_of(store.secret), "--wait", "0")
        assert (status, findings["line in the page"]["verdict"]) == (1, "ok")
        assert findings["An order that names its ambassador"]["detail"] == "not seen"

        code = ambassador["code"]["code"]
        checked = await client.post(f"/v1/codes/{code}/check", json={}, headers=store.secret)
        assert checked.json()["valid"] is True
        await expect(step["A promo code at the checkout"]).to_have_class("done")
        await deliver(client, address, Purchase("902", datetime.now(UTC), token=token), SECRET)
        await expect(order).to_have_class("done")
        await expect(step["The first reward"]).to_have_class("done")
        await expect(page.locator(".verdict .say")).to_contain_text("Your store is connected")
        await fits(page)
        await page.goto(f"{base}/console")
        await expect(page.get_by_role("heading", name="Set up your store")).to_have_count(0)
    await visitor.close()


def steps_of(page: Page) -> "Steps":
    return Steps(page)


class Steps:
    """The steps on a check's page, by their titles."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def __getitem__(self, title: str) -> Any:
        return self._page.locator(".checking > li", has=self._page.get_by_text(title, exact=True))


async def deliver(client: httpx.AsyncClient, address: str, bought: Purchase, secret: str, status: int = 200) -> None:
    """An order as WooCommerce tells of it."""
    sent = simulate("woocommerce", "order.updated", bought, secret, now=int(time.time()))
    came = await client.post(httpx.URL(address).path, content=sent.body, headers=sent.headers)
    assert came.status_code == status, came.text
