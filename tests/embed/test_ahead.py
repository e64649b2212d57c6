"""A link that a browser loads before, or without, its user: from the redirect to the decision, in a real Chromium."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import orjson
import pytest
from playwright.async_api import BrowserContext, Page
from starlette.types import Receive, Scope, Send

from contracts.events.tracking import VisitRecorded
from services.attribution.decisions.domain import Decision, decide
from services.attribution.tracking.actions import line_of
from services.attribution.tracking.schemas import TrackIn
from services.common import click_token
from services.kernel.server import Server
from services.links.embed.api.script import SCRIPT
from services.links.redirect.domain.click import mark
from tests.embed.answers import answer, life
from tests.support.attribution import NOON, STORE, ambassador, facts_of, order, program, token
from tests.support.edge import RING
from tests.support.wait import until

pytestmark = pytest.mark.browser

ONE_LINK = '<a href="/r/anna">Anna recommends</a>'
AHEAD = '<script type="speculationrules">{"%s": [{"source": "list", "urls": ["/r/anna"]}]}</script>' + ONE_LINK
HIDDEN = '<iframe src="/r/anna" style="display: none"></iframe>'
PICTURE = '<img src="/r/anna" alt="">'
SCRIPTED = '<script src="/r/anna"></script>'
STYLED = '<link rel="stylesheet" href="/r/anna">'


@dataclass
class World:
    """Kith's host with a friend's page on it, and the store's host."""

    page: Page
    kith_url: str = ""
    shop_url: str = ""
    body: str = ""
    marks: list[str] = field(default_factory=list)
    visits: list[VisitRecorded] = field(default_factory=list)

    async def kith_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await life(scope, receive, send):
            return
        if scope["path"] == "/r/anna":
            kind = mark(scope["method"], dict(scope["headers"]))
            self.marks.append(kind)
            text = click_token.issue(RING, STORE, token(f"clk_{len(self.marks)}", mark=kind))
            headers = [
                (b"location", f"{self.shop_url}/?kith={text}".encode()),
                (b"cache-control", b"private, no-store"),
            ]
            await send({"type": "http.response.start", "status": 302, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        elif scope["path"] == "/kith.js":
            await answer(send, SCRIPT.body, "text/javascript")
        elif scope["method"] == "POST":
            reported = TrackIn.model_validate_json((await receive())["body"])
            line = line_of(RING, STORE, reported, NOON).text.split(b"\t", 2)[2]
            self.visits.append(VisitRecorded.model_validate(orjson.loads(line)))
            await answer(send, b"{}", "application/json")
        else:
            await answer(send, f"<!doctype html><title>Friend</title>{self.body}".encode(), "text/html")

    async def shop_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await life(scope, receive, send):
            script = f'<script defer src="{self.kith_url}/kith.js" data-key="kith_pk_test"></script>'
            await answer(send, f"<!doctype html><title>Shop</title>{script}".encode(), "text/html")

    def decision(self) -> Decision:
        """Of an order that the visitor of the last visit placed, which carries no token."""
        reported = order(visitor=self.visits[-1].visitor_id)
        return decide(facts_of((program(), ambassador(), *self.visits, reported)))["1001"]


@pytest.fixture
async def world(page_context: BrowserContext) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        made = World(await page_context.new_page())
        kith = await stack.enter_async_context(Server(made.kith_app, host="127.0.0.1", port=0))
        shop = await stack.enter_async_context(Server(made.shop_app, host="127.0.0.1", port=0))
        made.kith_url, made.shop_url = f"http://localhost:{kith.port}", f"http://127.0.0.1:{shop.port}"
        yield made
        await made.page.close()


@pytest.mark.parametrize("how", ["prefetch", "prerender"])
async def test_a_link_that_was_loaded_ahead_and_then_opened_earns(world: World, how: str) -> None:
    world.body = AHEAD % how
    await world.page.goto(world.kith_url)
    await until(lambda: world.marks == ["prefetch"], what="the browser loading ahead")
    await world.page.wait_for_load_state("networkidle")
    assert world.visits == []
    await world.page.click("a")
    await until(lambda: len(world.visits) == 1, what="the visit")
    [visit] = world.visits
    assert visit.seen
    assert world.decision().status == "attributed"


@pytest.mark.parametrize("how", ["prefetch", "prerender", "link"])
async def test_a_link_that_was_loaded_ahead_and_never_opened_earns_nothing(world: World, how: str) -> None:
    world.body = AHEAD % how if how != "link" else f'<link rel="prefetch" href="/r/anna">{ONE_LINK}'
    await world.page.goto(world.kith_url)
    await until(lambda: world.marks == ["prefetch"], what="the browser loading ahead")
    await world.page.wait_for_load_state("networkidle")
    # The friend goes to the store without the link, in the browser that loaded it ahead.
    await world.page.goto(world.shop_url)
    await until(lambda: len(world.visits) == 1, what="the visit")
    assert world.visits[0].token is None
    assert world.decision().status == "unattributed"


@pytest.mark.parametrize("stuffed", [HIDDEN, PICTURE, SCRIPTED, STYLED])
async def test_a_link_that_a_page_loads_by_itself_earns_nothing(world: World, stuffed: str) -> None:
    world.body = stuffed
    await world.page.goto(world.kith_url)
    await until(lambda: world.marks == ["embedded"], what="the link being loaded")
    if stuffed is HIDDEN:
        await until(lambda: len(world.visits) == 1, what="the visit of the hidden frame")
        assert not world.visits[0].seen
        assert world.decision().reason == "click_embedded"
    # The friend comes to the store by himself later on; what the frame left there is worth nothing.
    await world.page.goto(world.shop_url)
    await until(lambda: bool(world.visits) and world.visits[-1].seen, what="the visit")
    assert world.decision().status != "attributed"


async def test_a_link_that_somebody_clicks_is_a_persons(world: World) -> None:
    world.body = ONE_LINK
    await world.page.goto(world.kith_url)
    await world.page.click("a")
    await until(lambda: len(world.visits) == 1, what="the visit")
    assert world.marks == ["person"]
    assert world.decision().status == "attributed"
