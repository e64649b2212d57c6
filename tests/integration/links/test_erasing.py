"""A person asks to be forgotten: what is known of them goes, and what was counted stays."""

import httpx
import pytest

from tests.integration.links.world import Replica, Shop, click, events, redirect_of

ANNA = {
    "external_id": "c1",
    "name": "Anna Kern",
    "email": "anna@example.com",
    "phone": "+373 60 123456",
    "locale": "ro",
}


async def test_an_erased_person_is_known_no_more(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(), **ANNA)
    path = f"/v1/ambassadors/{anna['id']}"
    assert (await click(links, anna["link"]["slug"])).status_code == 302
    assert (await shop.http.delete(path)).status_code == 204

    left = await shop.got(path)
    assert left["status"] == "erased"
    assert [left[field] for field in ("name", "email", "phone", "external_id", "locale")] == [None] * 5
    assert left["portal_url"] == ""
    assert (await shop.got("/v1/ambassadors", q="anna@example"))["data"] == []
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select count(*) from people where ambassador_id = :id", id=anna["id"]) == 0
    reported = [event for event in await events(links, "ambassador.saved") if event["ambassador_id"] == anna["id"]]
    assert reported[-1]["status"] == "erased"
    known = ("external_id", "contact_hashes")
    assert [bool(reported[0].get(field)) for field in known] == [True, True]
    assert [bool(reported[-1].get(field)) for field in known] == [False, False]


async def test_a_repeated_request_to_join_answers_as_erased(links: Replica, shop: Shop) -> None:
    body = {"program_id": await shop.program(), **ANNA}
    first = await shop.post("/v1/ambassadors", body, **{"Idempotency-Key": "join-1"})
    anna = first.json()
    assert (anna["external_id"], anna["status"]) == ("c1", "active")
    await shop.http.delete(f"/v1/ambassadors/{anna['id']}")
    again = await shop.post("/v1/ambassadors", body, **{"Idempotency-Key": "join-1"})
    assert again.status_code == 201
    assert again.headers["idempotent-replayed"] == "true"
    reported = again.json()
    assert (reported["id"], reported["status"]) == (anna["id"], "erased")
    assert [reported["external_id"], reported["locale"], reported["portal_url"]] == [None, None, ""]
    async with links.ctx.db.transaction([shop.id]) as tx:
        kept = await tx.all("select convert_from(answer, 'UTF8') as text from answers where store_id = :s", s=shop.id)
    assert not [row for row in kept if '"c1"' in row.text]


async def test_every_link_ends_and_every_code_is_retired(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    anna = await shop.ambassador(program_id, **ANNA)
    own = {"program_id": program_id, "ambassador_id": anna["id"]}
    link = await shop.made("/v1/links", {**own, "slug": "annas-tip"})
    await shop.made("/v1/codes", {**own, "code": "ANNAS-TIP"})
    assert (await click(links, link["slug"])).status_code == 302
    await shop.http.delete(f"/v1/ambassadors/{anna['id']}")

    await redirect_of(links).cache.catch_up()
    for slug in (anna["link"]["slug"], link["slug"]):
        assert (await click(links, slug)).status_code == 410
    codes = (await shop.got("/v1/codes", ambassador_id=anna["id"]))["data"]
    assert [(code["code"], code["retired"]) for code in codes] == [("ANNAS-TIP", True), ("ANNA10", True)]
    reported = await events(links, "saved")
    assert [e["deleted"] for e in reported if e.get("link_id") in {link["id"], anna["link"]["id"]}] == [False] * 2 + [
        True
    ] * 2
    again = await shop.ambassador(program_id, name="Anna Kern")
    assert again["code"]["code"] not in {"ANNA10", "ANNAS-TIP"}, "a retired code is never another's"


async def test_what_is_erased_stays_so_and_gets_nothing_new(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    anna = await shop.ambassador(program_id, **ANNA)
    path = f"/v1/ambassadors/{anna['id']}"
    assert (await shop.http.delete(path)).status_code == 204
    before = len(await events(links))
    assert (await shop.http.delete(path)).status_code == 204
    assert len(await events(links)) == before, "twice is as good as once"

    own = {"program_id": program_id, "ambassador_id": anna["id"]}
    refused = [
        await shop.http.patch(f"/v1/codes/{anna['code']['id']}", json={"retired": False}),
        await shop.http.patch(path, json={"name": "Anna again"}),
        await shop.http.patch(path, json={"status": "active"}),
        await shop.post("/v1/links", own),
        await shop.post("/v1/codes", own),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(409, "erased")] * 5
    sponsored = await shop.post("/v1/ambassadors", {"program_id": program_id, "sponsor_id": anna["id"]})
    assert sponsored.status_code == 422
    back = await shop.ambassador(program_id, **ANNA)
    assert back["id"] != anna["id"], "who comes back is somebody new"


async def test_only_the_own_store_erases_and_only_who_may_write(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(), **ANNA)
    path = f"/v1/ambassadors/{anna['id']}"
    reader = await shop.made("/v1/keys", {"scopes": ["ambassadors:read"], "label": "Reader"})
    answer = await links.http.delete(path, headers={"Authorization": f"Bearer {reader['key']}"})
    assert answer.status_code == 403
    assert (await links.http.delete(path)).status_code == 401
    assert (await shop.http.delete("/v1/ambassadors/amb_nobody")).status_code == 404
    assert (await shop.got(path))["name"] == "Anna Kern"


@pytest.mark.parametrize("language", ["en", "ru", "uk", "ro"])
async def test_a_marketer_erases_on_the_persons_page(console: httpx.AsyncClient, shop: Shop, language: str) -> None:
    anna = await shop.ambassador(await shop.program(), **ANNA)
    home = f"/console/links/ambassadors/{anna['id']}"
    before = await console.get(f"{home}?lang={language}")
    assert f'action="{home}/erase"' in before.text
    done = await console.post(f"{home}/erase")
    assert (done.status_code, done.headers["location"]) == (303, home)
    page = await console.get(f"{home}?lang={language}")
    assert page.status_code == 200
    for gone in ("Anna Kern", "anna@example.com", "60 123456", anna["portal_url"], f"{home}/erase", "qr.svg"):
        assert gone not in page.text
    listed = await console.get("/console/links/ambassadors?lang=en")
    assert "Erased" in listed.text
    assert (await console.get(f"/console/links/names?ids={anna['id']},ANNA10")).json() == {}
