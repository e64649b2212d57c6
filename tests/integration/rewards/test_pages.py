"""The console's pages of rewards and the ledger, and the portal's part."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from contracts.events.catalog import AmbassadorSaved, SessionEnded
from contracts.program import Discount
from services.common.portal_session import PORTAL_COOKIE, PortalSession, issue_portal_session
from services.kernel.bus.port import Event
from services.kernel.live_handlers import keep_ended_sessions
from tests.integration.rewards.money import release_all
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


async def test_a_friend_who_was_served_at_the_checkout_is_owed_nothing_and_the_order_says_so(world: World) -> None:
    off = Discount.model_validate({"give": {"kind": "fixed", "amount_minor": 500}})
    program = make_program(FRIEND_RULE, LIMITED).model_copy(update={"friend_benefit": "discount", "discount": off})
    await world.take(configured(), published(program))
    served = make_state("1")
    figures = served.figures.model_copy(update={"discount_minor": 800})
    await world.take(served.model_copy(update={"figures": figures}), make_state("2"))
    assert await world.amounts(STORE, "1") == {"ambassador": 460}
    async with world.browser(STORE) as person:
        with_discount = (await person.get("/console/rewards/orders/1")).text
        without = (await person.get("/console/rewards/orders/2")).text
    assert "€5.00" in with_discount
    assert "Taken off at the checkout" in with_discount
    assert "the order carries no discount" in without


async def test_the_list_is_filtered_searched_and_exported(shop: World) -> None:
    async with shop.browser(STORE) as person:
        everything = (await person.get("/console/rewards/rewards")).text
        reversed_ones = (await person.get("/console/rewards/rewards", params={"status": "reversed"})).text
        found = (await person.get("/console/rewards/rewards", params={"q": "10482"})).text
        sheet = await person.get("/console/rewards/rewards", params={"status": "reversed", "format": "csv"})
        empty = (await person.get("/console/rewards/rewards", params={"q": "nothing"})).text
        hers = (await person.get("/console/rewards/rewards", params={"ambassador": ANNA, "status": "pending"})).text
        balance = (await person.get(f"/console/rewards/balances/{ANNA}")).text
        nobody = (await person.get("/console/rewards/balances/amb_nobody")).text
    assert everything.count('<tr role="row">') == 8
    assert reversed_ones.count('<tr role="row">') == 3
    assert found.count('<tr role="row">') == 3
    assert sheet.headers["content-type"].startswith("text/csv")
    assert len(sheet.text.splitlines()) == 3
    assert "No rewards here" in empty
    assert "The friend" not in hers
    assert "One ambassador" in hers
    for part in ("On hold", "Granted in all", "Taken back", f"?ambassador={ANNA}"):
        assert part in balance, part
    assert "Nothing yet" in nobody


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


async def test_a_rewards_page_says_each_step_once(shop: World) -> None:
    state = make_state("released", settled_at=NOON)
    await shop.take(state)
    await shop.move_clock(seconds=int((NOON + timedelta(days=90) - await shop.now()).total_seconds()))
    await release_all(shop)
    reward = next(r for r in await shop.rewards(STORE, "released") if r.rule == "ambassador")
    async with shop.browser(STORE) as person:
        page = (await person.get(f"/console/rewards/rewards/{reward.reward_id}")).text
    assert page.count("Granted: €4.60") == 1 and page.count("Released: €4.60") == 1
    assert page.index("Granted: €4.60") < page.index("Released: €4.60")


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
    session = annas_session(shop)
    async with shop.caller(STORE) as http:
        page = await http.get("/p/balance", headers={"cookie": f"{PORTAL_COOKIE}={session}"})
        strange = await http.get("/p/balance", headers={"cookie": f"{PORTAL_COOKIE}={forged(session)}"})
        nobody = await http.get("/p/balance", headers={"hx-request": "true"})
    assert page.status_code == 200
    assert "€0.00" in page.text
    assert "€11.50" in page.text
    assert strange.status_code == 401
    assert (nobody.status_code, nobody.headers["hx-redirect"]) == (401, "/p/sign-in")


async def test_a_session_that_was_ended_or_rests_shows_no_balance(shop: World) -> None:
    resting = annas_session(shop, vouched=timedelta(seconds=-1))
    ended = annas_session(shop)
    async with shop.caller(STORE) as http:
        seen = await http.get("/p/balance", headers={"cookie": f"{PORTAL_COOKIE}={resting}"})
        assert (seen.status_code, seen.json()["code"]) == (401, "session_rests")
        until = datetime.now(UTC) + timedelta(hours=1)
        session_ended = SessionEnded(store_id=STORE, session_id="session-of-anna", expires_at=until)
        async with shop.db.transaction() as tx:
            await keep_ended_sessions(
                tx, [Event(id="evt_1", type=session_ended.TYPE, at=until, store_id=STORE, data=session_ended)]
            )
        await shop.ctx.live.refresh()
        seen = await http.get("/p/balance", headers={"cookie": f"{PORTAL_COOKIE}={ended}"})
        assert (seen.status_code, seen.json()["code"]) == (401, "session_ended")


def annas_session(shop: World, *, vouched: timedelta = timedelta(hours=1)) -> str:
    now = datetime.now(UTC)
    return issue_portal_session(
        shop.ctx.ring, PortalSession(STORE, ANNA, "session-of-anna", now + vouched, now + timedelta(days=1))
    )


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

    cookie = {"cookie": f"{PORTAL_COOKIE}={annas_session(shop)}"}
    seen = []
    async with shop.caller(STORE) as http:
        for status in (saved("blocked", 2), saved("erased", 3), saved("erased", 3)):
            await shop.take(status)
            seen.append((await http.get("/p/balance", headers=cookie)).status_code)
    assert seen == [200, 404, 404]


async def test_a_neighbours_session_sees_nothing(shop: World) -> None:
    reward = (await shop.rewards(STORE, "10482"))[0]
    async with shop.browser("str_01k9x0m5w8a3c7e1g5j9n3q7s9") as stranger:
        assert "10482" not in (await stranger.get("/console/rewards/rewards")).text
        assert (await stranger.get(f"/console/rewards/rewards/{reward.reward_id}")).status_code == 404
        assert "€4.60" not in (await stranger.get("/console/rewards/orders/10482")).text
