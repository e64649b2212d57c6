"""A friend opens a share link."""

import asyncio
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import orjson
import pytest

from contracts.events.tracking import ClickRecorded, TokenClaims
from services.common import click_token
from services.kernel.http.limits import Limiter
from services.kernel.spool import SpoolFull
from tests.integration.links.world import BASE, BROWSER, OPERATOR, Replica, Shop, click, events, redirect_of, replica
from tests.support.quick import quickly
from tests.support.wait import until


async def _link(shop: Shop, **fields: Any) -> dict[str, Any]:
    program_id = await shop.program()
    joined = await shop.ambassador(program_id)
    if not fields:
        return {**joined["link"], "program_id": program_id, "ambassador_id": joined["id"]}
    return await shop.made("/v1/links", {"program_id": program_id, "ambassador_id": joined["id"], **fields})


async def _clicks(links: Replica, link_id: str, count: int) -> list[dict[str, Any]]:
    async def there() -> list[dict[str, Any]]:
        return [event for event in await events(links, "click.recorded") if event["link_id"] == link_id]

    await until(lambda: _reached(there, count))
    return await there()


async def _reached(there: Any, count: int) -> bool:
    return len(await there()) >= count


async def test_a_click_goes_to_the_landing_page_with_a_signed_token(links: Replica, shop: Shop) -> None:
    link = await _link(shop)
    answer = await click(links, link["slug"])
    assert answer.status_code == 302
    location = urlsplit(answer.headers["location"])
    assert (location.scheme, location.netloc, location.path) == ("https", "shop.example", "/welcome")
    claims = click_token.read(links.ctx.ring, parse_qs(location.query)["kith"][0], store_id=shop.id)
    assert isinstance(claims, TokenClaims)
    assert (claims.link_id, claims.program_id, claims.ambassador_id) == (
        link["id"],
        link["program_id"],
        link["ambassador_id"],
    )
    assert claims.quality == "person"
    [reported] = await _clicks(links, link["id"], 1)
    parsed = ClickRecorded.model_validate({name: reported[name] for name in reported if name not in {"type", "key"}})
    assert (parsed.click_id, parsed.at) == (claims.click_id, claims.at)
    assert reported["key"] == link["id"]


async def test_the_destination_keeps_its_query_and_fragment(links: Replica, shop: Shop) -> None:
    link = await _link(
        shop,
        destination="https://shop.example/p/7?size=XL&kith=old&utm_source=theirs#reviews",
        utm={"source": "kith & co", "utm_campaign": "spring"},
    )
    location = (await click(links, link["slug"])).headers["location"]
    assert location.startswith("https://shop.example/p/7?size=XL&utm_source=kith%20%26%20co&utm_campaign=spring&kith=")
    assert location.endswith("#reviews")
    assert location.count("kith=") == 1


async def test_each_click_has_an_id_of_its_own_and_its_channel(links: Replica, shop: Shop) -> None:
    link = await _link(shop, channel="email")
    await click(links, link["slug"])
    await click(links, f"{link['slug']}?ch=telegram", Referer="https://user:pw@t.example/path?mail=a@b.example")
    await click(links, f"{link['slug']}?ch=<script>", Referer="https://News.Example/path?mail=a@b.example")
    reported = await _clicks(links, link["id"], 3)
    assert len({event["click_id"] for event in reported}) == 3
    assert [event["channel"] for event in reported] == ["email", "telegram", "email"]
    assert [event.get("referer_host") for event in reported] == [None, None, "news.example"]


