"""A past, in bulk: a few orders go the real way, and SQL multiplies their rows into as many as a benchmark needs.

Copies get ids, people and customers of their own, so that every table and index has the size that it would have. The
stored bodies of decisions still name the order that they were copied from, and roll-ups keep their sums: neither is
read by what is measured here, and the roll-ups' number of rows follows days, not orders, as in life.
"""

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg

from benchmarks.stage import Stage, Store

_TABLES: Mapping[str, Mapping[str, str]] = {
    "attribution.order_facts": {"order_id": "{} || '~' || k"},
    "attribution.decisions": {"order_id": "{} || '~' || k"},
    "attribution.orders": {"order_id": "{} || '~' || k", "person_id": "{} || '~' || k"},
    "attribution.person_keys": {"key": "{} || '~' || k", "person_id": "{} || '~' || k"},
    "attribution.ties": {"order_id": "{} || '~' || k"},
    "attribution.friends": {"person_id": "{} || '~' || k"},
    "rewards.conversions": {"order_id": "{} || '~' || k"},
    "rewards.rewards": {
        "order_id": "{} || '~' || k",
        "reward_id": "{} || '~' || k",
        "granted_by": "{} + k::bigint * 10000000",
        "beneficiary_id": "case when side = 'friend' then {0} || '~' || k else {0} end",
    },
    "rewards.posting_sets": {"number": "{} + k::bigint * 10000000", "reward_id": "{} || '~' || k"},
    "rewards.entries": {
        "number": "{} + k::bigint * 10000000",
        "owner": "case when account like 'friend%' then {0} || '~' || k else {0} end",
    },
    "rewards.balances": {"owner": "{} || '~' || k"},
    "analytics.orders": {"order_id": "{} || '~' || k", "buyer": "{} || '~' || k"},
    "analytics.rewards": {
        "reward_id": "{} || '~' || k",
        "beneficiary_id": "case when kind = 'friend' then {0} || '~' || k else {0} end",
    },
    "analytics.clicks": {"click_id": "{} || '~' || k"},
}
_ONLY: Mapping[str, str] = {
    "attribution.person_keys": "key like 'c:%'",
    "rewards.balances": "side = 'friend'",
}
_CLICKS = (
    "insert into analytics.clicks (store_id, click_id, at, channel)"
    " select $1, 'clk_' || n, now() - n * interval '1 minute', 'telegram' from generate_series(1, $2) n"
)
ORDERS_SHARE, CLICKS_SHARE = 0.2, 0.2
"""Of so many events: an order makes four (received, attributed, two rewards), and a click is one."""


async def multiply(stage: Stage, stores: Sequence[Store], times: int) -> None:
    """Copies the stores' orders so often that there are `times` as many. Triggers sleep meanwhile."""
    if times < 2:
        return
    ids = [store.id for store in stores]
    services = dict.fromkeys(table.partition(".")[0] for table in _TABLES)
    await asyncio.gather(*(_multiply(stage, service, ids, times - 1) for service in services))
    async with stage.connected() as connection:
        await connection.execute("vacuum analyze")


async def _multiply(stage: Stage, service: str, stores: list[str], copies: int) -> None:
    async with stage.connected() as connection:
        await connection.execute("set session_replication_role = replica; set synchronous_commit = off")
        for table, changed in _TABLES.items():
            if table.startswith(f"{service}."):
                await _copy(connection, table, changed, stores, copies)


async def add_clicks(stage: Stage, store: Store, count: int) -> None:
    """Clicks that were counted, a minute apart."""
    async with stage.connected() as connection:
        await connection.execute("set synchronous_commit = off")
        await connection.execute(_CLICKS, store.id, count)


async def columns(connection: asyncpg.Connection, table: str) -> list[str]:
    """What a table has, without what is worked out from the rest."""
    rows = await connection.fetch(
        "select column_name from information_schema.columns where table_schema = $1 and table_name = $2"
        " and is_generated = 'NEVER'"
        " order by ordinal_position",
        *table.split("."),
    )
    return [row["column_name"] for row in rows]


async def _copy(
    connection: asyncpg.Connection, table: str, changed: Mapping[str, str], stores: list[str], copies: int
) -> None:
    names = await columns(connection, table)
    values = [changed[column].format(column) if column in changed else column for column in names]
    where = f" and {_ONLY[table]}" if table in _ONLY else ""
    await connection.execute(
        f"insert into {table} ({', '.join(names)}) select {', '.join(values)} from {table},"
        f" generate_series(1, {copies}) k where store_id = any($1){where}",
        stores,
    )
