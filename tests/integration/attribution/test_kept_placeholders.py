"""Placeholders that were kept as hashes before they were known as such: taken out, strangers are strangers again."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest
from alembic import command

from contracts.events.catalog import StoreConfigured
from services.attribution.decisions.actions.apart import TAKE_OUT, take_out
from services.attribution.decisions.actions.replay import check_remembered, replay_all
from services.attribution.decisions.actions.settle import settle
from services.attribution.main import SERVICE
from services.common.contacts import _hash, fold_email, fold_phone
from services.common.store_slice import keep_stores
from services.kernel import migrate as migrations
from services.kernel.db import Database
from services.kernel.due import schedule
from services.kernel.jobs import Jobs
from tests.support.attribution import (
    NOON,
    STORE,
    ambassador,
    arrive,
    at,
    decision_of,
    event_of,
    identify,
    order,
    program,
    token,
    visit,
)
from tests.support.edge import RING, make_context
from tests.support.postgres import FreshDatabase, TestServer

ANNA = (program(), ambassador())


def kept(text: str) -> str:
    """The hash that a placeholder was kept under when it counted as anybody's."""
    address = fold_email(text)
    return _hash(RING, "e", address) if address else _hash(RING, "p", fold_phone(text) or "")


GUEST = kept("guest@pos.shop.example")


@pytest.fixture
async def db(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await fresh_database("attribution"), schema="attribution")
    configured = StoreConfigured(
        store_id=STORE,
        name="Shop",
        currency="EUR",
        timezone="UTC",
        domains=("pos.shop.example:8443",),
        locale="en",
        created_at=NOON,
        revision=1,
    )
    async with database.transaction(stores=[STORE]) as tx:
        await keep_stores(tx, [event_of(configured)])
    yield database
    async with database.transaction(stores=[STORE]) as tx:
        assert [r.order_id for r in await replay_all(tx, STORE, count=500) if not r.equal] == []
        assert [one for one in await check_remembered(tx, STORE) if not one.equal] == []
    await database.close()


async def taken_out(db: Database) -> int:
    async with db.transaction(stores=[STORE]) as tx:
        return await take_out(tx, RING, STORE)


async def settle_order(db: Database, order_id: str) -> None:
    async with db.transaction(stores=[STORE]) as tx:
        await tx.execute(
            "update orders set settle_at = now() + case order_id when :o then -interval '1 m' else interval '1 d' end"
            " where settled_at is null",
            o=order_id,
        )
        await settle(tx, [STORE])


async def winners(db: Database, *order_ids: str) -> Sequence[object]:
    return [(await decision_of(db, order_id)).get("ambassador_id") for order_id in order_ids]


@pytest.mark.parametrize(
    "placeholder",
    [
        *("anonymous@gmail.com", "guest@pos.shop.example", "guest@shop.example", "no-reply@shop.example"),
        *("n.o.r.e.p.l.y@gmail.com", "none@example.com", "+49 0000000", "77777777", "1234567890"),
    ],
)
async def test_two_buyers_whom_a_placeholder_joined_are_two_again(db: Database, placeholder: str) -> None:
    both: dict[str, Any] = {"customer": None, "contacts": [kept(placeholder)]}
    await arrive(db, *ANNA, order("1", tokens=[token()], **both))
    await arrive(db, order("2", placed_at=at(days=1), **both))
    assert await winners(db, "1", "2") == ["amb_anna", "amb_anna"], "this is what was wrong"

    assert await taken_out(db) == 1
    assert await winners(db, "1", "2") == ["amb_anna", None]
    assert (await decision_of(db, "2"))["order_number"] == 1
    await arrive(db, order("3", placed_at=at(days=2), **both))
    assert await winners(db, "3") == [None], "a fact from before, that comes now, joins nobody either"
    assert await taken_out(db) == 0


async def test_what_other_names_join_stays_one(db: Database) -> None:
    await arrive(db, *ANNA, order("1", customer="c1", contacts=[GUEST], tokens=[token()]))
    await arrive(db, order("2", customer="c1", contacts=[GUEST, "e_eve"], placed_at=at(days=1)))
    await arrive(db, order("3", customer=None, contacts=["e_eve"], placed_at=at(days=2)))
    await arrive(db, order("4", customer="c4", contacts=[GUEST], placed_at=at(days=3)))
    assert await taken_out(db) == 1
    assert await winners(db, "1", "2", "3", "4") == ["amb_anna", "amb_anna", "amb_anna", None]
    assert [(await decision_of(db, o))["order_number"] for o in "1234"] == [1, 2, 3, 1]
    await arrive(db, order("5", customer=None, contacts=["e_eve"], placed_at=at(days=4)))
    assert await winners(db, "5") == ["amb_anna"]


