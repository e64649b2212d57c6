"""Many ambassadors by one call: each answered by itself, and each made as by a call of its own."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from services.links.batches.schemas import MOST, MOST_BYTES
from tests.integration.links.world import Replica, Shop, events

PATH = "/v1/ambassadors/batches"


async def batch(shop: Shop, people: list[dict[str, Any]], **headers: str) -> dict[str, Any]:
    answer = await shop.post(PATH, {"ambassadors": people}, **headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def listed(shop: Shop, program: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await shop.got("/v1/ambassadors", program_id=program, limit="200", **cursor)
        rows += page["data"]
        if page["next_cursor"] is None:
            return rows
        cursor = {"cursor": page["next_cursor"]}


async def test_a_thousand_of_one_name_join_at_once_and_all_have_what_one_call_gives(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    people = [{"program_id": program, "external_id": f"c{n}", "name": "Anna Rusu"} for n in range(MOST)]
    people[7]["email"] = "anna@mail.example"
    answer = await batch(shop, people)
    assert (answer["created"], answer["existing"], answer["invalid"]) == (MOST, 0, 0)
    assert [item["index"] for item in answer["data"]] == list(range(MOST))
    single = await shop.ambassador(program, external_id="alone", name="Anna Rusu")
    assert answer["data"][0]["ambassador"].keys() == single.keys()
    found = {row["external_id"]: row for row in await listed(shop, program)}
    assert len({row["code"]["code"] for row in found.values()}) == MOST + 1
    assert len({row["link"]["slug"] for row in found.values()}) == MOST + 1
    assert {"ANNA10", "ANNAR", "ANNAR10"} <= {row["code"]["code"] for row in found.values()}
    for item in answer["data"]:
        row = found[f"c{item['index']}"]
        assert {name: row[name] for name in item["ambassador"]} == item["ambassador"]
    assert found["c7"]["email"] == "anna@mail.example"
    reported = Counter(event["type"] for event in await events(links) if event.get("program_id") == program)
    assert {reported[f"kith.{kind}.saved.v1"] for kind in ("ambassador", "link", "code")} == {MOST + 1}
    assert (await links.http.get(f"/r/{found['c7']['link']['slug']}")).status_code == 302


async def test_what_is_wrong_with_one_leaves_the_others_alone(shop: Shop) -> None:
    program, other = await shop.program(), await shop.program()
    sponsor = await shop.ambassador(other)
    answer = await batch(
        shop,
        [
            {"program_id": program, "name": "Ion"},
            {"program_id": program, "email": "not an address"},
            {"program_id": "prg_none"},
            {"program_id": program, "sponsor_id": sponsor["id"]},
            {"program_id": program, "colour": "red", "phone": "1"},
            {"program_id": other, "sponsor_id": sponsor["id"]},
            {},
        ],
    )
    results = [item["result"] for item in answer["data"]]
    assert results == ["created", "invalid", "invalid", "invalid", "invalid", "created", "invalid"]
    fields = [{error["field"] for error in item["errors"]} for item in answer["data"]]
    assert fields == [set(), {"email"}, {"program_id"}, {"sponsor_id"}, {"colour", "phone"}, set(), {"program_id"}]
    assert (len(await listed(shop, program)), len(await listed(shop, other))) == (1, 2)


async def test_nobody_is_made_twice(shop: Shop) -> None:
    program, other = await shop.program(), await shop.program()
    there = await shop.ambassador(program, external_id="c1", name="Vera")
    people = [
        {"program_id": program, "external_id": "c1", "name": "Somebody else"},
        {"program_id": program, "external_id": "c2"},
        {"program_id": program, "external_id": "c2"},
        {"program_id": other, "external_id": "c2"},
        {"program_id": program},
    ]
    first = await batch(shop, people, **{"Idempotency-Key": "b1"})
    assert [i["result"] for i in first["data"]] == ["existing", "created", "existing", "created", "created"]
    ids = [item["ambassador"]["id"] for item in first["data"]]
    assert ids[0] == there["id"]
    assert ids[1] == ids[2] != ids[3]
    assert first["data"][0]["ambassador"] == there
    assert await batch(shop, people, **{"Idempotency-Key": "b1"}) == first
    again = await batch(shop, people)
    assert [i["ambassador"]["id"] for i in again["data"]][:4] == ids[:4]
    assert [i["result"] for i in again["data"]] == ["existing"] * 4 + ["created"], "who has no id cannot be recognised"


async def test_batches_at_the_same_moment_make_each_person_once(shop: Shop) -> None:
    program = await shop.program()
    people = [{"program_id": program, "external_id": f"c{n}", "name": "Olga Rusu"} for n in range(60)]
    both = await asyncio.gather(batch(shop, people), batch(shop, people[::-1]))
    ids = [{i["ambassador"]["external_id"]: i["ambassador"]["id"] for i in answer["data"]} for answer in both]
    assert ids[0] == ids[1]
    assert sum(answer["created"] for answer in both) == 60
    assert len(await listed(shop, program)) == 60


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"ambassadors": []}, 422, "ambassadors"),
        ({"ambassadors": [{}] * (MOST + 1)}, 422, "ambassadors"),
        ({"ambassadors": [7]}, 422, "ambassadors.0"),
        ({"people": []}, 422, "people"),
        ({"ambassadors": [{"name": "x" * MOST_BYTES}]}, 413, None),
    ],
)
async def test_what_is_no_batch_is_refused_whole(shop: Shop, body: object, status: int, field: str | None) -> None:
    answer = await shop.post(PATH, body)
    assert answer.status_code == status
    assert field is None or field in {error["field"] for error in answer.json()["errors"]}


async def test_a_batch_may_be_larger_than_other_bodies(shop: Shop) -> None:
    program = await shop.program()
    people = [{"program_id": program, "name": "Ж" * 110, "group": "friends"} for _ in range(900)]
    assert (await batch(shop, people))["created"] == 900
