"""At the phone: an ambassador sees why a friend waits, objects, and reads what the store answered in its console."""

from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, expect

from services.common import portal_session, scopes
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sessions import real_time
from tests.integration.links.test_looks import picture
from tests.support.axe import violations, violations_in_both_schemes
from tests.support.browser import PATIENCE_MS
from tests.support.two_stores import BODIES, PROGRAM, SECRET_KEYS, Store, TwoStores
from tests.support.wait import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHONE: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1280, "height": 900}
NARROW: Any = {"width": 360, "height": 740}
FIRST_LOAD = 50_000
"""Bytes that the portal's first page takes on an empty cache, its parts and its font included, without headers."""
PARTS = tuple(
    f"/p/{part}"
    for part in (
        *"friends appeals results settings phone links materials messages invites".split(),
        *"statement payouts catalogue".split(),
    )
)
REFUSED = {
    "/p/payouts/destination": {"method": "iban", "holder": "", "value": "DE00"},
    "/p/payouts/request": {"currency": "CHF"},
}
"""Forms that lead to a page of their own: the one they were sent from, with what is wrong."""
SEND = """([action, fields]) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action })
  for (const name in fields) form.append(Object.assign(document.createElement("input"), { name, value: fields[name] }))
  document.body.append(form)
  form.submit()
}"""
WORN = """() => {
  const mark = document.querySelector(".mast .initial")
  const drawn = mark.tagName === "IMG" || getComputedStyle(mark).backgroundImage.startsWith("url(")
  return [getComputedStyle(document.body).getPropertyValue("--store").trim(), drawn]
}"""
"""Of the page that is open: the store's colour, and whether its logo stands at the top."""
SCHEMES: Sequence[Literal["dark", "light"]] = ("dark", "light")
WORDS = "She pays by transfer, please look again."


@pytest.fixture
async def phone(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport=PHONE, locale="en-GB", has_touch=True, is_mobile=True)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    await context.close()


async def joined(two_stores: TwoStores, store: Store) -> dict[str, Any]:
    """An ambassador of the store, brought by another, whose friend has ordered and not paid."""
    client = two_stores.client

    async def post(path: str, body: dict[str, Any], status: int) -> Any:
        answer = await client.post(path, json=body, headers=store.secret)
        assert answer.status_code == status, answer.text
        return answer.json()

    limits = {"per_ambassador": {"count": 20, "period": "month"}}
    program = await post("/v1/programs", PROGRAM | {"rewards": [PROGRAM["rewards"][0] | {"limits": limits}]}, 201)
    maria = await post("/v1/ambassadors", {"program_id": program["id"], "name": "Maria Ortega"}, 201)
    about = {"program_id": program["id"], "name": "Anna Kowalczyk", "sponsor_id": maria["id"]}
    anna: dict[str, Any] = await post("/v1/ambassadors", about, 201)
    order = BODIES["POST /v1/orders"]({"order_id": "order-of-a-friend"})
    await post("/v1/orders", order | {"status": "pending", "codes": [anna["code"]["code"]]}, 202)

    async def waits() -> bool:
        found = await client.get("/v1/orders/order-of-a-friend", headers=store.secret)
        return ((found.json().get("decision") or {}).get("status")) == "pending"

    await until(waits, within=60, what="a decision that waits")
    return anna


async def sign_in(two_stores: TwoStores, store: Store, ambassador_id: str, page: Page) -> str:
    """Opens the portal by an address of the store's server; returns the product's address."""
    body = {"ambassador_id": ambassador_id}
    made = await two_stores.client.post("/v1/portal-sessions", json=body, headers=store.secret)
    base = str(two_stores.client.base_url).rstrip("/")
    await page.goto(base + httpx.URL(made.json()["url"]).path)
    await page.get_by_role("button", name="Open my page").click()
    await expect(page).to_have_url(f"{base}/p")
    return base


async def at_console(two_stores: TwoStores, store: Store, context: BrowserContext) -> Page:
    """A page of the console for somebody of the store."""
    key = store.secret["authorization"].removeprefix("Bearer ")
    own_page = {"sec-fetch-site": "same-origin"}
    answer = await two_stores.client.post("/console/session", json={"secret_key": key}, headers=own_page)
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    two_stores.client.cookies.clear()
    await context.add_cookies([{"name": name, "value": value, "url": str(two_stores.client.base_url)}])
    return await context.new_page()


