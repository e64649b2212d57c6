"""A mail address means one ambassador of a program, whether the store's customer id comes with it or not."""

import asyncio

import httpx

from tests.integration.links.test_batches import batch
from tests.integration.links.world import Replica, Shop, events

MAIL = {"email": "anna@example.com"}


async def refused(shop: Shop, program: str, **person: str) -> tuple[str, str]:
    """Who is named, and the field that names them, where somebody is in already."""
    answer = await shop.post("/v1/ambassadors", {"program_id": program, **person})
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json"), answer.text
    problem = answer.json()
    assert problem["code"] == "already_in"
    assert problem["ambassador_id"] in problem["detail"]
    return problem["ambassador_id"], problem["errors"][0]["field"]


async def test_whom_the_program_has_by_id_mail_or_phone_is_named_and_stays_as_they_are(
    links: Replica, shop: Shop
) -> None:
    program, other = await shop.program(), await shop.program()
    anna = await shop.ambassador(program, external_id="c1", name="Anna", phone="+373 60 123456", **MAIL)
    assert await refused(shop, program, external_id="c1") == (anna["id"], "external_id")
    assert await refused(shop, program, email="ANNA+shop@example.com", name="A. Markova") == (anna["id"], "email")
    assert await refused(shop, program, external_id="c2", **MAIL) == (anna["id"], "email")
    assert await refused(shop, program, phone="0037360123456") == (anna["id"], "phone")
    assert (await shop.got(f"/v1/ambassadors/{anna['id']}"))["name"] == "Anna"
    assert len((await shop.got("/v1/ambassadors", program_id=program))["data"]) == 1
    reported = [event for event in await events(links, "ambassador.saved") if event["ambassador_id"] == anna["id"]]
    assert [event["revision"] for event in reported] == [1]
    assert (await shop.ambassador(other, external_id="c1", **MAIL))["id"] != anna["id"], "another program is another's"


async def test_a_repeated_request_with_a_key_gets_the_first_answer(shop: Shop) -> None:
    body, once = {"program_id": await shop.program(), **MAIL}, {"Idempotency-Key": "join-anna"}
    first, again = [await shop.post("/v1/ambassadors", body, **once) for _ in range(2)]
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert (await shop.post("/v1/ambassadors", body)).status_code == 409


async def test_whom_a_batch_made_is_known_by_phone_too(shop: Shop) -> None:
    program = await shop.program()
    (item,) = (await batch(shop, [{"program_id": program, "phone": "+373 69 123457"}]))["data"]
    assert await refused(shop, program, phone="+37369123457") == (item["ambassador"]["id"], "phone")


async def test_an_address_goes_with_the_one_who_gives_it_up(shop: Shop) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, phone="+373 60 123456", **MAIL)
    path = f"/v1/ambassadors/{anna['id']}"
    await shop.http.patch(path, json={"email": "markova@example.com", "phone": "+373 60 999999"})
    assert await refused(shop, program, email="markova@example.com") == (anna["id"], "email")
    assert await refused(shop, program, phone="+373 60 999999") == (anna["id"], "phone")
    new = await shop.ambassador(program, phone="+373 60 123456", **MAIL)
    await shop.http.delete(f"/v1/ambassadors/{new['id']}")
    assert (await shop.ambassador(program, external_id="c3", **MAIL))["id"] not in {anna["id"], new["id"]}


async def test_nobody_s_address_means_nobody(shop: Shop) -> None:
    program = await shop.program()
    guests = [await shop.ambassador(program, email="guest@example.com") for _ in range(2)]
    assert len({guest["id"] for guest in guests}) == 2


async def test_the_same_address_joins_once_even_in_parallel(shop: Shop) -> None:
    program = await shop.program()
    bodies = [{"program_id": program, **MAIL}, {"program_id": program, "external_id": "c1", **MAIL}]

    async def posted(number: int) -> httpx.Response:
        return await shop.post("/v1/ambassadors", bodies[number % 2])

    answers = await asyncio.gather(*(posted(number) for number in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
    named = {answer.json().get("id") or answer.json()["ambassador_id"] for answer in answers}
    assert len(named) == 1


async def test_a_batch_knows_people_by_mail_too(shop: Shop) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, **MAIL)
    people = [
        {"program_id": program, "external_id": "c1", **MAIL},
        {"program_id": program, "email": "boris@example.com"},
        {"program_id": program, "external_id": "c2", "email": "Boris@example.com"},
        {"program_id": program, "external_id": "c3", "email": "boris@example.com"},
        {"program_id": program, "external_id": "c2"},
        {"program_id": program, "email": "boris@example.com"},
    ]
    answer = await batch(shop, people)
    assert [item["result"] for item in answer["data"]] == [
        *("existing", "created", "existing", "created", "existing", "existing")
    ]
    ids = [item["ambassador"]["id"] for item in answer["data"]]
    assert ids[0] == anna["id"]
    assert ids[1] == ids[2] == ids[4] == ids[5] != ids[3]
    assert [item["ambassador"]["external_id"] for item in answer["data"]] == ["c1", "c2", "c2", "c3", "c2", "c2"]
    again = await batch(shop, people)
    assert [item["ambassador"]["id"] for item in again["data"]] == ids
    assert again["created"] == 0


async def test_batches_at_the_same_moment_make_each_address_once(shop: Shop) -> None:
    program = await shop.program()
    people = [{"program_id": program, "email": f"friend{n}@example.com"} for n in range(40)]
    both = await asyncio.gather(batch(shop, people), batch(shop, people[::-1]))
    first, second = ([item["ambassador"]["id"] for item in answer["data"]] for answer in both)
    assert first == second[::-1]
    assert sum(answer["created"] for answer in both) == 40
