"""Pages of goodwill: giving, the second person, taking back, and what other pages show of it."""

import re
from datetime import timedelta

import httpx

from services.common.scopes import SECRET
from services.kernel.auth.sessions import COOKIE, issue_session
from services.kernel.http.app import Edge
from services.rewards.main import SERVICE
from services.rewards.payouts.domain.terms import LOOSER_AFTER
from tests.integration.rewards.money import audit, earned, holding
from tests.integration.rewards.test_payout_pages import portal
from tests.integration.rewards.world import BASE, World
from tests.unit.rewards.build import ANNA, STORE, joined

LIST = "/console/rewards/goodwill"
SAME = {"sec-fetch-site": "same-origin"}
GIFT = {"ambassador": ANNA, "amount": "15,00", "pay_as": "cash", "reason": "Helped in the <forum>."}


def colleague(world: World) -> httpx.AsyncClient:
    """Another person, who signed in with another key."""
    session = issue_session(world.ctx.ring, store_id=STORE, key_id="key_2", scopes=SECRET, life=timedelta(hours=1))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=Edge(SERVICE, world.ctx), raise_app_exceptions=True),
        base_url=BASE,
        cookies={COOKIE: session},
        headers={"Accept": "text/html", "Accept-Language": "en"},
    )


async def test_above_the_limit_a_colleague_approves_and_the_account_shows_it(world: World) -> None:
    await earned(world)
    await world.take(joined(ANNA))
    async with world.browser(STORE) as page, colleague(world) as other:
        fragment = (await page.get(f"/console/rewards/balances/{ANNA}")).text
        assert f"{LIST}?ambassador={ANNA}" in fragment
        shown = (await page.get(LIST, params={"ambassador": ANNA})).text
        assert "EUR: each gift waits for a second person." in shown
        once = re.search(r'name="once" value="(\w+)"', shown)
        assert once is not None
        asked = await page.post(LIST, data={**GIFT, "once": once[1]}, headers=SAME)
        again = await page.post(LIST, data={**GIFT, "once": once[1]}, headers=SAME)
        assert asked.status_code == again.status_code == 303
        place = asked.headers["location"]
        assert place == again.headers["location"]
        own = (await page.get(place)).text
        assert "somebody else must approve it" in own and f"{place}/approve" not in own
        assert "Helped in the &lt;forum&gt;." in own
        refused = await page.post(f"{place}/approve", headers=SAME)
        assert refused.status_code == 403 and "Somebody other than who asked for it" in refused.text
        assert f'action="{place}/approve"' in (await other.get(place)).text
        assert (await other.post(f"{place}/approve", headers=SAME)).status_code == 303
        text = (await page.get(place)).text
        assert "Approved by a second person: €15" in text and "/console/rewards/rewards/rwd_" in text
        rewards = (await page.get("/console/rewards/rewards", params={"source": "person"})).text
        assert "Goodwill" in rewards and "anna-0" not in rewards and "€15" in rewards
        (reward,) = set(re.findall(r"/console/rewards/rewards/(rwd_\w+)", rewards))
        one = (await page.get(f"/console/rewards/rewards/{reward}")).text
        assert "Goodwill of €15" in one and place in one and "Reject for good" not in one
        assert "Given by the store" in (await page.get(f"/console/rewards/statements/{ANNA}")).text
    async with portal(world) as mine:
        assert "€24.20" in (await mine.get("/p/balance")).text
        statement = (await mine.get("/p/statement")).text
        assert "Given by the store" in statement and "forum" not in statement


async def test_taking_back_says_what_is_wrong_and_takes_once(world: World) -> None:
    await earned(world)
    await world.take(joined(ANNA))
    async with world.browser(STORE) as page:
        set_ = await page.post(f"{LIST}/terms", data={"unit": "EUR", "limit": "50", "period": "month"}, headers=SAME)
        assert set_.status_code == 303
        day_one = (await page.get(LIST, params={"ambassador": ANNA})).text
        assert "EUR: each gift waits for a second person. From " in day_one and "on: €50.00 a month" in day_one
        await world.move_clock(seconds=int(LOOSER_AFTER.total_seconds()))
        shown = (await page.get(LIST, params={"ambassador": ANNA})).text
        assert "EUR: you may give €50.00 more alone (€50.00 a month)" in shown
        place = (await page.post(LIST, data=GIFT, headers=SAME)).headers["location"]
        assert "€35.00 more alone" in (await page.get(LIST, params={"ambassador": ANNA})).text
        more = await page.post(f"{place}/take-back", data={"amount": "15.01", "reason": "x"}, headers=SAME)
        assert more.status_code == 409 and "Not that much is left of it." in more.text
        mute = await page.post(f"{place}/take-back", data={"amount": "5"}, headers=SAME)
        assert mute.status_code == 422 and "Say why." in mute.text
        for _ in range(2):
            form = {"amount": "5", "reason": "Too much.", "once": "0" * 32}
            assert (await page.post(f"{place}/take-back", data=form, headers=SAME)).status_code == 303
        assert "Too much." in (await page.get(place)).text
        assert (await holding(world, ANNA)).available == 920 + 1000
        assert (await page.post(f"{place}/take-back", data={"reason": "All."}, headers=SAME)).status_code == 303
        assert "Taken back" in (await page.get(LIST)).text
    assert (await holding(world, ANNA)).available == 920
    assert (await audit(world)).whole


async def test_the_form_keeps_what_was_written_and_says_what_to_mend(world: World) -> None:
    await earned(world)
    await world.take(joined(ANNA))
    async with world.browser(STORE) as page:
        for wrong, text in (
            ({"amount": "much"}, "Write an amount, such as 25.00."),
            ({"amount": "-1"}, "Write an amount, such as 25.00."),
            ({"amount": "1.5", "pay_as": "points"}, "Write an amount, such as 25.00."),
            ({"reason": " "}, "Say why."),
        ):
            answer = await page.post(LIST, data={**GIFT, **wrong}, headers=SAME)
            assert answer.status_code == 422 and text in answer.text, wrong
            assert "Helped in the" in answer.text or "reason" in wrong
        nobody = await page.post(LIST, data={**GIFT, "ambassador": "amb_nobody"}, headers=SAME)
        assert nobody.status_code == 404 and "There is no such ambassador" in nobody.text
        empty = (await page.get(LIST)).text
        assert "Nothing here" in empty and "No limit is set" in empty


async def test_the_form_says_after_how_many_days_it_expires(world: World) -> None:
    await earned(world)
    await world.take(joined(ANNA))
    async with world.browser(STORE) as page:
        for wrong in ({"expires": "soon"}, {"expires": "4000"}, {"expires": "30"}):
            pay_as = "cash" if wrong["expires"] == "30" else "store_credit"
            refused = await page.post(LIST, data={**GIFT, "pay_as": pay_as, **wrong}, headers=SAME)
            assert refused.status_code == 422
            assert "Write a number of days, at most 3,650; money does not expire." in refused.text
        asked = await page.post(LIST, data={**GIFT, "pay_as": "store_credit", "expires": "30"}, headers=SAME)
        assert asked.status_code == 303
        assert "after 30 days" in (await page.get(asked.headers["location"])).text
