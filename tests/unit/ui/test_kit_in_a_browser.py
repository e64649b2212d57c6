"""The kit page in a real browser: what the policy blocks, what is too wide, and what JavaScript adds."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.ui import page_headers
from tests.support.wait import until
from tests.unit.ui import kit

pytestmark = pytest.mark.browser

WIDTHS = (320, 360, 390, 430, 600, 719, 720, 768, 1023, 1024, 1280, 1440, 1680, 1920)
PICTURES = Path(__file__).parents[3] / "tests" / "output"


class Shop:
    """Serves the kit page, and the addresses that its live parts ask."""

    def __init__(self) -> None:
        self.fragment_works = False
        self.posted = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/kit/{page}", self._page),
                Route("/kit/{page}", self._post, methods=["POST"]),
                Route("/fragment", self._fragment),
                Route("/names", self._names),
                *kit.make_pages().assets.routes(),
            ]
        )

    async def _page(self, request: Request) -> Response:
        pages = kit.make_pages()
        html = kit.render_kit(
            request.path_params["page"],
            language=request.query_params.get("lang", "en"),
            theme=pages.theme(request),
        )
        return HTMLResponse(html, headers=page_headers())

    async def _post(self, request: Request) -> Response:
        self.posted += 1
        return PlainTextResponse("", status_code=204)

    async def _fragment(self, request: Request) -> Response:
        if not self.fragment_works:
            return PlainTextResponse("out", status_code=503, headers={"x-request-id": "req_01TEST"})
        return HTMLResponse("<p>Two rewards</p>")

    async def _names(self, request: Request) -> Response:
        return JSONResponse({name: f"Name of {name}" for name in request.query_params["ids"].split(",")})


class Served:
    def __init__(self, shop: Shop, url: str) -> None:
        self.shop, self.url = shop, url


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    shop = Shop()
    with listening() as listener:
        server = uvicorn.Server(uvicorn.Config(shop.app(), log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        yield Served(shop, f"http://127.0.0.1:{listener.getsockname()[1]}")
        server.should_exit = True
        await serving


def complaints_of(page: Page) -> list[str]:
    """What the browser says against the page: refusals by the policy, errors of scripts."""
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_page_loads_without_a_complaint_at_both_widths(
    served: Served, browser: Browser, theme: str
) -> None:
    served.shop.fragment_works = True
    PICTURES.mkdir(parents=True, exist_ok=True)
    for width, height in ((1280, 900), (390, 844)):
        context = await browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if theme == "dark" else "light"
        )
        page = await context.new_page()
        complaints = complaints_of(page)
        for name in kit.PAGES_OF_THE_KIT:
            await page.goto(f"{served.url}/kit/{name}")
            assert await page.evaluate("document.fonts.ready.then(() => document.fonts.check('14px Onest'))")
            await page.screenshot(path=PICTURES / f"kit-{name}-{width}-{theme}.png", full_page=True)
        assert complaints == []
        await context.close()


@pytest.mark.parametrize("language", ["en", "uk"])
async def test_no_page_scrolls_sideways_at_any_width(
    served: Served, page_context: BrowserContext, language: str
) -> None:
    page = await page_context.new_page()
    wide = []
    for name in kit.PAGES_OF_THE_KIT:
        await page.goto(f"{served.url}/kit/{name}?lang={language}")
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append((name, width))
    assert wide == []


async def test_the_cells_of_a_wide_row_stand_on_one_line(served: Served, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    await page.goto(f"{served.url}/kit/listing")
    lines = await page.evaluate(
        """() => [...document.querySelectorAll("tbody tr")].map(row => [...row.querySelectorAll("td:not(.phone)")]
             .map(cell => Math.round(cell.getBoundingClientRect().bottom)))"""
    )
    assert lines and all(len(row) > 6 and len(set(row)) == 1 for row in lines)


async def test_buttons_and_fields_on_a_phone_are_high_enough_to_touch(
    served: Served, page_context: BrowserContext
) -> None:
    page = await page_context.new_page()
    await page.set_viewport_size({"width": 390, "height": 844})
    low = []
    for name in kit.PAGES_OF_THE_KIT:
        await page.goto(f"{served.url}/kit/{name}")
        low += await page.evaluate(
            """name => [...document.querySelectorAll(".button, select, input:not([type=hidden])")]
               .filter(part => !["checkbox", "radio"].includes(part.type))
               .filter(part => part.offsetParent && part.getBoundingClientRect().height < 39.5)
               .map(part => name + ": " + part.outerHTML.slice(0, 80))""",
            name,
        )
    assert low == []


async def test_a_chart_is_read_off_by_pointer_and_by_keys(served: Served, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    await page.goto(f"{served.url}/kit/overview")
    chart = page.locator("figure.chart").first
    when, value = chart.locator("[data-when]"), chart.locator("[data-column='1']")
    await expect(when).to_be_hidden()
    plot = chart.locator(".plot")
    await plot.focus()
    await page.keyboard.press("Home")
    await expect(when).to_have_text("26\u00a0Oct")
    await expect(value).to_have_text("€727")
    await page.keyboard.press("ArrowRight")
    await expect(when).to_have_text("27\u00a0Oct")
    await page.keyboard.press("End")
    await expect(when).to_have_text("22\u00a0Nov")
    assert await chart.locator("rect.shade").get_attribute("x") == "96.42857142857143%"
    await page.keyboard.press("Escape")
    await expect(when).to_be_hidden()
    drawing = await chart.locator("svg.drawing").first.bounding_box()
    assert drawing is not None
    await page.mouse.move(drawing["x"] + drawing["width"] * 0.5 + 2, drawing["y"] + 20)
    await expect(when).to_have_text("9\u00a0Nov")


async def test_the_readout_moves_nothing(served: Served, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    for width in (1280, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.goto(f"{served.url}/kit/overview")
        plot = page.locator("figure.chart .plot").first
        before = await plot.bounding_box()
        await plot.focus()
        await page.keyboard.press("End")
        assert await plot.bounding_box() == before, width


async def test_copying_says_so_in_the_same_width(served: Served, page_context: BrowserContext) -> None:
    await page_context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await page_context.new_page()
    await page.goto(f"{served.url}/kit/states")
    button = page.locator("[data-copy='ANNA10']")
    before = await button.bounding_box()
    await button.click()
    await expect(button.locator("[data-copied]")).to_be_visible()
    assert await button.bounding_box() == before
    assert await page.evaluate("navigator.clipboard.readText()") == "ANNA10"


async def test_the_chosen_theme_is_painted_by_the_server_on_the_next_page(
    served: Served, page_context: BrowserContext
) -> None:
    page = await page_context.new_page()
    await page.goto(f"{served.url}/kit/overview")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    await page.locator(".side [data-theme-toggle]").click()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 22, 20)"
    answer = await page.goto(f"{served.url}/kit/thing")
    assert answer is not None
    assert 'data-theme="dark"' in await answer.text()


async def test_a_fragment_that_fails_keeps_its_place_and_can_be_tried_again(
    served: Served, page_context: BrowserContext
) -> None:
    page = await page_context.new_page()
    await page.goto(f"{served.url}/kit/states")
    fragment = page.locator(".fragment")
    await expect(fragment.get_by_role("alert")).to_contain_text("This part could not be loaded")
    await expect(fragment.locator("code")).to_have_text("req_01TEST")
    served.shop.fragment_works = True
    await fragment.get_by_role("button", name="Try again").click()
    await expect(fragment).to_have_text("Two rewards")
    await expect(fragment).to_have_attribute("aria-busy", "false")


async def test_names_from_elsewhere_are_added_behind_their_codes(served: Served, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    await page.goto(f"{served.url}/kit/overview")
    place = page.locator("[data-name='amb_1']")
    await expect(place).to_have_text("Name of amb_1")
    assert await place.text_content() == " Name of amb_1", "a name keeps off the code before it"


async def test_a_dialog_puts_the_focus_on_the_harmless_button(served: Served, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    await page.goto(f"{served.url}/kit/states")
    await page.locator("[data-dialog=sure]").click()
    await expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog")).to_be_hidden()
    assert served.shop.posted == 0


async def test_who_has_kept_it_may_still_change_their_mind(served: Served, page_context: BrowserContext) -> None:
    page = await page_context.new_page()
    await page.goto(f"{served.url}/kit/states")
    await page.locator("[data-dialog=sure]").click()
    await page.get_by_role("button", name="Keep it").click()
    await page.locator("[data-dialog=sure]").click()
    async with page.expect_request(lambda request: request.method == "POST"):
        await page.locator("dialog").get_by_role("button", name="Reject reward").click()


async def test_everything_can_be_read_and_reached_without_javascript(served: Served, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(f"{served.url}/kit/overview")
    await page.locator(".menu > summary").click()
    await expect(page.locator(".menu nav a").first).to_be_visible()
    await page.locator("figure.chart details").first.locator("summary").click()
    await expect(page.locator("figure.chart tbody tr").first).to_be_visible()
    await page.goto(f"{served.url}/kit/states")
    await expect(page.locator(".fragment noscript a")).to_be_visible()
    await context.close()
