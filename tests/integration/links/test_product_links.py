"""An ambassador makes a link to any page of the store by pasting its address."""

import pytest

from services.links.product_links.domain import pasted_page, with_slug
from services.links.stores.domain import BadAddress
from tests.integration.links.world import Replica, Shop, click, portal_of

DOMAINS = ("shop.example",)


async def test_a_pasted_address_becomes_a_link_to_that_page_once(links: Replica, shop: Shop) -> None:
    texts = {"en": {"share": "{store}!", "hashtags": ["Coffee"]}}
    anna = await shop.ambassador(await shop.program(texts=texts), name="Anna")
    browser = await portal_of(links, shop, anna["id"])
    pasted = "  shop.example/p/7?size=XL&kith=k1.old&ref=boris#reviews "
    for _ in range(2):
        assert (await browser.post("/p/links", data={"page": pasted})).status_code == 303
    answer = await browser.post("/p/links", data={"page": pasted})
    made = [one for one in (await shop.got("/v1/links", ambassador_id=anna["id"]))["data"] if one["destination"]]
    assert answer.headers["location"] == f"/p/links?made={made[0]['id']}"
    ready = (await browser.get(answer.headers["location"], headers={"Accept-Language": "en"})).text
    assert "Your link is ready" in ready
    assert f'data-share="{made[0]["url"]}?ch=native"' in ready
    assert "hashtags=Coffee" in ready
    assert 'hx-get="/p/next-pages"' in ready
    assert [one["destination"] for one in made] == ["https://shop.example/p/7?size=XL#reviews"]
    page = (await browser.get("/p/links", headers={"Accept-Language": "en"})).text
    assert made[0]["url"] in page
    first, second = page.index(f'data-name="{anna["link"]["id"]}"'), page.index(f'data-name="{made[0]["id"]}"')
    assert page.index("Your main link") < page.index(anna["link"]["url"]) < first < second, (
        "each has a place for results"
    )
    assert f"https://shop.example/p/7?size=XL&amp;ref={made[0]['slug']}&amp;ch=copy#reviews" in page
    assert (
        (await click(links, made[0]["slug"])).headers["location"].startswith("https://shop.example/p/7?size=XL&kith=")
    )
    async with links.ctx.db.transaction([shop.id]) as tx:
        noted = await tx.all("select actor_kind, actor_id from audit where action = 'link.made'")
    assert [(note.actor_kind, note.actor_id) for note in noted] == [("ambassador", anna["id"])]
    await browser.aclose()


async def test_a_link_of_the_stores_own_to_that_page_is_not_handed_out(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    anna = await shop.ambassador(program_id)
    own = {"program_id": program_id, "ambassador_id": anna["id"], "destination": "https://shop.example/p/7"}
    for of_a_campaign in ({"channel": "leaflet"}, {"utm": {"source": "fair"}}, {"expires_at": "2020-01-01T00:00:00Z"}):
        await shop.made("/v1/links", {**own, **of_a_campaign})
    browser = await portal_of(links, shop, anna["id"])
    for _ in range(2):
        assert (await browser.post("/p/links", data={"page": "https://shop.example/p/7"})).status_code == 303
    [pasted, *others] = (await shop.got("/v1/links", ambassador_id=anna["id"]))["data"]
    assert len(others) == 4, "three of campaigns, and the one of joining"
    assert (pasted["channel"], pasted["expires_at"], pasted["destination"]) == (None, None, own["destination"])
    assert not any(pasted["utm"].values())
    assert (await click(links, pasted["slug"])).headers["location"].startswith("https://shop.example/p/7?kith=")
    await browser.aclose()


@pytest.mark.parametrize("page", ["https://evil.example/p", "not an address", "", "javascript:alert(1)", "x" * 3000])
async def test_what_is_no_page_of_the_store_makes_no_link_and_is_said(links: Replica, shop: Shop, page: str) -> None:
    anna = await shop.ambassador(await shop.program())
    browser = await portal_of(links, shop, anna["id"])
    answer = await browser.post("/p/links", data={"page": page})
    assert answer.status_code == 422
    assert "This is no page of the store." in answer.text
    assert len((await shop.got("/v1/links", ambassador_id=anna["id"]))["data"]) == 1
    await browser.aclose()


async def test_who_is_blocked_makes_none_and_a_stranger_is_led_to_the_sign_in(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program())
    browser = await portal_of(links, shop, anna["id"])
    foreign = await browser.post(
        "/p/links",
        data={"page": "https://shop.example/p"},
        headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert foreign.status_code == 403
    await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"status": "blocked"})
    assert (await browser.post("/p/links", data={"page": "https://shop.example/p"})).status_code == 422
    stranger = await links.http.get("/p/links", headers={"Accept": "text/html"})
    assert stranger.status_code in {302, 303}
    await browser.aclose()


@pytest.mark.parametrize(
    ("pasted", "page"),
    [
        ("shop.example", "https://shop.example/"),
        ("https://www.shop.example/a?ref=x&b=1", "https://www.shop.example/a?b=1"),
        ("https://shop.example/a?REF=x#top", "https://shop.example/a#top"),
    ],
)
def test_what_links_left_in_an_address_is_taken_out(pasted: str, page: str) -> None:
    assert str(pasted_page(pasted, DOMAINS)) == page


def test_the_slug_goes_into_the_query() -> None:
    assert with_slug("https://shop.example/a?b=1#top", "anna") == "https://shop.example/a?b=1&ref=anna#top"
    assert with_slug("https://shop.example/", "anna") == "https://shop.example/?ref=anna"
    with pytest.raises(BadAddress):
        pasted_page("http://shop.example/a", DOMAINS)
