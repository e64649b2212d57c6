"""What is kept for ever lies packed; what older versions kept plain is read beside it and stays as it is."""

import asyncpg
import pytest

from contracts.events import Payload
from services.attribution.decisions.actions.replay import check_remembered, replay_all
from services.attribution.decisions.sql import friends as friend_rows
from services.attribution.decisions.sql import packed
from services.attribution.orders import sql as orders_sql
from services.kernel.db import Database
from tests.integration.attribution.test_friends import settle_everything
from tests.support.attribution import (
    STORE,
    ambassador,
    arrive,
    at,
    code,
    decision_of,
    order,
    program,
    refund,
    token,
    visit,
)

TABLES = {
    "order_facts": orders_sql.unpack,
    "friends": friend_rows.unpack,
    "decisions": packed.unpack,
}


def story() -> list[Payload]:
    bought = [order(f"o{n}", codes=["ANNA10"], contacts=["h1"], placed_at=at(days=-9 + n)) for n in range(3)]
    return [program(new_customers_only=False), ambassador(), code(), visit(click=token()), *bought]


async def bodies(db: Database, table: str) -> list[bytes]:
    async with db.transaction([STORE]) as tx:
        return [bytes(row.body) for row in await tx.all(f"select body from {table}")]


async def make_plain(db: Database) -> None:
    """Everything that is packed is written plain, as it was kept before."""
    owner = await asyncpg.connect(db.url, server_settings={"search_path": "attribution", "kith.stores": STORE})
    for table, unpack in TABLES.items():
        for row in await owner.fetch(f"select ctid, body from {table}"):
            await owner.execute(f"update {table} set body = $1 where ctid = $2", unpack(row["body"]), row["ctid"])
    await owner.close()


@pytest.mark.parametrize("table", TABLES)
async def test_what_stays_for_ever_takes_less_than_half(db: Database, table: str) -> None:
    await arrive(db, *story())
    await settle_everything(db)
    kept = await bodies(db, table)
    assert len(kept) >= 1
    assert sum(map(len, kept)) * 2 < sum(len(TABLES[table](body)) for body in kept)


async def test_what_was_kept_plain_decides_replays_and_is_remembered_as_before(db: Database) -> None:
    await arrive(db, *story())
    await settle_everything(db)
    await arrive(db, order("open", codes=["ANNA10"], contacts=["h1"]))
    await make_plain(db)
    assert {body[:1] for table in TABLES for body in await bodies(db, table)} == {b"{"}
    await arrive(db, refund(900, order_id="o1"), order("next", placed_at=at(days=1)), order("open", contacts=["h2"]))
    assert (await decision_of(db, "next"))["order_number"] == 5
    assert (await decision_of(db, "o1"))["refunded_minor"] == 900
    async with db.transaction([STORE]) as tx:
        assert all(one.equal for one in await replay_all(tx, STORE))
        assert all(one.equal for one in await check_remembered(tx, STORE))
    assert {body[:1] for body in await bodies(db, "order_facts")} == {b"{", b"\x01"}
