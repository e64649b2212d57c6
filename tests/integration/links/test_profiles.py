"""What a marketer knows and changes of one ambassador, and of many at once."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from services.kernel.auth import sessions
from tests.integration.links.world import BASE, OWN_PAGE, Replica, Shop, portal_of

HOME = "/console/links/ambassadors"


@asynccontextmanager
async def staff(links: Replica, shop: Shop, *scopes: str) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of somebody at the console whose key has these scopes only."""
    key = (await shop.made("/v1/keys", {"scopes": list(scopes)}))["key"]
    answer = await links.http.post("/console/session", json={"secret_key": key})
    links.http.cookies.clear()
    cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    async with httpx.AsyncClient(
        transport=links.http._transport, base_url=BASE, headers=OWN_PAGE, cookies={sessions.COOKIE: cookie}
    ) as browser:
        yield browser


async def test_an_ambassador_is_edited_by_the_form_and_by_the_api(
    links: Replica, console: httpx.AsyncClient, shop: Shop
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, name="Anna Kern", email="anna@profiles.example")
    page = f"{HOME}/{anna['id']}"
    form = await console.get(f"{page}/edit")
    assert 'value="anna@profiles.example"' in form.text
    given = {"name": "Anna Kern-Popa", "email": "anna@profiles.example", "code": "annavip", "group": "VIP"}
    given |= {"locale": "ro", "notes": "=Sister of Ben\r\nCalls on Mondays", "public_name": "", "phone": ""}
    assert (await console.post(f"{page}/edit", data=given)).status_code == 303
    known = await shop.got(f"/v1/ambassadors/{anna['id']}")
    assert (known["name"], known["group"], known["locale"]) == ("Anna Kern-Popa", "VIP", "ro")
    assert (known["code"]["code"], known["notes"]) == ("ANNAVIP", "=Sister of Ben\nCalls on Mondays")
    former = (await shop.got("/v1/codes", code=anna["code"]["code"]))["data"]
    assert [one["retired"] for one in former] == [False], "what friends have stays good"
    shown = await console.get(page)
    for part in ("Anna Kern-Popa", "Sister of Ben", "ANNAVIP", anna["code"]["code"], "VIP", "Română"):
        assert part in shown.text, part
    back = await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"code": anna["code"]["code"], "notes": None})
    assert (back.json()["code"]["code"], back.json()["notes"]) == (anna["code"]["code"], None)
    await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"notes": "=1+1"})
    sheet = await shop.http.get("/v1/ambassadors", params={"format": "csv", "sort": "name"})
    assert next(csv.DictReader(io.StringIO(sheet.text)))["notes"] == "'=1+1"


async def test_what_is_wrong_in_the_form_is_said_and_kept(console: httpx.AsyncClient, shop: Shop) -> None:
    program = await shop.program()
    ben, eva = await shop.ambassador(program, name="Ben"), await shop.ambassador(program, name="Eva", external_id="e1")
    page = f"{HOME}/{ben['id']}/edit"
    wrong = {"email": "nonsense", "group": "x" * 61, "notes": "n" * 4001}
    answer = await console.post(page, data=wrong)
    assert answer.status_code == 422
    for part in ("such as anna@example.com", "At most 60 signs", "At most 4,000 signs", 'value="nonsense"'):
        assert part in answer.text, part
    taken = await console.post(page, data={"name": "Ben", "code": eva["code"]["code"]})
    assert (taken.status_code, "The store has this code already" in taken.text) == (422, True)
    assert "1 to 64 Latin letters" in (await console.post(page, data={"name": "Ben", "code": "Ж"})).text
    other = await console.post(page, data={"name": "Ben", "external_id": "e1"})
    assert (other.status_code, "Another ambassador has this id" in other.text) == (422, True)
    problem = await shop.http.patch(f"/v1/ambassadors/{ben['id']}", json={"code": eva["code"]["code"]})
    assert (problem.status_code, problem.json()["code"]) == (409, "code_taken")
    assert (await shop.got(f"/v1/ambassadors/{ben['id']}"))["code"] == ben["code"]


