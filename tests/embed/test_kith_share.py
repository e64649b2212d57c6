"""<kith-share> in a real Chromium, on a shop's pages of another origin than Kith, under a strict policy."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest
from playwright.async_api import BrowserContext, Page, expect
from starlette.types import Receive, Scope, Send

from contracts.events.tracking import Placement
from services.kernel.server import Server
from services.links.embed.api.script import SCRIPT, SHARE_SCRIPT
from services.links.sharing.schemas import OwnShare, PlaceRule, ShareOffer, ShareWay
from tests.embed.answers import answer, life
from tests.support.axe import violations
from tests.support.wait import until

pytestmark = pytest.mark.browser

WORDS = {
    "join": "Get my link", "share": "Share", "known": "I am in already", "terms": "Terms", "copy": "Copy",
    "copied": "Copied", "close": "Close", "link": "Share link", "code": "Promo code", "by": "Share by",
    "thanks": "Do you like it?",
}  # fmt: skip


@dataclass
class Shop:
    """A shop's server and Kith's, both of this test alone."""

    page: Page
    url: str = ""
    kith_url: str = ""
    body: str = ""
    rules: tuple[PlaceRule, ...] = ()
    joinable: bool = True
    known: dict[str, str] = field(default_factory=dict)
    """Customer id → code."""
    with_share: bool = True
    """Whether the page loads kith-share.js by itself."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)

    @property
    def policy(self) -> str:
        trusted = "; require-trusted-types-for 'script'" if self.with_share else ""
        return f"default-src 'none'; style-src 'none'; script-src {self.kith_url}; connect-src {self.kith_url}{trusted}"

    async def shop_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await life(scope, receive, send):
            return
        scripts = f'<script defer src="{self.kith_url}/kith.js" data-key="kith_pk_test"></script>'
        if self.with_share:
            scripts += f'<script defer src="{self.kith_url}/kith-share.js"></script>'
        html = f'<!doctype html><html lang="en"><title>Shop</title>{scripts}<main><h1>Shop</h1>{self.body}</main>'
        await answer(send, html.encode(), "text/html; charset=utf-8", policy=self.policy)

    async def kith_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await life(scope, receive, send):
            return
        if scope["path"] == "/kith.js":
            await answer(send, SCRIPT.body, "text/javascript")
        elif scope["path"] == "/kith-share.js":
            await answer(send, SHARE_SCRIPT.body, "text/javascript")
        elif scope["method"] != "POST":
            await answer(send, b"<!doctype html><title>Kith</title>", "text/html")
        elif scope["path"] == "/v1/share":
            self.asked.append(json.loads((await receive())["body"]))
            await answer(send, self.offer(self.asked[-1]).model_dump_json().encode(), "application/json")
        else:
            self.reports.append(json.loads((await receive())["body"]))
            await answer(send, b"{}", "application/json", status=202)

    def offer(self, asked: dict[str, Any]) -> ShareOffer:
        code = self.known.get(asked.get("customer", {}).get("id", ""))
        own = None
        if code or "slug" in asked:
            url = f"{self.kith_url}/r/{asked.get('slug', 'anna')}"
            ways = [ShareWay(channel="telegram", name="Telegram", href=f"{self.kith_url}/t?url={url}")]
            own = OwnShare(url=url, code=code, text="A tip from me", ways=ways)
        return ShareOffer(
            program_id="prg_1",
            store="Zerno",
            language="en",
            title="Give a friend €10, get €10",
            lines=["Your friend gets €10 off the first order.", "You get €10 for each friend’s first order."],
            join_url=f"{self.kith_url}/join/prg_1" if self.joinable else None,
            sign_in_url=f"{self.kith_url}/p/sign-in",
            terms_url=f"{self.kith_url}/terms/prg_1",
            color="#7A3B1E",
            text_color="#FFFFFF",
            rules=self.rules,
            own=own,
            words=WORDS,
        )

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.url + path)
        await self.page.wait_for_function("window.kith && window.kith.version")

    def views(self) -> list[str]:
        return [report["placement"] for report in self.reports if report["type"] == "widget_view"]

    async def shown(self) -> list[str]:
        """The placements that stand on the page, once all have been asked for."""
        await self.page.wait_for_function("'kithShare' in window")
        await self.page.wait_for_load_state("networkidle")
        found: list[str] = await self.page.evaluate(
            "[...document.querySelectorAll('kith-share')].filter((one) => !one.hidden && one.shadowRoot)"
            ".map((one) => one.getAttribute('placement'))"
        )
        return found


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


