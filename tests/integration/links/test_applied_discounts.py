"""A friend's way to the store applies the code by itself, where the shop of that page is known to have it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from contracts.events.tracking import TokenClaims
from services.common import click_token
from tests.integration.links.notifying import later
from tests.integration.links.test_landing import PAGE, opened, way_on
from tests.integration.links.test_store_codes import CodeReports
from tests.integration.links.world import Replica, Shop, click, redirect_of

SERVED: dict[str, Any] = {**PAGE, "landing": "store", "landing_url": "https://shop.example/welcome?ref=anna#top"}
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


async def leads(links: Replica, anna: dict[str, Any], query: str = "", **headers: str) -> str:
    """Where a click on the link leads, as every replica knows it."""
    await redirect_of(links).cache.catch_up()
    answer = await click(links, anna["link"]["slug"] + query, **headers)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


async def patched(shop: Shop, path: str, body: dict[str, Any]) -> None:
    answer = await shop.http.patch(path, json=body)
    assert answer.status_code == 200, answer.text


async def applies(links: Replica, anna: dict[str, Any]) -> bool:
    return "/discount/" in await leads(links, anna)


async def carried(links: Replica, shop: Shop, anna: dict[str, Any], **fields: str) -> CodeReports:
    """The code stands in a Shopify shop at the page's host."""
    reports = CodeReports(links, shop, anna["code"]["id"], platform="shopify", **fields)
    await reports.carries(True, "shop.example", "zerno.myshopify.com")
    await reports.receive(reports.state("in_store"))
    return reports


async def test_a_click_leads_to_the_page_by_the_address_that_applies_the_code(links: Replica, shop: Shop) -> None:
    program = await shop.program(**SERVED, utm={"source": "{channel}"})
    anna = await shop.ambassador(program, name="Anna")
    await carried(links, shop, anna)
    found = urlsplit(await leads(links, anna, "?ch=telegram"))
    assert (found.netloc, found.path, found.fragment) == ("shop.example", f"/discount/{anna['code']['code']}", "top")
    [page] = parse_qs(found.query)["redirect"]
    inner = urlsplit(page)
    assert (inner.scheme, inner.netloc, inner.path) == ("", "", "/welcome")
    query = parse_qs(inner.query)
    assert (query["ref"], query["utm_source"]) == (["anna"], ["telegram"])
    claims = click_token.read(links.ctx.ring, query["kith"][0], store_id=shop.id)
    assert isinstance(claims, TokenClaims) and claims.link_id == anna["link"]["id"]


async def test_the_button_of_the_invitation_leads_there_and_a_robots_shows_no_code(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**{**SERVED, "landing": "page"}), name="Anna")
    await carried(links, shop, anna)
    where = await leads(links, anna)
    assert where.startswith(f"/l/{anna['link']['slug']}?kith=")
    code = anna["code"]["code"]
    assert urlsplit(way_on(await opened(links, where))).path == f"/discount/{code}"
    for robot in ({"User-Agent": GOOGLEBOT}, {"Sec-Fetch-Dest": "iframe"}):
        page = await opened(links, f"/l/{anna['link']['slug']}", **robot)
        assert page.status_code == 200 and code not in page.text
        assert urlsplit(way_on(page)).path == "/welcome"


async def test_a_robots_redirect_holds_no_code(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**SERVED), name="Anna")
    await carried(links, shop, anna)
    assert anna["code"]["code"] in await leads(links, anna)
    assert anna["code"]["code"] not in await leads(links, anna, **{"User-Agent": GOOGLEBOT})
    assert anna["code"]["code"] not in await leads(links, anna, **{"Sec-Fetch-Dest": "image"})


async def test_at_woocommerce_the_code_stands_beside_the_token(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**SERVED), name="Anna")
    reports = CodeReports(links, shop, anna["code"]["id"])
    await reports.carries(True, "shop.example")
    await reports.receive(reports.state("in_store"))
    found = urlsplit(await leads(links, anna))
    assert (found.path, found.fragment) == ("/welcome", "top")
    query = parse_qs(found.query)
    assert (query["ref"], query["coupon"]) == (["anna"], [anna["code"]["code"]]) and "kith" in query


