"""Domains over HTTP: who may name one, what proves it, and that links lead nowhere before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.common import scopes
from services.kernel.auth import api_keys
from tests.integration.links.world import OPERATOR, PROGRAM, Replica, Shop, click, open_shop, redirect_of, replica
from tests.support.names import NameServer, names

__all__ = ["names"]

AS_OPERATOR = {"Authorization": f"Bearer {OPERATOR}"}


@asynccontextmanager
async def site(pages: dict[str, str]) -> AsyncIterator[str]:
    """A store's own server on this machine; yields its host with port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ", 2)[1]
        body = pages.get(path)
        if body is not None and body.startswith("-> "):
            writer.write(b"HTTP/1.1 302 Found\r\nlocation: %b\r\n" % body[3:].encode())
            body = ""
        else:
            writer.write(b"HTTP/1.1 %b\r\n" % (b"404 Not Found" if body is None else b"200 OK"))
        reported = (body or "").encode()
        writer.write(b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(reported), reported))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"localhost:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
async def proving(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Replica]:
    """Links that asks every new domain for a proof. A demo, so that the test's own server can be a store's."""
    monkeypatch.setenv("KITH_LINKS_DOMAIN_PROOF", "true")
    monkeypatch.setenv("KITH_OUTBOUND_ALLOW", "127.0.0.0/8,::1/128")
    async with replica(database, tmp_path) as opened:
        yield opened


async def owner(links: Replica, store_id: str) -> httpx.AsyncClient:
    """A caller whose key may change domains."""
    made = await links.http.post(
        f"/v1/stores/{store_id}/keys", json={"scopes": ["domains:*", "programs:*", "keys:*"]}, headers=AS_OPERATOR
    )
    assert made.status_code == 201, made.text
    headers = {"Authorization": f"Bearer {made.json()['key']}"}
    return httpx.AsyncClient(transport=links.http._transport, base_url=str(links.http.base_url), headers=headers)


async def test_a_domain_counts_once_its_record_is_published(proving: Replica, names: NameServer) -> None:
    shop = await open_shop(proving)
    boss = await owner(proving, shop.id)
    refused = await shop.post("/v1/programs", PROGRAM)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "foreign_destination"
    listed = (await boss.get("/v1/stores/domains")).json()["data"]
    waiting = {one["domain"]: one for one in listed}
    assert waiting["shop.example"]["status"] == "unproved"
    publish = waiting["shop.example"]["publish"]
    foreign = "kith-verification=of-another-store"
    names.knows(publish["dns_name"], "TXT", foreign)
    first = (await boss.post("/v1/stores/domains/shop.example/verify")).json()
    assert (first["status"], first["findings"]["dns"]) == ("unproved", "different")
    names.knows(publish["dns_name"], "TXT", foreign, publish["dns_value"])
    second = (await boss.post("/v1/stores/domains/shop.example/verify")).json()
    assert (second["status"], second["method"], second["publish"]) == ("proved", "dns", None)
    async with proving.ctx.db.transaction([shop.id]) as tx:
        notes = await tx.all("select subject, actor_kind, after from audit where action = 'domain.proved'")
    assert [tuple(note) for note in notes] == [("shop.example", "key", {"method": "dns"})]
    assert await shop.program()
    assert (await shop.got(f"/v1/stores/{shop.id}"))["domains"] == ["shop.example"]


async def test_a_file_proves_it_and_a_redirect_to_one_does_not(proving: Replica, names: NameServer) -> None:
    shop = await open_shop(proving)
    boss = await owner(proving, shop.id)
    pages: dict[str, str] = {}
    async with site(pages) as host:
        publish = (await boss.post("/v1/stores/domains", json={"domain": host})).json()["publish"]
        path = "/" + publish["file_url"].split("/", 3)[3]
        pages["/elsewhere"] = publish["file_content"]
        pages[path] = "-> /elsewhere"
        assert (await boss.post(f"/v1/stores/domains/{host}/verify")).json()["findings"]["file"] == "missing"
        pages[path] = publish["file_content"] + "\n"
        reported = (await boss.post(f"/v1/stores/domains/{host}/verify")).json()
    assert (reported["status"], reported["method"]) == ("proved", "file")


async def test_the_script_of_the_front_page_proves_it_with_the_stores_own_key(
    proving: Replica, names: NameServer
) -> None:
    shop, other = await open_shop(proving), await open_shop(proving)
    boss = await owner(proving, shop.id)
    tag = '<script defer src="https://kith.example/kith.js" data-key="{}"></script>'
    pages = {"/": tag.format(other.publishable_key)}
    async with site(pages) as host:
        await boss.post("/v1/stores/domains", json={"domain": host})
        assert (await boss.post(f"/v1/stores/domains/{host}/verify")).json()["findings"]["script"] == "different"
        pages["/"] = tag.format(shop.publishable_key)
        reported = (await boss.post(f"/v1/stores/domains/{host}/verify")).json()
    assert (reported["status"], reported["method"]) == ("proved", "script")


