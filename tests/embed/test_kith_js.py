"""kith.js in a real Chromium, on a shop's pages of another origin than Kith."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page
from starlette.types import Receive, Scope, Send

from services.kernel.server import Server
from services.links.embed.api.script import SCRIPT
from tests.support.wait import until

pytestmark = pytest.mark.browser

FIRST, SECOND = "k1." + "a" * 40, "k1." + "b" * 40
STUB = "<script>window.kith=window.kith||function(){(kith.q=kith.q||[]).push(arguments)}</script>"


@dataclass
class Shop:
    """A shop's server and Kith's, both of this test alone."""

    page: Page
    url: str = ""
    kith_url: str = ""
    body: str = ""
    attributes: str = ""
    reports: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    async def shop_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await _life(scope, receive, send):
            return
        script = f'<script defer src="{self.kith_url}/kith.js" data-key="kith_pk_test"{self.attributes}></script>'
        await _answer(send, f"<!doctype html><head>{STUB}{script}</head><body>{self.body}</body>".encode(), "text/html")

    async def kith_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await _life(scope, receive, send):
            return
        if scope["path"] == "/kith.js":
            await _answer(send, SCRIPT.body, "text/javascript")
            return
        if scope["method"] == "POST":
            self.keys.add(dict(scope["headers"]).get(b"authorization", b"").decode())
            self.reports.append(json.loads((await receive())["body"]))
        await _answer(send, b"{}", "application/json", status=202)

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.url + path)
        await self.page.wait_for_function("window.kith && window.kith.version")

    async def reported(self, count: int) -> list[dict[str, Any]]:
        await until(lambda: len(self.reports) >= count, what=f"{count} reports")
        return self.reports

    async def cookies(self) -> dict[str, str]:
        return {cookie["name"]: cookie["value"] for cookie in await self.page.context.cookies(self.url)}


async def _life(scope: Scope, receive: Receive, send: Send) -> bool:
    if scope["type"] != "lifespan":
        return False
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return True


async def _answer(send: Send, body: bytes, media_type: str, *, status: int = 200) -> None:
    headers = [
        (b"content-type", media_type.encode()),
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-headers", b"authorization, content-type"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def shop(page_context: BrowserContext) -> AsyncIterator[Shop]:
    async with AsyncExitStack() as stack:
        opened = Shop(await page_context.new_page())

        async def shop_app(scope: Scope, receive: Receive, send: Send) -> None:
            await opened.shop_app(scope, receive, send)

        async def kith_app(scope: Scope, receive: Receive, send: Send) -> None:
            await opened.kith_app(scope, receive, send)

        shop_server = await stack.enter_async_context(Server(shop_app, host="127.0.0.1", port=0))
        kith_server = await stack.enter_async_context(Server(kith_app, host="127.0.0.1", port=0))
        opened.url, opened.kith_url = f"http://localhost:{shop_server.port}", f"http://127.0.0.1:{kith_server.port}"
        yield opened
        await opened.page.close()


async def test_the_token_goes_from_the_address_into_a_cookie_and_a_visit(shop: Shop) -> None:
    await shop.open(f"/p/1?size=XL&kith={FIRST}&q=a%20b#top")
    assert await shop.page.evaluate("location.href") == f"{shop.url}/p/1?size=XL&q=a%20b#top"
    [visit] = await shop.reported(1)
    cookies = await shop.cookies()
    assert cookies["kith_t"] == FIRST
    assert visit == {
        "type": "visit",
        "token": FIRST,
        "visitor_id": cookies["kith_v"],
        "url": f"{shop.url}/p/1",
        "seen": True,
    }
    assert shop.keys == {"Bearer kith_pk_test"}


async def test_a_report_does_not_keep_the_page_busy(shop: Shop) -> None:
    await shop.open(f"/?kith={FIRST}")
    await shop.reported(1)
    await shop.page.wait_for_load_state("networkidle")


async def test_pages_of_one_visit_are_counted_once(shop: Shop) -> None:
    await shop.open(f"/?kith={FIRST}")
    await shop.open("/cart")
    await shop.page.evaluate("history.pushState({}, '', '/cart/step-2')")
    await shop.page.evaluate("kith('share', {channel: 'telegram'})")
    reports = await shop.reported(2)
    assert [report["type"] for report in reports] == ["visit", "share"]
    assert reports[1]["channel"] == "telegram"
    assert reports[1]["token"] == FIRST


async def test_the_first_token_and_the_latest_are_kept(shop: Shop) -> None:
    tokens = [f"k1.{letter * 40}" for letter in "abcdefg"]
    for token in tokens:
        await shop.open(f"/?kith={token}")
    assert (await shop.cookies())["kith_t"].split("~") == [tokens[0], *tokens[-4:]]
    assert await shop.page.evaluate("kith('token')") == tokens[-1]
    await shop.open(f"/?kith={tokens[-2]}")
    assert (await shop.cookies())["kith_t"].split("~") == [tokens[0], tokens[3], tokens[4], tokens[6], tokens[5]]


async def test_an_order_and_a_form_get_what_they_need(shop: Shop) -> None:
    shop.body = "<form method=post action=/checkout data-kith-order><button id=pay>Pay</button></form>"
    await shop.open(f"/?kith={FIRST}")
    await shop.open(f"/?kith={SECOND}")
    order = await shop.page.evaluate("(order => { kith('order', order); return order })({order_id: '7'})")
    visitor = (await shop.cookies())["kith_v"]
    assert order == {"order_id": "7", "tokens": [FIRST, SECOND], "visitor_id": visitor}
    # The navigation is awaited too: a page that is closed on its way elsewhere may never be closed.
    async with shop.page.expect_navigation(), shop.page.expect_request("**/checkout") as sent:
        await shop.page.click("#pay")
    assert (await sent.value).post_data == f"kith_tokens={FIRST}+{SECOND}&kith_visitor={visitor}"


async def test_calls_made_before_the_script_is_there_are_not_lost(shop: Shop) -> None:
    calls = "kith('identify', {id: 7, email: 'b@example.com', plan: 'x'}); kith('ready', () => (document.title = 'up'))"
    shop.body = f"<script>{calls}</script>"
    await shop.open("/")
    reports = await shop.reported(2)
    assert {report["type"] for report in reports} == {"visit", "identify"}
    identify = next(report for report in reports if report["type"] == "identify")
    assert identify["customer"] == {"id": "7", "email": "b@example.com"}
    assert await shop.page.title() == "up"


async def test_without_consent_nothing_is_kept_or_sent(shop: Shop) -> None:
    shop.attributes = ' data-consent="required"'
    await shop.open(f"/?kith={FIRST}")
    await shop.page.evaluate("kith('identify', {id: 'c1'})")
    assert await shop.cookies() == {}
    assert shop.reports == []
    await shop.page.evaluate("kith('consent', true)")
    reports = await shop.reported(2)  # two requests side by side, of which either may be first
    assert {report["type"]: report["token"] for report in reports} == {"visit": FIRST, "identify": FIRST}
    assert (await shop.cookies())["kith_t"] == FIRST
    await shop.page.evaluate("kith('consent', false)")
    assert await shop.cookies() == {}


async def test_what_is_no_token_is_not_kept(shop: Shop) -> None:
    for nonsense in ("hello", "k1.short", "k1." + "a" * 40 + ";x=y", "%3Cscript%3E"):
        await shop.open(f"/?kith={nonsense}")
        assert "kith_t" not in await shop.cookies()
        assert "kith=" not in await shop.page.evaluate("location.search")
