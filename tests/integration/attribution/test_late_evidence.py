"""Pieces that come late, on a real PostgreSQL: each case ends as if everything had been there from the start."""

from collections.abc import AsyncIterator

import pytest

from contracts.events.conversions import Conversion
from services.attribution.codes.actions import redeem
from services.attribution.codes.schemas import RedeemIn
from services.attribution.decisions.actions.replay import replay_all
from services.attribution.decisions.actions.settle import settle
from services.kernel.db import Database
from tests.support.attribution import (
    STORE,
    ambassador,
    arrive,
    at,
    cancel,
    code,
    decision_of,
    figures,
    identify,
    order,
    program,
    refund,
    token,
    visit,
)
from tests.support.postgres import FreshDatabase

ANNA = (program(), ambassador())


@pytest.fixture
async def db(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await fresh_database("attribution"), schema="attribution")
    yield database
    async with database.transaction(stores=[STORE]) as tx:
        assert [r.order_id for r in await replay_all(tx, STORE, count=500) if not r.equal] == []
    await database.close()


async def settle_all(db: Database) -> None:
    async with db.transaction(stores=[STORE]) as tx:
        await tx.execute("update orders set settle_at = now() - interval '1 minute' where settle_at is not null")
        await settle(tx, [STORE])


async def events(db: Database) -> list[str]:
    async with db.transaction(stores=[STORE]) as tx:
        rows = await tx.all("select type from outbox order by id")
    return [row.type.split(".")[2] for row in rows]


async def test_identify_after_the_order(db: Database) -> None:
    await arrive(db, *ANNA)
    await arrive(db, visit(click=token()))
    await arrive(db, order())
    assert (await decision_of(db))["status"] == "unattributed"
    await arrive(db, identify(when=at(days=1)))
    assert (await decision_of(db))["ambassador_id"] == "amb_anna"
    assert await events(db) == ["unattributed", "attributed"]


async def test_a_program_after_the_order(db: Database) -> None:
    await arrive(db, order(tokens=[token()]))
    assert (await decision_of(db))["pending"] == ["program_unknown"]
    assert await events(db) == ["deferred"]
    await arrive(db, *ANNA)
    assert (await decision_of(db))["status"] == "attributed"


async def test_a_code_after_the_order(db: Database) -> None:
    await arrive(db, *ANNA, order(codes=["ANNA10"]))
    assert (await decision_of(db))["reason"] == "code_unknown"
    await arrive(db, code())
    assert (await decision_of(db))["reason"] == "code"


async def test_a_code_made_after_its_order(db: Database) -> None:
    await arrive(db, *ANNA, order(codes=["ANNA10"]))
    await arrive(db, code(created_at=at(minutes=20)))
    assert (await decision_of(db))["reason"] == "code_made_later"


async def test_an_ambassador_after_the_order(db: Database) -> None:
    await arrive(db, program(), code(), order("1", tokens=[token()]), order("2", customer="c2", codes=["ANNA10"]))
    await arrive(db, ambassador(external_id="c1"))
    assert (await decision_of(db, "1"))["reason"] == "self_referral"
    assert (await decision_of(db, "2"))["status"] == "attributed"
    await arrive(db, ambassador(revision=2, external_id="c2"))
    assert (await decision_of(db, "2"))["reason"] == "self_referral"


async def test_a_refund_before_its_order(db: Database) -> None:
    await arrive(db, *ANNA)
    await arrive(db, refund(1000), cancel("7"))
    await arrive(db, order(tokens=[token()]))
    assert (await decision_of(db))["refunded_minor"] == 1000


async def test_amendments_in_any_order(db: Database) -> None:
    await arrive(db, *ANNA)
    await arrive(db, order(reported=figures(5000), updated_at=at(minutes=2)))
    await arrive(db, order(reported=figures(4000), updated_at=at(minutes=1), tokens=[token()]))
    decision = await decision_of(db)
    assert (decision["status"], decision["figures"]["subtotal_minor"]) == ("attributed", 5000)