@pytest.mark.parametrize(
    ("method", "headers", "mark"),
    [
        ("GET", {}, "person"),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}, "prefetch"),
        ("GET", {"Purpose": "prefetch"}, "prefetch"),
        ("GET", {"Sec-Fetch-Dest": "image"}, "embedded"),
        ("GET", {"Sec-Fetch-Dest": "iframe"}, "embedded"),
        ("GET", {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}, "bot"),
        ("GET", {"User-Agent": ""}, "bot"),
        ("HEAD", {}, "bot"),
    ],
)
async def test_what_is_no_person_is_recorded_and_labelled(
    links: Replica, shop: Shop, method: str, headers: dict[str, str], mark: str
) -> None:
    link = await _link(shop)
    sent = {"User-Agent": BROWSER, "Sec-Fetch-Dest": "document", **headers}
    answer = await links.http.request(method, f"/r/{link['slug']}", headers=sent)
    assert answer.status_code == 302
    token = parse_qs(urlsplit(answer.headers["location"]).query)["kith"][0]
    claims = click_token.read(links.ctx.ring, token, store_id=shop.id)
    assert isinstance(claims, TokenClaims)
    assert claims.mark == mark
    [reported] = await _clicks(links, link["id"], 1)
    assert (reported["quality"], reported.get("embedded", False)) == (claims.quality, claims.embedded)


async def test_slugs_are_found_in_any_spelling(links: Replica, shop: Shop) -> None:
    await _link(shop, slug="tasty-beans")
    for spelling in ("tasty-beans", "TASTY-BEANS", "Tasty-Beans/"):
        assert (await click(links, spelling)).status_code == 302, spelling


AROUND = (
    "{}.", "{})", "{}),", "{},", "{}!", "{}…", "{}%E2%80%A6", "{}?", "({}", "«{}»", "{}%20", "{}*", "{}'", "{}/",
    "{}//", "{}%E2%80%8B", "{}:", "{}>", "{}”.", "{}&utm_source=x", "{}%26utm_source=x&b=c",
    "{}%3Futm_source=x", "{}&ch=x?a=b",
)  # fmt: skip


async def test_a_link_out_of_a_sentence_is_found(links: Replica, shop: Shop) -> None:
    slug = (await _link(shop))["slug"]
    for pasted in AROUND:
        answer = await click(links, pasted.format(slug))
        assert answer.status_code == 302, pasted
        assert answer.headers["location"].startswith("https://shop.example/"), pasted


async def test_a_link_in_capitals_is_found(links: Replica, shop: Shop) -> None:
    slug = (await _link(shop))["slug"]
    for path in (f"/R/{slug.upper()}", f"/R/{slug}.", f"/r/{slug.upper()}"):
        answer = await links.http.get(path, headers={"User-Agent": BROWSER})
        assert answer.status_code == 302, path


async def test_who_opens_an_ended_link_is_led_to_the_store(links: Replica, shop: Shop) -> None:
    link = await _link(shop, expires_at="2020-01-01T00:00:00Z", destination="https://shop.example/gone")
    deleted = await _link(shop)
    await shop.http.delete(f"/v1/links/{deleted['id']}")
    for slug in (link["slug"], deleted["slug"]):
        page = await click(links, slug)
        assert page.status_code == 410
        assert 'href="https://shop.example/welcome"' in page.text
        assert "kith=" not in page.text
        assert "store-page.invalid" not in page.text
    unknown = await click(links, "no-such-link")
    assert "shop.example" not in unknown.text


async def test_no_path_makes_a_page_that_links_to_another_host(links: Replica) -> None:
    for path in (
        "//evil.example/x",
        "/%5Cevil.example/x",
        "/%5C%5Cevil.example",
        "///evil.example",
        "/%2Fevil.example/",
    ):
        page = await links.http.get(f"{BASE}{path}", headers={"Accept": "text/html"})
        for address in re.findall(r'(?:href|src|action)="([^"]*)"', page.text):
            assert urlsplit(urljoin("https://kith.example/", address.replace("\\", "/"))).netloc == "kith.example", (
                address
            )