def element(placement: str, more: str = "") -> str:
    return f'<kith-share placement="{placement}"{more}></kith-share>'


async def test_who_is_no_ambassador_yet_sees_the_offer_and_is_led_to_join(shop: Shop) -> None:
    errors: list[str] = []
    shop.page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    shop.body = element("order-confirmation")
    await shop.open("/thanks")
    await expect(shop.page.get_by_role("heading", name="Give a friend €10, get €10")).to_be_visible()
    await shop.page.get_by_role("button", name="Get my link").click()
    sheet = shop.page.get_by_role("dialog", name="Give a friend €10, get €10")
    await expect(sheet).to_be_visible()
    for name, path in (("Get my link", "/join/prg_1"), ("I am in already", "/p/sign-in"), ("Terms", "/terms/prg_1")):
        assert str(await sheet.get_by_role("link", name=name).get_attribute("href")).endswith(path)
    assert await violations(shop.page) == []
    await sheet.get_by_role("button", name="Close").click()
    await expect(sheet).to_be_hidden()
    assert shop.asked == [{"language": "en"}]
    assert errors == [], "nothing was refused by the page's policy"


async def test_who_is_known_shares_by_their_own_link_and_each_share_is_reported(shop: Shop) -> None:
    shop.known["c7"] = "ANNA10"
    await shop.page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { window.copied = text }}})"
    )
    shop.body = element("customer-account", ' customer="c7" proof="of the shop\'s server"')
    await shop.open("/account")
    await shop.page.get_by_role("button", name="Share", exact=True).click()
    await expect(shop.page.get_by_label("Promo code")).to_have_value("ANNA10")
    await expect(shop.page.get_by_label("Share link")).to_have_value(f"{shop.kith_url}/r/anna")
    assert await violations(shop.page) == []
    await shop.page.get_by_role("button", name="Copy").first.click()
    assert await shop.page.evaluate("window.copied") == f"{shop.kith_url}/r/anna?ch=copy"
    await expect(shop.page.get_by_label("Share link")).to_have_value(f"{shop.kith_url}/r/anna")
    await shop.page.get_by_role("link", name="Telegram").click()
    await until(lambda: [one for one in shop.reports if one["type"] == "share"][1:], what="both shares")
    shares = [one for one in shop.reports if one["type"] == "share"]
    assert [(one["channel"], one["customer"]) for one in shares] == [("copy", {"id": "c7"}), ("telegram", {"id": "c7"})]
    assert {"language": "en", "customer": {"id": "c7", "proof": "of the shop's server"}} in shop.asked


async def test_what_the_phone_is_handed_says_so(shop: Shop) -> None:
    shop.known["c7"] = "ANNA10"
    await shop.page.add_init_script(
        "Object.defineProperty(navigator, 'share', {value: async ({url}) => { window.handed = url }})"
    )
    shop.body = element("customer-account", ' customer="c7" proof="of the shop\'s server"')
    await shop.open("/account")
    await shop.page.get_by_role("button", name="Share", exact=True).click()
    await shop.page.get_by_role("dialog").get_by_role("button", name="Share", exact=True).click()
    await until(lambda: [one for one in shop.reports if one["type"] == "share"], what="the share")
    assert await shop.page.evaluate("window.handed") == f"{shop.kith_url}/r/anna?ch=native"
    assert [one["channel"] for one in shop.reports if one["type"] == "share"] == ["native"]


