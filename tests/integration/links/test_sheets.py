"""Ambassadors by CSV: tried first, then added, with an outcome for each line."""

from typing import Any

import httpx
import pytest

from tests.integration.links.test_materials import signed_in
from tests.integration.links.world import Replica, Shop, events

SHEET = """\ufeffname;E-Mail;customer_id;role
Анна;anna@example.com;c-1;influencer

Bob;no address;c-2;
"Quoted; Carl";carl@example.com;c-3;distributor
Dora;dora@example.com;c-4;partner
Dora again;DORA@example.com;;
"""


async def sheet(shop: Shop, program: str, csv: str = SHEET, **more: Any) -> httpx.Response:
    return await shop.http.post("/v1/ambassadors/sheets", json={"program_id": program, "csv": csv, **more})


async def test_a_dry_run_says_what_would_become_of_each_line_and_leaves_nothing(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    before = len(await events(links))
    answer = await sheet(shop, program)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert [result[name] for name in ("dry_run", "created", "existing", "invalid")] == [True, 2, 1, 2]
    assert [(line["line"], line["result"]) for line in result["data"]] == [
        (2, "created"), (4, "invalid"), (5, "invalid"), (6, "created"), (7, "existing"),
    ]  # fmt: skip
    assert [error["field"] for line in result["data"] for error in line["errors"]] == ["email", "role"]
    assert (await shop.got("/v1/ambassadors"))["data"] == []
    assert len(await events(links)) == before


async def test_the_same_sheet_adds_them_once_with_their_roles(links: Replica, shop: Shop) -> None:
    program = await shop.program(joining={"roles": ["distributor"]})
    first = (await sheet(shop, program, dry_run=False)).json()
    assert [first[name] for name in ("created", "existing", "invalid")] == [3, 1, 1]
    again = (await sheet(shop, program, dry_run=False)).json()
    assert [again[name] for name in ("created", "existing", "invalid")] == [0, 4, 1]
    assert [line["code"] for line in again["data"]] == [line["code"] for line in first["data"]]
    members = {one["external_id"]: one for one in (await shop.got("/v1/ambassadors"))["data"]}
    assert {key: one["role"] for key, one in members.items()} == {
        "c-1": "influencer", "c-3": "distributor", "c-4": "partner",
    }  # fmt: skip
    assert members["c-3"]["name"] == "Quoted; Carl"


@pytest.mark.parametrize(
    ("csv", "word"),
    [
        ("Anna,anna@example.com", "no column “Anna”"),
        ("name,name\nAnna,B", "named twice"),
        ("name\n\n\n", "stands nobody"),
        ("name\nAnna,anna@example.com", "Line 2"),
        ('name\n"Anna', "Line 2"),
        ("name\n" + "Anna\n" * 1001, "1000"),
    ],
)
async def test_what_is_no_sheet_is_refused_whole_and_says_where(shop: Shop, csv: str, word: str) -> None:
    answer = await sheet(shop, await shop.program(), csv)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "csv")
    assert word in answer.json()["errors"][0]["detail"]


async def test_a_marketer_tries_a_sheet_sees_each_line_and_adds_them(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    address = "/console/links/ambassadors/sheet"
    async with signed_in(links, shop) as person:
        assert "external_id" in (await person.get(address)).text
        form = {"program_id": program, "csv": SHEET, "how": "try"}
        tried = (await person.post(address, data=form)).text
        for part in ("Nothing was added yet: 2 people", "Wrong", "In already", "Add them", "Анна"):
            assert part in tried, part
        assert (await shop.got("/v1/ambassadors"))["data"] == []
        uploaded = {"file": ("people.csv", SHEET.encode(), "text/csv")}
        added = await person.post(address, data={"program_id": program, "how": "add"}, files=uploaded)
        assert "2 ambassadors added." in added.text
        assert len((await shop.got("/v1/ambassadors"))["data"]) == 2
        refused = await person.post(address, data={**form, "csv": "<b>x</b>\n1"})
        assert refused.status_code == 422
        assert "<b>x</b>" not in refused.text
        assert (await person.post(address, data={**form, "program_id": "prg_x"})).status_code == 422
