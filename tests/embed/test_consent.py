"""What kith.js does by what a visitor, a banner and a browser say of consent; and which click it keeps."""

import pytest

from tests.embed.shop import FIRST, SECOND, Shop
from tests.support.wait import until

pytestmark = pytest.mark.browser

GPC = "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"
GTAG = "<script>window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) }"
DENIED = "gtag('consent', 'default', {ad_storage: 'denied', ad_user_data: 'denied', wait_for_update: 500})"
GRANT = "gtag('consent', 'update', {ad_storage: 'granted', ad_user_data: 'granted'})"
DENY = "gtag('consent', 'update', {ad_storage: 'denied'})"


async def settled(shop: Shop) -> None:
    """The page has said whatever it will."""
    await shop.page.wait_for_load_state("networkidle")


async def test_a_browser_that_says_no_is_heard_unless_the_shop_or_the_visitor_says_otherwise(shop: Shop) -> None:
    await shop.page.add_init_script(GPC)
    await shop.open(f"/?kith={FIRST}")
    await settled(shop)
    assert (await shop.cookies(), shop.reports) == ({}, [])
    await shop.page.evaluate("kith('consent', true)")
    await shop.reported(1)
    await shop.page.context.clear_cookies()
    shop.attributes = ' data-consent="not_required"'
    await shop.open(f"/?kith={SECOND}")
    assert (await shop.reported(2))[1]["token"] == SECOND


async def test_a_mode_that_is_not_known_is_as_required(shop: Shop) -> None:
    shop.attributes = ' data-consent="yes please"'
    await shop.open(f"/?kith={FIRST}")
    await settled(shop)
    assert (await shop.cookies(), shop.reports) == ({}, [])


def banner(shop: Shop, *calls: str) -> None:
    """A shop that needs consent, whose banner speaks Google's Consent Mode."""
    shop.attributes = ' data-consent="required"'
    shop.head = f'<script defer src="{shop.kith_url}/kith-consent.js"></script>'
    shop.body = GTAG + "\n" + "\n".join(calls) + "</script>"


async def test_consent_mode_grants_when_the_banner_is_answered_and_takes_back(shop: Shop) -> None:
    banner(shop, DENIED)
    await shop.open(f"/?kith={FIRST}")
    await shop.page.evaluate("kith('share', {channel: 'sms'})")
    await settled(shop)
    assert (await shop.cookies(), shop.reports) == ({}, [])
    await shop.page.evaluate(GRANT)
    await shop.reported(2)
    assert (await shop.cookies())["kith_t"] == FIRST
    # The next page: a default that denies before the banner has answered drops nothing.
    await shop.open("/cart")
    assert (await shop.cookies())["kith_t"] == FIRST
    await shop.page.evaluate(GRANT)
    assert await shop.page.evaluate("kith('order', {}).tokens") == [FIRST]
    await shop.page.evaluate(DENY)
    assert await shop.cookies() == {}
    assert await shop.page.evaluate("kith('order', {})") == {}


@pytest.mark.parametrize(
    ("calls", "granted"),
    [
        (("gtag('consent', 'default', {ad_storage: 'granted'})",), True),
        (("gtag('consent', 'default', {ad_storage: 'granted', region: ['US']})",), False),
        (
            (
                "gtag('consent', 'default', {ad_storage: 'denied', region: ['DE']})",
                "gtag('consent', 'default', {ad_storage: 'granted'})",
            ),
            False,
        ),
        ((DENIED, GRANT), True),
        ((DENIED, "gtag('consent', 'update', {ad_storage: 'granted'})"), False),
        ((GRANT, DENY), False),
        (("dataLayer.push({event: 'x'}, null); gtag('config', 'G-1'); gtag('consent')", DENIED), False),
    ],
)
async def test_what_a_page_says_in_consent_mode(shop: Shop, calls: tuple[str, ...], granted: bool) -> None:
    banner(shop, *calls)
    await shop.open(f"/?kith={FIRST}")
    await settled(shop)
    assert (("kith_t" in await shop.cookies()), bool(shop.reports)) == (granted, granted)


async def test_what_was_said_to_kith_holds_over_consent_mode_and_that_over_no_browser(shop: Shop) -> None:
    banner(shop, DENIED)
    await shop.open(f"/?kith={FIRST}")
    await shop.page.evaluate("kith('consent', false)")
    await shop.page.evaluate(GRANT)
    await shop.open("/")
    await shop.page.evaluate(GRANT)
    await settled(shop)
    assert (await shop.cookies(), shop.reports) == ({"kith_c": "0"}, [])
    await shop.page.context.clear_cookies()
    await shop.page.add_init_script(GPC)
    await shop.open(f"/?kith={FIRST}")
    await shop.page.evaluate(GRANT)
    await settled(shop)
    assert (await shop.cookies(), shop.reports) == ({}, [])


@pytest.mark.parametrize(("touch", "kept"), [("first", FIRST), ("last", SECOND), ("", f"{FIRST}~{SECOND}")])
async def test_which_click_is_kept(shop: Shop, touch: str, kept: str) -> None:
    shop.attributes = f' data-touch="{touch}"' if touch else ""
    for token in (FIRST, SECOND):
        await shop.open(f"/?kith={token}")
    assert (await shop.cookies())["kith_t"] == kept
    await shop.open("/")
    assert (await shop.cookies())["kith_t"] == kept
    await until(lambda: len(shop.reports) == 2, what="a visit by each link")