async def test_a_second_order_of_the_same_friend(db: Database) -> None:
    await arrive(db, *ANNA)
    await arrive(db, order("2", placed_at=at(days=40)))
    await arrive(db, order("1", tokens=[token()]))
    assert (await decision_of(db, "2"))["winner"]["kind"] == "customer"
    assert (await decision_of(db, "2"))["order_number"] == 2


async def test_the_first_order_cancelled_after_the_second_was_decided(db: Database) -> None:
    await arrive(db, *ANNA, order("1", tokens=[token()]), order("2", placed_at=at(days=40)))
    await arrive(db, cancel("1"))
    second = await decision_of(db, "2")
    assert (second["status"], second["order_number"]) == ("unattributed", 1)
    assert (await events(db))[-2:] == ["reversed", "unattributed"]


async def test_a_refund_after_settling(db: Database) -> None:
    await arrive(db, *ANNA, order(tokens=[token()]))
    await settle_all(db)
    await arrive(db, refund(1000))
    decision = await decision_of(db)
    assert decision["settled"]["revision"] == 1
    assert (decision["ambassador_id"], decision["refunded_minor"]) == ("amb_anna", 1000)
    assert await events(db) == ["attributed", "settled", "attributed"]


async def test_an_order_whose_money_changed_tells_what_it_came_to_at_its_settling(db: Database) -> None:
    await arrive(db, *ANNA, order(tokens=[token()]), refund(500))
    await settle_all(db)
    await arrive(db, refund(1000, refund_id="rf_2", when=at(days=2)))
    await arrive(db, order(updated_at=at(days=3), reported=figures(2000)))
    async with db.transaction(stores=[STORE]) as tx:
        rows = await tx.all("select data from outbox order by id")
    reported = [Conversion.model_validate_json(bytes(row.data)) for row in rows]
    assert [state.refunded_minor for state in reported] == [500, 500, 1500, 1500]
    assert [state.at_settling and state.at_settling.refunded_minor for state in reported] == [None, None, 500, 500]
    assert [state.at_settling and state.at_settling.figures.subtotal_minor for state in reported[2:]] == [4600, 4600]


async def test_evidence_after_settling_changes_nothing(db: Database) -> None:
    await arrive(db, *ANNA, visit(click=token()), order())
    await settle_all(db)
    await arrive(db, identify(), order(codes=["ANNA10"], updated_at=at(days=20)), code())
    assert (await decision_of(db))["status"] == "unattributed"


async def test_an_order_in_another_currency(db: Database) -> None:
    await arrive(db, *ANNA, order(tokens=[token()], reported=figures(currency="MDL")))
    decision = await decision_of(db)
    assert decision["status"] == "attributed"
    assert decision["checks"][-1]["reason"] == "currency_mismatch"


async def test_a_shared_click_moves_to_whom_was_named_first(db: Database) -> None:
    await arrive(db, *ANNA, visit(click=token()), order("1", customer="c1"), order("2", customer="c2"))
    await arrive(db, identify("trk_8", customer="c2", when=at(days=-0.5)))
    assert (await decision_of(db, "2"))["status"] == "attributed"
    await arrive(db, identify("trk_9", customer="c1", when=at(days=-1)))
    assert (await decision_of(db, "1"))["status"] == "attributed"
    assert (await decision_of(db, "2"))["reason"] == "click_taken"


async def test_an_order_that_joins_two_people(db: Database) -> None:
    await arrive(db, *ANNA)
    await arrive(db, order("1", customer=None, contacts=["h1"], tokens=[token()]))
    await arrive(db, order("2", customer="c1", placed_at=at(days=40)))
    await arrive(db, identify(customer="c1", contacts=["h1"], visitor=None))
    assert (await decision_of(db, "2"))["winner"]["kind"] == "customer"
    await arrive(db, order("3", customer="c1", placed_at=at(days=41)))
    assert (await decision_of(db, "3"))["order_number"] == 3


