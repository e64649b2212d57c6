"""`python -m benchmarks.disk [orders]`: what a million orders take on disk, by table, of orders that went the real way.

Most customers come once and some often; two orders of three name a code and are rewarded once, a twentieth is refunded.
It measures while the orders are open and after they have settled and their rewards were released, each time as the
tables lie and as close as their rows can lie: updates leave room in between, which later rows take, and a short run has
more of it than a long one. What stays for ever and what the bus keeps for days are told apart. With `--url` it only
reads a database that is there, by its owner's address.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import uvloop

from benchmarks.stage import PROGRAM, Stage, Store, staged, until

_SIZES = """
select n.nspname || '.' || c.relname as name, pg_table_size(c.oid) as rows, pg_indexes_size(c.oid) as indexes
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('links', 'attribution', 'rewards', 'analytics', 'bus') and c.relkind in ('r', 'p')
"""
_TERMS = {**PROGRAM, "rewards": [rule for rule in PROGRAM["rewards"] if rule["to"] == "ambassador"]}  # type: ignore[attr-defined]
"""One reward for each order that somebody referred."""
_MILLION = 1_000_000
_EMPTY = 64 * 1024
"""A table without rows and its indexes: told of nobody's orders."""


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of a table for each order."""

    table: str
    rows: float
    indexes: float
    close: float = 0
    """Rows and indexes as close as they can lie; 0 where that is not known."""

    @property
    def passes(self) -> bool:
        """Whether it holds what is dropped after some days."""
        return self.table.startswith("bus.") or self.table.endswith((".outbox", ".answers", ".due", ".reports"))


async def sizes(connection: asyncpg.Connection) -> list[Size]:
    """What each table takes for an order of this database, the largest first."""
    orders = await connection.fetchval("select count(*) from attribution.orders")
    found = [
        Size(row["name"], row["rows"] / orders, row["indexes"] / orders)
        for row in await connection.fetch(_SIZES)
        if row["rows"] + row["indexes"] > _EMPTY
    ]
    return sorted(found, key=lambda size: -(size.rows + size.indexes))


async def close(connection: asyncpg.Connection) -> list[Size]:
    """The same with every table also written anew, row by row."""
    found = await sizes(connection)
    for one in found:
        await connection.execute(f"vacuum (full, analyze) {one.table}")
    after = {one.table: one.rows + one.indexes for one in await sizes(connection)}
    return [replace(one, close=after.get(one.table, 0)) for one in found]


def as_table(found: Sequence[Size]) -> str:
    """A table in Markdown: MB for a million orders."""

    def line(name: str, some: Sequence[Size]) -> str:
        parts = ("rows", "indexes", "close")
        rows, indexes, least = (sum(getattr(one, part) for one in some) * _MILLION / 1e6 for part in parts)
        return f"| {name} | {rows:,.0f} | {indexes:,.0f} | {rows + indexes:,.0f} | {least:,.0f} |"

    kept = [one for one in found if not one.passes]
    return "\n".join(
        (
            "| table | rows, MB | indexes, MB | together, MB | close, MB |\n|---|---|---|---|---|",
            *(line(one.table, [one]) for one in found),
            line("**for ever**", kept),
            line("**for days** (bus, outbox, answers)", [one for one in found if one.passes]),
        )
    )


async def _orders(client: httpx.AsyncClient, store: Store, count: int) -> None:
    """Orders as a store has them: by a power law of customers, by code or by nobody."""
    chance, gate = random.Random(1), asyncio.Semaphore(16)

    async def one(number: int) -> None:
        customer = int(count ** chance.random())
        reported = {
            "order_id": f"{100_000 + number}",
            "placed_at": datetime.now(UTC).isoformat(),
            "status": "paid",
            "currency": "EUR",
            "total_minor": 5090,
            "subtotal_minor": 4600,
            "customer": {"id": f"{8000 + customer}", "email": f"friend{customer}@example.com"},
            "codes": [chance.choice(store.codes)] if chance.random() < 0.66 else [],
        }
        key = {"Authorization": f"Bearer {store.secret_key}"}
        async with gate:
            (await client.post("/v1/orders", json=reported, headers=key)).raise_for_status()
            if chance.random() < 0.05:
                refund = {"refund_id": "1", "amount_minor": 1000}
                path = f"/v1/orders/{reported['order_id']}/refunds"
                (await client.post(path, json=refund, headers=key)).raise_for_status()

    await asyncio.gather(*(one(number) for number in range(count)))


async def _counted(connection: asyncpg.Connection, orders: int) -> bool:
    seen = await connection.fetchval("select count(*) from analytics.orders")
    waiting = await connection.fetchval("select count(*) from attribution.outbox")
    return bool(seen >= orders and waiting == 0)


async def _settled(connection: asyncpg.Connection) -> bool:
    open_orders = await connection.fetchval("select count(*) from attribution.orders where settled_at is null")
    held = await connection.fetchval(
        "select count(*) from rewards.rewards where target_minor > 0 and released_at is null"
    )
    waiting = await connection.fetchval(
        "select (select count(*) from attribution.outbox) + (select count(*) from rewards.outbox)"
    )
    reported = await connection.fetchval("select count(*) from analytics.orders where not settled")
    return not (open_orders or held or waiting or reported)


async def lived(stage: Stage, orders: int) -> AsyncIterator[tuple[str, list[Size]]]:
    """Tables after so many orders came, and after they have settled."""
    port, pid = await stage.serve("all", KITH_DEMO="1")
    (store,) = await stage.stores(port, 1, ambassadors=max(20, orders // 100), program=_TERMS)
    async with (
        stage.connected() as connection,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        await _orders(client, store, orders)
        await until(partial(_counted, connection, orders), within=600)
        yield "while orders are open", await close(connection)
        key = {"Authorization": f"Bearer {stage.environment['KITH_OPERATOR_KEY']}"}
        (await client.post("/v1/clock", json={"advance_seconds": 60 * 86_400}, headers=key)).raise_for_status()
        await until(partial(_settled, connection), within=600)
        stage.end(pid)
        yield "after they have settled", await close(connection)


async def _run(orders: int, url: str) -> None:
    if url:
        connection = await asyncpg.connect(url)
        try:
            print(as_table(await sizes(connection)))
        finally:
            await connection.close()
        return
    with tempfile.TemporaryDirectory(prefix="kith-disk-") as folder:
        async with staged(Path(folder)) as stage:
            async for when, found in lived(stage, orders):
                print(f"\nA million orders, {when}:\n\n{as_table(found)}", flush=True)


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(prog="benchmarks.disk", description=__doc__)
    parser.add_argument("orders", nargs="?", type=int, default=5_000)
    parser.add_argument("--url", default="", help="the owner's address of a database to read instead")
    reported = parser.parse_args()
    uvloop.run(_run(reported.orders, reported.url))


if __name__ == "__main__":
    main()
