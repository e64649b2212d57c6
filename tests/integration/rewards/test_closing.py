"""Past balances and closed months, over a real PostgreSQL."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid
from services.rewards.balances import sql as past
from services.rewards.closing import actions, domain
from services.rewards.closing import sql as closing
from services.rewards.ledger import actions as ledger
from services.rewards.ledger import sql as books
from services.rewards.ledger.domain import Holding, Movement, Posting, change, holdings, payout_step, release
from services.rewards.verification.actions import verify
from tests.integration.rewards.world import World
from tests.support.chance import examples
from tests.unit.rewards.build import ANNA, BORIS, PROGRAM, STORE, configured, make_program, make_state, published

START = datetime(2026, 8, 30, 12, tzinfo=UTC)


def granted(who: str, amount: int, *, reward: str = "rwd_1", back: int = 0) -> Posting:
    return change(
        store_id=STORE,
        program_id=PROGRAM,
        reward_id=reward,
        side="ambassador",
        beneficiary_id=who,
        unit="EUR",
        difference=-back or amount,
        available=False,
        corrects=1 if back else None,
        basis={"order": "o-1", "reason": "granted"},
    )


def posting_of(step: str, who: str, amount: int, has: Holding) -> Posting | None:
    """What a step posts for somebody who has this; None where the books would refuse it."""
    if step == "grant":
        return granted(who, amount)
    if step == "back":
        return granted(who, 0, back=min(amount, has.pending)) if has.pending else None
    if step == "release":
        return (
            release(
                store_id=STORE,
                reward_id="rwd_1",
                side="ambassador",
                beneficiary_id=who,
                unit="EUR",
                amount=min(amount, has.pending),
                granted_by=1,
            )
            if has.pending
            else None
        )
    room = {Movement.RESERVE: has.available, Movement.PAY_OUT: has.in_payout, Movement.RETURN: has.paid}[Movement(step)]
    if room <= 0:
        return None
    return payout_step(
        Movement(step),
        store_id=STORE,
        payout_id="pay_1",
        ambassador_id=who,
        unit="EUR",
        amount=min(amount, room),
        basis={},
    )


async def post(world: World, at: datetime, *postings: Posting) -> None:
    """Posts at a moment, as if the transaction had begun then."""
    async with world.db.transaction([STORE]) as tx:
        tx.now = at
        await tx.lock_stores([STORE])
        await ledger.post(tx, postings)


async def close(world: World, month: str, now: datetime) -> closing.MonthClose:
    async with world.db.transaction([STORE]) as tx:
        tx.now = now
        return await actions.close(tx, STORE, month)


async def at(world: World, moment: datetime, who: str = ANNA) -> dict[str, Holding]:
    async with world.db.transaction([STORE]) as tx:
        number = await past.last_before(tx, STORE, moment)
        return await past.holdings_at(tx, STORE, owner=who, side="ambassador", number=number)


async def file_of(world: World, month: str) -> bytes:
    async with world.db.transaction([STORE]) as tx:
        parts, number = b"", 1
        while (text := await closing.part(tx, STORE, month, number)) is not None:
            parts, number = parts + text, number + 1
    return parts


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["grant", "grant", "back", "release", "reserve", "pay_out", "return"]),
        st.sampled_from([ANNA, BORIS]),
        st.integers(1, 900),
        st.integers(-3, 15 * 24),
    ),
    min_size=1,
    max_size=25,
)
"""What is posted, of whom, how much, and so many hours after what was posted before: also on a clock that goes back."""


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, asked=st.lists(st.integers(-5, 24 * 400), max_size=6))
async def test_any_past_balance_is_a_replay_and_closes_are_differences_of_balances(
    world: World, steps: Sequence[tuple[str, str, int, int]], asked: Sequence[int]
) -> None:
    await world.take(configured(timezone="Europe/Chisinau"))
    async with world.owner.transaction([STORE]) as tx:
        for table in ("month_close_parts", "month_closes", "entries", "posting_sets", "balances", "account_totals"):
            await tx.execute(f"delete from {table}")
        await tx.execute("delete from head")
    have = {who: Holding() for who in (ANNA, BORIS)}
    posted: list[tuple[datetime, Posting]] = []
    clock = latest = START
    for step, who, amount, hours in steps:
        clock += timedelta(hours=hours)
        one = posting_of(step, who, amount, have[who])
        if one is None:
            continue
        latest = max(latest, clock)
        await post(world, clock, one)
        posted.append((latest, one))
        found = holdings((p.store_id, p.movement, p.entries) for _, p in posted)
        have = {who: found.get((STORE, "ambassador", who, "EUR"), Holding()) for who in have}

    def replayed(before: datetime, who: str) -> dict[str, Holding]:
        found = holdings((p.store_id, p.movement, p.entries) for moment, p in posted if moment < before)
        return {unit: has for (_, _, owner, unit), has in found.items() if owner == who}

    for hour in asked:
        moment = START + timedelta(hours=hour)
        assert await at(world, moment) == replayed(moment, ANNA)
    if not posted:
        return
    month, now = domain.month_of(posted[0][0], ZONE), latest + timedelta(days=40)
    while domain.end_of(month, ZONE) + domain.GRACE <= now:
        kept = await close(world, month, now)
        liability = sum(
            has.pending + has.available + has.in_payout
            for who in (ANNA, BORIS)
            for has in replayed(kept.ends_at, who).values()
        )
        held = ("ambassador_pending", "ambassador_available", "ambassador_in_payout")
        assert -sum(one.closing for one in kept.totals if one.account in held) == liability
        assert all(one.closing == one.opening + one.debits - one.credits for one in kept.totals)
        assert hashlib.sha256(await file_of(world, month)).digest() == kept.csv_sha256
        month = domain.following(month)
    async with world.owner.transaction([STORE]) as tx:
        report = await verify(tx, STORE)
    made_up = {"reward", "payout"}  # the postings are of no reward and no payout that there is
    assert [one for one in report.findings if one.kind not in made_up] == []


ZONE = ZoneInfo("Europe/Chisinau")


async def refused(world: World, month: str, now: datetime) -> str:
    with pytest.raises((Conflict, Invalid)) as raised:
        await close(world, month, now)
    return raised.value.errors[0].code if raised.value.errors else raised.value.code


async def test_months_are_closed_once_in_order_and_after_their_grace(world: World) -> None:
    await world.take(configured(timezone="Europe/Chisinau"))
    late = datetime(2026, 12, 1, tzinfo=UTC)
    assert await refused(world, "2026-08", late) == "nothing_posted"
    await post(world, datetime(2026, 8, 31, 20, 59, tzinfo=UTC), granted(ANNA, 325))  # 23:59 in August
    await post(world, datetime(2026, 8, 31, 21, 0, tzinfo=UTC), granted(ANNA, 100))  # midnight: September
    assert await refused(world, "2026-09", late) == "not_next"
    assert await refused(world, "2026-08", datetime(2026, 9, 1, 20, 59, 59, tzinfo=UTC)) == "not_over"
    august = await close(world, "2026-08", datetime(2026, 9, 1, 21, tzinfo=UTC))
    assert (august.last_number, august.entries) == (1, 2)
    assert await refused(world, "2026-08", late) == "already_closed"
    assert await refused(world, "2026-10", late) == "not_next"
    september = await close(world, "2026-09", late)
    assert (september.after_number, september.last_number) == (1, 2)
    assert september.totals[0].opening == august.totals[0].closing
    empty = await close(world, "2026-10", late)
    assert (empty.entries, empty.last_hash) == (0, september.last_hash)
    assert await file_of(world, "2026-10") == domain.head()


async def test_nothing_is_posted_in_a_closed_month_whatever_the_clock_says(world: World) -> None:
    await world.take(configured())
    await post(world, START, granted(ANNA, 325))
    kept = await close(world, "2026-08", datetime(2026, 9, 3, tzinfo=UTC))
    before = await file_of(world, "2026-08")
    await post(world, START + timedelta(hours=1), granted(ANNA, 0, back=100))
    moments = [
        row.at for row in await world.look(STORE, "select at from posting_sets where store_id = :store order by 1")
    ]
    assert moments == [START, kept.ends_at]
    assert await file_of(world, "2026-08") == before
    assert (await at(world, kept.ends_at))["EUR"].pending == 325
    september = await close(world, "2026-09", datetime(2026, 10, 3, tzinfo=UTC))
    assert september.entries == 2


GOLDEN = """number,line,at,movement,reward_id,payout_id,corrects,account,owner,unit,debit,credit,hash\r
1,1,2026-08-30T12:00:00.000000+00:00,grant,rwd_1,,,program_expense,prg_01k9x0m5w8a3c7e1g5j9n3q7s2,EUR,3.25,,HASH1\r
1,2,2026-08-30T12:00:00.000000+00:00,grant,rwd_1,,,ambassador_pending,'=1+1,EUR,,3.25,HASH1\r
2,1,2026-08-30T12:00:00.000000+00:00,claw_back,rwd_1,,1,program_expense,prg_01k9x0m5w8a3c7e1g5j9n3q7s2,EUR,,1.00,HASH2\r
2,2,2026-08-30T12:00:00.000000+00:00,claw_back,rwd_1,,1,ambassador_pending,'=1+1,EUR,1.00,,HASH2\r
"""


async def test_the_file_of_a_month_is_written_as_it_always_was(world: World) -> None:
    await world.take(configured())
    await post(world, START, granted("=1+1", 325), granted("=1+1", 0, back=100))
    await close(world, "2026-08", datetime(2026, 9, 3, tzinfo=UTC))
    hashes = [bytes(r.hash).hex() for r in await world.look(STORE, "select hash from posting_sets order by number")]
    golden = GOLDEN.replace("prg_01k9x0m5w8a3c7e1g5j9n3q7s2", PROGRAM)
    assert (await file_of(world, "2026-08")).decode() == golden.replace("HASH1", hashes[0]).replace("HASH2", hashes[1])


@pytest.mark.parametrize(
    ("forgery", "finding"),
    [
        ("update month_close_parts set csv = csv || 'x'", "is not the one that was kept"),
        ("update month_closes set last_hash = decode(repeat('00', 32), 'hex')", "no longer say"),
        ("update month_closes set totals = '[]'", "its totals"),
        ("update posting_sets set at = '2026-08-31' where number = 2", "something was posted"),
        ("update entries set amount_minor = amount_minor * 2 where number = 1", "no longer say"),
    ],
)
async def test_an_audit_finds_a_close_that_no_longer_matches_the_books(
    world: World, forgery: str, finding: str
) -> None:
    await world.take(configured())
    await post(world, START, granted(ANNA, 325))
    await close(world, "2026-08", datetime(2026, 9, 3, tzinfo=UTC))
    await post(world, datetime(2026, 9, 4, tzinfo=UTC), granted(ANNA, 325))

    async def found() -> list[str]:
        async with world.owner.transaction([STORE]) as tx:
            return [one.detail for one in (await verify(tx, STORE)).findings if one.kind == "close"]

    assert await found() == []
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute(forgery)
    assert any(finding in one for one in await found())


async def test_the_api_and_the_page_close_a_month_and_hand_out_its_file(world: World) -> None:
    await world.take(configured(), published(make_program()))
    await world.take(make_state("1"))
    month = f"{await world.now():%Y-%m}"
    async with world.caller(STORE) as shop:
        early = await shop.post("/v1/month-closes", json={"month": month})
        assert (early.status_code, early.json()["errors"][0]["code"]) == (422, "not_over")
        assert (await shop.post("/v1/month-closes", json={"month": "2026-13"})).status_code == 422
        future = (await world.now() + timedelta(days=1)).isoformat()
        asked = await shop.get("/v1/balances", params={"ambassador_id": ANNA, "at": future})
        assert (asked.status_code, asked.json()["errors"][0]["code"]) == (422, "future")
    granted_at = await world.now()
    over = domain.end_of(month, ZoneInfo("UTC")) + domain.GRACE - granted_at
    await world.move_clock(int(over.total_seconds()) + 60)
    async with world.browser(STORE) as person:
        page = (await person.get("/console/rewards/month-closes")).text
        assert "Close the month" in page and f'value="{month}"' in page
        for _ in range(2):  # a second press changes nothing
            pressed = await person.post(
                "/console/rewards/month-closes", data={"month": month}, headers={"origin": "http://kith.test"}
            )
            assert pressed.status_code == 303, pressed.text
        page = (await person.get("/console/rewards/month-closes")).text
        assert "can be closed from" in page and "SHA-256" in page
        shown = await person.get("/console/rewards/month-closes", params={"file": month})
    async with world.caller(STORE) as shop:
        listed = (await shop.get("/v1/month-closes")).json()
        kept = (await shop.get(f"/v1/month-closes/{month}/entries.csv")).content
        one = (await shop.get(f"/v1/month-closes/{month}")).json()
        then = await shop.get("/v1/balances", params={"ambassador_id": ANNA, "at": granted_at.isoformat()})
        first = await shop.get("/v1/balances", params={"ambassador_id": ANNA, "at": "2026-01-01T00:00:00Z"})
        assert (await shop.get("/v1/month-closes/2020-01")).status_code == 404
    assert shown.content == kept and listed["data"] == [one]
    assert one["csv_sha256"] == hashlib.sha256(kept).hexdigest()
    assert then.json()["data"][0]["pending"] == 460 and first.json()["data"] == []
    notes = list(await world.look(STORE, "select action, subject from audit where store_id = :store"))
    assert [tuple(note) for note in notes] == [("month.closed", month)]
    async with world.caller("str_01k9x0m5w8a3c7e1g5j9n3q7s9") as stranger:
        assert (await stranger.get(f"/v1/month-closes/{month}/entries.csv")).status_code == 404


async def test_a_set_is_never_posted_before_the_one_in_front_of_it(world: World) -> None:
    await world.take(configured())
    await post(world, START, granted(ANNA, 325))
    await post(world, START - timedelta(seconds=3), granted(ANNA, 100))

    async def seen(tx: Tx) -> list[datetime]:
        return [one.at for one in await books.sets_after(tx, STORE, after=0, count=9)]

    async with world.db.transaction([STORE]) as tx:
        assert await seen(tx) == [START, START]
