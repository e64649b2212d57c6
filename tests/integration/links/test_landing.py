"""A friend reads who invites them, and goes on to the store."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from contracts.events.tracking import TokenClaims
from services.common import click_token
from tests.integration.links.world import BASE, BROWSER, OPERATOR, Replica, Shop, click, events, redirect_of
from tests.support.wait import until

FIVE_OFF = {"give": {"kind": "fixed", "amount_minor": 500}, "which": "first"}
PAGE: dict[str, Any] = {"landing": "page", "friend_benefit": "discount", "discount": FIVE_OFF}


async def opened(links: Replica, path: str, **headers: str) -> httpx.Response:
    """A page as a browser asks for it."""
    sent = {"User-Agent": BROWSER, "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", **headers}
    return await links.http.get(path, headers=sent)


def way_on(page: httpx.Response) -> str:
    """Where the page's one button leads."""
    [found] = re.findall(r'class="go" href="([^"]+)"', page.text)
    return str(found).replace("&amp;", "&")


def token_in(address: str) -> str:
    return parse_qs(urlsplit(address).query)["kith"][0]


async def clicks_of(links: Replica, link_id: str) -> list[dict[str, Any]]:
    return [event for event in await events(links, "click.recorded") if event["link_id"] == link_id]


async def wait_for_clicks(links: Replica, link_id: str, count: int) -> list[dict[str, Any]]:
    async def there() -> bool:
        return len(await clicks_of(links, link_id)) >= count

    await until(there)
    return await clicks_of(links, link_id)


async def test_the_redirect_shows_the_invitation_and_its_button_carries_the_same_click(
    links: Replica, shop: Shop
) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE), name="Anna Kowalczuk", email="anna@shop.example")
    slug = anna["link"]["slug"]
    first = await click(links, f"{slug}?ch=telegram")
    assert first.status_code == 302
    location = first.headers["location"]
    assert location.startswith(f"/l/{slug}?kith=")
    page = await opened(links, location)
    assert page.status_code == 200
    onward = urlsplit(way_on(page))
    assert (onward.netloc, onward.path) == ("shop.example", "/welcome")
    claims = click_token.read(links.ctx.ring, token_in(way_on(page)), store_id=shop.id)
    assert isinstance(claims, TokenClaims)
    [reported] = await wait_for_clicks(links, anna["link"]["id"], 1)
    assert (reported["click_id"], reported["channel"]) == (claims.click_id, "telegram")


async def test_the_page_says_who_what_until_when_for_whom_and_what_the_other_gets(links: Replica, shop: Shop) -> None:
    program_id = await shop.program(
        **PAGE, attribution={"min_subtotal_minor": 2000, "click_window_days": 7, "new_customers_only": True}
    )
    anna = await shop.ambassador(program_id, name="Anna Kowalczuk", email="anna@shop.example", phone="+37360000000")
    text = (await opened(links, f"/l/{anna['link']['slug']}")).text
    for part in (
        "Anna invites you",
        "€5 off your first order",
        "To the store with the discount",
        anna["code"]["code"],
        "Until ",
        "For people who have not bought here before.",
        "For orders from €20.",
        "Anna gets 10% of each of your orders.",
    ):
        assert part in text, part
    assert "Kowalczuk" not in text
    assert "anna@" not in text
    assert "37360000000" not in text


@pytest.mark.parametrize(
    ("changes", "title", "more"),
    [
        ({"friend_benefit": "credit"}, "€10 to spend for your first order", "used 14 days after the purchase"),
        ({"friend_benefit": "both"}, "€5 off your first order", "And after the purchase: €10 to spend"),
        ({"friend_benefit": "none", "discount": None}, "A tip from a friend: Zerno", "Your friend gets 10%"),
        ({"status": "paused"}, "This offer is paused", "The store itself is open as always."),
        ({"status": "archived"}, "This offer has ended", "The store itself is open as always."),
    ],
)
async def test_the_page_follows_how_friends_are_served_and_is_never_a_dead_end(
    links: Replica, shop: Shop, changes: dict[str, Any], title: str, more: str
) -> None:
    boris = await shop.ambassador(await shop.program(**{**PAGE, **changes}))
    page = await opened(links, f"/l/{boris['link']['slug']}")
    assert page.status_code == 200
    assert f"<h1>{title}</h1>" in page.text
    assert more in page.text
    assert urlsplit(way_on(page)).netloc == "shop.example"
    assert (boris["code"]["code"] in page.text) == ("status" not in changes)


