"""What a marketer knows and changes of one ambassador, and of many at once."""

import csv
import io

import httpx

from tests.integration.links.world import Replica, Shop, portal_of

HOME = "/console/links/ambassadors"


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