async def test_what_ends_the_code_ends_its_address(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(program := await shop.program(**SERVED), name="Anna")
    reports = CodeReports(links, shop, anna["code"]["id"], platform="shopify")
    assert not await applies(links, anna), "nobody put it there"
    await reports.carries(True, "shop.example")
    assert not await applies(links, anna), "it waits"
    for state in ("refused", "disabled"):
        await reports.receive(reports.state("in_store"))
        assert await applies(links, anna)
        await reports.receive(reports.state(state))
        assert not await applies(links, anna), state
    await reports.receive(reports.state("in_store"))
    await reports.carries(True)
    assert not await applies(links, anna), "its owner wants no such address, or nobody knows the shop's hosts"
    await reports.carries(True, "elsewhere.example")
    assert not await applies(links, anna), "the page is of another shop"
    await reports.carries(False, "shop.example")
    assert not await applies(links, anna)
    await reports.carries(True, "shop.example")
    assert await applies(links, anna)
    code = f"/v1/codes/{anna['code']['id']}"
    await patched(shop, code, {"retired": True})
    assert not await applies(links, anna)
    await patched(shop, code, {"retired": False})
    assert await applies(links, anna)
    await patched(shop, f"/v1/ambassadors/{anna['id']}", {"status": "blocked"})
    assert not await applies(links, anna)
    await patched(shop, f"/v1/ambassadors/{anna['id']}", {"status": "active"})
    assert await applies(links, anna)
    for changed in ({"status": "paused"}, {"friend_benefit": "credit"}, {"friend_benefit": "none"}):
        await patched(shop, f"/v1/programs/{program}", changed)
        assert not await applies(links, anna), changed
        await patched(shop, f"/v1/programs/{program}", {"status": "active", "friend_benefit": "both"})
        assert await applies(links, anna)


async def test_a_code_that_ends_by_itself_is_applied_up_to_then(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**SERVED), name="Anna")
    await carried(links, shop, anna)
    ends = datetime.now(UTC) + timedelta(hours=2)
    await patched(shop, f"/v1/codes/{anna['code']['id']}", {"expires_at": ends.isoformat()})
    assert await applies(links, anna)
    await later(links, timedelta(hours=3))
    assert not await applies(links, anna)


async def test_of_two_connections_the_one_whose_page_it_is_counts(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**SERVED), name="Anna")
    second = CodeReports(links, shop, anna["code"]["id"], "con_2", platform="shopify")
    await second.carries(True, "second.example")
    await second.receive(second.state("in_store"))
    first = await carried(links, shop, anna)
    assert await applies(links, anna)
    await first.receive(first.state("refused"))
    assert not await applies(links, anna), "the other shop has it, and its page is another"


@pytest.mark.parametrize("benefit", ["credit", "none"])
async def test_a_program_that_takes_nothing_off_applies_nothing(links: Replica, shop: Shop, benefit: str) -> None:
    anna = await shop.ambassador(await shop.program(**{**SERVED, "friend_benefit": benefit}), name="Anna")
    await carried(links, shop, anna)
    assert not await applies(links, anna)


async def test_a_program_that_a_newer_version_wrote_is_read_for_what_is_known(links: Replica, shop: Shop) -> None:
    program = await shop.program(**{**SERVED, "landing": "page"})
    anna = await shop.ambassador(program, name="Anna")
    await carried(links, shop, anna)
    async with links.ctx.db.transaction([shop.id]) as tx:
        newer = """insert into program_versions (program_id, version, store_id, definition, published_at)
            select program_id, version + 1, store_id, jsonb_set(definition || '{"of_tomorrow": null}',
                '{rewards,0,of_tomorrow}', 'null'), published_at from program_versions where program_id = :program"""
        assert await tx.execute(newer, program=program) == 1
        await tx.execute("update programs set version = version + 1 where program_id = :program", program=program)
    where = await leads(links, anna)
    assert urlsplit(way_on(await opened(links, where))).path == f"/discount/{anna['code']['code']}"
    assert (await shop.got(f"/v1/programs/{program}"))["landing"] == "page"
