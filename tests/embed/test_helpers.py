"""The files beside kith.js: forms that nobody can mark, and the cart of Shopify."""

import pytest
from playwright.async_api import expect

from tests.embed.shop import FIRST, Shop
from tests.support.wait import until

pytestmark = pytest.mark.browser

TILDA = '<form class="t-form js-form-proccess" action="/submit"><input name="Email"></form>'
FIELDS = "form => [...form.querySelectorAll('input[type=hidden]')].map(input => input.name)"


def with_helper(shop: Shop, name: str, attributes: str = "") -> None:
    shop.head = f'<script defer src="{shop.kith_url}/kith-{name}.js"{attributes}></script>'


async def test_forms_of_tilda_are_filled_those_that_come_later_too(shop: Shop) -> None:
    with_helper(shop, "forms")
    shop.body = TILDA + "<form id=search></form>"
    await shop.open(f"/?kith={FIRST}")
    tokens = shop.page.locator("form.t-form input[name=kith_tokens]")
    await expect(tokens).to_have_value(FIRST)
    assert await shop.page.locator("#search").evaluate(FIELDS) == []
    await shop.page.evaluate("form => document.body.insertAdjacentHTML('beforeend', form)", TILDA)
    await expect(tokens).to_have_count(2)
    await expect(tokens.nth(1)).to_have_value(FIRST)
    await expect(shop.page.locator("input[name=kith_visitor]").nth(1)).to_have_value((await shop.cookies())["kith_v"])
    await shop.page.evaluate("kith('consent', false)")
    await expect(tokens.nth(1)).to_have_value("")


async def test_a_selector_says_which_forms(shop: Shop) -> None:
    with_helper(shop, "forms", ' data-forms="form[action*=checkout]"')
    shop.body = '<form action="/checkout/1"></form><form action="/search"></form>'
    await shop.open(f"/?kith={FIRST}")
    await expect(shop.page.locator("form").first.locator("input[name=kith_tokens]")).to_have_value(FIRST)
    assert await shop.page.locator("form").nth(1).evaluate(FIELDS) == []


async def test_the_cart_of_shopify_carries_the_token_into_the_order(shop: Shop) -> None:
    with_helper(shop, "shopify")
    await shop.open("/")
    await shop.reported(1)
    await shop.page.wait_for_load_state("networkidle")
    assert shop.cart_writes == [], "who came by no link has nothing to carry"
    await shop.open(f"/?kith={FIRST}")
    visitor = (await shop.cookies())["kith_v"]
    await until(lambda: bool(shop.cart_writes), what="the cart's attributes")
    assert shop.cart_writes == [{"kith": FIRST, "kith_visitor": visitor}]
    await shop.open("/cart")
    await shop.page.wait_for_load_state("networkidle")
    assert len(shop.cart_writes) == 1, "a cart that says so already is left alone"
    await shop.page.evaluate("kith('consent', false)")
    await until(lambda: len(shop.cart_writes) == 2, what="a cart without us")
    assert shop.cart == {"kith": "", "kith_visitor": ""}


async def test_a_cart_in_another_language_is_asked_under_its_own_address(shop: Shop) -> None:
    with_helper(shop, "shopify")
    shop.body = "<script>window.Shopify = {routes: {root: '/cart-de/'}}</script>"
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url.removeprefix(shop.url)))
    await shop.open(f"/?kith={FIRST}")
    await until(lambda: bool(shop.cart_writes), what="the cart's attributes")
    assert [path for path in asked if path.startswith("/cart")] == ["/cart-de/cart.js", "/cart-de/cart/update.js"]
