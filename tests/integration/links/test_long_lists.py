"""Lists that are longer than a page: every row is reached, and a page says where it stands."""

import html
import re

import httpx
import pytest

from services.links.ambassadors.api import console as ambassadors
from services.links.profiles.api import console as profiles
from services.links.programs.api import console as programs
from tests.integration.links.world import Shop

NEXT = re.compile(r'href="([^"]+)" rel="next"')
PREVIOUS = re.compile(r'href="([^"]+)" rel="prev"')
HOME = "/console/links/ambassadors"


def followed(found: re.Match[str] | None) -> str:
    assert found is not None, "no way on"
    return html.unescape(found[1])


async def walked(console: httpx.AsyncClient, href: str, row: str) -> list[list[str]]:
    """What a page and those behind it list, until there is no next one."""
    pages = []
    while href:
        page = (await console.get(href)).text
        pages.append(re.findall(row, page))
        following = NEXT.search(page)
        href = followed(following) if following else ""
    return pages


async def test_all_programs_are_listed_and_offered_to_choose_from(
    console: httpx.AsyncClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 203
    for number in range(count):
        await shop.program(name=f"Program {number:03}")
    names = [f"Program {number:03}" for number in reversed(range(count))]
    pages = await walked(console, programs.HOME, r">(Program \d{3})</a>")
    assert [name for page in pages for name in page] == names
    assert [len(page) for page in pages] == [50, 50, 50, 50, 3]
    menu = (await console.get(HOME)).text
    assert [name for name in names if f">{name}</a>" not in menu] == []
    form = (await console.get(f"{HOME}/new")).text
    assert [name for name in names if f">{name}</option>" not in form] == []


async def test_all_versions_of_a_program_are_reached_and_the_first_is_called_published(
    console: httpx.AsyncClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_id = await shop.program()
    for days in (7, 8, 9, 10):
        answer = await shop.http.patch(f"/v1/programs/{program_id}", json={"attribution": {"click_window_days": days}})
        assert answer.status_code == 200, answer.text
    found = await shop.got(f"/v1/programs/{program_id}/versions", limit="3")
    assert [one["version"] for one in found["data"]] == [5, 4, 3]
    rest = await shop.got(f"/v1/programs/{program_id}/versions", limit="3", cursor=found["next_cursor"])
    assert [one["version"] for one in rest["data"]] == [2, 1]
    assert rest["next_cursor"] is None

    monkeypatch.setattr(programs, "_VERSIONS", 2)
    newest = (await console.get(f"{programs.HOME}/{program_id}")).text
    assert re.findall(r"Version (\d)", newest) == ["5", "4"]
    assert "Click window: 8 days → 9 days" in newest, "what the last one on the page changed"
    older = (await console.get(f"{programs.HOME}/{program_id}?before=4")).text
    assert re.findall(r"Version (\d)", older) == ["3", "2"]
    assert "Newest versions" in older
    assert "?before=2" in older
    first = (await console.get(f"{programs.HOME}/{program_id}?before=2")).text
    assert re.findall(r"Version (\d)", first) == ["1"]
    assert "Published" in first
    assert "Older versions" not in first


async def test_all_links_of_an_ambassador_are_reached(
    console: httpx.AsyncClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_id = await shop.program()
    anna = await shop.ambassador(program_id, name="Anna")
    home = f"{HOME}/{anna['id']}"
    assert 'rel="next"' not in (await console.get(home)).text
    more = [await shop.made("/v1/links", {"program_id": program_id, "ambassador_id": anna["id"]}) for _ in range(3)]
    made = [anna["link"]["slug"], *(one["slug"] for one in more)]
    monkeypatch.setattr(profiles, "_LINKS", 3)
    assert await walked(console, home, r">/r/(\w+)<") == [made[:0:-1], made[:1]]


async def test_the_way_back_through_a_list_says_where_it_leads(
    console: httpx.AsyncClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address keeps some of the pages walked; behind the oldest of them lies the beginning."""
    program_id = await shop.program()
    for number in range(6):
        await shop.ambassador(program_id, name=f"Person {number}")
    monkeypatch.setattr(ambassadors, "_PAGE", 1)
    monkeypatch.setattr(ambassadors, "_TRAIL", 3)
    page = (await console.get(HOME)).text
    for _ in range(5):
        page = (await console.get(followed(NEXT.search(page)))).text
    seen = []
    while True:
        seen.append((re.findall(r">(Person \d)</a>", page), re.search(r"\d–\d of \d", page)[0]))  # type: ignore[index]
        back = PREVIOUS.search(page)
        if back is None:
            break
        page = (await console.get(followed(back))).text
    assert seen == [
        (["Person 0"], "6–6 of 6"),
        (["Person 1"], "5–5 of 6"),
        (["Person 2"], "4–4 of 6"),
        (["Person 5"], "1–1 of 6"),
    ]


async def test_more_names_than_are_told_at_once_are_refused(console: httpx.AsyncClient) -> None:
    wanted = {"ids": ",".join(f"A{n}" for n in range(501))}
    answer = await console.get("/console/links/names", params=wanted, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "ids")
    answer = await console.get("/console/links/names", params={"ids": ",".join(f"A{n}" for n in range(500))})
    assert answer.json() == {}
