"""The address of a shop that applies a friend's code: only at a host that is that shop for sure."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.links.links.domain import target
from services.links.redirect.domain.discount import Checkout, addresses, discounted
from services.links.stores.domain import BadAddress, parse_address

SHOPIFY = Checkout("shopify", ("shop.example", "zerno.myshopify.com"))
WOO = Checkout("woocommerce", ("woo.example",))
BOTH = (SHOPIFY, WOO)


def led(page: str, *, code: str = "ANNA10", places: tuple[Checkout, ...] = BOTH, **utm: str) -> str | None:
    """Where a friend with the token `T` is led, None for the plain page."""
    address = parse_address(page)
    found = discounted(address, target(address, utm), code, places)
    return f"{found.head}T{found.tail}" if found else None


@pytest.mark.parametrize(
    ("page", "leads"),
    [
        ("https://shop.example/", "https://shop.example/discount/ANNA10?redirect=%2F%3Fkith%3DT"),
        ("https://zerno.myshopify.com/p", "https://zerno.myshopify.com/discount/ANNA10?redirect=%2Fp%3Fkith%3DT"),
        (
            "https://shop.example/p/7?ref=anna&a=1%202#top",
            "https://shop.example/discount/ANNA10?redirect=%2Fp%2F7%3Fref%3Danna%26a%3D1%25202%26kith%3DT#top",
        ),
        ("https://woo.example/", "https://woo.example/?coupon=ANNA10&kith=T"),
        ("https://woo.example/p/?ref=anna#top", "https://woo.example/p/?ref=anna&coupon=ANNA10&kith=T#top"),
    ],
)
def test_the_shop_applies_the_code_and_goes_on_to_the_page(page: str, leads: str) -> None:
    assert led(page) == leads


@pytest.mark.parametrize(
    "page",
    [
        "https://www.shop.example/",
        "https://blog.shop.example/",
        "https://shop.example:8443/",
        "http://localhost/",
        "https://shop.example//evil.example/p",
        "https://shop.example/%2Fevil.example",
        "https://shop.example/%5Cevil.example",
        "https://shop.example/%252Fevil.example",
        "https://shop.example/%09/evil.example",
        "https://shop.example/%250D%250A/evil.example",
        "https://shop.example/discount/SPRING?redirect=/p",
        "https://shop.example/Discount/SPRING",
        "https://woo.example/?coupon=SPRING",
        "https://woo.example/?Coupon=",
    ],
)
def test_the_plain_page_is_shown_where_an_address_might_lead_elsewhere_or_apply_another_code(page: str) -> None:
    assert led(page) is None


@pytest.mark.parametrize(
    "places",
    [
        (),
        (Checkout("shopify", ()),),
        (Checkout("stripe", ("shop.example",)),),
        (SHOPIFY, Checkout("woocommerce", ("shop.example",))),
    ],
)
def test_nothing_is_applied_where_nothing_is_known_of_the_shop_or_two_platforms_claim_it(
    places: tuple[Checkout, ...],
) -> None:
    assert led("https://shop.example/p", places=places) is None


def test_of_two_shops_of_one_platform_the_one_whose_page_it_is_applies_the_code() -> None:
    second = Checkout("shopify", ("second.example", "second.myshopify.com"))
    for host in ("shop.example", "second.example"):
        found = led(f"https://{host}/p", places=(SHOPIFY, second))
        assert found is not None and found.startswith(f"https://{host}/discount/ANNA10?")
    assert led("https://shop.example/p", places=(SHOPIFY, SHOPIFY)) == led("https://shop.example/p")


def test_who_is_on_a_page_already_is_given_an_address_of_that_very_host() -> None:
    third = Checkout("stripe", ("stripe.example",))
    assert addresses("ÀNNA/10", (SHOPIFY, WOO, third, Checkout("woocommerce", ("shop.example",)))) == {
        "zerno.myshopify.com": "/discount/%C3%80NNA%2F10",
        "woo.example": "/?coupon=%C3%80NNA%2F10",
    }, "no host of two platforms, and none without such an address"


def test_utm_values_and_a_code_of_other_signs_arrive_as_they_are() -> None:
    found = led("https://shop.example/p?a=b", code="ÀNNA/10", source="kith & co")
    assert found is not None
    address = urlsplit(found)
    assert unquote(address.path) == "/discount/ÀNNA/10" and address.path.count("/") == 2
    [page] = parse_qs(address.query)["redirect"]
    assert parse_qs(urlsplit(page).query) == {"a": ["b"], "utm_source": ["kith & co"], "kith": ["T"]}


@given(st.text(alphabet="/\\%25FfCc.?#&=+@:a", max_size=20))
def test_whatever_the_page_the_shop_is_sent_to_the_same_page_at_its_own_host(rest: str) -> None:
    try:
        page = parse_address(f"https://shop.example/{rest}")
    except BadAddress:
        return
    cut = target(page, {})
    found = discounted(page, cut, "ANNA10", BOTH)
    if found is None:
        return
    [inner] = parse_qs(urlsplit(f"{found.head}T").query)["redirect"]
    assert inner.startswith("/") and not inner.startswith(("//", "/\\"))
    assert f"https://shop.example{inner}{found.tail}" == f"{cut.head}T{cut.tail}"
