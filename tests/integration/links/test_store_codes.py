"""Pages show the code of a discount where a buyer can use it, as soon as a connection of the store carries codes."""

from typing import Any

import pytest

from contracts.events.store_codes import CodesCarried, StoreCodeChanged
from services.links.notices.actions.compose import fill, reader_of, words_of
from tests.integration.links.mailing import working
from tests.integration.links.notifying import receive
from tests.integration.links.test_landing import PAGE, opened
from tests.integration.links.test_sharing import ask, proof
from tests.integration.links.test_telegram import answer_to, connected_bot, start, telegram
from tests.integration.links.world import Replica, Shop, portal_of, redirect_of
from tests.support.telegram import Telegram

__all__ = ["telegram", "working"]


class CodeReports:
    """What connectors tell of one code at one connection, with revisions that go up."""

    def __init__(
        self, links: Replica, shop: Shop, code_id: str, connection: str = "con_1", platform: str = "woocommerce"
    ) -> None:
        self.links, self.shop, self.code_id, self.connection, self.revision = links, shop, code_id, connection, 0
        self.platform = platform

    async def carries(self, carries: bool, *hosts: str) -> None:
        self.revision += 1
        await receive(
            self.links,
            CodesCarried(
                store_id=self.shop.id,
                connection_id=self.connection,
                platform=self.platform,
                carries=carries,
                discount_hosts=hosts,
                revision=self.revision,
            ),
        )

    def state(self, state: Any, *, store_id: str | None = None) -> StoreCodeChanged:
        self.revision += 1
        return StoreCodeChanged.model_validate(
            {
                "store_id": store_id or self.shop.id,
                "connection_id": self.connection,
                "platform": self.platform,
                "code_id": self.code_id,
                "code": "ANNA10",
                "state": state,
                "changed_at": "2026-10-01T08:00:00Z",
                "revision": self.revision,
            }
        )

    async def receive(self, *states: StoreCodeChanged) -> None:
        await receive(self.links, *states)


async def shown(links: Replica, shop: Shop, anna: dict[str, Any]) -> tuple[bool, bool, bool]:
    """Whether the page of invitation, the portal's share text and the widget show the code."""
    await redirect_of(links).cache.catch_up()
    code = anna["code"]["code"]
    landing = await opened(links, f"/l/{anna['link']['slug']}")
    portal = await portal_of(links, shop, anna["id"])
    page = (await portal.get("/p")).text
    await portal.aclose()
    widget = (await ask(links, shop, customer=proof(links, shop, "c7"))).json()["own"]["code"]
    return code in landing.text, "Not at the store’s checkout yet" not in page, widget == code


async def test_a_code_is_shown_as_a_discount_while_a_buyer_can_use_it(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE, joining={}), name="Anna", external_id="c7")
    reports = CodeReports(links, shop, anna["code"]["id"])
    everywhere, nowhere = (True, True, True), (False, False, False)
    assert await shown(links, shop, anna) == everywhere, "no connection carries codes"
    await reports.carries(True)
    assert await shown(links, shop, anna) == nowhere
    await reports.receive(reports.state("waiting"))
    assert await shown(links, shop, anna) == nowhere
    late = reports.state("refused")
    await reports.receive(reports.state("in_store"))
    assert await shown(links, shop, anna) == everywhere
    await reports.receive(late)
    assert await shown(links, shop, anna) == everywhere, "what comes late is no news"
    await reports.receive(reports.state("refused"))
    assert await shown(links, shop, anna) == nowhere
    second = CodeReports(links, shop, anna["code"]["id"], "con_2")
    await second.carries(True)
    await second.receive(second.state("in_store"))
    assert await shown(links, shop, anna) == everywhere, "one of the store's checkouts is enough"
    await second.carries(False)
    assert await shown(links, shop, anna) == nowhere
    await reports.carries(False)
    assert await shown(links, shop, anna) == everywhere


@pytest.mark.parametrize("benefit", ["credit", "none"])
async def test_a_code_that_takes_nothing_off_is_shown_as_before(links: Replica, shop: Shop, benefit: str) -> None:
    program = await shop.program(**{**PAGE, "friend_benefit": benefit, "joining": {}})
    anna = await shop.ambassador(program, name="Anna", external_id="c7")
    await CodeReports(links, shop, anna["code"]["id"]).carries(True)
    assert await shown(links, shop, anna) == (True, True, True)


async def codes_shown(links: Replica, shop: Shop, server: Telegram, anna: dict[str, Any]) -> list[bool]:
    """Whether the bot, the mail to a newcomer, the snippet and a material tell the code; what is on its way to friends
    and not only to be looked at.
    """
    code = anna["code"]["code"]
    shared = (await answer_to(links, server, "/share"))["text"]
    async with links.ctx.db.transaction([shop.id]) as tx:
        reader = await reader_of(links.ctx, tx, shop.id, anna["id"])
        assert reader is not None
        welcome = fill(reader, await words_of(tx, reader, "joined"), {})
    assert welcome.paragraphs and anna["link"]["url"] in " ".join(welcome.paragraphs)
    snippet = await shop.got(f"/v1/ambassadors/{anna['id']}/snippet")
    portal = await portal_of(links, shop, anna["id"])
    materials = (await portal.get("/p/materials?lang=en")).text
    await portal.aclose()
    return [
        code in shared,
        code in " ".join(welcome.paragraphs),
        snippet["code"] == code,
        "Copy the text" in materials and "not at the store’s checkout yet" not in materials,
    ]


@pytest.mark.usefixtures("working")
async def test_a_code_that_no_checkout_knows_is_told_to_nobody(links: Replica, shop: Shop, telegram: Telegram) -> None:
    await connected_bot(shop)
    program = await shop.program(**PAGE, joining={})
    anna = await shop.ambassador(program, name="Anna", locale="en")
    await answer_to(links, telegram, await start(links, shop, anna["id"]))
    material = {"program_id": program, "kind": "text", "title": "A tip", "text": "Use {code} at {link}"}
    await shop.made("/v1/materials", material)
    assert await codes_shown(links, shop, telegram, anna) == [True] * 4
    known = CodeReports(links, shop, anna["code"]["id"])
    await known.carries(True)
    assert await codes_shown(links, shop, telegram, anna) == [False] * 4
    await known.receive(known.state("in_store"))
    assert await codes_shown(links, shop, telegram, anna) == [True] * 4


async def test_a_code_that_not_every_platform_takes_is_refused_once_a_connection_carries_codes(
    links: Replica, shop: Shop
) -> None:
    program, plain = await shop.program(**PAGE), await shop.program()
    known = CodeReports(links, shop, "cod_none")
    before = await shop.made("/v1/codes", {"program_id": program, "code": "olga-k"})
    await known.carries(True)
    for text in ("ANNA-10", "ANNA_10", "A" * 21):
        refused = await shop.post("/v1/codes", {"program_id": program, "code": text})
        [error] = refused.json()["errors"]
        assert (refused.status_code, error["field"], error["code"]) == (422, "code", "not_everywhere"), text
        assert "at most 20 Latin letters and digits" in error["detail"]
    assert (await shop.made("/v1/codes", {"program_id": program, "code": "a" * 20}))["code"] == "A" * 20
    assert (await shop.got("/v1/codes", code="OLGA-K"))["data"][0]["id"] == before["id"], "what there was stays"
    await shop.made("/v1/codes", {"program_id": plain, "code": "SPRING-10"})
    await known.carries(False)
    await shop.made("/v1/codes", {"program_id": program, "code": "ANNA-10"})
