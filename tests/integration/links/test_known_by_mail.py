"""A mail address means one ambassador of a program, whether the store's customer id comes with it or not."""

import asyncio

import httpx

from tests.integration.links.test_batches import batch
from tests.integration.links.world import Replica, Shop, events

MAIL = {"email": "anna@example.com"}


async def test_who_joined_by_mail_alone_is_found_by_id_and_mail_and_keeps_the_link(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, name="Anna", **MAIL)
    known = await shop.ambassador(program, external_id="c1", email="ANNA+shop@example.com", name="A. Markova")
    assert (known["id"], known["link"], known["code"]) == (anna["id"], anna["link"], anna["code"])
    assert known["external_id"] == "c1"
    assert (await shop.got(f"/v1/ambassadors/{anna['id']}"))["name"] == "Anna", "what is known stays as it is"
    assert (await shop.ambassador(program, external_id="c1"))["id"] == anna["id"]
    assert (await shop.ambassador(program, **MAIL))["id"] == anna["id"]
    assert len((await shop.got("/v1/ambassadors", program_id=program))["data"]) == 1
    reported = [event for event in await events(links, "ambassador.saved") if event["ambassador_id"] == anna["id"]]
    assert [(event["revision"], event.get("external_id")) for event in reported] == [(1, None), (2, "c1")]


async def test_who_joined_by_id_and_mail_is_found_by_mail_alone_and_opens_the_same_portal(shop: Shop) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, external_id="c1", **MAIL)
    again = await shop.ambassador(program, **MAIL)
    assert (again["id"], again["portal_url"]) == (anna["id"], anna["portal_url"])


async def test_two_customers_of_one_address_are_two_and_the_first_has_it(shop: Shop) -> None:
    program, other = await shop.program(), await shop.program()
    first = await shop.ambassador(program, external_id="c1", **MAIL)
    second = await shop.ambassador(program, external_id="c2", **MAIL)
    elsewhere = await shop.ambassador(other, **MAIL)
    assert len({first["id"], second["id"], elsewhere["id"]}) == 3
    assert (await shop.ambassador(program, **MAIL))["id"] == first["id"]
    assert (await shop.ambassador(program, external_id="c2", **MAIL))["id"] == second["id"]


async def test_an_address_goes_with_the_one_who_gives_it_up(shop: Shop) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, **MAIL)
    await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"email": "markova@example.com"})
    assert (await shop.ambassador(program, email="markova@example.com"))["id"] == anna["id"]
    new = await shop.ambassador(program, **MAIL)
    assert new["id"] != anna["id"]
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
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


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
    said = await batch(shop, people)
    assert [item["result"] for item in said["data"]] == [
        *("existing", "created", "existing", "created", "existing", "existing")
    ]
    ids = [item["ambassador"]["id"] for item in said["data"]]
    assert ids[0] == anna["id"]
    assert ids[1] == ids[2] == ids[4] == ids[5] != ids[3]
    assert [item["ambassador"]["external_id"] for item in said["data"]] == ["c1", "c2", "c2", "c3", "c2", "c2"]
    again = await batch(shop, people)
    assert [item["ambassador"]["id"] for item in again["data"]] == ids
    assert again["created"] == 0


async def test_batches_at_the_same_moment_make_each_address_once(shop: Shop) -> None:
    program = await shop.program()
    people = [{"program_id": program, "email": f"friend{n}@example.com"} for n in range(40)]
    both = await asyncio.gather(batch(shop, people), batch(shop, people[::-1]))
    first, second = ([item["ambassador"]["id"] for item in said["data"]] for said in both)
    assert first == second[::-1]
    assert sum(said["created"] for said in both) == 40
