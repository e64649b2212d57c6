"""Who brought an ambassador: noted when they join and later, never in a circle, and found out of friends who join."""

import asyncio
from typing import Any

import pytest

from contracts.events.actions import ActionSettled
from tests.integration.links.notifying import receive
from tests.integration.links.world import Replica, Shop, events


async def patched(shop: Shop, who: str, sponsor: str | None) -> tuple[int, dict[str, Any]]:
    answer = await shop.http.patch(f"/v1/ambassadors/{who}", json={"sponsor_id": sponsor})
    return answer.status_code, answer.json()


@pytest.fixture
async def four(shop: Shop) -> list[str]:
    program = await shop.program()
    return [(await shop.ambassador(program, external_id=name))["id"] for name in ("anna", "boris", "clara", "dora")]


async def test_a_sponsor_is_set_changed_and_cleared(links: Replica, shop: Shop, four: list[str]) -> None:
    anna, boris, clara, _ = four
    for sponsor in (boris, clara, None):
        status, body = await patched(shop, anna, sponsor)
        assert (status, body["sponsor_id"]) == (200, sponsor)
    told = [one.get("sponsor_id") for one in await events(links) if one.get("ambassador_id") == anna]
    assert told[-3:] == [boris, clara, None]


async def test_nobody_stands_above_themselves(shop: Shop, four: list[str]) -> None:
    anna, boris, clara, dora = four
    for who, sponsor in ((anna, boris), (boris, clara), (clara, dora)):
        assert (await patched(shop, who, sponsor))[0] == 200
    for who, sponsor, code in (
        (anna, anna, "own_sponsor"),
        (boris, anna, "sponsor_cycle"),
        (dora, anna, "sponsor_cycle"),
        (dora, "amb_nobody", "unknown_sponsor"),
        (dora, (await shop.ambassador(await shop.program()))["id"], "unknown_sponsor"),
    ):
        status, problem = await patched(shop, who, sponsor)
        [error] = problem["errors"]
        assert (status, error["field"], error["code"]) == (422, "sponsor_id", code), problem
    assert (await patched(shop, anna, dora))[0] == 200  # further up is no circle


async def test_two_requests_close_no_circle_together(shop: Shop, four: list[str]) -> None:
    for _ in range(5):
        pairs = list(zip(four, four[1:] + four[:1], strict=True))
        answers = await asyncio.gather(*(patched(shop, who, sponsor) for who, sponsor in pairs))
        assert sorted(status for status, _ in answers) == [200, 200, 200, 422]
        for who in four:
            await patched(shop, who, None)


async def test_who_was_erased_is_nobodys_sponsor(shop: Shop, four: list[str]) -> None:
    anna, boris, *_ = four
    assert (await shop.http.delete(f"/v1/ambassadors/{boris}")).status_code == 204
    status, problem = await patched(shop, anna, boris)
    assert (status, problem["errors"][0]["code"]) == (422, "unknown_sponsor")


def brought(shop: Shop, program: str, who: str, by: str) -> ActionSettled:
    """That the order is final by which somebody was brought who is an ambassador now."""
    return ActionSettled.model_validate(
        {
            "store_id": shop.id,
            "event_id": f"friend.joined-{who}",
            "name": "friend.joined",
            "revision": 1,
            "status": "attributed",
            "reason": "customer",
            "happened_at": "2026-11-20T09:00:02Z",
            "decided_at": "2026-11-20T09:00:02Z",
            "friend_id": "mia",
            "event_number": 1,
            "program_id": program,
            "program_version": 1,
            "ambassador_id": by,
            "engine": "1",
        }
    )


async def test_a_friend_who_joined_has_who_brought_them_where_the_program_says_so(links: Replica, shop: Shop) -> None:
    for wanted in (False, True):
        program = await shop.program(sponsor_by_referral=wanted)
        anna, mia, noa = [(await shop.ambassador(program))["id"] for _ in range(3)]
        assert (await patched(shop, noa, anna))[0] == 200
        await receive(links, brought(shop, program, mia, anna), brought(shop, program, noa, mia))
        await receive(links, brought(shop, program, mia, noa), brought(shop, program, anna, mia))
        found = {who: (await shop.got(f"/v1/ambassadors/{who}"))["sponsor_id"] for who in (anna, mia, noa)}
        assert found == {anna: None, mia: anna if wanted else None, noa: anna}
