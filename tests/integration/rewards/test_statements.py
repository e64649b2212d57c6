"""Statements: they add up, say why, and show an ambassador their own only."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings

from services.common.portal_session import PORTAL_COOKIE, PortalSession, issue_portal_session
from services.rewards.ledger.domain import Holding, Posting, holdings
from services.rewards.statements import actions
from tests.integration.rewards.test_closing import START, STEPS, granted, post, posting_of
from tests.integration.rewards.world import World
from tests.support.chance import examples
from tests.support.explained import Explained
from tests.unit.rewards.build import ANNA, BORIS, NOON, STORE, configured, make_program, make_state, published


async def read(world: World, first: date, last: date, *, after: int = 0, count: int = 1000) -> actions.Statement:
    async with world.db.transaction([STORE]) as tx:
        return await actions.read(tx, STORE, ANNA, unit="EUR", first=first, last=last, after=after, count=count)


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_the_opening_balance_and_the_lines_are_the_closing_balance(
    world: World, steps: Sequence[tuple[str, str, int, int]]
) -> None:
    await world.take(configured(timezone="Europe/Chisinau"))
    async with world.owner.transaction([STORE]) as tx:
        for table in ("entries", "posting_sets", "balances", "account_totals", "head"):
            await tx.execute(f"delete from {table}")
    have = {who: Holding() for who in (ANNA, BORIS)}
    posted: list[Posting] = []
    clock = START
    for step, who, amount, hours in steps:
        clock += timedelta(hours=hours)
        one = posting_of(step, who, amount, have[who])
        if one is not None:
            await post(world, clock, one)
            posted.append(one)
            found = holdings((p.store_id, p.movement, p.entries) for p in posted)
            have = {who: found.get((STORE, "ambassador", who, "EUR"), Holding()) for who in have}
    days = [date(2026, 8, 1), date(2026, 8, 31), date(2026, 9, 8), date(2026, 9, 20), date(2027, 12, 31)]
    stood = 0
    for first, last in pairwise(days):
        whole = await read(world, first + timedelta(days=1), last)
        assert whole.opening.balance == stood
        assert whole.opening.balance + sum(line.moved.amount for line in whole.lines) == whole.closing.balance
        assert whole.lines == [] or whole.lines[-1].after == whole.closing
        stood = whole.closing.balance
        paged, after = [], 0
        while True:
            page = await read(world, first + timedelta(days=1), last, after=after, count=2)
            paged += page.lines
            if not page.more:
                break
            after = page.lines[-1].moved.number
        assert paged == whole.lines
    anna = have[ANNA]
    assert stood == anna.pending + anna.available + anna.in_payout


async def test_a_statement_of_this_month_costs_this_month_however_long_the_history(world: World) -> None:
    await world.take(configured())
    year = START - timedelta(days=365)
    for n in range(8):
        await post(world, year + timedelta(days=n), *(granted(ANNA, 100, reward=f"rwd_{n}_{m}") for m in range(50)))
    await post(world, START, granted(ANNA, 1, reward="rwd_last"))
    async with world.owner.transaction() as tx:
        await tx.execute("analyze entries")
    explained = Explained()
    with explained.watching():
        found = await read(world, START.date(), START.date() + timedelta(days=1))
    assert (found.opening.balance, found.closing.balance, len(found.lines)) == (40_000, 40_001, 1)
    of_entries = [one for one in explained.readings if "from entries" in one.sql]
    assert of_entries and max(one.rows for one in of_entries) < 50, "\n".join(map(str, of_entries))


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [("9999-12-30", "9999-12-31", "from"), ("0001-01-01", "0001-01-02", "from"), ("2026-01-01", "9999-12-31", "to")],
)
async def test_days_that_no_zone_knows_are_refused(world: World, first: str, last: str, field: str) -> None:
    await world.take(configured(timezone="Europe/Chisinau"))
    async with world.caller(STORE) as shop:
        refused = await shop.get("/v1/statements", params={"ambassador_id": ANNA, "from": first, "to": last})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


GOLDEN = """day,what,order,amount,balance,on_hold,available,in_payout,unit,set,reserved\r
2026-08-01,Opening balance,,,0.00,0.00,0.00,0.00,EUR,,0.00\r
2026-08-30,Reward granted,,3.25,3.25,3.25,0.00,0.00,EUR,1,0.00\r
2026-09-01,Taken back,,-1.00,2.25,2.25,0.00,0.00,EUR,2,0.00\r
2026-09-01,No longer on hold,,0.00,2.25,0.00,2.25,0.00,EUR,3,0.00\r
2026-09-01,Set aside for a payout,,0.00,2.25,0.00,0.25,2.00,EUR,4,0.00\r
2026-09-02,Paid out,,-2.00,0.25,0.00,0.25,0.00,EUR,5,0.00\r
2026-09-30,Closing balance,,,0.25,0.00,0.25,0.00,EUR,,0.00\r
"""


async def test_the_spreadsheet_says_what_moved_by_the_stores_days(world: World) -> None:
    await world.take(configured(timezone="Europe/Chisinau"))
    midnight = datetime(2026, 8, 31, 21, tzinfo=UTC)  # where the store is
    await post(world, START, granted(ANNA, 325))
    await post(world, midnight, granted(ANNA, 0, back=100))
    for hours, step in enumerate(("release", "reserve", "pay_out")):
        one = posting_of(
            step, ANNA, 225 if step == "release" else 200, Holding(pending=225, available=225, in_payout=200)
        )
        assert one is not None
        await post(world, midnight + timedelta(hours=1 + 20 * hours), one)
    async with world.caller(STORE) as shop:
        query = {"ambassador_id": ANNA, "from": "2026-08-01", "to": "2026-09-30", "format": "csv"}
        assert (await shop.get("/v1/statements", params=query)).text == GOLDEN
        asked = (await shop.get("/v1/statements", params={**query, "format": "json", "limit": "2"})).json()
        rest = (
            await shop.get(
                "/v1/statements", params={**query, "format": "json", "limit": "9", "cursor": asked["next_cursor"]}
            )
        ).json()
        wrong = await shop.get("/v1/statements", params={**query, "from": "2026-10-01"})
    assert wrong.json()["errors"][0]["field"] == "from"
    moved = [line["amount"] for line in asked["data"] + rest["data"]]
    assert moved == [325, -100, 0, 0, -200] and asked["closing"]["balance"] == 25
    assert rest["data"][-1]["after"] == asked["closing"] and rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Reward granted"), ("ru", "Вознаграждение"), ("uk", "Винагород"), ("ro", "Recompens")],
)
async def test_pages_show_orders_to_the_store_and_marks_to_the_ambassador(
    world: World, language: str, text: str
) -> None:
    await world.take(configured(), published(make_program()))
    await world.take(make_state("10482"), make_state("77713", ambassador_id=BORIS))
    await world.take(make_state("10482", revision=2, refunded_minor=2545))
    await world.take(make_state("10482", revision=3, refunded_minor=2545, settled_at=NOON))
    now = datetime.now(UTC)
    session = PortalSession(STORE, ANNA, "session", now + timedelta(hours=1), now + timedelta(days=1))
    cookie = {"cookie": f"{PORTAL_COOKIE}={issue_portal_session(world.ctx.ring, session)}"}
    async with world.browser(STORE, language) as person:
        page = (await person.get(f"/console/rewards/statements/{ANNA}")).text
        card = (await person.get(f"/console/rewards/balances/{ANNA}")).text
    assert text in page and "10482" in page and "77713" not in page
    assert f"/console/rewards/statements/{ANNA}" in card
    async with world.caller(STORE) as http:
        heads = cookie | {"accept-language": language}
        own = (await http.get("/p/statement", headers=heads)).text
        sheet = (await http.get("/p/statement", params={"format": "csv"}, headers=heads)).text
        linked = (await http.get("/p/balance", headers=heads)).text
        nobody = await http.get("/p/statement", headers={"hx-request": "true"})
        others = (await http.get(f"/p/statement?ambassador_id={BORIS}", headers=heads)).text
    assert text in own and "10482" not in own and "77713" not in own and "5090" not in own and "50.90" not in own
    assert "10482" not in sheet and "/p/statement" in linked and nobody.status_code == 401
    assert "77713" not in others and others.count("<tr") == own.count("<tr")
    async with world.browser("str_01k9x0m5w8a3c7e1g5j9n3q7s9") as stranger:
        assert "10482" not in (await stranger.get(f"/console/rewards/statements/{ANNA}")).text


@pytest.mark.parametrize(
    ("language", "heads", "page_of"),
    [
        ("en", ("Statement, €", "Opening balance", "Closing balance"), "Page 2 of 2"),
        ("ru", ("Остаток на начало", "Остаток на конец"), "Страница 2 из 2"),
        ("uk", ("Залишок на початок", "Залишок на кінець"), "Сторінка 2 з 2"),
        ("ro", ("Sold inițial", "Sold final"), "Pagina 2 din 2"),
    ],
)
async def test_on_paper_it_has_the_same_balances_a_head_and_numbered_pages(
    world: World, language: str, heads: tuple[str, ...], page_of: str
) -> None:
    await world.take(configured(), published(make_program()))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    await world.take(*(make_state(f"10{n:03}") for n in range(50)))
    now = datetime.now(UTC)
    session = PortalSession(STORE, ANNA, "session", now + timedelta(hours=1), now + timedelta(days=1))
    cookie = {"cookie": f"{PORTAL_COOKIE}={issue_portal_session(world.ctx.ring, session)}", "accept-language": language}
    async with world.browser(STORE, language) as person, world.caller(STORE) as http:
        page = await person.get(f"/console/rewards/statements/{ANNA}")
        console = await person.get(f"/console/rewards/statements/{ANNA}", params={"format": "pdf"})
        asked = {"ambassador_id": ANNA, "format": "pdf", "lang": language}
        api = await http.get("/v1/statements", params=asked)
        own = await http.get("/p/statement", params={"format": "pdf"}, headers=cookie)
        linked = await http.get("/p/statement", headers=cookie)
    assert "format=pdf" in page.text and "format=pdf" in linked.text
    for answer in (console, api, own):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
        assert answer.headers["content-disposition"].endswith('.pdf"')
    for answer in (console, api):
        text = read_pages(answer.content)
        assert len(text) == 2
        assert all(head in text[0] + text[1] for head in heads)
        assert page_of in text[1] and "Shop" in text[0] and "Shop" in text[1]
        assert "10000" in text[0] and ANNA in text[0]
        last = text[1].replace("\u00a0", " ")
        assert "230.00" in last or "230,00" in last  # 50 × 4.60
    private = "".join(read_pages(own.content))
    assert "10000" not in private and all(head in private for head in heads)


def read_pages(content: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content)]


async def test_a_statement_too_long_for_paper_is_refused_by_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.rewards.statements.api.paper.MOST_PRINTED", 3)
    await world.take(configured(), published(make_program()))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    await world.take(*(make_state(str(n)) for n in range(5)))
    async with world.caller(STORE) as http:
        refused = await http.get("/v1/statements", params={"ambassador_id": ANNA, "format": "pdf"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "from")
