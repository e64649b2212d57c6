"""From a share link to a decided order in a real Chromium, in a shop whose content policy is strict.

The shop is a single page of another origin than Kith: no inline script or style, trusted types required, `kith.js`
pinned by its hash. Kith is the whole product.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.async_api import BrowserContext, Page, expect
from starlette.types import Receive, Scope, Send

from services.kernel.server import Server
from services.links.embed.actions import SCRIPTS
from services.links.embed.domain.script import Script, tag
from tests.embed.answers import answer, life
from tests.support.two_stores import OPERATOR, PROGRAM, Store, TwoStores
from tests.support.wait import until

pytestmark = pytest.mark.browser

SPA = b"""
window.refused = []
addEventListener('securitypolicyviolation', event => refused.push(event.violatedDirective))
document.addEventListener('click', event => {
  if (event.target.id === 'yes' || event.target.id === 'no') kith('consent', event.target.id === 'yes')
  if (event.target.id !== 'checkout') return
  history.pushState({}, '', '/checkout')
  const form = Object.assign(document.createElement('form'), {method: 'post', action: '/pay'})
  form.setAttribute('data-kith-order', '')
  form.append(Object.assign(document.createElement('button'), {id: 'pay', textContent: 'Pay'}))
  document.querySelector('main').replaceChildren(form)
})
"""
PAGE = """<!doctype html><html lang=en><title>Shop</title>{script}<script defer src=/shop.js></script>
<main><h1>Shop</h1><button id=yes>Yes</button><button id=no>No</button><button id=checkout>Check out</button></main>"""


@dataclass
class Shop:
    """A shop whose server sends its orders to Kith."""

    kith: TwoStores
    store: Store = field(init=False)
    url: str = ""
    link: str = ""
    attributes: str = ""
    script: Script = SCRIPTS["kith"]
    paid: list[dict[str, Any]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return str(self.kith.client.base_url).rstrip("/")

    @property
    def policy(self) -> str:
        return (
            f"default-src 'none'; script-src 'self' {self.base}; connect-src {self.base}; form-action 'self'; "
            "base-uri 'none'; require-trusted-types-for 'script'"
        )

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await life(scope, receive, send):
            return
        if scope["path"] == "/shop.js":
            await answer(send, SPA, "text/javascript")
        elif scope["path"] == "/pay":
            fields = {name: values[0] for name, values in parse_qs((await receive())["body"].decode()).items()}
            self.paid.append(fields)
            await self.order(f"strict-{self.store.id}-{len(self.paid)}", fields)
            await answer(send, b"<h1>Thanks</h1>", "text/html", policy=self.policy)
        else:
            line = tag(self.base, self.script, self.store.publishable["authorization"].split()[1], pinned=True)
            page = PAGE.format(script=line.replace("<script ", f"<script {self.attributes} "))
            await answer(send, page.encode(), "text/html", policy=self.policy)

    async def order(self, order_id: str, fields: dict[str, str]) -> None:
        body = {
            "order_id": order_id,
            "placed_at": datetime.now(UTC).isoformat(),
            "status": "paid",
            "currency": "EUR",
            "total_minor": 5000,
            "subtotal_minor": 5000,
            "tokens": fields.get("kith_tokens", "").split(),
            "visitor_id": fields.get("kith_visitor"),
        }
        sent = await self.kith.client.post("/v1/orders", json=body, headers=self.store.secret)
        assert sent.status_code == 202, sent.text

    async def decision(self) -> dict[str, Any]:
        """What Kith says of the latest order."""
        path = f"/v1/orders/strict-{self.store.id}-{len(self.paid)}"

        async def decided() -> Any:
            found = (await self.kith.client.get(path, headers=self.store.secret)).json()
            return found if found.get("decision") else None

        found = await until(decided, what="a decision", within=30)
        return dict(found["decision"])


@pytest.fixture(scope="module")
async def shop(two_stores: TwoStores) -> AsyncIterator[Shop]:
    client = two_stores.client
    async with AsyncExitStack() as stack:
        opened = Shop(two_stores)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await opened.app(scope, receive, send)

        server = await stack.enter_async_context(Server(app, host="127.0.0.1", port=0))
        host = f"localhost:{server.port}"
        store = {"name": "S", "currency": "EUR", "timezone": "UTC", "domains": [host], "locale": "en"}
        answered = await client.post("/v1/stores", json=store, headers={"authorization": f"Bearer {OPERATOR}"})
        assert answered.status_code == 201, answered.text
        made = answered.json()
        keys = [{"authorization": f"Bearer {made[name]}"} for name in ("secret_key", "publishable_key")]
        opened.store, opened.url = Store(made["id"], *keys), f"http://{host}/"
        program = await client.post("/v1/programs", json=PROGRAM | {"landing_url": opened.url}, headers=keys[0])
        assert program.status_code == 201, program.text
        ambassador = await client.post(
            "/v1/ambassadors", json={"program_id": program.json()["id"], "name": "Anna"}, headers=keys[0]
        )
        assert ambassador.status_code == 201, ambassador.text
        opened.link = f"{opened.base}/r/{ambassador.json()['link']['slug']}"
        yield opened


async def buy(page: Page) -> None:
    """To the checkout without a load of a page, and on."""
    await page.click("#checkout")
    await expect(page).to_have_url(re.compile("/checkout$"))
    assert await page.evaluate("refused") == []
    await page.click("#pay")
    await expect(page.get_by_role("heading")).to_have_text("Thanks")


async def arrive(shop: Shop, page: Page, attributes: str = "") -> None:
    shop.attributes = attributes
    await page.goto(shop.link)
    await page.wait_for_function("window.kith && window.kith.version")
    assert page.url.startswith(shop.url)


async def cookies(page: Page) -> dict[str, str]:
    return {cookie["name"]: cookie["value"] for cookie in await page.context.cookies(page.url)}


async def test_a_friend_buys_in_a_single_page_under_a_strict_policy(shop: Shop, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    await arrive(shop, page)
    assert "kith=" not in page.url
    token = (await cookies(page))["kith_t"]
    await buy(page)
    assert shop.paid[-1]["kith_tokens"] == token
    assert (await shop.decision())["status"] == "attributed"


async def test_who_refuses_buys_all_the_same_and_leaves_nothing(shop: Shop, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    await arrive(shop, page, 'data-consent="required"')
    await page.click("#no")
    await buy(page)
    assert await cookies(page) == {"kith_c": "0"}
    assert shop.paid[-1] == {}
    assert (await shop.decision())["status"] == "unattributed"


async def test_who_takes_it_back_before_the_purchase(shop: Shop, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    await arrive(shop, page, 'data-consent="required"')
    await page.click("#yes")
    assert "kith_t" in await cookies(page)
    await page.click("#no")
    await buy(page)
    assert await cookies(page) == {"kith_c": "0"}
    assert shop.paid[-1] == {}
    assert (await shop.decision())["status"] == "unattributed"


async def test_where_cookies_are_blocked_the_pages_memory_does(shop: Shop, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    devtools = await page_context.new_cdp_session(page)
    await devtools.send("Emulation.setDocumentCookieDisabled", {"disabled": True})
    await arrive(shop, page)
    await buy(page)
    assert await cookies(page) == {}
    assert (await shop.decision())["status"] == "attributed"


async def test_a_script_that_is_not_the_pinned_one_does_not_run(shop: Shop, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    right = shop.script
    shop.script = Script("kith", right.body, right.gzipped, right.digest, SCRIPTS["kith-share"].integrity)
    try:
        await page.goto(shop.link)
        await page.wait_for_load_state("load")
        assert await page.evaluate("typeof window.kith") == "undefined"
    finally:
        shop.script = right
