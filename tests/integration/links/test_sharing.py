"""What <kith-share> asks: the offer of a program, where it stands, and whose link it is."""

import hashlib
import hmac
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from services.common.identify import secret
from tests.integration.links.world import BASE, Replica, Shop, events, open_shop, redirect_of
from tests.support.wait import until

ORIGIN = "https://www.shop.example"
RULE = {"placement": "product-card", "paths": ["/p/*"], "but_not": ["/p/gift-*"], "into": "#more > .friends"}


async def ask(links: Replica, shop: Shop, **question: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {shop.publishable_key}", "Content-Type": "text/plain", "Origin": ORIGIN}
    return await links.http.post("/v1/share", json={"language": "en", **question}, headers=headers)


async def refused(links: Replica, shop: Shop, **question: Any) -> bool:
    """What a page was shown a moment ago it may be shown again."""
    return bool((await ask(links, shop, **question)).json().get("code") == "nothing_offered")


def proof(links: Replica, shop: Shop, customer: str) -> dict[str, str]:
    """What the shop's server puts into its page."""
    key = secret(links.ctx.ring, shop.id, 0).encode()
    return {"id": customer, "proof": hmac.new(key, customer.encode(), hashlib.sha256).hexdigest()}


@pytest.mark.parametrize(
    ("language", "copy", "title"),
    [
        ("en-GB", "Copy", "Give a friend €10"),
        ("ru-RU", "Копировать", "Подарите другу 10 €"),
        ("uk", "Копіювати", "Подаруйте другові 10 €"),
        ("ro-MD", "Copiați", "Dăruiți unui prieten 10 €"),
    ],
)
async def test_a_stranger_is_offered_the_program_that_can_be_joined(
    links: Replica, shop: Shop, language: str, copy: str, title: str
) -> None:
    spoken = language[:2]
    await shop.program(name="By invitation")
    program = await shop.program(joining={"terms": {"version": "1", "text": "Be kind."}}, rank=9)
    answer = await ask(links, shop, language=language)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    offer = answer.json()
    assert (offer["program_id"], offer["language"], offer["own"]) == (program, spoken, None)
    assert title in offer["title"].replace("\xa0", " ")
    assert offer["join_url"] == f"{BASE}/join/{program}?lang={spoken}"
    for address in ("join_url", "sign_in_url", "terms_url"):
        assert (await links.http.get(offer[address])).status_code == 200, address
    assert offer["words"]["copy"] == copy
    known = await shop.ambassador(program, external_id="c7")
    own = (await ask(links, shop, language=language, customer=proof(links, shop, "c7"))).json()["own"]
    assert own["url"] == known["link"]["url"] and own["text"]


async def test_the_proof_of_the_stores_server_gives_link_and_code_and_nothing_less_does(
    links: Replica, shop: Shop
) -> None:
    program = await shop.program(joining={})
    anna = await shop.ambassador(program, name="Anna", external_id="c7")
    own = (await ask(links, shop, customer=proof(links, shop, "c7"))).json()["own"]
    assert (own["url"], own["code"]) == (anna["link"]["url"], anna["code"]["code"])
    assert "telegram" in [way["channel"] for way in own["ways"]]
    for customer in ({"id": "c7", "proof": "0" * 64}, {**proof(links, shop, "c8"), "id": "c7"}):
        assert (await ask(links, shop, customer=customer)).json()["own"] is None
    assert (await ask(links, shop, customer=proof(links, shop, "c8"))).json()["own"] is None
    await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"status": "blocked"})
    assert (await ask(links, shop, customer=proof(links, shop, "c7"))).json()["own"] is None


async def test_a_link_that_the_page_knows_recommends_that_page_and_tells_no_code(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(joining={}), name="Anna")
    slug = anna["link"]["slug"]
    own = (await ask(links, shop, slug=slug.upper(), page="https://www.shop.example/p/7?size=L#top")).json()["own"]
    assert (own["url"], own["code"]) == (f"https://www.shop.example/p/7?size=L&ref={slug}", None)
    # The slug stays to be read where the channel stands behind it.
    assert (
        quote(f"{own['url']}&ch=telegram", safe="") in {way["channel"]: way["href"] for way in own["ways"]}["telegram"]
    )
    elsewhere = (await ask(links, shop, slug=slug, page="https://evil.example/p/7")).json()["own"]
    assert elsewhere["url"] == anna["link"]["url"]
    await shop.http.delete(f"/v1/links/{anna['link']['id']}")
    await redirect_of(links).cache.catch_up()
    assert (await ask(links, shop, slug=slug)).json()["own"] is None


async def test_nothing_is_offered_of_another_store_or_of_a_program_that_rests(links: Replica, shop: Shop) -> None:
    assert (await ask(links, shop)).json()["code"] == "nothing_offered"
    program = await shop.program(joining={})
    other = await open_shop(links, domain="other.example")
    assert (await ask(links, other, program_id=program)).status_code == 404
    theirs = await other.ambassador(await other.program(landing_url="https://other.example/"))
    assert (await ask(links, shop, slug=theirs["link"]["slug"])).json()["own"] is None
    assert (await other.http.get(f"/v1/programs/{program}/places")).status_code == 404
    await shop.http.patch(f"/v1/programs/{program}", json={"status": "paused"})
    await until(lambda: refused(links, shop, program_id=program), what="the page hearing of it")
    await other.http.aclose()


async def test_where_it_stands_is_no_new_version_of_the_program(links: Replica, shop: Shop) -> None:
    program = await shop.program(joining={})
    where = f"/v1/programs/{program}/places"
    assert await shop.got(where) == {"rules": []}
    for _ in range(2):
        answer = await shop.http.put(where, json={"rules": [RULE]})
        assert answer.json() == {"rules": [RULE]}
    assert (await ask(links, shop)).json()["rules"] == [RULE]
    assert (await shop.got(f"/v1/programs/{program}"))["version"] == 1
    noted = [one["action"] for one in await events(links, "audit.noted") if one["on"] == program]
    assert noted.count("program.share_places_changed") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("placement", "popup"),
        ("paths", ["p/*"]),
        ("paths", ["/p?x=1"]),
        ("paths", ["/*/*/*/*/*"]),
        ("paths", ["/***"]),
        ("paths", []),
        ("into", "body{}"),
        ("into", "<b>"),
    ],
)
async def test_a_rule_that_no_page_could_fit_is_refused_by_its_field(
    links: Replica, shop: Shop, field: str, value: object
) -> None:
    program = await shop.program()
    answer = await shop.http.put(f"/v1/programs/{program}/places", json={"rules": [RULE | {field: value}]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(f"rules.0.{field}")


async def test_a_store_of_a_language_that_is_not_spoken_here_is_offered_in_english(links: Replica, shop: Shop) -> None:
    program = await shop.program(joining={})
    await shop.http.patch(f"/v1/stores/{shop.id}", json={"locale": "de"})
    assert (await ask(links, shop, language="")).json()["language"] == "en"
    assert (await links.http.get(f"/join/{program}")).status_code == 200