async def test_an_ended_link_leads_to_the_store(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    await shop.http.delete(f"/v1/links/{anna['link']['id']}")
    over = await opened(links, f"/l/{anna['link']['slug']}")
    assert over.status_code == 410
    assert "https://shop.example/welcome" in over.text
    assert (await opened(links, "/l/nobody-has-this")).status_code == 404


async def test_opening_the_page_straight_away_is_a_click(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    page = await opened(links, f"/l/{anna['link']['slug']}?ch=qr", Referer="https://t.example/x?y")
    claims = click_token.read(links.ctx.ring, token_in(way_on(page)), store_id=shop.id)
    [reported] = await wait_for_clicks(links, anna["link"]["id"], 1)
    assert isinstance(claims, TokenClaims)
    assert (reported["click_id"], reported["channel"], reported["referer_host"]) == (claims.click_id, "qr", "t.example")
    assert claims.quality == "person"


async def test_a_token_of_another_link_or_of_nobodys_is_no_click_of_this_one(links: Replica, shop: Shop) -> None:
    program_id = await shop.program(**PAGE)
    anna, boris = await shop.ambassador(program_id, name="Anna"), await shop.ambassador(program_id, name="Boris")
    strange = token_in((await click(links, boris["link"]["slug"])).headers["location"])
    for token in (strange, "k1.forged", strange[:-1]):
        page = await opened(links, f"/l/{anna['link']['slug']}?kith={token}")
        claims = click_token.read(links.ctx.ring, token_in(way_on(page)), store_id=shop.id)
        assert isinstance(claims, TokenClaims)
        assert claims.ambassador_id == anna["id"]
    await wait_for_clicks(links, anna["link"]["id"], 3)


async def test_an_address_that_is_opened_long_after_its_click_is_a_click_of_its_own(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    location = (await click(links, anna["link"]["slug"])).headers["location"]
    assert token_in(way_on(await opened(links, location))) == token_in(location)
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    await links.http.post("/v1/clock", json={"advance_seconds": 601}, headers=headers)
    try:
        assert token_in(way_on(await opened(links, location))) != token_in(location)
    finally:
        await links.http.post("/v1/clock", json={"advance_seconds": -601}, headers=headers)
    await wait_for_clicks(links, anna["link"]["id"], 2)


async def test_a_persons_click_is_not_a_robots_and_a_robots_not_a_persons(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    robot = {"User-Agent": ROBOTS[0]}
    for first, second, mark in (({}, robot, "bot"), (robot, {}, "person")):
        location = (await click(links, anna["link"]["slug"], **first)).headers["location"]
        token = token_in(way_on(await opened(links, location, **second)))
        claims = click_token.read(links.ctx.ring, token, store_id=shop.id)
        assert isinstance(claims, TokenClaims)
        assert (token != token_in(location), claims.mark) == (True, mark)
        assert token_in(way_on(await opened(links, location, **first))) == token_in(location), "one visit is one click"
    reported = await wait_for_clicks(links, anna["link"]["id"], 4)
    assert sorted(one["quality"] for one in reported) == ["bot", "bot", "person", "person"]


ROBOTS = ("Googlebot/2.1 (+http://www.google.com/bot.html)", "python-httpx/0.28", "TelegramBot (like TwitterBot)", "")


@pytest.mark.parametrize("agent", ROBOTS)
async def test_a_robot_reads_no_code_but_finds_the_store(links: Replica, shop: Shop, agent: str) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE), name="Anna")
    page = await opened(links, f"/l/{anna['link']['slug']}", **{"User-Agent": agent})
    assert page.status_code == 200
    assert anna["code"]["code"] not in page.text
    assert urlsplit(way_on(page)).netloc == "shop.example"
    claims = click_token.read(links.ctx.ring, token_in(way_on(page)), store_id=shop.id)
    assert isinstance(claims, TokenClaims)
    assert claims.mark == "bot"


async def test_a_page_in_somebodys_frame_holds_no_code(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    framed = await opened(links, f"/l/{anna['link']['slug']}", **{"Sec-Fetch-Dest": "iframe"})
    ahead = await opened(links, f"/l/{anna['link']['slug']}", **{"Sec-Purpose": "prefetch;prerender"})
    assert anna["code"]["code"] not in framed.text
    assert anna["code"]["code"] in ahead.text, "it is shown to a person as it was fetched"


@pytest.mark.parametrize(
    ("language", "invites", "title"),
    [
        ("en", "Anna invites you", "€5 off your first order"),
        ("ru", "Вас приглашает Anna", "Скидка 5\u00a0€ на первый заказ"),
        ("uk", "Вас запрошує Anna", "Знижка 5\u00a0€ на перше замовлення"),
        ("ro", "Anna vă invită", "Reducere de 5\u00a0€ la prima comandă"),
    ],
)
async def test_the_page_speaks_four_languages_and_keeps_the_click_when_one_is_chosen(
    links: Replica, shop: Shop, language: str, invites: str, title: str
) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE), name="Anna")
    page = await opened(links, f"/l/{anna['link']['slug']}", **{"Accept-Language": f"{language};q=0.9"})
    assert f'<html lang="{language}">' in page.text
    assert invites in page.text
    assert f"<h1>{title}</h1>" in page.text
    arrived = await opened(links, (await click(links, anna["link"]["slug"])).headers["location"])
    other = re.findall(r'href="([^"]+)" lang="ro"', arrived.text)[0].replace("&amp;", "&")
    assert token_in(way_on(await opened(links, other))) == token_in(way_on(arrived))


async def test_the_page_is_one_small_answer_that_nobody_keeps(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE), name="Anna")
    page = await opened(links, f"/l/{anna['link']['slug']}")
    assert len(page.content) < 30_000
    assert page.headers["cache-control"] == "private, no-store"
    assert page.headers["x-robots-tag"].startswith("noindex")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert '<meta name="robots" content="noindex' in page.text
    fetched = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert [address for address in fetched if address.startswith(("http", "/assets"))] == [
        way_on(page).replace("&", "&amp;")
    ]


