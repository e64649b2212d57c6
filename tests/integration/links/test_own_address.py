"""Links to the store's own address: a page that was opened with a slug asks for the click's token."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from contracts.events.tracking import TokenClaims
from services.common import click_token
from services.links.redirect.hot.own_address import ADDRESS_A_MINUTE, GUESSES_A_MINUTE
from tests.integration.links.test_landing import PAGE as DISCOUNT
from tests.integration.links.test_landing import wait_for_clicks
from tests.integration.links.test_store_codes import CodeReports
from tests.integration.links.world import BASE, BROWSER, Replica, Shop, open_shop, redirect_of

PAGE = {"Origin": "https://www.shop.example", "User-Agent": BROWSER, "Sec-Fetch-Dest": "empty"}


async def ask(links: Replica, shop: Shop, slug: str, headers: dict[str, str] = PAGE, **body: Any) -> httpx.Response:
    key = {"Authorization": f"Bearer {shop.publishable_key}", "Content-Type": "text/plain"}
    return await links.http.post("/v1/clicks", json={"slug": slug, **body}, headers={**key, **headers})


async def test_a_page_of_the_store_gets_the_token_that_the_redirect_would_have_given(
    links: Replica, shop: Shop
) -> None:
    anna = await shop.ambassador(await shop.program(), name="Anna")
    answer = await ask(
        links, shop, anna["link"]["slug"].upper(), referrer="https://t.example/secret?x", channel="telegram"
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]
    claims = click_token.read(links.ctx.ring, answer.json()["token"], store_id=shop.id)
    assert isinstance(claims, TokenClaims)
    assert (claims.link_id, claims.ambassador_id, claims.mark) == (anna["link"]["id"], anna["id"], "person")
    [reported] = await wait_for_clicks(links, anna["link"]["id"], 1)
    assert (reported["click_id"], reported["channel"]) == (claims.click_id, "telegram")
    assert (reported["referer_host"], reported["quality"]) == ("t.example", "person")


async def test_a_page_of_a_shop_that_applies_codes_is_told_at_which_address(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**DISCOUNT), name="Anna")
    reports = CodeReports(links, shop, anna["code"]["id"], platform="shopify")
    code, slug = anna["code"]["code"], anna["link"]["slug"]

    async def discount(**headers: str) -> str | None:
        await redirect_of(links).cache.catch_up()
        answer = await ask(links, shop, slug, {**PAGE, **headers})
        assert answer.status_code == 201, answer.text
        found: str | None = answer.json().get("discount")
        return found

    await reports.carries(True, "www.shop.example")
    assert await discount() is None, "the code is not in the shop yet"
    await reports.receive(reports.state("in_store"))
    assert await discount() == f"/discount/{code}"
    assert await discount(Origin="https://shop.example") is None, "nobody knows what answers there"
    assert await discount(**{"User-Agent": "Googlebot/2.1"}) is None, "robots hand codes on"
    await reports.carries(True)
    assert await discount() is None


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null", "", "x" * 300],
)
async def test_a_page_of_another_house_gets_none(links: Replica, shop: Shop, origin: str) -> None:
    anna = await shop.ambassador(await shop.program())
    headers = {**PAGE, "Origin": origin} if origin else {"User-Agent": BROWSER}
    answer = await ask(links, shop, anna["link"]["slug"], headers)
    assert answer.status_code == 403, answer.text
    assert answer.json()["code"] == ("foreign_origin" if origin else "no_origin")


async def test_another_stores_link_an_unknown_and_an_ended_one_give_none(links: Replica, shop: Shop) -> None:
    other = await open_shop(links, domain="other.example")
    theirs = await other.ambassador(await other.program(landing_url="https://other.example/"))
    own = await shop.ambassador(await shop.program())
    assert (await ask(links, shop, theirs["link"]["slug"])).status_code == 404
    assert (await ask(links, shop, "newsletter")).status_code == 404
    await shop.http.delete(f"/v1/links/{own['link']['id']}")
    await redirect_of(links).cache.catch_up()
    assert (await ask(links, shop, own["link"]["slug"])).status_code == 410
    await other.http.aclose()


async def test_a_robot_that_runs_scripts_is_counted_as_one(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program())
    robot = {
        **PAGE,
        "User-Agent": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1) Chrome/140",
    }
    token = (await ask(links, shop, anna["link"]["slug"], robot)).json()["token"]
    claims = click_token.read(links.ctx.ring, token, store_id=shop.id)
    assert isinstance(claims, TokenClaims)
    assert claims.mark == "bot"


async def test_a_secret_key_in_a_page_is_refused_and_any_word_is_checked(links: Replica, shop: Shop) -> None:
    secret = await links.http.post(
        "/v1/clicks", json={"slug": "anna"}, headers={**PAGE, "Authorization": f"Bearer {shop.secret_key}"}
    )
    assert secret.status_code == 403
    assert (await ask(links, shop, "anna", channel="<b>")).status_code == 422
    assert (await ask(links, shop, "a" * 201)).status_code == 422


async def test_the_token_is_that_of_the_redirect(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program())
    mine = (await ask(links, shop, anna["link"]["slug"])).json()["token"]
    location = (await links.http.get(f"/r/{anna['link']['slug']}", headers={"User-Agent": BROWSER})).headers["location"]
    theirs = parse_qs(urlsplit(location).query)["kith"][0]
    read = [click_token.read(links.ctx.ring, token, store_id=shop.id) for token in (mine, theirs)]
    assert all(isinstance(claims, TokenClaims) for claims in read)
    assert len({claims.link_id for claims in read if isinstance(claims, TokenClaims)}) == 1


@pytest.mark.usefixtures("no_refill")
async def test_guessed_slugs_use_up_no_clicks_and_clicks_no_guesses(links: Replica, shop: Shop) -> None:
    first, second = [await shop.ambassador(await shop.program()) for _ in range(2)]
    from_afar = httpx.ASGITransport(app=links.http._transport.app, client=("203.0.113.9", 1))  # type: ignore[attr-defined]
    far = replace(links, http=httpx.AsyncClient(transport=from_afar, base_url=BASE))
    assert (await ask(far, shop, first["link"]["slug"])).status_code == 201
    answers = [(await ask(far, shop, f"guess{n}")).status_code for n in range(GUESSES_A_MINUTE + 1)]
    assert answers == [404] * GUESSES_A_MINUTE + [429]
    for n in range(ADDRESS_A_MINUTE - 1):
        assert (await ask(far, shop, first["link"]["slug"])).status_code == 201, n
    assert (await ask(far, shop, first["link"]["slug"])).status_code == 429
    opened = await far.http.get(f"/r/{second['link']['slug']}", headers={"User-Agent": BROWSER})
    assert opened.status_code == 302, "what is asked of the redirect is counted by itself"
    await far.http.aclose()
