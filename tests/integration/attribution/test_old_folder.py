"""A data folder from before pages had to prove anything: what its facts say once it is migrated."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from alembic import command

from contracts.events.tracking import CustomerIdentified
from services.attribution.decisions.actions.take import take
from services.attribution.main import SERVICE
from services.attribution.tracking.domain import touch_id
from services.kernel import migrate as migrations
from services.kernel.db import Database
from tests.support.attribution import (
    STORE,
    ambassador,
    arrive,
    at,
    browser,
    decision_of,
    event_of,
    identify,
    order,
    program,
    refund,
    token,
    visit,
)
from tests.support.postgres import TestServer

OWN = ("tracks", "orders", "order_facts", "person_keys", "person_merges")
OLD_VISITOR = "v_" + "a" * 24


@pytest.fixture
async def old(postgres: TestServer) -> AsyncIterator[str]:
    """A database as the first version left it, with the stores' policies in force."""
    url = await postgres.empty()
    await migrations._run(SERVICE, url, lambda db: command.upgrade(migrations._config(SERVICE, db), "0001"))
    async with asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
        for table in OWN:
            await pool.execute(f"alter table attribution.{table} enable row level security")
            await pool.execute(f"create policy stores on attribution.{table} using (true)")
    yield url
    await postgres.drop(url)


async def test_people_whom_a_page_joined_are_told_apart_and_facts_that_say_the_same_are_one(old: str) -> None:
    reported = [
        order("1", customer="c1", tokens=[token()]),
        order("2", customer="c2", placed_at=at(days=1)),
        order("3", customer="c1", placed_at=at(days=2)),
    ]
    joined = identify("trk_1", visitor=OLD_VISITOR, customer="c1", contacts=["h2"], click=token("clk_2"), vouched=None)
    seen = [visit(f"trk_{n}", visitor="v1", click=token("clk_7"), when=at(minutes=n)) for n in (2, 3, 4)]
    db = await asyncpg.connect(old, server_settings={"search_path": "attribution", "kith.stores": STORE})
    for number, track in enumerate([joined, *seen], start=1):
        await db.execute(
            "insert into tracks values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            *(STORE, track.track_id, track.TYPE, number if number < 4 else None, track.at, track.visitor_id),
            track.token.click_id if track.token else None,
            isinstance(track, CustomerIdentified),
            "prs_a" if isinstance(track, CustomerIdentified) else None,
            track.model_dump_json(exclude_none=True).encode(),
        )
    for number, report in enumerate(reported, start=10):
        await db.execute(
            "insert into order_facts values ($1, $2, $3, 'report', $4, $5, $6)",
            *(STORE, report.order_id, report.fact_id, number, report.received_at),
            report.model_dump_json(exclude_none=True).encode(),
        )
        await db.execute(
            "insert into orders values ($1, $2, 'prs_a', $3, 'unattributed', 'no_evidence', false, 1, ''::bytea, null,"
            " null, null, '{}', '{}', 'EUR', 5090, 0, null)",
            *(STORE, report.order_id, report.placed_at),
        )
    await db.execute("insert into head values ($1, 20)", STORE)
    await db.executemany(
        "insert into person_keys values ($1, $2, $3)",
        [(STORE, "c:c1", "prs_a"), (STORE, "c:c2", "prs_b"), (STORE, "h:h2", "prs_a")],
    )
    await db.execute("insert into person_merges values ($1, 'prs_b', 'prs_a')", STORE)

    await migrations.migrate(SERVICE, old)

    people = dict(await db.fetch("select order_id, person_id from orders where person_id is not null"))
    assert people["1"] == people["3"] == "prs_a"
    assert people["2"] != "prs_a"
    keys = dict(await db.fetch("select key, person_id from person_keys"))
    assert keys == {"c:c1": "prs_a", "c:c2": people["2"]}
    assert await db.fetchval("select count(*) from person_merges") == 0
    tracks = await db.fetch("select track_id, visitor_id, names, person_id, seq from tracks order by track_id")
    assert [tuple(row) for row in tracks] == [
        (touch_id(seen[0]), browser("v1"), False, None, 2),
        ("trk_1", None, False, None, 1),
    ]
    await db.close()

    database = Database(old, schema="attribution")
    await arrive(database, program(), ambassador(), refund(5, order_id="2"))
    assert (await decision_of(database, "2"))["order_number"] == 1
    assert (await decision_of(database, "2"))["engine"] == "2"
    async with database.transaction(stores=[STORE]) as tx:
        await take(tx, [event_of(seen[2])])
    await database.close()
