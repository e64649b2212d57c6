"""A connection says at which hosts its shop applies a code by an address, and there the shop does."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from services.links.links.domain import target
from services.links.redirect.domain.discount import Checkout, discounted
from services.links.stores.domain import parse_address
from tests.integration.attribution.world import SHOP
from tests.integration.connectors.test_connections import connect
from tests.integration.connectors.test_store_codes import ACCESS
from tests.integration.connectors.test_store_codes import HOST as WOO_HOST
from tests.integration.connectors.test_store_codes_at_shopify import HOST, Shopify
from tests.support.attribution import ahead, ambassador, code
from tests.support.carrying import OWNER, Carrying, promising
from tests.support.connectors import SECRET, Pair
from tests.support.shopify_shop import TOKEN, shopify_shop
from tests.support.wait import until
from tests.support.woo_shop import Door, woo_shop


@pytest.fixture
async def carrying(both: Pair) -> AsyncIterator[Shopify]:
    async with shopify_shop() as shop:
        shop.domain = "Shop.example"
        connection = await connect(both.http, "shopify", secret=SECRET)
        made = Shopify(both, Door({HOST: shop.url}), connection["id"], shop)
        await made.arrive(promising(), ambassador(store=SHOP), code(store=SHOP))
        await made.patch(host=HOST, access={"password": TOKEN}, codes=True)
        yield made


async def test_a_friend_comes_to_the_page_with_the_code_applied(carrying: Shopify) -> None:
    async with carrying.working():
        await carrying.until(waiting=0, in_store=1)
    announced = (await carrying.announced())[-1]
    assert announced.discount_hosts == (HOST, "shop.example")
    codes = await carrying.codes()
    assert (codes["applies_discounts"], codes["discount_hosts"]) == (True, [HOST, "shop.example"])
    page = parse_address("https://shop.example/p/7?ref=anna&q=a%20b#top")
    cut = discounted(page, target(page, {}), "ANNA10", [Checkout(announced.platform, announced.discount_hosts)])
    assert cut is not None
    address = urlsplit(f"{cut.head}T{cut.tail}")
    async with httpx.AsyncClient(timeout=60) as buyer:
        answer = await buyer.get(f"{carrying.shop.url}{address.path}?{address.query}")
    assert (answer.status_code, answer.cookies["discount_code"]) == (302, "ANNA10")
    onward = urlsplit(answer.headers["location"])
    assert (onward.netloc, onward.path, address.fragment) == ("", "/p/7", "top")
    assert parse_qs(onward.query) == {"ref": ["anna"], "q": ["a b"], "kith": ["T"]}


async def test_its_owner_may_want_no_such_address(carrying: Shopify) -> None:
    async with carrying.working():
        await carrying.until(in_store=1)
        await carrying.rested()
        before = len(await carrying.announced())
        assert not (await carrying.patch(applies_discounts=False))["codes"]["applies_discounts"]
        await carrying.patch(applies_discounts=False)
        assert [one.discount_hosts for one in (await carrying.announced())[before:]] == [()]
        await carrying.patch(applies_discounts=True)
        assert (await carrying.announced())[-1].discount_hosts == (HOST, "shop.example")
    revisions = [one.revision for one in await carrying.announced()]
    assert revisions == sorted(set(revisions))


async def test_another_host_is_another_shop_whose_hosts_are_not_known(carrying: Shopify) -> None:
    async with carrying.working():
        await carrying.until(in_store=1)
        await carrying.rested()
        await carrying.patch(host="other.myshopify.com")
        last = (await carrying.announced())[-1]
        assert (last.carries, last.discount_hosts) == (True, ())
        carrying.door.hosts = {"other.myshopify.com": carrying.shop.url}
        carrying.shop.domain = "not a host"
        carrying.shop.discounts.clear()
        await carrying.patch(access={"password": TOKEN})
        await carrying.until(waiting=0, in_store=1)
        await carrying.rested()
    assert (await carrying.announced())[-1].discount_hosts == ("other.myshopify.com",)


async def test_hosts_are_asked_for_once_a_day_at_most(carrying: Shopify) -> None:
    async with carrying.working():
        await carrying.until(in_store=1)
        await carrying.arrive(code("BORIS", store=SHOP))
        await carrying.until(in_store=2)
        assert carrying.shop.domain_asked == 1
        for number, domain in ((3, "shop.example"), (4, "new.example")):
            await carrying.rested()
            before = await carrying.announced()
            async with carrying.both.db.transaction([SHOP]) as tx:
                await tx.execute("update code_carriers set hosts_at = hosts_at - interval '1 day'")
            carrying.shop.domain = domain
            await carrying.arrive(code(f"CLARA{number}", store=SHOP, expires_at=ahead(days=90)))
            await carrying.until(in_store=number)
            [last] = (await carrying.announced())[len(before) :]
            assert last.discount_hosts == (HOST, domain), "announced also where it is as before"
            assert last.revision > before[-1].revision


async def test_a_connection_that_carries_codes_again_asks_for_its_hosts(carrying: Shopify) -> None:
    async with carrying.working():
        await carrying.until(in_store=1)
        await carrying.rested()
        await carrying.patch(codes=False)
        await carrying.patch(codes=True)
        await until(lambda: carrying.shop.domain_asked == 2, within=60, what="the shop is asked for its hosts")


async def test_a_woocommerce_shop_is_where_its_api_is(both: Pair) -> None:
    async with woo_shop() as shop:
        connection = await connect(both.http, "woocommerce", secret=SECRET)
        made = Carrying(both, Door({WOO_HOST: shop.url}), connection["id"])
        await made.arrive(promising(), ambassador(store=SHOP), code(store=SHOP))
        await made.patch(**ACCESS, codes=True)
        async with made.working():
            await made.until(in_store=1)
    assert (await made.announced())[-1].discount_hosts == (WOO_HOST,)


async def test_a_platform_without_such_an_address_is_refused(both: Pair) -> None:
    connection = await connect(both.http, "stripe", secret="whsec_" + "a" * 24)
    where = f"/v1/connections/{connection['id']}"
    answer = await both.http.patch(where, headers=OWNER, json={"applies_discounts": True})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "applies_discounts"
    assert not (await both.http.get(where, headers=OWNER)).json()["codes"]["applies_discounts"]