async def test_who_is_known_by_their_link_alone_is_reported_by_it(shop: Shop) -> None:
    shop.body = element("customer-account", f' link="{shop.kith_url}/r/anna?ch=site"')
    await shop.open("/account")
    await shop.page.get_by_role("button", name="Share", exact=True).click()
    await shop.page.get_by_role("link", name="Telegram").click()
    await until(lambda: [one for one in shop.reports if one["type"] == "share"], what="the share")
    (report,) = [one for one in shop.reports if one["type"] == "share"]
    assert (report["channel"], report["slug"], "customer" in report) == ("telegram", "anna", False)


@pytest.mark.parametrize("width", [390, 1280])
async def test_each_of_the_eight_places_fits_is_named_and_is_counted_once_a_day(shop: Shop, width: int) -> None:
    places = get_args(Placement)
    shop.body = "".join(map(element, places))
    await shop.page.set_viewport_size({"width": width, "height": 2400})
    for _ in range(2):
        await shop.open()
        assert await shop.shown() == list(places)
    await until(lambda: sorted(shop.views()) == sorted(places), what="a view of each place")
    assert await shop.page.evaluate("document.documentElement.scrollWidth") <= width
    assert await violations(shop.page) == []
    assert any(one.get("page") == f"{shop.url}/" for one in shop.asked), "a product's card recommends its page"
    await shop.page.locator("[placement=ribbon]").get_by_role("button", name="Close").click()
    await shop.open()
    assert "ribbon" not in await shop.shown()
    assert sorted(shop.views()) == sorted(places)


async def test_a_page_themes_it_by_variables_and_parts(shop: Shop) -> None:
    shop.body = element("own-page")
    await shop.open()
    button = shop.page.get_by_role("button", name="Get my link")
    colour = "(one) => getComputedStyle(one).backgroundColor"
    assert await button.evaluate(colour) == "rgb(122, 59, 30)"
    # As the shop's own sheet would: the policy of this page lets no style in but by script.
    await shop.page.evaluate(
        "const sheet = new CSSStyleSheet(); sheet.replaceSync('kith-share{--kith-color:#003366;--kith-radius:0px}"
        "kith-share::part(button){letter-spacing:2px}'); document.adoptedStyleSheets = [sheet]"
    )
    assert await button.evaluate(colour) == "rgb(0, 51, 102)"
    assert await button.evaluate("(one) => getComputedStyle(one).borderRadius") == "0px"
    assert await button.evaluate("(one) => getComputedStyle(one).letterSpacing") == "2px"
    assert await violations(shop.page) == []


async def test_rules_say_on_which_pages_it_stands_and_can_put_it_there(shop: Shop) -> None:
    shop.rules = (
        PlaceRule(placement="product-card", paths=("/p/*",), but_not=("/p/gift*",)),
        PlaceRule(placement="menu-link", paths=("/**",), but_not=("/checkout/**",), into="#menu"),
    )
    shop.body = '<nav id="menu" aria-label="Shop"></nav>' + element("product-card") + element("home-banner")
    for path, expected in (
        ("/p/7", ["menu-link", "product-card"]),
        ("/p/gift-card", ["menu-link"]),
        ("/p/7/reviews", ["menu-link"]),
        ("/checkout/pay", []),
    ):
        await shop.open(path)
        assert await shop.shown() == expected, path
    assert await shop.page.evaluate("document.querySelector('#menu kith-share')") is None


async def test_nothing_is_shown_where_nobody_can_join_and_nobody_is_known(shop: Shop) -> None:
    shop.joinable = False
    shop.body = element("home-banner") + element("ribbon", f' link="{shop.kith_url}/r/anna-k"')
    await shop.open()
    assert await shop.shown() == ["ribbon"]
    assert "anna-k" in [one.get("slug") for one in shop.asked]


async def test_a_button_of_the_shops_own_opens_the_sheet_and_loads_it_then(shop: Shop) -> None:
    shop.with_share = False
    await shop.open()
    assert not await shop.page.evaluate("'kithShare' in window")
    for _ in range(2):
        await shop.page.evaluate("kith('join', {lang: 'ro'})")
        sheet = shop.page.get_by_role("dialog")
        await expect(sheet).to_be_visible()
        await shop.page.keyboard.press("Escape")
        await expect(shop.page.locator("kith-share")).to_have_count(0)
    assert {"language": "ro"} in shop.asked
    assert shop.views() == []
