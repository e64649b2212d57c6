"""A store's own domain for share links: chosen below a proved one, used once its name leads here."""

import httpx
import pytest

from services.links.host_names import sql as host_names
from services.links.hosts.hot import Hosts
from tests.integration.links.test_landing import PAGE
from tests.integration.links.world import BASE, BROWSER, OPERATOR, Replica, Shop, events, open_shop, redirect_of
from tests.support.names import NameServer
from tests.support.names import names as any_names
from tests.support.quick import quickly

__all__ = ["any_names"]

OURS, THEIRS = "192.0.2.10", "198.51.100.7"


@pytest.fixture
def names(any_names: NameServer) -> NameServer:
    """A name server that knows where we are."""
    any_names.knows("kith.test", "A", OURS)
    return any_names


async def may(links: Replica, shop: Shop) -> httpx.AsyncClient:
    """The store's server with a key that may change domains."""
    made = await links.http.post(
        f"/v1/stores/{shop.id}/keys",
        json={"kind": "secret", "scopes": ["domains:read", "domains:write", "programs:read", "links:read"]},
        headers={"Authorization": f"Bearer {OPERATOR}"},
    )
    return httpx.AsyncClient(
        transport=links.http._transport, base_url=BASE, headers={"Authorization": f"Bearer {made.json()['key']}"}
    )


async def test_links_are_on_the_domain_once_its_name_leads_here(links: Replica, shop: Shop, names: NameServer) -> None:
    server = await may(links, shop)
    anna = await shop.ambassador(await shop.program(**PAGE), name="Anna")
    chosen = await server.put("/v1/stores/link-domain", json={"domain": "Go.Shop.example"})
    assert chosen.json() == {
        "domain": None, "chosen": "go.shop.example", "status": "waiting", "cname": "kith.test", "finding": None
    }  # fmt: skip
    assert (await server.post("/v1/stores/link-domain/verify")).json()["finding"] == "missing"
    names.knows("go.shop.example", "A", THEIRS)
    assert (await server.post("/v1/stores/link-domain/verify")).json()["finding"] == "elsewhere"
    asked = {"domain": "go.shop.example"}
    assert (await links.http.get("/tls/ask", params=asked)).status_code == 404
    names.knows("go.shop.example", "A", OURS)
    used = (await server.post("/v1/stores/link-domain/verify")).json()
    assert (used["domain"], used["status"], used["finding"]) == ("go.shop.example", "used", "found")
    redirect = redirect_of(links)
    await redirect.hosts.catch_up(links.ctx.db)
    assert (await links.http.get("/tls/ask", params=asked)).status_code == 200
    url = (await shop.got(f"/v1/links/{anna['link']['id']}"))["url"]
    assert url == f"https://go.shop.example/r/{anna['link']['slug']}"
    opened = await links.http.get(
        f"/r/{anna['link']['slug']}", headers={"Host": "go.shop.example", "User-Agent": BROWSER}
    )
    assert opened.headers["location"].startswith(f"/l/{anna['link']['slug']}?kith="), "on the host that the friend sees"
    page = await links.http.get(opened.headers["location"], headers={"Host": "go.shop.example", "User-Agent": BROWSER})
    assert f'content="{url}"' in page.text
    assert (await server.delete("/v1/stores/link-domain")).status_code == 204
    await redirect.hosts.catch_up(links.ctx.db)
    assert (await shop.got(f"/v1/links/{anna['link']['id']}"))["url"].startswith(BASE)
    await server.aclose()


async def test_another_stores_links_are_not_under_it(links: Replica, shop: Shop, names: NameServer) -> None:
    server, other = await may(links, shop), await open_shop(links, domain="other.example", name="Other")
    theirs = await other.ambassador(await other.program(landing_url="https://other.example/"))
    own = await shop.ambassador(await shop.program())
    names.knows("go.shop.example", "A", OURS)
    await server.put("/v1/stores/link-domain", json={"domain": "go.shop.example"})
    await server.post("/v1/stores/link-domain/verify")
    await redirect_of(links).hosts.catch_up(links.ctx.db)
    hosts = ("GO.shop.example", "go.shop.example.", "go.shop.example:443", "go.shop.example.:80", "go.shop.example:")
    for host in hosts:
        here = {"Host": host, "User-Agent": BROWSER}
        assert (await links.http.get(f"/r/{own['link']['slug']}", headers=here)).status_code == 302
        assert (await links.http.get(f"/r/{theirs['link']['slug']}", headers=here)).status_code == 404
        assert (await links.http.get(f"/l/{theirs['link']['slug']}", headers=here)).status_code == 404
        assert quickly(links.http, "GET", f"/r/{theirs['link']['slug']}", headers=here) is None
        picture = f"/l/{theirs['link']['slug']}/preview.png"
        assert (await links.http.get(picture, headers=here)).status_code == 404
    assert (await links.http.get(picture)).status_code == 200
    assert (await links.http.get(f"/r/{theirs['link']['slug']}", headers={"User-Agent": BROWSER})).status_code == 302
    await server.delete("/v1/stores/link-domain")
    await redirect_of(links).hosts.catch_up(links.ctx.db)
    await server.aclose()
    await other.http.aclose()