async def test_unknown_deleted_and_expired_links_end_on_a_friendly_page(links: Replica, shop: Shop) -> None:
    link = await _link(shop)
    unknown = await click(links, "no-such-link")
    assert unknown.status_code == 404
    assert "text/html" in unknown.headers["content-type"]
    await shop.http.delete(f"/v1/links/{link['id']}")
    assert (await click(links, link["slug"])).status_code == 410
    expired = await _link(shop, expires_at="2020-01-01T00:00:00Z")
    assert (await click(links, expired["slug"])).status_code == 410
    for nasty in ("%2e%2e", "a%00b", "%0d%0aLocation:x", "x" * 3000, "%E0%A4%A", "", "a/b/c"):
        answer = await links.http.get(f"/r/{nasty}", headers={"User-Agent": BROWSER})
        assert answer.status_code == 404, nasty
        assert "location" not in answer.headers
    russian = await click(links, "no-such-link", **{"Accept-Language": "ru"})
    assert '<html lang="ru"' in russian.text


async def test_a_change_is_seen_by_the_other_replica_at_its_next_look(
    links: Replica, shop: Shop, database: str, tmp_path: Path
) -> None:
    link = await _link(shop, destination="https://shop.example/old")
    async with replica(database, tmp_path / "other") as other:
        assert "/old?" in (await click(other, link["slug"])).headers["location"]
        await shop.http.patch(f"/v1/links/{link['id']}", json={"destination": "https://shop.example/new"})
        assert "/old?" in (await click(other, link["slug"])).headers["location"]
        await redirect_of(other).cache.catch_up()
        assert "/new?" in (await click(other, link["slug"])).headers["location"]
        await shop.http.patch(f"/v1/links/{link['id']}", json={"destination": None})
        await shop.http.patch(f"/v1/programs/{link['program_id']}", json={"landing_url": "https://shop.example/spring"})
        await redirect_of(other).cache.catch_up()
        assert "/spring?" in (await click(other, link["slug"])).headers["location"]


async def test_a_former_slug_goes_on_leading_to_its_link(links: Replica, shop: Shop) -> None:
    link = await _link(shop, slug="first-name")
    changed = await shop.http.patch(f"/v1/links/{link['id']}", json={"slug": "second-name"})
    assert changed.json()["slug"] == "second-name"
    for slug in ("first-name", "second-name"):
        assert (await click(links, slug)).status_code == 302