async def test_an_ambassador_objects_and_reads_the_stores_answer(
    two_stores: TwoStores, phone: BrowserContext, page_context: BrowserContext
) -> None:
    store = two_stores.b
    anna = await joined(two_stores, store)
    page = await phone.new_page()
    base = await sign_in(two_stores, store, anna["id"], page)
    await expect(page.locator("#first-steps")).to_contain_text("Maria brought you here.")
    await expect(page.locator("#friends")).to_contain_text("Friend no. 1")
    await page.get_by_role("link", name="All friends").click()
    friend = page.locator(".friend")
    await expect(friend).to_contain_text("The friend has ordered and not paid yet.")
    await expect(friend).not_to_contain_text("order-of-a-friend")
    await friend.get_by_role("link", name="This is wrong").click()
    await page.get_by_label("What is wrong?").fill(WORDS)
    await page.get_by_role("button", name="Send to the store").click()
    await expect(friend).to_contain_text("The store has your message and will answer here.")

    console = await at_console(two_stores, store, page_context)
    await console.goto(f"{base}/console/attribution/appeals")
    await console.get_by_role("link", name="This is wrong").click()
    await expect(console.get_by_text(WORDS)).to_be_visible()
    await expect(console.get_by_text("Anna Kowalczyk")).to_be_visible()
    await console.get_by_label("Your answer").fill("It counts as soon as the money is here.")
    await console.get_by_role("button", name="Accept").click()
    await expect(console.get_by_text("The order counted as the ambassador’s already")).to_be_visible()

    await page.reload()
    await expect(friend).to_contain_text("The store agrees: the purchase counts as yours.")
    await expect(friend.locator("blockquote")).to_have_text("It counts as soon as the money is here.")
    await looked_after(console, base, anna)
    await page.goto(f"{base}/p/settings")
    await expect(page.get_by_text("Owes us a call")).to_have_count(0)


async def looked_after(console: Page, base: str, anna: dict[str, Any]) -> None:
    """The marketer finds the ambassador among the others, puts her into a group, and writes something down."""
    row = console.get_by_role("row").filter(has_text="Anna Kowalczyk")

    async def listed() -> bool:
        await console.goto(f"{base}/console/analytics/ambassadors?sort=joined")
        await console.wait_for_load_state("networkidle")
        return await row.count() == 1

    await until(listed, within=60, what="the newcomer in the list")
    await fits(console)
    await row.get_by_role("checkbox").check()
    await console.get_by_label("Group of the selected").fill("Spring")
    await console.get_by_role("button", name="Set group").click()
    await expect(console.get_by_text("1 ambassador is in another group now.")).to_be_visible()
    await row.get_by_role("link", name=anna["code"]["code"]).click()
    await expect(console.get_by_role("link", name="#order-of-a-friend")).to_be_visible()
    await expect(console.locator(".fragment[aria-busy=true]")).to_have_count(0)
    await expect(console.locator(".fragment [role=alert]")).to_have_count(0)
    await fits(console)
    await console.get_by_role("link", name="Edit").click()
    await console.get_by_label("Notes").fill("Owes us a call")
    await fits(console)
    await console.get_by_role("button", name="Save").click()
    await expect(console.get_by_text("Owes us a call")).to_be_visible()
    await expect(console.get_by_text("Spring", exact=True)).to_be_visible()
    await console.get_by_role("button", name="Block").click()
    await expect(console.get_by_text("Blocked: their links still lead to the store")).to_be_visible()


async def fits(console: Page) -> None:
    """Nothing of a page keeps anybody out, nor does it scroll sideways, at a desk and on a phone."""
    for size in (PHONE, DESK):
        await console.set_viewport_size(size)
        assert await console.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, console.url
        assert await violations(console) == [], console.url


