"""Roll-ups on a real database: what each event adds, moves and takes back."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from contracts.events.tracking import Quality
from services.analytics.facts import jobs
from services.analytics.main import SERVICE
from services.analytics.rollups.actions import recount
from services.analytics.rollups.actions.count import SLICE
from services.analytics.rollups.jobs import COUNT_WAITING
from services.kernel.db import Database
from services.kernel.jobs import Jobs
from tests.integration.analytics.history import (
    PROGRAM,
    STORE,
    ambassador_saved,
    clicked,
    decided,
    deliver,
    given_by_hand,
    program_published,
    rewarded,
    rollups,
    shared,
    signed_up,
    store_configured,
    viewed,
    visited,
)
from tests.support.edge import make_context
from tests.support.postgres import FreshDatabase


@pytest.fixture
async def db(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await fresh_database("analytics"), schema="analytics")
    yield database
    await database.close()


@pytest.fixture
async def ready(db: Database) -> Database:
    await deliver(db, store_configured(), program_published(), ambassador_saved(customer="a1"))
    return db


COUNTS = (STORE, date(2026, 3, 2), PROGRAM, "")
MONEY = (STORE, date(2026, 3, 3), PROGRAM, "EUR")


async def test_a_click_counts_once_however_often_it_is_told(ready: Database) -> None:
    await deliver(ready, clicked("k1"), clicked("k1"))
    await deliver(ready, clicked("k1"), clicked("k2", quality="bot"))
    daily = (await rollups(ready))["daily"]
    assert daily[COUNTS] == {"clicks": 1, "clicks_bot": 1}


async def test_a_friend_is_followed_from_click_to_kept_order(ready: Database) -> None:
    await deliver(ready, clicked("k1"), visited("t1", "v1", click_id="k1"), signed_up("t2", "v1", days=0.1))
    await deliver(ready, decided("o1", click_id="k1", settled=True))
    found = await rollups(ready)
    assert found["daily"][COUNTS] == {
        "clicks": 1, "visits": 1, "visits_referred": 1, "friends": 1, "friends_signed_up": 1, "friends_bought": 1,
        "friends_kept": 1,
    }  # fmt: skip
    assert found["daily"][MONEY] == {
        "orders": 1, "customers": 1, "gross_minor": 5000, "first_orders": 1, "referred_first_orders": 1
    }  # fmt: skip
    assert found["daily_channels"][(STORE, date(2026, 3, 3), PROGRAM, "telegram", "EUR")]["orders"] == 1
    assert found["daily"][(STORE, date(2026, 2, 20), PROGRAM, "")] == {"joined": 1, "cohort_customers": 1}


async def test_what_comes_late_ends_as_if_it_had_come_in_time(ready: Database) -> None:
    await deliver(ready, decided("o1", click_id="k1", ambassador_id="amb_9", buyer="c7"))
    await deliver(ready, visited("t1", "v1", click_id="k1", ambassador_id="amb_9"))
    await deliver(ready, clicked("k1", ambassador_id="amb_9"))
    await deliver(ready, ambassador_saved("amb_9", days=-1), ambassador_saved("amb_8", days=2, customer="c7"))
    found = await rollups(ready)
    assert found["daily"][COUNTS]["friends_bought"] == 1
    assert found["daily_channels"][(STORE, date(2026, 3, 2), PROGRAM, "telegram", "")]["friends_bought"] == 1
    assert found["daily_channels"][(STORE, date(2026, 3, 3), PROGRAM, "telegram", "EUR")]["orders"] == 1
    assert found["daily"][(STORE, date(2026, 3, 1), PROGRAM, "")] == {
        "joined": 1,
        "cohort_customers": 1,
        "cohort_children": 1,
    }
    assert found["cycles"] == {(STORE, date(2026, 3, 4), PROGRAM, 3): {"pairs": 1}}, "a friend joined three days after"
    assert found["daily"][MONEY]["customers_turned"] == 1


async def test_an_order_that_changes_hands_takes_its_figures_along(ready: Database) -> None:
    await deliver(ready, ambassador_saved("amb_2"), decided("o1", kind="code"))
    await deliver(ready, decided("o1", kind="code", revision=2, ambassador_id="amb_2", days=3))
    leaders = (await rollups(ready))["leaders"]
    assert leaders == {
        (STORE, "day", date(2026, 3, 5), "EUR", "amb_2", PROGRAM): {"orders": 1, "customers": 1, "gross_minor": 5000},
        (STORE, "week", date(2026, 3, 2), "EUR", "amb_2", PROGRAM): {"orders": 1, "customers": 1, "gross_minor": 5000},
    }


async def test_an_older_revision_changes_nothing(ready: Database) -> None:
    await deliver(ready, decided("o1", revision=3, refunded=1000))
    before = await rollups(ready)
    await deliver(ready, decided("o1", revision=2))
    assert await rollups(ready) == before


async def test_each_order_stands_under_exactly_one_reason(ready: Database) -> None:
    await deliver(
        ready, decided("o1"), decided("o2", "unattributed", reason="no_evidence"),
        decided("o3", "rejected", reason="not_new"),
        decided("o4", "pending", reason="not_paid"), decided("o5", cancelled=True, reason="code"),
    )  # fmt: skip
    reasons = (await rollups(ready))["daily_reasons"]
    assert sum(row["orders"] for row in reasons.values()) == 5
    assert {key[3:] for key in reasons} == {
        ("attributed", "attributed"), ("unattributed", "no_evidence"), ("rejected", "not_new"), ("waiting", "not_paid"),
        ("cancelled", "code"),
    }  # fmt: skip


async def test_rewards_cost_what_they_are_worth_now_and_points_are_not_money(ready: Database) -> None:
    await deliver(ready, rewarded("r1", amount=500), rewarded("r2", amount=300, kind="friend", beneficiary="c1"))
    await deliver(ready, rewarded("r1", amount=200, revision=2, status="available"), rewarded("r3", pay_as="points"))
    found = await rollups(ready)
    assert found["daily"][MONEY] == {"ambassador_cost_minor": 200, "friend_cost_minor": 300}
    assert found["daily"][(*MONEY[:3], "points")] == {"ambassador_cost_minor": 500}
    assert found["owed"][(STORE, PROGRAM, "EUR", "ambassador", "available")] == {"rewards": 1, "amount_minor": 200}


async def test_what_was_given_by_hand_costs_the_program_and_is_nobodys_order(ready: Database) -> None:
    await deliver(ready, rewarded("r1", amount=500), given_by_hand("r2"))
    await deliver(ready, given_by_hand("r2", amount=500, revision=3), given_by_hand("r2", revision=2))
    found = await rollups(ready)
    assert found["daily"][MONEY] == {"ambassador_cost_minor": 1000}
    assert found["owed"][(STORE, PROGRAM, "EUR", "ambassador", "available")] == {"rewards": 1, "amount_minor": 500}


TEN_OFF = {"give": {"kind": "fixed", "amount_minor": 1000}, "which": "first"}
SHARE_OFF = {"give": {"kind": "percent", "basis_points": 2000}, "which": "every"}


async def test_of_an_orders_discounts_the_program_pays_what_it_promised(db: Database) -> None:
    await deliver(db, store_configured(), program_published(discount=TEN_OFF), ambassador_saved())
    await deliver(
        db, decided("o1", discount=1500, refunded=2500), decided("o2", discount=400),
        decided("o3", discount=1500, number=2), decided("o4", discount=1000, cancelled=True),
        decided("o5", "unattributed", discount=1000), decided("o6", discount=1000, currency="MDL"),
    )  # fmt: skip
    daily = (await rollups(db))["daily"]
    assert daily[MONEY]["discount_cost_minor"] == 500 + 400, "half of the price went back, and half of the discount"
    assert "discount_cost_minor" not in daily[(*MONEY[:3], "MDL")]


async def test_a_version_that_comes_after_its_orders_counts_their_discounts(db: Database) -> None:
    await deliver(db, store_configured(), decided("o1", discount=1500))
    assert "discount_cost_minor" not in (await rollups(db))["daily"][MONEY]
    await deliver(db, program_published(discount=SHARE_OFF))
    assert (await rollups(db))["daily"][MONEY]["discount_cost_minor"] == 1300, "a fifth of 65.00"


async def test_a_program_that_serves_friends_by_credit_pays_no_discount(ready: Database) -> None:
    await deliver(ready, decided("o1", discount=1500))
    assert "discount_cost_minor" not in (await rollups(ready))["daily"][MONEY]


async def test_a_share_counts_for_the_cohort_of_its_ambassador_once_that_one_is_known(db: Database) -> None:
    await deliver(db, store_configured(), shared("t1", customer="a1"), viewed("t2", customer="a1"))
    await deliver(db, ambassador_saved(customer="a1", days=-10))
    daily = (await rollups(db))["daily"]
    assert daily[COUNTS] == {"shares": 1}
    assert daily[(STORE, date(2026, 3, 2), "", "")] == {"widget_views": 1}
    assert daily[(STORE, date(2026, 2, 20), PROGRAM, "")] == {"joined": 1, "cohort_shares": 1}


async def test_what_comes_before_its_store_waits_for_it(db: Database) -> None:
    await deliver(db, clicked("k1", days=0.45), decided("o1", click_id="k1"), ambassador_saved())
    assert (await rollups(db))["daily"] == {}
    await deliver(db, store_configured(timezone="Asia/Tokyo"))
    daily = (await rollups(db))["daily"]
    assert daily[(STORE, date(2026, 3, 3), PROGRAM, "")] == {"clicks": 1}, "22:48 UTC is the next day in Tokyo"
    assert daily[(STORE, date(2026, 3, 3), PROGRAM, "EUR")]["orders"] == 1


async def test_another_store_sees_nothing_of_it(ready: Database) -> None:
    await deliver(ready, decided("o1"))
    assert all(rows == {} for rows in (await rollups(ready, ["str_2"])).values())


async def test_a_copied_address_brings_several_friends_by_one_click(ready: Database) -> None:
    await deliver(ready, visited("t1", "v1", click_id="k1"), visited("t2", "v2", click_id="k1", days=0.1))
    await deliver(ready, clicked("k1", channel="viber"))
    channels = (await rollups(ready))["daily_channels"]
    assert channels == {(STORE, date(2026, 3, 2), PROGRAM, "viber", ""): {"clicks": 1, "friends": 2}}


async def test_of_two_ambassadors_who_are_one_person_the_first_shares(db: Database) -> None:
    await deliver(
        db, store_configured(), ambassador_saved("amb_2", customer="a1", days=-3), shared("t1", customer="a1")
    )
    await deliver(db, ambassador_saved("amb_1", customer="a1", days=-5))
    leaders = (await rollups(db))["leaders"]
    assert {key[4] for key in leaders} == {"amb_1"}


async def test_an_erased_ambassador_stays_counted(ready: Database) -> None:
    await deliver(ready, decided("o1", kind="code", buyer="c1"), ambassador_saved("amb_7", customer="c1", days=3))
    before = await rollups(ready)
    erased = ambassador_saved("amb_7", days=3, revision=2).model_copy(update={"status": "erased"})
    await deliver(ready, erased)
    await deliver(ready, decided("o1", kind="code", buyer="c1", revision=2))
    assert await rollups(ready) == before


async def test_a_code_order_keeps_the_channel_of_the_click_that_came_with_it(ready: Database) -> None:
    await deliver(ready, clicked("k1", channel="viber"), visited("t1", "v1", click_id="k1"))
    await deliver(ready, decided("o1", kind="code", came_by="k1"), decided("o2", kind="code", buyer="c2"))
    channels = (await rollups(ready))["daily_channels"]
    day = date(2026, 3, 3)
    money = {"orders": 1, "orders_by_code": 1, "customers": 1, "gross_minor": 5000}
    assert channels[(STORE, day, PROGRAM, "viber", "EUR")] == money
    assert channels[(STORE, day, PROGRAM, "code", "EUR")] == money
    assert channels[(STORE, date(2026, 3, 2), PROGRAM, "viber", "")] == {"clicks": 1, "friends": 1, "friends_bought": 1}


@pytest.mark.parametrize("quality", ["bot", "prefetch"])
async def test_who_is_no_friend_to_a_decision_is_none_here(ready: Database, quality: Quality) -> None:
    await deliver(ready, clicked("k1", quality=quality), visited("t1", "v1", click_id="k1", quality=quality))
    daily = (await rollups(ready))["daily"]
    assert daily[COUNTS] == {f"clicks_{quality}": 1}
    assert daily[(STORE, date(2026, 3, 2), "", "")] == {"visits": 1}


@pytest.mark.parametrize("late", ["order", "ambassador", "name"])
async def test_a_friend_known_by_id_and_mail_turns_ambassador_by_mail_alone(ready: Database, late: str) -> None:
    order = decided("o1", kind="code", buyer="c1", contacts=() if late == "name" else ("h1",))
    joined = ambassador_saved("amb_7", days=3, contacts=("h1",))
    for reported in (joined, order) if late == "order" else (order, joined):
        await deliver(ready, reported)
    if late == "name":
        await deliver(ready, decided("o2", kind="code", buyer="c1", contacts=("h1",), number=2, new=False, days=5))
    found = await rollups(ready)
    assert found["daily"][MONEY]["customers_turned"] == 1
    assert found["cycles"] == {(STORE, date(2026, 3, 5), PROGRAM, 13): {"pairs": 1}}


async def test_what_came_before_its_store_is_counted_some_at_a_time(db: Database) -> None:
    await deliver(db, *(clicked(f"k{n:04}") for n in range(SLICE + 3)))
    await deliver(db, store_configured())
    assert (await rollups(db))["daily"][COUNTS] == {"clicks": SLICE}
    await deliver(db, clicked("k0000"), clicked("later"))
    await Jobs(make_context(db, name="analytics"), jobs=(), due_jobs=SERVICE.due_jobs).run_due(COUNT_WAITING)
    assert (await rollups(db))["daily"][COUNTS] == {"clicks": SLICE + 4}


async def test_old_ids_of_reports_are_forgotten_some_at_a_time(
    ready: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", 2)
    await deliver(ready, *(visited(f"t{n}", "v1") for n in range(5)))
    async with ready.transaction([STORE]) as tx:
        await tx.execute("update reports set counted_at = counted_at - interval '46 days' where track_id <> 't4'")
        await tx.execute("update due set at = now() - interval '1 day'")
    await Jobs(make_context(ready, name="analytics"), jobs=(), due_jobs=SERVICE.due_jobs).run_due("forget-reports")
    async with ready.transaction([STORE]) as tx:
        assert [row.track_id for row in await tx.all("select track_id from reports")] == ["t4"]
        assert await tx.scalar("select at > now() from due where job = 'forget-reports'")


async def test_a_recount_mends_what_sums_are_wrong_by_while_others_are_counted(ready: Database) -> None:
    await deliver(ready, clicked("k1"), visited("t1", "v1", click_id="k1"), shared("t3", customer="a1"))
    await deliver(ready, decided("o1", click_id="k1", visitor_id="v1", days=1), rewarded("r1"))
    right = await rollups(ready)
    async with ready.transaction([STORE]) as tx:
        await tx.execute("update daily set orders = orders + 3, joined = 0, friends_held = 7")
        await tx.execute("delete from leaders where grain = 'week'")
        await tx.execute("update owed set amount_minor = amount_minor + 1")
        await tx.execute("update friends set held = held + 1, kept = kept - 1")
    async with ready.transaction([STORE], snapshot=True) as tx:
        found = await recount.drift(tx, STORE)
    assert (len(found.friends), found.none) == (1, False)
    await deliver(ready, clicked("k2", days=40))
    await recount.mend(ready, found)
    async with ready.transaction([STORE], snapshot=True) as tx:
        assert (await recount.drift(tx, STORE)).none
    mended = await rollups(ready)
    (meanwhile,) = mended["daily"].keys() - right["daily"].keys()
    assert mended["daily"].pop(meanwhile) == {"clicks": 1}
    for counted in ("daily_channels", "own"):
        mended[counted] = {key: row for key, row in mended[counted].items() if key in right[counted]}
    for counted in ("results", "link_results"):
        for name in ("clicks", "last_active_s"):
            for table in (mended, right):
                table[counted] = {key: {**row, name: 0} for key, row in table[counted].items()}
    assert mended == right