async def test_what_has_settled_stays(db: Database) -> None:
    both: dict[str, Any] = {"customer": None, "contacts": [GUEST]}
    await arrive(db, *ANNA, order("1", tokens=[token()], **both))
    await arrive(db, order("2", placed_at=at(minutes=1), **both), order("3", placed_at=at(days=1), **both))
    await settle_order(db, "2")
    assert await taken_out(db) == 1
    assert await winners(db, "1", "2", "3") == ["amb_anna", "amb_anna", None]
    await settle_order(db, "1")
    assert (await decision_of(db, "1"))["order_number"] == 1


async def test_people_who_were_merged_by_a_placeholder_come_apart(db: Database) -> None:
    await arrive(db, *ANNA, order("1", customer="c1", tokens=[token()]), order("2", customer="c2"))
    await settle_order(db, "1")
    await arrive(db, order("3", customer="c1", contacts=[GUEST], placed_at=at(days=1)))
    await arrive(db, order("4", customer="c2", contacts=[GUEST], placed_at=at(days=2)))
    assert await winners(db, "4") == ["amb_anna"], "this is what was wrong"
    assert await taken_out(db) == 1
    await arrive(db, order("5", customer="c2", placed_at=at(days=3)), order("6", customer="c1", placed_at=at(days=3)))
    assert await winners(db, "3", "4", "5", "6") == ["amb_anna", None, None, "amb_anna"]
    assert [(await decision_of(db, o))["order_number"] for o in "123456"] == [1, 1, 2, 2, 3, 3]


async def test_a_click_that_a_placeholder_was_named_with_serves_who_was_named_next(db: Database) -> None:
    await arrive(db, *ANNA, visit(click=token()))
    await arrive(db, identify("trk_1", customer=None, contacts=[GUEST], when=at(days=-1.5)))
    await arrive(db, identify("trk_2", customer="c2", when=at(days=-1)), order("1", customer="c2"))
    assert await winners(db, "1") == [None], "the till's guest was named first"
    assert await taken_out(db) == 1
    assert await winners(db, "1") == ["amb_anna"]


async def test_customer_ids_that_stand_for_any_guest_are_found_in_any_spelling(db: Database) -> None:
    for number, name in enumerate(("Guest", "0", "АНОНИМ")):
        await arrive(db, order(f"{number}a", customer=name), order(f"{number}b", customer=name, placed_at=at(days=1)))
    await arrive(db, order("a", customer="guesthouse"), order("b", customer="guesthouse", placed_at=at(days=1)))
    assert await taken_out(db) == 3
    assert [(await decision_of(db, f"{n}b"))["order_number"] for n in range(3)] == [1, 1, 1]
    assert (await decision_of(db, "b"))["order_number"] == 2


async def test_an_ambassador_with_a_placeholder_of_an_address_refuses_no_order(db: Database) -> None:
    await arrive(db, program(), ambassador(contacts=[GUEST]))
    await arrive(db, order("1", customer="c1", contacts=[GUEST], tokens=[token()]))
    assert (await decision_of(db, "1"))["reason"] == "self_referral", "this is what was wrong"
    await taken_out(db)
    assert await winners(db, "1") == ["amb_anna"]


async def test_a_job_does_it_once_for_each_store_that_was_there(db: Database) -> None:
    both: dict[str, Any] = {"customer": None, "contacts": [GUEST]}
    await arrive(db, *ANNA, order("1", tokens=[token()], **both), order("2", placed_at=at(days=1), **both))
    ctx = make_context(db, name="attribution")
    jobs = Jobs(ctx, jobs=(), due_jobs=SERVICE.keyed_jobs(ctx))
    assert await jobs.run_due(TAKE_OUT) == 0
    async with db.transaction(stores=[STORE]) as tx:
        await schedule(tx, TAKE_OUT, {STORE: tx.now})
    assert await jobs.run_due(TAKE_OUT) == 1
    assert await winners(db, "1", "2") == ["amb_anna", None]
    assert await jobs.run_due(TAKE_OUT) == 0


async def test_the_migration_asks_for_it_when_nothing_from_before_is_on_its_way(postgres: TestServer) -> None:
    url = await postgres.empty()
    try:
        await migrations._run(SERVICE, url, lambda each: command.upgrade(migrations._config(SERVICE, each), "0006"))
        db = await asyncpg.connect(url, server_settings={"search_path": "attribution"})
        for store in ("str_1", "str_2"):
            await db.execute("insert into directory (kind, key, store_id, id) values ('store', $1, $1, $1)", store)
        await migrations.migrate(SERVICE, url)
        rows = await db.fetch("select store_id, extract(epoch from at - now()) as s from due where job = $1", TAKE_OUT)
        assert {row["store_id"] for row in rows} == {"str_1", "str_2"}
        assert all(3500 < row["s"] < 3700 for row in rows)
        await db.close()
    finally:
        await postgres.drop(url)
