"""A shop's server and Kith's, each of another origin, as the tests of this folder need them."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page
from starlette.types import Receive, Scope, Send

from services.kernel.server import Server
from services.links.embed.actions import SCRIPTS
from tests.embed.answers import answer, life
from tests.support.wait import until

FIRST, SECOND = "k1." + "a" * 40, "k1." + "b" * 40
STUB = "<script>window.kith=window.kith||function(){(kith.q=kith.q||[]).push(arguments)}</script>"


@dataclass
class Shop:
    """A shop's server and Kith's, both of this test alone."""

    page: Page
    url: str = ""
    kith_url: str = ""
    body: str = ""
    frame: str = ""
    """The body of /frame."""
    attributes: str = ""
    head: str = ""
    """What follows kith.js in a page's head."""
    key: str = ' data-key="kith_pk_test"'
    status: int = 202
    reports: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    cart: dict[str, str] = field(default_factory=dict)
    """The attributes of the cart of a shop on Shopify."""
    cart_writes: list[dict[str, str]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    """Slug → the token that Kith gives for it."""
    discounts: dict[str, str] = field(default_factory=dict)
    """Slug → the shop's address that applies its friend's code, which Kith gives beside the token."""
    paths: list[str] = field(default_factory=list)
    """What the shop was asked for."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keep: Callable[[Scope], Sequence[bytes]] = lambda scope: ()
    """The cookies that the shop's own server writes with a page."""

    async def shop_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await life(scope, receive, send):
            return
        self.paths.append(scope["path"])
        if scope["path"].startswith("/discount/"):
            code = scope["path"].rpartition("/")[2].encode()
            applied = [b"discount_code=%b; path=/" % code]
            await answer(send, b"", "text/html", status=302, cookies=applied, location=b"/front")
            return
        if scope["path"].startswith("/cart") and scope["path"].endswith(".js"):
            if scope["method"] == "POST":
                self.cart_writes.append(json.loads((await receive())["body"])["attributes"])
                self.cart |= self.cart_writes[-1]
            await answer(send, json.dumps({"attributes": self.cart}).encode(), "application/json")
            return
        script = f'<script defer src="{self.kith_url}/kith.js"{self.key}{self.attributes}></script>'
        body = self.frame if scope["path"] == "/frame" else self.body
        page = f"<!doctype html><head>{STUB}{script}{self.head}</head><body>{body}</body>"
        await answer(send, page.encode(), "text/html", cookies=self.keep(scope))

    async def kith_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await life(scope, receive, send):
            return
        if (sent := SCRIPTS.get(scope["path"].strip("/").removesuffix(".js"))) is not None:
            await answer(send, sent.body, "text/javascript")
            return
        if scope["path"] == "/v1/clicks" and scope["method"] == "POST":
            self.asked.append(json.loads((await receive())["body"]))
            token = self.links.get(self.asked[-1]["slug"])
            discount = self.discounts.get(self.asked[-1]["slug"])
            known = {"token": token} | ({"discount": discount} if discount else {})
            found = json.dumps(known if token else {"code": "link_unknown"}).encode()
            await answer(send, found, "application/json", status=201 if token else 404)
            return
        if scope["method"] == "POST":
            self.keys.add(dict(scope["headers"]).get(b"authorization", b"").decode())
            self.reports.append(json.loads((await receive())["body"]))
        await answer(send, b"{}", "application/json", status=self.status if scope["method"] == "POST" else 202)

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.url + path)
        await self.page.wait_for_function("window.kith && window.kith.version")

    async def reported(self, count: int) -> list[dict[str, Any]]:
        await until(lambda: len(self.reports) >= count, what=f"{count} reports")
        return self.reports

    async def cookies(self) -> dict[str, str]:
        return {cookie["name"]: cookie["value"] for cookie in await self.page.context.cookies(self.url)}


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