async def test_every_page_of_the_portal_fits_a_narrow_phone_and_nothing_keeps_anybody_out(
    two_stores: TwoStores, phone: BrowserContext
) -> None:
    store = two_stores.a
    page = await phone.new_page()
    await page.set_viewport_size(NARROW)
    base = await sign_in(two_stores, store, store.ids["ambassador_id"], page)
    await proved_just_now(page, base)
    look = {"color": "#7A3B1E", "logo": b64encode(picture(size=(64, 64))).decode()}
    changed = await two_stores.client.patch("/v1/stores/look", json=look, headers=store.secret)
    assert changed.status_code == 200, changed.text
    for path in ("/p", *PARTS):
        await page.goto(base + path)
        await keeps_nobody_out(page)
    for path, fields in REFUSED.items():
        await page.goto(f"{base}/p/payouts")
        async with page.expect_navigation(url=base + path):
            await page.evaluate(SEND, [path, fields])
        await keeps_nobody_out(page)


async def keeps_nobody_out(page: Page) -> None:
    await expect(page.locator(".fragment[aria-busy=true]")).to_have_count(0)
    await expect(page.locator(".fragment [role=alert]")).to_have_count(0)
    assert await violations_in_both_schemes(page) == [], page.url
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (page.url, scheme)
        await expect(page.locator(".bottombar")).to_be_visible()
        assert await page.evaluate(WORN) == ["#7A3B1E", True], (page.url, scheme)


async def proved_just_now(page: Page, base: str) -> None:
    """The same session as if their own mail had opened it: what asks for that is shown whole."""
    (cookie,) = [one for one in await page.context.cookies(base) if one["name"] == portal_session.PORTAL_COOKIE]
    ring = KeyRing(secret_keys=SECRET_KEYS, contact_key="c" * 20, operator_key="o" * 40, scopes=scopes.SCOPES)
    session = replace(portal_session.read_portal_session(ring, cookie["value"]), proved_at=real_time())
    value = portal_session.issue_portal_session(ring, session)
    await page.context.add_cookies([{"name": cookie["name"], "value": value, "url": base}])


def weighed(session: CDPSession) -> dict[str, int]:
    """From now on, what each address of the page takes on the way, without headers. What the worker fetches again to
    keep it is no part of the first load.
    """
    begun: dict[str, str] = {}
    heads: dict[str, float] = {}
    weights: dict[str, int] = {}

    def finished(event: dict[str, Any]) -> None:
        name = begun.get(event["requestId"])
        if name is not None:
            taken = int(event["encodedDataLength"] - heads.get(event["requestId"], 0))
            weights[name] = max(taken, weights.get(name, 0))

    session.on("Network.requestWillBeSent", lambda e: begun.__setitem__(e["requestId"], e["request"]["url"]))
    session.on(
        "Network.responseReceived", lambda e: heads.__setitem__(e["requestId"], e["response"]["encodedDataLength"])
    )
    session.on("Network.loadingFinished", finished)
    return weights


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_the_first_load_is_small_and_the_share_page_opens_without_a_connection(
    two_stores: TwoStores, phone: BrowserContext, language: str
) -> None:
    store = two_stores.a
    page = await phone.new_page()
    base = await sign_in(two_stores, store, store.ids["ambassador_id"], page)
    await phone.add_cookies([{"name": "kith_lang", "value": language, "url": base}])
    await page.wait_for_load_state("networkidle")
    session = await phone.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.clearBrowserCache")
    await page.evaluate("(async () => { for (const name of await caches.keys()) await caches.delete(name) })()")
    await session.send("Network.setBypassServiceWorker", {"bypass": True})
    weights = weighed(session)
    await page.goto(f"{base}/p")
    await expect(page.locator(".fragment[aria-busy=true]")).to_have_count(0)
    await page.wait_for_load_state("networkidle")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    assert 10_000 < sum(weights.values()) <= FIRST_LOAD, weights

    await session.send("Network.setBypassServiceWorker", {"bypass": False})
    kept = "caches.match('/p', { ignoreVary: true }).then((answer) => !!answer)"
    await until(lambda: page.evaluate(kept), within=30, what="a kept page")
    await phone.set_offline(True)
    await page.goto(f"{base}/p/friends")
    await expect(page.locator(".sharelink")).to_be_visible()
    await expect(page.locator("[data-offline]")).to_be_visible()
    await phone.set_offline(False)
    await page.goto(f"{base}/p/settings")
    await page.locator("#signed-in button").first.click()
    gone = "caches.match('/p', { ignoreVary: true }).then((answer) => !answer)"
    await until(lambda: page.evaluate(gone), within=30, what="nothing kept after signing out")