async def test_under_it_every_way_leads_to_the_store(links: Replica, shop: Shop, names: NameServer) -> None:
    server = await may(links, shop)
    names.knows("go.shop.example", "A", OURS)
    await server.put("/v1/stores/link-domain", json={"domain": "go.shop.example"})
    await server.post("/v1/stores/link-domain/verify")
    await redirect_of(links).hosts.catch_up(links.ctx.db)
    here = {"Host": "go.shop.example", "User-Agent": BROWSER}
    bare = await links.http.get("/", headers=here)
    assert (bare.status_code, bare.headers["location"]) == (303, "https://shop.example/")
    for path in ("/r/nobodys", "/l/nobodys", "/m/mat_none/nobodys"):
        page = await links.http.get(path, headers=here)
        assert page.status_code == 404 and 'href="https://shop.example/"' in page.text, path
        assert "shop.example" not in (await links.http.get(path)).text, "under our name it is nobody's"
    assert (await links.http.get("/")).headers["location"] == "/console/session"
    async with links.ctx.db.transaction([shop.id]) as tx:
        await tx.execute("update stores set domains = '{other.example}'")
    for path in ("/", "/r/nobodys"):
        page = await links.http.get(path, headers=here)
        assert "other.example" not in page.headers.get("location", page.text), "no stranger has it read each time"
    assert await Hosts().front(links.ctx.db, shop.id) == "https://other.example/"
    assert await Hosts().front(links.ctx.db, "str_gone") is None
    await server.delete("/v1/stores/link-domain")
    await redirect_of(links).hosts.catch_up(links.ctx.db)
    await server.aclose()


async def test_a_domain_that_another_store_uses_is_taken(links: Replica, shop: Shop, names: NameServer) -> None:
    first, twin = await may(links, shop), await open_shop(links, name="Twin")
    second = await may(links, twin)
    names.knows("go.shop.example", "A", OURS)
    for server in (first, second):
        assert (await server.put("/v1/stores/link-domain", json={"domain": "go.shop.example"})).status_code == 200
    assert (await first.post("/v1/stores/link-domain/verify")).status_code == 200
    taken = await second.post("/v1/stores/link-domain/verify")
    assert (taken.status_code, taken.json()["code"]) == (409, "domain_taken")
    await first.delete("/v1/stores/link-domain")
    for closed in (first, second, twin.http):
        await closed.aclose()


@pytest.mark.parametrize("domain", ["shop.example", "go.evil.example", "kith.test", "go.shop.example/x", "com"])
async def test_only_a_domain_below_a_proved_one_can_be_chosen(links: Replica, shop: Shop, domain: str) -> None:
    server = await may(links, shop)
    answer = await server.put("/v1/stores/link-domain", json={"domain": domain})
    assert answer.status_code == 422, answer.text
    assert (await shop.http.put("/v1/stores/link-domain", json={"domain": "go.shop.example"})).status_code == 403
    await server.aclose()


async def test_a_marketer_sees_what_to_publish_and_what_was_found(
    links: Replica, shop: Shop, names: NameServer
) -> None:
    server = await may(links, shop)
    key = server.headers["authorization"].removeprefix("Bearer ")
    signed = await links.http.post("/console/session", json={"secret_key": key})
    links.http.cookies.clear()
    cookie = signed.headers["set-cookie"].partition(";")[0]
    page = {"Cookie": cookie, "Origin": BASE, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    home = "/console/links/link-domain"
    assert (await links.http.post(home, data={"domain": "go.evil.example"}, headers=page)).status_code == 422
    assert (await links.http.post(home, data={"domain": "go.shop.example"}, headers=page)).status_code == 303
    assert "go.shop.example</span> <code>CNAME</code>" in (await links.http.get(home, headers=page)).text
    looked = await links.http.post(f"{home}/verify", headers=page)
    assert "There is no record of this name yet." in looked.text
    names.knows("go.shop.example", "A", OURS)
    assert "share links are on it now" in (await links.http.post(f"{home}/verify", headers=page)).text
    assert (await links.http.post(f"{home}/remove", headers=page)).status_code == 303
    await server.aclose()


async def test_who_drops_the_domain_above_loses_the_link_domain_and_the_wish_for_it(
    links: Replica, shop: Shop, names: NameServer
) -> None:
    server = await may(links, shop)
    names.knows("go.shop.example", "A", OURS)
    names.knows("to.shop.example", "A", OURS)
    await server.put("/v1/stores/link-domain", json={"domain": "go.shop.example"})
    assert (await server.post("/v1/stores/link-domain/verify")).json()["domain"] == "go.shop.example"
    await server.put("/v1/stores/link-domain", json={"domain": "to.shop.example"})
    assert (await server.delete("/v1/stores/domains/shop.example")).status_code == 204
    assert (await server.get("/v1/stores/link-domain")).json()["status"] == "none"
    assert (await server.post("/v1/stores/link-domain/verify")).status_code == 404
    removed = [event["on"] for event in await events(links, "audit.noted") if event["action"] == "domain.removed"]
    assert removed[-2:] == ["shop.example", "go.shop.example"]
    async with links.ctx.db.transaction([shop.id]) as tx:  # the name was looked up while the domain was dropped
        await host_names.choose(tx, shop.id, "to.shop.example")
    late = await server.post("/v1/stores/link-domain/verify")
    assert (late.status_code, late.json()["code"]) == (409, "nobodys_domain")
    await server.aclose()