async def test_a_domain_that_was_given_up_is_proved_anew(proving: Replica, names: NameServer) -> None:
    shop = await open_shop(proving)
    boss = await owner(proving, shop.id)
    for domain in ("shop.example", "second.example"):
        claimed = (await boss.post("/v1/stores/domains", json={"domain": domain})).json()["publish"]
        names.knows(claimed["dns_name"], "TXT", claimed["dns_value"])
        assert (await boss.post(f"/v1/stores/domains/{domain}/verify")).json()["status"] == "proved"
    assert (await boss.delete("/v1/stores/domains/second.example")).status_code == 204
    assert (await boss.delete("/v1/stores/domains/shop.example")).json()["code"] == "last_domain"
    again = (await boss.post("/v1/stores/domains", json={"domain": "second.example"})).json()
    assert again["status"] == "unproved"
    assert [f'"{again["publish"]["dns_value"]}"'] != names.records["_kith.second.example", "TXT"]
    below = (await boss.post("/v1/stores/domains", json={"domain": "www.shop.example"})).json()
    assert below["status"] == "proved"


async def test_domains_of_before_count_and_an_unproved_one_takes_no_friend(
    links: Replica, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await open_shop(links)
    member = await shop.ambassador(await shop.program())
    monkeypatch.setenv("KITH_LINKS_DOMAIN_PROOF", "true")
    boss = await owner(links, shop.id)
    changed = await boss.patch(f"/v1/stores/{shop.id}", json={"domains": ["shop.example", "new.example"]})
    assert changed.json()["domains"] == ["shop.example"]
    assert changed.json()["unproved_domains"] == ["new.example"]
    elsewhere = {"ambassador_id": member["id"], "program_id": member["program_id"]}
    refused = await shop.post("/v1/links", {**elsewhere, "destination": "https://new.example/"})
    assert refused.status_code == 422
    await redirect_of(links).cache.catch_up()
    answer = await click(links, member["link"]["slug"])
    assert answer.headers["location"].startswith("https://shop.example/")


async def test_keys_of_before_change_no_domain(links: Replica, shop: Shop) -> None:
    """An old key's mask holds all scopes of its day; a replayed set-up gives that key again, and no more."""
    old = api_keys.issue(links.ctx.ring, kind="sk", store_id=shop.id, key_id="key_1", scopes=scopes.FIRST)
    for key in (old, shop.secret_key):
        headers = {"Authorization": f"Bearer {key}"}
        refused = await links.http.patch(f"/v1/stores/{shop.id}", json={"domains": ["evil.example"]}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
        refused = await links.http.post("/v1/stores/domains", json={"domain": "evil.example"}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
        made = await links.http.post("/v1/keys", json={}, headers=headers)
        assert not {"domains:read", "domains:write"} & set(made.json()["scopes"])
        more = await links.http.post("/v1/keys", json={"scopes": ["domains:*"]}, headers=headers)
        assert more.status_code == 422
        named = await links.http.patch(f"/v1/stores/{shop.id}", json={"name": "Zerno"}, headers=headers)
        assert named.status_code == 200


@pytest.mark.parametrize("domain", ["co.uk", "myshopify.com", "localhost", "127.0.0.1", "0x7f.1", "10.1.2.3"])
async def test_nobodys_domain_is_refused_outside_a_demo(database: str, tmp_path: Path, domain: str) -> None:
    async with replica(database, tmp_path, demo=False) as live:
        body = {"name": "S", "currency": "EUR", "timezone": "UTC", "domains": [domain]}
        refused = await live.http.post("/v1/stores", json=body, headers=AS_OPERATOR)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "nobodys_domain")


async def test_a_look_reaches_no_private_network(
    database: str, tmp_path: Path, names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITH_LINKS_DOMAIN_PROOF", "true")
    async with site({"/": "anything"}) as host, replica(database, tmp_path) as links:
        shop = await open_shop(links)
        boss = await owner(links, shop.id)
        await boss.post("/v1/stores/domains", json={"domain": host})
        reported = (await boss.post(f"/v1/stores/domains/{host}/verify")).json()
    assert (reported["status"], reported["findings"]["file"], reported["findings"]["script"]) == (
        "unproved",
        "private_address",
        "private_address",
    )


async def test_the_page_shows_what_to_publish_and_what_was_found(proving: Replica, names: NameServer) -> None:
    shop = await open_shop(proving)
    boss = await owner(proving, shop.id)
    key = boss.headers["Authorization"].removeprefix("Bearer ")
    base = str(proving.http.base_url)
    signed = await proving.http.post("/console/session", json={"secret_key": key})
    cookie = signed.headers["set-cookie"].partition(";")[0]
    proving.http.cookies.clear()
    headers = {"cookie": cookie, "Origin": base, "Sec-Fetch-Site": "same-origin", "Accept-Language": "ru"}
    page = await proving.http.get("/console/links/domains", headers=headers)
    assert "_kith.shop.example" in page.text
    looked = await proving.http.post("/console/links/domains/shop.example/verify", headers=headers)
    assert "пока ничего нет" in looked.text
    wrong = await proving.http.post("/console/links/domains", data={"domain": "co.uk"}, headers=headers)
    assert wrong.status_code == 422
    assert "Укажите свой домен" in wrong.text