async def test_doubles_are_shown_with_what_they_share_and_can_be_blocked(
    console: httpx.AsyncClient, shop: Shop
) -> None:
    program, other = await shop.program(), await shop.program(name="Other")
    who = {"name": "Ion Rusu", "email": "ion@profiles.example"}
    ion = await shop.ambassador(program, external_id="c1", **who)
    same = [{"program_id": program, "external_id": "c2", "email": "ION@profiles.example"}]
    made = (await shop.post("/v1/ambassadors/batches", {"ambassadors": same})).json()
    double = made["data"][0]["ambassador"]["id"]
    await shop.ambassador(program, name="ion rusu")
    await shop.ambassador(other, **who)
    await shop.ambassador(program, name="Ion")
    for n in range(12):
        await shop.ambassador(program, name=f"Ion Rusu {n}", phone=f"+3736900000{n:02}")
    page = (await console.get(f"{HOME}/{ion['id']}")).text
    for part in ("Possible doubles", "the same e-mail address", "the same name", "in another program"):
        assert part in page, part
    assert page.count('name="seen"') == 2, "who is in another program takes part there rightly"
    blocked = await console.post(f"{HOME}/{double}/status", data={"status": "blocked", "seen": ion["id"]})
    assert (blocked.status_code, blocked.headers["location"]) == (303, f"{HOME}/{ion['id']}")
    assert (await shop.got(f"/v1/ambassadors/{double}"))["status"] == "blocked"
    assert [one["id"] for one in (await shop.got("/v1/ambassadors", status="blocked"))["data"]] == [double]
    assert "counts for nobody until they are activated" in (await console.get(f"{HOME}/{double}")).text
    await console.post(f"{HOME}/{double}/status", data={"status": "active", "seen": "//evil.example"})
    assert (await shop.got(f"/v1/ambassadors/{double}"))["status"] == "active"


async def test_many_are_put_into_a_group_at_once_and_erasing_leaves_neither_group_nor_notes(
    links: Replica, console: httpx.AsyncClient, shop: Shop
) -> None:
    program = await shop.program()
    people = [await shop.ambassador(program, name=f"Person {n}") for n in range(3)]
    ids = [one["id"] for one in people]
    answer = await shop.http.post("/v1/ambassadors/groups", json={"ambassador_ids": ids, "group": "Spring"})
    assert (answer.status_code, answer.json()) == (200, {"changed": 3})
    again = await shop.http.post("/v1/ambassadors/groups", json={"ambassador_ids": [*ids, ids[0]], "group": "Spring"})
    assert again.json() == {"changed": 0}
    wrong = await shop.http.post("/v1/ambassadors/groups", json={"ambassador_ids": [ids[0], "amb_no"], "group": "X"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "ambassador_ids")
    back = "/console/analytics/ambassadors?sort=clicks"
    form = {"who": ids[:2], "group": "", "back": back}
    moved = await console.post(f"{HOME}/groups", data=form)
    assert (moved.status_code, moved.headers["location"]) == (303, f"{back}&moved=2")
    away = await console.post(f"{HOME}/groups", data={"who": ids[0], "group": "A", "back": "//evil.example/x"})
    assert away.headers["location"].startswith("/console/analytics/ambassadors?moved=")
    assert [one["id"] for one in (await shop.got("/v1/ambassadors", group="Spring"))["data"]] == [ids[2]]
    await shop.http.patch(f"/v1/ambassadors/{ids[2]}", json={"notes": "Owes a call", "public_name": "P"})
    own = await portal_of(links, shop, ids[2])
    for path in ("/p", "/p/settings", "/p/settings/my-data.json"):
        seen = await own.get(path)
        assert "Owes a call" not in seen.text
        assert "Spring" not in seen.text
    await own.aclose()
    assert (await shop.http.delete(f"/v1/ambassadors/{ids[2]}")).status_code == 204
    gone = await shop.got(f"/v1/ambassadors/{ids[2]}")
    assert (gone["group"], gone["notes"], gone["status"]) == (None, None, "erased")
    page = await console.get(f"{HOME}/{ids[2]}")
    assert "Owes a call" not in page.text
    assert (await console.get(f"{HOME}/{ids[2]}/edit")).status_code == 409


async def test_the_page_tells_what_happened_and_what_was_sent(console: httpx.AsyncClient, shop: Shop) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, name="Anna", email="anna@happened.example")
    await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"group": "VIP"})
    page = (await console.get(f"{HOME}/{anna['id']}", headers={"Accept-Language": "ru"})).text
    happened = page.partition('class="timeline"')[2].partition("</ol>")[0]
    assert happened.index("Изменён амбассадор") < happened.index("Вступление"), happened
    assert "сервером магазина" in happened
    for part in ("/console/analytics/ambassadors/", "/console/rewards/balances/", "/console/attribution/friends/"):
        assert f'hx-get="{part}{anna["id"]}"' in page, part
    assert f'data-name="{anna["link"]["id"]}"' in page, "clicks are filled in by who counts them"


