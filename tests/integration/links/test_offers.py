"""A shop asks what the friend who came by a link is promised."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.integration.links.world import PROGRAM, Replica, Shop, click

TEN_OFF = {"give": {"kind": "percent", "basis_points": 1000}, "which": "first"}


async def _token(links: Replica, slug: str, **headers: str) -> str:
    location = (await click(links, slug, **headers)).headers["location"]
    return parse_qs(urlsplit(location).query)["kith"][0]


async def _offer(shop: Shop, *tokens: str) -> dict[str, Any]:
    answer = await shop.post("/v1/offers", {"tokens": tokens})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_friend_by_link_gets_the_code_and_the_discount(links: Replica, shop: Shop) -> None:
    program_id = await shop.program(
        friend_benefit="discount", discount=TEN_OFF, attribution={"min_subtotal_minor": 2000, "click_window_days": 7}
    )
    anna = await shop.ambassador(program_id, name="Anna")
    token = await _token(links, anna["link"]["slug"])
    found = await _offer(shop, "k1.broken", token)
    assert (found["valid"], found["code"], found["benefit"]) == (True, anna["code"]["code"], "discount")
    assert found["friend"] == [
        {
            "rule": "discount",
            "give": {"kind": "percent", "basis_points": 1000, "of": "subtotal"},
            "which": "first",
            "pay_as": "discount",
        }
    ]
    assert (found["min_subtotal_minor"], found["new_customers_only"]) == (2000, True)


async def test_both_names_both_and_none_names_nothing(links: Replica, shop: Shop) -> None:
    program_id = await shop.program(friend_benefit="both", discount=TEN_OFF)
    token = await _token(links, (await shop.ambassador(program_id))["link"]["slug"])
    assert [gift["pay_as"] for gift in (await _offer(shop, token))["friend"]] == ["discount", "store_credit"]
    await shop.http.patch(f"/v1/programs/{program_id}", json={"friend_benefit": "none"})
    found = await _offer(shop, token)
    assert (found["valid"], found["benefit"], found["friend"]) == (True, "none", [])


async def test_the_newest_token_that_counts_speaks(links: Replica, shop: Shop) -> None:
    program_id = await shop.program(friend_benefit="discount", discount=TEN_OFF)
    anna, boris = await shop.ambassador(program_id, name="Anna"), await shop.ambassador(program_id, name="Boris")
    tokens = [await _token(links, one["link"]["slug"]) for one in (anna, boris)]
    assert (await _offer(shop, *reversed(tokens)))["ambassador_id"] == boris["id"]
    await shop.http.patch(f"/v1/ambassadors/{boris['id']}", json={"status": "blocked"})
    assert (await _offer(shop, *tokens))["ambassador_id"] == anna["id"]
    await shop.http.patch(f"/v1/programs/{program_id}", json={"status": "paused"})
    assert (await _offer(shop, *tokens))["valid"] is False


async def test_a_link_that_a_page_opened_by_itself_promises_nothing(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(friend_benefit="discount", discount=TEN_OFF))
    token = await _token(links, anna["link"]["slug"], **{"Sec-Fetch-Dest": "iframe"})
    assert (await _offer(shop, token))["valid"] is False
    assert (await _offer(shop))["valid"] is False


async def test_how_the_friend_is_served_must_be_said_whole(shop: Shop) -> None:
    for wrong in ({"friend_benefit": "discount"}, {"friend_benefit": "credit", "rewards": []}):
        answer = await shop.post("/v1/programs", {**PROGRAM, **wrong})
        assert answer.status_code == 422, answer.text
        assert "friend_benefit is" in answer.text
    with_shipping = {"give": {"kind": "percent", "basis_points": 1000, "of": "total"}}
    answer = await shop.post("/v1/programs", {**PROGRAM, "friend_benefit": "discount", "discount": with_shipping})
    assert answer.status_code == 422
