"""The console's pages of rewards and the ledger, and the portal's part."""

from datetime import timedelta
from typing import Literal

import pytest

from contracts.events.catalog import AmbassadorSaved
from services.kernel.auth.sessions import issue_portal
from tests.integration.rewards.world import World
from tests.support.forge import forged
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    ANNA,
    FRIEND_RULE,
    NOON,
    PROGRAM,
    STORE,
    configured,
    make_program,
    make_state,
    published,
)

LIMITED = {**AMBASSADOR_RULE, "limits": {"per_order_minor": 5000, "per_ambassador": {"count": 20, "period": "month"}}}


@pytest.fixture
async def shop(world: World) -> World:
    """Three orders: one as it should be, one refunded by half, one cancelled."""
    await world.take(configured(), published(make_program(FRIEND_RULE, LIMITED)))
    await world.take(make_state("10482"), make_state("2"), make_state("3"), make_state("4", order_number=2))
    await world.take(make_state("2", revision=2, refunded_minor=2545), make_state("3", revision=2, cancelled=True))
    return world


async def test_an_orders_cards_say_who_gets_what_and_by_which_terms(shop: World) -> None:
    async with shop.browser(STORE) as person:
        page = await person.get("/console/rewards/orders/10482", headers={"HX-Request": "true"})
    assert page.status_code == 200
    for text in (
        "€4.60",
        "10% of the subtotal of €46.00",
        "in cash",
        "€10.00",
        "as store credit",
        "Pending",
        "17\u00a0Nov",
    ):
        assert text in page.text, text
    assert "4 of at most 20" not in page.text
    assert "3 of at most 20 used in the month of the order" in page.text
    assert "<html" not in page.text


async def test_cards_say_why_an_amount_is_lower_or_nothing(shop: World) -> None:
    async with shop.browser(STORE) as person:
        lowered = (await person.get("/console/rewards/orders/2")).text
        cancelled = (await person.get("/console/rewards/orders/3")).text
        later = (await person.get("/console/rewards/orders/4")).text
        unknown = (await person.get("/console/rewards/orders/none/such")).text
    assert "€25.45 of €50.90 was refunded" in lowered
    assert "the order was cancelled" in cancelled
    assert "only a friend’s first order counts" in later
    assert "on its way" in unknown


async def test_the_list_is_filtered_searched_and_exported(shop: World) -> None:
    async with shop.browser(STORE) as person:
        everything = (await person.get("/console/rewards/rewards")).text
        reversed_ones = (await person.get("/console/rewards/rewards", params={"status": "reversed"})).text
        found = (await person.get("/console/rewards/rewards", params={"q": "10482"})).text
        sheet = await person.get("/console/rewards/rewards", params={"status": "reversed", "format": "csv"})
        empty = (await person.get("/console/rewards/rewards", params={"q": "nothing"})).text
    assert everything.count('<tr role="row">') == 8
    assert reversed_ones.count('<tr role="row">') == 3
    assert found.count('<tr role="row">') == 3
    assert sheet.headers["content-type"].startswith("text/csv")
    assert len(sheet.text.splitlines()) == 3
    assert "No rewards here" in empty


async def test_a_rewards_page_shows_the_way_to_its_amount_and_takes_a_rejection(shop: World) -> None:
    reward = next(r for r in await shop.rewards(STORE, "2") if r.rule == "ambassador")
    address = f"/console/rewards/rewards/{reward.reward_id}"
    origin = {"Origin": "http://kith.test"}
    async with shop.browser(STORE) as person:
        page = (await person.get(address)).text
        bare = await person.post(f"{address}/reject", data={"reason": " "}, headers=origin)
        foreign = await person.post(
            f"{address}/reject", data={"reason": "x"}, headers={"Origin": "https://evil.example"}
        )
        done = await person.post(f"{address}/reject", data={"reason": "Own staff <b>"}, headers=origin)
        after = (await person.get(address)).text
    assert "Granted: €4.60" in page
    assert "Taken back: €2.30" in page
    assert (bare.status_code, bare.headers["location"]) == (303, f"{address}?error=reason#reject")
    assert foreign.status_code == 403
    assert done.status_code == 303
    assert "Own staff &lt;b&gt;" in after
    assert "Reject for good" not in after


async def test_the_ledgers_page_adds_up(shop: World) -> None:
    async with shop.browser(STORE) as person:
        page = (await person.get("/console/rewards/ledger")).text
        filtered = (await person.get("/console/rewards/ledger", params={"account": "program_expense"})).text
        sheet = await person.get("/console/rewards/ledger", params={"format": "csv"})
    assert "Trial balance, €" in page
    assert "corrects set" in page
    assert "Programs’ expense" in filtered
    assert len(sheet.text.splitlines()) == 1 + 22


@pytest.mark.parametrize("language", ["ru", "uk", "ro"])
async def test_pages_speak_the_readers_language(shop: World, language: str) -> None:
    async with shop.browser(STORE, language) as person:
        for path in ("/console/rewards/rewards", "/console/rewards/ledger", "/console/rewards/orders/10482"):
            page = await person.get(path)
            assert page.status_code == 200
            assert "Pending" not in page.text
            assert "Trial balance" not in page.text


async def test_the_portal_shows_an_ambassador_their_own_balance(shop: World) -> None:
    token = issue_portal(shop.ctx.ring, store_id=STORE, ambassador_id=ANNA, life=timedelta(days=1))
    async with shop.caller(STORE) as http:
        page = await http.get(f"/p/{token}/balance")
        strange = await http.get(f"/p/{forged(token)}/balance")
    assert page.status_code == 200
    assert "€0.00" in page.text
    assert "€11.50" in page.text
    assert strange.status_code == 401


async def test_the_portal_of_an_erased_ambassador_shows_no_balance(shop: World) -> None:
    def saved(status: Literal["active", "blocked", "erased"], revision: int) -> AmbassadorSaved:
        return AmbassadorSaved(
            store_id=STORE,
            ambassador_id=ANNA,
            program_id=PROGRAM,
            status=status,
            created_at=NOON,
            revision=revision,
        )

    token = issue_portal(shop.ctx.ring, store_id=STORE, ambassador_id=ANNA, life=timedelta(days=1))
    seen = []
    async with shop.caller(STORE) as http:
        for status in (saved("blocked", 2), saved("erased", 3), saved("erased", 3)):
            await shop.take(status)
            seen.append((await http.get(f"/p/{token}/balance")).status_code)
    assert seen == [200, 404, 404]


async def test_a_neighbours_session_sees_nothing(shop: World) -> None:
    reward = (await shop.rewards(STORE, "10482"))[0]
    async with shop.browser("str_01k9x0m5w8a3c7e1g5j9n3q7s9") as stranger:
        assert "10482" not in (await stranger.get("/console/rewards/rewards")).text
        assert (await stranger.get(f"/console/rewards/rewards/{reward.reward_id}")).status_code == 404
        assert "€4.60" not in (await stranger.get("/console/rewards/orders/10482")).text