async def test_a_lost_database_leaves_known_links_working(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await _link(shop)
    await click(links, link["slug"])
    cache = redirect_of(links).cache

    def away(stores: object = ()) -> Any:
        raise ConnectionRefusedError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(cache._db, "transaction", away)
        for entry in cache._entries.values():
            entry.stale = True
        assert (await click(links, link["slug"])).status_code == 302
        assert (await click(links, "not-known-yet")).status_code == 503


async def test_one_question_is_asked_for_many_who_open_the_same_link(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await _link(shop)
    cache = redirect_of(links).cache
    asked: list[str] = []
    read = cache._read

    async def counted(slug: str) -> Any:
        asked.append(slug)
        return await read(slug)

    monkeypatch.setattr(cache, "_read", counted)
    answers = await asyncio.gather(*(click(links, link["slug"]) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {302}
    assert asked == [link["slug"]]


async def test_a_full_spool_writes_through_and_a_dead_one_refuses(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await _link(shop)
    clicks = redirect_of(links)._clicks

    def full(line: bytes) -> None:
        raise SpoolFull("full")

    monkeypatch.setattr(clicks._spool, "append", full)
    assert (await click(links, link["slug"])).status_code == 302
    assert len(await _clicks(links, link["id"], 1)) == 1

    def away(stores: object = ()) -> Any:
        raise ConnectionRefusedError("gone")

    monkeypatch.setattr(clicks._db, "transaction", away)
    refused = await click(links, link["slug"])
    assert refused.status_code == 503
    assert refused.headers["retry-after"]


async def test_clicks_carry_the_demos_time(links: Replica, shop: Shop) -> None:
    link = await _link(shop)
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    await links.http.post("/v1/clock", json={"advance_seconds": -40 * 86_400}, headers=headers)
    try:
        answer = await click(links, link["slug"])
        token = parse_qs(urlsplit(answer.headers["location"]).query)["kith"][0]
        claims = click_token.read(links.ctx.ring, token, store_id=shop.id)
        assert isinstance(claims, TokenClaims)
        assert abs((claims.at - links.ctx.live.now()).total_seconds()) < 60
    finally:
        await links.http.post("/v1/clock", json={"advance_seconds": 40 * 86_400}, headers=headers)


async def test_a_spooled_line_ends_with_the_events_payload(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await _link(shop, channel="sms")
    lines: list[bytes] = []
    clicks = redirect_of(links)._clicks
    keep = clicks._spool.append

    def listened(line: bytes) -> None:
        lines.append(line)
        keep(line)

    monkeypatch.setattr(clicks._spool, "append", listened)
    await click(links, link["slug"])
    [payload] = [line.split(b"\t")[-1] for line in lines]
    parsed = ClickRecorded.model_validate_json(payload)
    assert orjson.loads(payload) == orjson.loads(parsed.model_dump_json(exclude_defaults=True)) | {
        "at": orjson.loads(payload)["at"]
    }


@pytest.mark.usefixtures("no_refill")
async def test_who_tries_many_unknown_links_has_to_wait(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redirect_of(links), "_guesses", Limiter("unknown-links", per_minute=2))
    link = await _link(shop)
    assert (await click(links, link["slug"])).status_code == 302
    answers = [await click(links, f"guess-{number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[-1].headers["retry-after"]
    assert (await click(links, link["slug"])).status_code == 302


HEADERS = {"User-Agent": BROWSER, "Sec-Fetch-Mode": "navigate", "Referer": "https://blog.example/a?b=c"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_quick_answer_says_what_the_usual_one_does(links: Replica, shop: Shop, method: str) -> None:
    link = await _link(shop, destination="https://shop.example/p/7?size=XL#reviews")
    path = f"/r/{link['slug']}?c=email"
    assert quickly(links.http, method, path, headers=HEADERS) is None  # nothing is in memory yet
    usual = await links.http.request(method, path, headers=HEADERS)
    quick = quickly(links.http, method, path, headers=HEADERS)
    assert quick is not None
    assert quick.status_code == usual.status_code == 302
    shown = [{**answer.headers, "location": _without_token(answer.headers["location"])} for answer in (quick, usual)]
    assert shown[0] == shown[1]
    reported = await _clicks(links, link["id"], 2)
    assert len({one.pop("click_id") for one in reported}) == 2
    assert all(one.pop("at") for one in reported)
    assert reported[0] == reported[1]


def _without_token(location: str) -> str:
    head, _, rest = location.partition("kith=")
    assert len(rest.partition("#")[0]) > 50
    return head + rest.partition("#")[1] + rest.partition("#")[2]


async def test_what_is_over_unknown_or_has_no_room_is_never_answered_quickly(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await _link(shop)
    assert (await click(links, link["slug"])).status_code == 302
    entry = redirect_of(links).cache.ready(link["slug"])
    assert entry is not None
    assert quickly(links.http, "GET", f"/r/{link['slug']}") is not None
    assert quickly(links.http, "GET", "/r/nobody-has-this") is None
    for name, value in (("gone", True), ("expires_us", 1), ("stale", True)):
        before = getattr(entry, name)
        setattr(entry, name, value)
        assert quickly(links.http, "GET", f"/r/{link['slug']}") is None
        setattr(entry, name, before)

    def full(line: bytes) -> None:
        raise SpoolFull("no room")

    monkeypatch.setattr(redirect_of(links)._clicks._spool, "append", full)
    assert quickly(links.http, "GET", f"/r/{link['slug']}") is None


async def test_a_programs_utm_template_is_on_its_links_and_a_links_own_values_go_first(
    links: Replica, shop: Shop
) -> None:
    program_id = await shop.program(
        utm={"source": "kith", "medium": "{channel}", "campaign": "{program}/{code}", "content": "{slug}"}
    )
    anna = await shop.ambassador(program_id, name="Anna")
    query = parse_qs(urlsplit((await click(links, anna["link"]["slug"])).headers["location"]).query)
    assert query["utm_source"] == ["kith"]
    assert query["utm_campaign"] == [f"Give 10, get 10/{anna['code']['code']}"]
    assert query["utm_content"] == [anna["link"]["slug"]]
    assert "utm_medium" not in query, "this link has no channel"
    own = await shop.made(
        "/v1/links",
        {"program_id": program_id, "ambassador_id": anna["id"], "channel": "email", "utm": {"source": "letter"}},
    )
    query = parse_qs(urlsplit((await click(links, own["slug"])).headers["location"]).query)
    assert (query["utm_source"], query["utm_medium"]) == (["letter"], ["email"])
    wrong = await shop.http.patch(f"/v1/programs/{program_id}", json={"utm": {"source": "{name}"}})
    assert wrong.status_code == 422
    assert "{name} is no value here" in wrong.text


async def test_an_expired_link_leads_to_its_fallback_without_a_token(links: Replica, shop: Shop) -> None:
    link = await _link(shop, expires_at="2020-01-01T00:00:00Z", fallback="https://shop.example/sale?x=1")
    assert link["fallback"] == "https://shop.example/sale?x=1"
    for path in ("/r/", "/l/"):
        answer = await links.http.get(f"{path}{link['slug']}", headers={"User-Agent": BROWSER})
        assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/sale?x=1")
    assert not [event for event in await events(links, "click.recorded") if event["link_id"] == link["id"]]
    await shop.http.patch(f"/v1/links/{link['id']}", json={"fallback": None})
    await redirect_of(links).cache.catch_up()
    assert (await click(links, link["slug"])).status_code == 410
    strange = await shop.http.patch(f"/v1/links/{link['id']}", json={"fallback": "https://evil.example/"})
    assert (strange.status_code, strange.json()["errors"][0]["field"]) == (422, "fallback")


async def test_a_deleted_link_leads_to_no_fallback(links: Replica, shop: Shop) -> None:
    link = await _link(shop, fallback="https://shop.example/sale")
    await shop.http.delete(f"/v1/links/{link['id']}")
    await redirect_of(links).cache.catch_up()
    assert (await click(links, link["slug"])).status_code == 410


async def test_the_channel_of_the_click_is_in_the_utm_values_whatever_the_way(links: Replica, shop: Shop) -> None:
    def medium(address: str) -> list[str]:
        return parse_qs(urlsplit(address).query).get("utm_medium", [])

    utm = {"utm": {"medium": "by-{channel}"}}
    straight, paged = [await shop.program(**utm, **more) for more in ({}, {"landing": "page"})]
    anna, ben = [await shop.ambassador(one) for one in (straight, paged)]
    made = {"program_id": straight, "ambassador_id": anna["id"], "channel": "email"}
    mailed = await shop.made("/v1/links", made)
    for _ in range(2):  # asked of the database, then out of memory, where the quick way answers
        assert medium((await click(links, f"{anna['link']['slug']}?ch=telegram")).headers["location"]) == [
            "by-telegram"
        ]
        assert medium((await click(links, f"{mailed['slug']}?ch=telegram")).headers["location"]) == ["by-telegram"]
        assert medium((await click(links, mailed["slug"])).headers["location"]) == ["by-email"]
        assert medium((await click(links, f"{mailed['slug']}?ch=%3Cb%3E")).headers["location"]) == ["by-email"]
    answered = quickly(links.http, "GET", f"/r/{mailed['slug']}?ch=vk", headers={"User-Agent": BROWSER})
    assert answered is not None
    assert medium(answered.headers["location"]) == ["by-vk"]
    invited = (await click(links, f"{ben['link']['slug']}?ch=telegram")).headers["location"]
    page = await links.http.get(invited, headers={"User-Agent": BROWSER, "Sec-Fetch-Dest": "document"})
    assert "utm_medium=by-telegram&amp;kith=" in page.text