async def test_the_same_facts_again_change_nothing(db: Database) -> None:
    reported = (*ANNA, visit(click=token()), identify(), order(), refund(5))
    await arrive(db, *reported)
    before = await decision_of(db), await events(db)
    await arrive(db, *reported)
    assert (await decision_of(db), await events(db)) == before


async def test_a_limited_code_is_used_up(db: Database) -> None:
    await arrive(db, *ANNA, code(max_uses=1))
    await arrive(db, order("1", customer="c1", codes=["ANNA10"]), order("2", customer="c2", codes=["ANNA10"]))
    statuses = {(await decision_of(db, o))["reason"] for o in ("1", "2")}
    assert statuses == {"code", "code_used_up"}


async def test_an_unpaid_order_uses_no_code_up_and_a_cancelled_one_gives_its_use_back(db: Database) -> None:
    await arrive(db, *ANNA, code(max_uses=1))
    waiting = order("1", customer="c1", codes=["ANNA10"], reported=figures(status="pending"))
    paid = order("2", customer="c2", codes=["ANNA10"], placed_at=at(minutes=1))
    late = order("3", customer="c3", codes=["ANNA10"], placed_at=at(minutes=2))
    for reported in (waiting, paid, late):
        await arrive(db, reported)

    async def states(*ids: str) -> list[tuple[str, str]]:
        found = [await decision_of(db, order_id) for order_id in ids]
        return [(decision["status"], decision["reason"]) for decision in found]

    used_up, won = ("rejected", "code_used_up"), ("attributed", "code")
    assert await states("1", "2", "3") == [("pending", "unpaid"), won, used_up]
    await arrive(db, cancel("2", when=at(minutes=5)))
    assert await states("2", "3") == [("attributed", "cancelled"), won]
    again = order("2", customer="c2", codes=["ANNA10"], placed_at=at(minutes=1), updated_at=at(minutes=9))
    await arrive(db, again)
    assert await states("2", "3") == [used_up, won]
    await arrive(db, cancel("3", when=at(minutes=10)))
    assert await states("2", "3") == [won, ("attributed", "cancelled")]
    async with db.transaction(stores=[STORE]) as tx:
        assert await tx.scalar("select count(*) from code_uses") == 1


async def test_an_order_that_is_paid_no_longer_gives_its_use_of_a_code_back(db: Database) -> None:
    await arrive(db, *ANNA, code(max_uses=1))
    await arrive(db, order("1", customer="c1", codes=["ANNA10"]))
    await arrive(db, order("2", customer="c2", codes=["ANNA10"], placed_at=at(minutes=1)))
    assert (await decision_of(db, "2"))["reason"] == "code_used_up"
    voided = figures(status="pending")
    await arrive(db, order("1", customer="c1", codes=["ANNA10"], updated_at=at(minutes=5), reported=voided))
    assert [(await decision_of(db, o))["reason"] for o in "12"] == ["unpaid", "code"]
    await arrive(db, order("1", customer="c1", codes=["ANNA10"], updated_at=at(minutes=9)))
    assert [(await decision_of(db, o))["reason"] for o in "12"] == ["code_used_up", "code"]


async def test_a_use_that_was_redeemed_for_an_order_goes_with_its_cancellation(db: Database) -> None:
    await arrive(db, *ANNA, code(max_uses=1))
    async with db.transaction(stores=[STORE]) as tx:
        await redeem(tx, STORE, "anna10", RedeemIn(order_id="1"))
    waiting = order("1", customer="c1", codes=["ANNA10"], reported=figures(status="pending"))
    await arrive(db, waiting, order("2", customer="c2", codes=["ANNA10"], placed_at=at(minutes=1)))
    assert [(await decision_of(db, o))["reason"] for o in "12"] == ["unpaid", "code_used_up"]
    await arrive(db, cancel("1", when=at(minutes=5)))
    assert [(await decision_of(db, o))["reason"] for o in "12"] == ["cancelled", "code"]
