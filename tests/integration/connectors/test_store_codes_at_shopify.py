"""Promo codes in a Shopify shop: a discount for each code, some of them in one request."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from contracts.gifts import Fixed
from contracts.program import Discount, Percent
from services.kernel import failpoints
from tests.integration.attribution.world import SHOP
from tests.integration.connectors.test_connections import connect
from tests.support.attribution import ahead, ambassador, at, code
from tests.support.carrying import OWNER, Carrying, promising
from tests.support.connectors import SECRET, Pair
from tests.support.shopify_shop import TOKEN, ShopifyShop, shopify_shop
from tests.support.wait import until
from tests.support.woo_shop import Door, Fault

HOST = "zerno.myshopify.com"


@dataclass
class Shopify(Carrying):
    """A connection with a Shopify shop."""

    shop: ShopifyShop


@pytest.fixture
async def carrying(both: Pair) -> AsyncIterator[Shopify]:
    async with shopify_shop() as shop:
        connection = await connect(both.http, "shopify", secret=SECRET)
        made = Shopify(both, Door({HOST: shop.url}), connection["id"], shop)
        await made.arrive(promising(min_subtotal_minor=900), ambassador(store=SHOP))
        await made.patch(host=HOST, access={"password": TOKEN}, codes=True)
        yield made


async def test_each_code_is_a_discount_of_its_own_with_its_own_limits(carrying: Shopify) -> None:
    ends = ahead(days=90)
    await carrying.arrive(
        code(store=SHOP),
        code("BORIS", store=SHOP, max_uses=5, expires_at=ends),
        code("OLD", store=SHOP, expires_at=at(days=-5000)),
    )
    async with carrying.working():
        await carrying.until(waiting=0, in_store=2, refused=1)
    anna, boris = carrying.shop.of("anna10")[0], carrying.shop.of("BORIS")[0]
    assert anna["customerGets"] == {"value": {"percentage": 0.1}, "items": {"all": True}}
    assert anna["minimumRequirement"] == {"subtotal": {"greaterThanOrEqualToSubtotal": "10.00"}}
    assert (anna["appliesOncePerCustomer"], anna["usageLimit"], anna["endsAt"]) == (True, None, None)
    assert anna["context"] == {"all": "ALL"}
    assert (boris["usageLimit"], boris["endsAt"]) == (5, ends.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert [one["reason"] for one in await carrying.listed(state="refused")] == ["expired"]
    assert carrying.shop.calls == [["shop"], ["discountCodeBasicCreate"] * 2]


async def test_changed_terms_and_ended_codes_follow(carrying: Shopify) -> None:
    await carrying.arrive(code(store=SHOP), code("BORIS", store=SHOP))
    async with carrying.working():
        await carrying.until(waiting=0, in_store=2)
        again = promising(Discount(give=Fixed(kind="fixed", amount_minor=750), which="every"), version=2)
        await carrying.arrive(again, code("BORIS", revision=2, retired=True, store=SHOP))
        await carrying.until(waiting=0, in_store=1, disabled=1)
        anna, boris = carrying.shop.of("ANNA10")[0], carrying.shop.of("BORIS")[0]
        assert anna["customerGets"]["value"] == {"discountAmount": {"amount": "7.50", "appliesOnEachItem": False}}
        assert anna["minimumRequirement"]["subtotal"] == {"greaterThanOrEqualToSubtotal": None}
        assert (anna["appliesOncePerCustomer"], boris["active"]) == (False, False)
        await carrying.arrive(code("BORIS", revision=3, store=SHOP))
        await carrying.until(waiting=0, in_store=2)
        assert (boris["active"], boris["endsAt"]) == (True, None)
        carrying.shop.currency = "USD"
        await carrying.arrive(promising(Discount(give=Fixed(kind="fixed", amount_minor=500)), version=3))
        await carrying.until(waiting=0, refused=2)
        assert not anna["active"]
        carrying.shop.discounts.clear()
        await carrying.arrive(promising(Discount(give=Percent(kind="percent", basis_points=500)), version=4))
        await carrying.until(waiting=0, in_store=2)
    assert len(carrying.shop.discounts) == 2


@pytest.mark.parametrize("lost", ["note", "answer", "part"])
async def test_what_nobody_heard_of_is_looked_up_and_made_once(carrying: Shopify, lost: str) -> None:
    await carrying.arrive(code(store=SHOP), code("BORIS", store=SHOP))
    if lost == "note":
        failpoints.configure("work.before_note=raise")
    elif lost == "answer":
        carrying.shop.faults = [Fault(502, after=True)]
    else:
        carrying.shop.silent = {"BORIS"}
    try:
        async with carrying.working():
            await until(lambda: len(carrying.shop.discounts) == 2, what="the shop has made them")
    finally:
        failpoints.configure("")
    carrying.shop.silent = set()
    await carrying.hasten()
    async with carrying.working():
        await carrying.until(waiting=0, in_store=2)
    assert [len(carrying.shop.of(text)) for text in ("ANNA10", "BORIS")] == [1, 1]
    assert any("codeDiscountNodeByCode" in call for call in carrying.shop.calls)


async def test_points_that_are_used_up_are_waited_for(carrying: Shopify) -> None:
    carrying.shop.throttled = 2
    await carrying.arrive(*(code(f"C{number}", store=SHOP) for number in range(200)))
    async with carrying.working():
        await carrying.until(problem="throttled")
        await carrying.until(waiting=0, in_store=200, problem=None)
    made = [call for call in carrying.shop.calls if call[0] == "discountCodeBasicCreate"]
    assert [len(call) for call in made] == [20] * 10, "twenty in one request, and none twice"


async def test_a_taken_code_and_a_token_without_the_right(carrying: Shopify) -> None:
    held = carrying.shop.add("anna10", title="Summer sale").rpartition("/")[2]
    carrying.shop.denied = True
    await carrying.arrive(code(store=SHOP), code("BORIS", store=SHOP))
    async with carrying.working():
        await carrying.until(problem="access_denied", waiting=2)
        carrying.shop.denied = False
        answer = await carrying.both.http.post(f"/v1/connections/{carrying.id}/codes/retry", headers=OWNER)
        assert answer.json() == {"codes": 0}
        await carrying.until(waiting=0, in_store=1, refused=1, problem=None)
        refused = await carrying.listed(state="refused")
        assert [(one["reason"], one["holder"]) for one in refused] == [("taken", f"discount {held}")]
    assert carrying.shop.of("anna10")[0]["title"] == "Summer sale"