async def test_a_new_name_or_a_retired_code_shows_within_two_seconds(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE), name="Anna")
    path = f"/l/{anna['link']['slug']}"
    assert "Anna invites you" in (await opened(links, path)).text
    await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"name": "Anya K."})
    await shop.http.patch(f"/v1/codes/{anna['code']['id']}", json={"retired": True})
    await redirect_of(links).cache.catch_up()
    changed = (await opened(links, path)).text
    assert "Anya invites you" in changed
    assert anna["code"]["code"] not in changed


async def test_without_the_database_the_friend_still_reaches_the_store(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    location = (await click(links, anna["link"]["slug"])).headers["location"]

    def away(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("the database is away")

    monkeypatch.setattr(links.ctx.db, "transaction", away)
    gone = await opened(links, location)
    assert gone.status_code == 302
    assert gone.headers["location"].startswith("https://shop.example/welcome?kith=")
    assert token_in(gone.headers["location"]) == token_in(location)


async def test_a_program_may_lead_straight_to_the_store(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    anna = await shop.ambassador(program_id, name="Anna")
    slug = anna["link"]["slug"]
    assert (await click(links, slug)).headers["location"].startswith("https://shop.example/welcome?kith=")
    await shop.http.patch(f"/v1/programs/{program_id}", json={"landing": "page"})
    await redirect_of(links).cache.catch_up()
    assert (await click(links, slug)).headers["location"].startswith(f"/l/{slug}?kith=")
    assert "Anna invites you" in (await opened(links, f"{BASE}/l/{slug}")).text


TEXTS = {
    "en": {
        "title": "{name} drinks our coffee",
        "text": "Come & <try> it at {store}.",
        "share": "Mine is {code}: {offer}",
    },
    "ru": {"title": "{offer} – от друга по имени {name}"},
}


async def test_the_store_says_it_in_its_own_words_and_the_offer_is_said_all_the_same(
    links: Replica, shop: Shop
) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE, texts=TEXTS), name="Anna {code} Kern")
    path = f"/l/{anna['link']['slug']}"
    english = (await opened(links, f"{path}?lang=en")).text
    assert "<h1>Anna drinks our coffee</h1>" in english
    assert '<p class="more">Come &amp; &lt;try&gt; it at Zerno.</p>' in english
    assert '<p class="more">€5 off your first order</p>' in english
    assert 'og:title" content="Anna drinks our coffee · Zerno"' in english
    russian = (await opened(links, f"{path}?lang=ru")).text
    assert "на первый заказ – от друга по имени Anna</h1>" in russian.replace("\xa0", " ")
    assert "reducere" in (await opened(links, f"{path}?lang=ro")).text, "where the store has no words, the rules speak"
    before = (await opened(links, f"{path}/preview.png?lang=en")).content
    changed = await shop.http.patch(
        f"/v1/programs/{anna['program_id']}", json={"texts": {"en": {"title": "Tea, {name}?"}}}
    )
    assert changed.json()["texts"]["en"]["share"] == TEXTS["en"]["share"], "the others stay as they are"
    await redirect_of(links).cache.catch_up()
    assert "<h1>Tea, Anna?</h1>" in (await opened(links, f"{path}?lang=en")).text
    assert (await opened(links, f"{path}/preview.png?lang=en")).content != before
    paused = await shop.http.patch(f"/v1/programs/{anna['program_id']}", json={"status": "paused"})
    assert paused.status_code == 200
    await redirect_of(links).cache.catch_up()
    assert "This offer is paused" in (await opened(links, f"{path}?lang=en")).text


@pytest.mark.parametrize(
    ("wording", "shown"),
    [
        ({"title": "{code} from {name}"}, "{code} is no value here"),
        ({"share": "{name} says"}, "{name} is no value here"),
        ({"text": "a { b"}, "a brace stands alone"),
        ({"text": "{}"}, "{} is no value here"),
        ({"title": "two\nlines"}, "pattern"),
        ({"title": "x" * 91}, "90"),
        ({"share": ""}, "1 character"),
        ({"picture": "x"}, "Extra inputs"),
    ],
)
async def test_words_that_cannot_be_said_are_refused_where_they_are_written(
    shop: Shop, wording: dict[str, str], shown: str
) -> None:
    program = await shop.program()
    refused = await shop.http.patch(f"/v1/programs/{program}", json={"texts": {"ro": wording}})
    assert refused.status_code == 422, refused.text
    (wrong,) = refused.json()["errors"]
    assert wrong["field"].startswith(f"texts.ro.{next(iter(wording))}")
    assert shown in refused.text
    assert (await shop.http.patch(f"/v1/programs/{program}", json={"texts": {"de": {"title": "x"}}})).status_code == 422
