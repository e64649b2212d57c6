"""The pages for friends and ambassadors: usable by whoever comes, on whatever telephone, and light."""

import gzip
from base64 import b64encode
from typing import Any

from playwright.async_api import BrowserContext, Request

from services.links.preferences.actions import unsubscribe_url
from services.ui.locales import LANGUAGES
from tests.integration.links.mailing import relay
from tests.integration.links.test_landing import PAGE
from tests.integration.links.test_looks import picture
from tests.integration.links.test_portal_in_a_browser import blank, opened
from tests.integration.links.texting import PHONE, gateway, set_up
from tests.integration.links.world import BASE, Replica, Shop, portal_of
from tests.support.axe import violations_in_both_schemes
from tests.support.chance import chance
from tests.support.mail import MailServer
from tests.support.sms import SmsGateway

__all__ = ["gateway", "relay"]

JOINING: dict[str, Any] = {
    "roles": ["customer", "influencer"],
    "terms": {"version": "2026-01", "text": "Be kind.\n\nNo spam, please."},
}
NARROW = {"width": 360, "height": 780}


async def message_pages(links: Replica, shop: Shop, context: BrowserContext) -> dict[str, str]:
    """The console's pages of what ambassadors are told; the browser is signed in there."""
    answer = await links.http.post("/console/session", json={"secret_key": shop.secret_key})
    links.http.cookies.clear()
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    await context.add_cookies([{"name": name, "value": value, "url": BASE}])
    words = {"subject": "Double rewards at {store}", "body": "For two weeks: {link}", "label": "Look"}
    made = await shop.made("/v1/announcements", {"texts": {"en": words, "ro": words}, "every_weeks": 2, "times": 3})
    home = "/console/links"
    return {
        "messages": f"{home}/messages",
        "words of a message": f"{home}/messages/took_back/en",
        "announcements": f"{home}/announcements",
        "a new announcement": f"{home}/announcements/new",
        "an announcement": f"{home}/announcements/{made['id']}",
        "invitations": f"{home}/invites",
    }


async def pages_of(links: Replica, shop: Shop, context: BrowserContext) -> dict[str, str]:
    """Every public page and the portal's, by what it is; the browser is signed in."""
    program = await shop.program(**PAGE, joining=JOINING)
    ended = await shop.program(**PAGE, status="paused")
    anna = await shop.ambassador(program, name="Anna Kern", email="anna@axe.example")
    theirs = await shop.ambassador(ended, name="Ben")
    logo = b64encode(picture(size=(64, 64))).decode()
    assert (await shop.http.patch("/v1/stores/look", json={"color": "#7A3B1E", "logo": logo})).status_code == 200
    made = await shop.made("/v1/portal-sessions", {"ambassador_id": anna["id"]})
    signed_in = await portal_of(links, shop, anna["id"])
    await signed_in.post("/p/links", data={"page": "https://shop.example/p/7"})
    await signed_in.post("/p/phone", data={"number": PHONE})
    (cookie,) = [{"name": one.name, "value": one.value or "", "url": BASE} for one in signed_in.cookies.jar]
    await context.add_cookies([cookie])  # type: ignore[list-item]  # a cookie's own fields
    await signed_in.aclose()
    return {
        "landing": f"/l/{anna['link']['slug']}",
        "landing of a paused program": f"/l/{theirs['link']['slug']}",
        "a link that nobody has": "/r/nobody-has-this",
        "join": f"/join/{program}",
        "join, closed": f"/join/{ended}",
        "terms": f"/terms/{program}",
        "sign-in": f"/p/sign-in?program={program}",
        "digits": f"/p/sign-in/code?program={program}",
        "one-time address": made["url"].removeprefix(BASE),
        "portal": "/p",
        "links to products": "/p/links",
        "phone, asking for digits": "/p/phone",
        "phone, asking for a number": "/p/phone?another=1",
        "news": "/p/messages",
        "invite by mail": "/p/invites",
        "end of mails": unsubscribe_url(links.ctx.ring, "", shop.id, "e_1"),
    }


async def test_no_page_breaks_a_rule_of_axe_or_scrolls_sideways_on_a_narrow_telephone(
    links: Replica, shop: Shop, relay: MailServer, gateway: SmsGateway, page_context: BrowserContext
) -> None:
    wrong = {}
    await set_up(shop, gateway)
    pages = await pages_of(links, shop, page_context) | await message_pages(links, shop, page_context)
    languages = chance("languages of pages").sample(list(LANGUAGES), len(LANGUAGES))
    page = await blank(page_context, links)
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # width and height
    for number, (name, path) in enumerate(pages.items()):
        # Words have other lengths in each language; what axe looks at is the same, so that one of them will do.
        with_axe = languages[number % len(languages)]
        for language in languages:
            await page.goto(f"{BASE}{path}{'&' if '?' in path else '?'}lang={language}")
            found = await violations_in_both_schemes(page) if language == with_axe else []
            if await page.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
                found.append("it scrolls sideways")
            if found:
                wrong[f"{name} ({language})"] = found
    assert wrong == {}


async def test_a_first_visit_is_light(
    links: Replica, shop: Shop, relay: MailServer, page_context: BrowserContext
) -> None:
    """In bytes as we send them, pages as they are and assets packed. Fonts apart: they are kept for a year, and asked
    for when letters need them.
    """
    pages = await pages_of(links, shop, page_context)
    for name, most in {"landing": 30_000, "portal": 50_000, "join": 50_000, "sign-in": 50_000, "terms": 50_000}.items():
        asked: list[Request] = []

        def note(request: Request, asked: list[Request] = asked) -> None:
            asked.append(request)

        page_context.on("request", note)
        page = await opened(page_context, links, f"{BASE}{pages[name]}{'&' if '?' in pages[name] else '?'}lang=ru")
        await page.wait_for_load_state("networkidle")
        sizes = {}
        for request in asked:
            response = await request.response()
            if response is not None and request.resource_type != "font":
                body, is_page = await response.body(), "/assets/" not in request.url
                sizes[request.url] = len(body if is_page else gzip.compress(body, 9))
        page_context.remove_listener("request", note)
        assert sum(sizes.values()) <= most, f"{name}: {sizes}"
        await page.close()