async def test_who_is_known_by_a_retired_code_can_be_edited(console: httpx.AsyncClient, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(), name="Anna")
    code = anna["code"]
    await shop.http.patch(f"/v1/codes/{code['id']}", json={"retired": True})
    saved = await console.post(f"{HOME}/{anna['id']}/edit", data={"name": "Anna Kern", "code": code["code"]})
    assert saved.status_code == 303, "the form sends back the code that it showed"
    known = await shop.got(f"/v1/ambassadors/{anna['id']}")
    assert (known["name"], known["code"]) == ("Anna Kern", code)
    ben = await shop.ambassador(anna["program_id"], name="Ben")
    other = await console.post(f"{HOME}/{ben['id']}/edit", data={"name": "Ben", "code": code["code"]})
    assert other.status_code == 422, "another's retired code stays theirs"


async def test_a_code_is_given_by_who_may_make_codes(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(), name="Anna")
    path, page = f"/v1/ambassadors/{anna['id']}", f"{HOME}/{anna['id']}/edit"
    key = (await shop.made("/v1/keys", {"scopes": ["ambassadors:read", "ambassadors:write"]}))["key"]
    for body, status in (({"name": "A", "code": "ANNAVIP"}, 403), ({"name": "Anna K"}, 200)):
        answer = await links.http.patch(path, json=body, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status, answer.text
    async with staff(links, shop, "ambassadors:read", "ambassadors:write") as reader:
        assert 'name="code"' not in (await reader.get(page)).text
        assert (await reader.post(page, data={"name": "A", "code": "ANNAVIP"})).status_code == 403
        assert (await reader.post(page, data={"name": "Anna Kern"})).status_code == 303
    known = await shop.got(path)
    assert (known["name"], known["code"]) == ("Anna Kern", anna["code"])


@pytest.mark.parametrize("odd", ["amb_é", "éclair", "/console/analytics/ambassadors?q=é", "amb_1\r\nX: y"])
async def test_where_a_form_wants_to_go_back_to_cannot_spoil_the_answer(
    console: httpx.AsyncClient, shop: Shop, odd: str
) -> None:
    anna = await shop.ambassador(await shop.program(), name="Anna")
    blocked = await console.post(f"{HOME}/{anna['id']}/status", data={"status": "blocked", "seen": odd})
    assert (blocked.status_code, blocked.headers["location"]) == (303, f"{HOME}/{anna['id']}")
    moved = await console.post(f"{HOME}/groups", data={"who": anna["id"], "group": "VIP", "back": odd})
    assert (moved.status_code, moved.headers["location"]) == (303, "/console/analytics/ambassadors?moved=1")


async def test_the_page_shows_each_reader_what_they_may_read(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(), name="Anna")
    await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"group": "VIP"})
    home = f"{HOME}/{anna['id']}"
    elsewhere = ("/console/analytics/", "/console/rewards/", "/console/attribution/", "/console/links/links/")
    async with staff(links, shop, "ambassadors:read") as reader:
        text = (await reader.get(home)).text.partition('id="main"')[2]
        assert "Ambassador changed" not in text
        assert [part for part in elsewhere if part in text] == []
        assert f'class="back" href="{HOME}"' in text, "the list by results is for who may read figures"
        assert "By results" not in (await reader.get(HOME)).text
    async with staff(links, shop, "ambassadors:read", "audit:read", "metrics:read") as reader:
        text = (await reader.get(home)).text
        assert "Ambassador changed" in text
        assert 'class="back" href="/console/analytics/ambassadors"' in text
        assert "By results" in (await reader.get(HOME)).text


async def test_a_search_in_the_list_of_results_finds_people_by_name(console: httpx.AsyncClient, shop: Shop) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, name="Анна Керн")
    anne = await shop.ambassador(program, name="Joanna", email="x@search.example")
    await shop.ambassador(program, name="Ben")
    back = "/console/analytics/ambassadors?sort=clicks"

    async def led(q: str, place: str = back) -> httpx.URL:
        answer = await console.get(f"{HOME}/search", params={"q": q, "back": place})
        assert answer.status_code == 303
        return httpx.URL(answer.headers["location"])

    found = await led("анна")
    assert found.path == "/console/analytics/ambassadors"
    assert dict(found.params) == {"sort": "clicks", "q": "анна", "who": anna["id"], "found": "1"}
    assert (await led("joan")).params["who"] == anne["id"]
    both = await led("керн", "//evil.example")
    assert (both.path, both.host) == ("/console/analytics/ambassadors", "")
    assert dict((await led("zzz")).params)["who"] == "nobody"
    assert str(await led("  ")) == back
