"""The pipeline as most would write it, and tuned: one transaction per order, from fact to roll-ups, in one database.

A process of its own: `python -m benchmarks.baselines.per_event <database url>`. It copies the product's tables, with
their keys, indexes and checks, into a schema of its own, and takes commands on its standard input: `go <file>` handles
the orders in the file (a JSON line each) with eight workers and prints `done`.

It writes the rows that the product writes for a first decision, by prepared statements on raw asyncpg, several rows of
a table in one statement. What it leaves out is to its advantage: there is no bus, nobody carries its outbox, and it has
neither row-level security, triggers, second candidates, caps nor replays.
"""

import asyncio
import hashlib
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import uvloop

from contracts.events.orders import OrderReceived
from services.kernel.ids import new_id

WORKERS = 8
_TABLES = {
    "attribution": "head codes programs order_facts decisions orders person_keys ties due outbox",
    "rewards": "conversions rewards posting_sets entries balances account_totals spent",
    "analytics": "orders rewards daily daily_channels daily_reasons leaders owed progress",
}
_HOLD = timedelta(days=14)
_NUMBER = "update a_head set seq = seq + 2 where store_id = $1 returning seq"
_STAMP = "update a_order_facts set seq = $4 where store_id = $1 and order_id = $2 and fact_id = $3 and seq is null"
_CODE = (
    "select c.ambassador_id, p.program_id, p.version, p.body from a_codes c join a_programs p using (store_id)"
    " where c.store_id = $1 and c.code = $2 order by p.version desc limit 1"
)
_PERSON = (
    "insert into a_person_keys (store_id, key, person_id) values ($1, $2, $3)"
    " on conflict (store_id, key) do update set key = excluded.key returning person_id"
)
_NUMBER_OF_ORDERS = "select count(*) from a_orders where store_id = $1 and person_id = $2"
_DUE = (
    "insert into a_due (job, store_id, at) values ('settle', $1, $2) on conflict (job, store_id)"
    " do update set at = least(a_due.at, excluded.at)"
)
_SPENT = (
    "insert into r_spent (store_id, program_id, unit, amount_minor) values ($1, $2, $3, $4)"
    " on conflict (store_id, program_id, unit)"
    " do update set amount_minor = r_spent.amount_minor + excluded.amount_minor"
)
_BALANCES = (
    "insert into r_balances (store_id, owner, side, unit, granted, clawed_back, pending, available)"
    " select $1, o, s, $4, a, 0, a, 0 from unnest($2::text[], $3::text[], $5::bigint[]) w (o, s, a)"
    " on conflict (store_id, owner, side, unit) do update set granted = r_balances.granted + excluded.granted,"
    " pending = r_balances.pending + excluded.pending"
)
_TOTALS = (
    "insert into r_account_totals (store_id, account, unit, debits, credits)"
    " select $1, w.a, $2, w.d, w.c from unnest($3::text[], $4::bigint[], $5::bigint[]) w (a, d, c) order by 2"
    " on conflict (store_id, account, unit) do update set debits = r_account_totals.debits + excluded.debits,"
    " credits = r_account_totals.credits + excluded.credits"
)
_DAILY = (
    "insert into n_daily (store_id, day, program_id, currency, orders, customers, gross_minor, first_orders,"
    " ambassador_cost_minor, friend_cost_minor) values ($1, $2, $3, $4, 1, $5, $6, $5, $7, $8)"
    " on conflict (store_id, day, program_id, currency) do update set orders = n_daily.orders + 1,"
    " customers = n_daily.customers + excluded.customers, gross_minor = n_daily.gross_minor + excluded.gross_minor,"
    " first_orders = n_daily.first_orders + excluded.first_orders,"
    " ambassador_cost_minor = n_daily.ambassador_cost_minor + excluded.ambassador_cost_minor,"
    " friend_cost_minor = n_daily.friend_cost_minor + excluded.friend_cost_minor"
)
_CHANNELS = (
    "insert into n_daily_channels (store_id, day, program_id, channel, currency, orders, gross_minor)"
    " values ($1, $2, $3, 'code', $4, 1, $5) on conflict (store_id, day, program_id, channel, currency)"
    " do update set orders = n_daily_channels.orders + 1,"
    " gross_minor = n_daily_channels.gross_minor + excluded.gross_minor"
)
_REASONS = (
    "insert into n_daily_reasons (store_id, day, program_id, disposition, reason, orders)"
    " values ($1, $2, $3, 'attributed', 'code', 1) on conflict (store_id, day, program_id, disposition, reason)"
    " do update set orders = n_daily_reasons.orders + 1"
)
_LEADERS = (
    "insert into n_leaders (store_id, grain, start, currency, ambassador_id, program_id, orders, gross_minor,"
    " reward_minor) select $1, g, s, $4, $5, $6, 1, $7, $8 from unnest($2::text[], $3::date[]) w (g, s) order by 2"
    " on conflict (store_id, grain, start, currency, ambassador_id, program_id) do update set"
    " orders = n_leaders.orders + 1, gross_minor = n_leaders.gross_minor + excluded.gross_minor,"
    " reward_minor = n_leaders.reward_minor + excluded.reward_minor"
)
_LIABILITY = (
    "insert into n_owed (store_id, program_id, currency, kind, status, rewards, amount_minor)"
    " select $1, $2, $3, k, 'pending', 1, a from unnest($4::text[], $5::bigint[]) w (k, a) order by k"
    " on conflict (store_id, program_id, currency, kind, status) do update set"
    " rewards = n_owed.rewards + 1, amount_minor = n_owed.amount_minor + excluded.amount_minor"
)
_PROGRESS = (
    "insert into n_progress (store_id, newest_at, counted_at, delay_ms, events) values ($1, $2, $2, 0, 3)"
    " on conflict (store_id) do update set newest_at = excluded.newest_at, counted_at = excluded.counted_at,"
    " events = n_progress.events + 3"
)


def insert(table: str, columns: str, rows: int = 1) -> str:
    """An INSERT of so many rows."""
    names = columns.split()
    places = ("(" + ", ".join(f"${row * len(names) + at + 1}" for at in range(len(names))) + ")" for row in range(rows))
    return f"insert into {table} ({', '.join(names)}) values {', '.join(places)} on conflict do nothing"


_DECISION = insert("a_decisions", "store_id order_id revision as_of engine decided_at body")
_ORDER = insert(
    "a_orders",
    "store_id order_id person_id placed_at status reason cancelled revision body_hash told_hash settle_at programs"
    " pieces currency total_minor refunded_minor ambassador_id",
)
_TIES = insert("a_ties", "store_id key order_id", 2)
_CONVERSION = insert("r_conversions", "store_id order_id revision program_id data waiting")
_REWARDS = insert(
    "r_rewards",
    "store_id order_id program_id rule level beneficiary_id reward_id side ambassador_id program_version pay_as unit"
    " currency order_revision placed_at day base_minor total_minor refunded_minor want_minor target_minor reason status"
    " revision available_at created_at granted_at changed_at granted_by",
    2,
)
_SETS = insert("r_posting_sets", "store_id number at movement reward_id basis hash", 2)
_ENTRIES = insert("r_entries", "store_id number line account owner unit amount_minor", 4)
_OUTBOX = insert("a_outbox", "event_id topic key type store_id subject at data", 3)
_COUNTED = insert(
    "n_orders",
    "store_id order_id revision status reason cancelled settled placed_at day currency total_minor refunded_minor buyer"
    " order_number new_customer program_id ambassador_id kind click_id visitor_id channel friend",
)
_LIABILITY_ROWS = insert(
    "n_rewards", "store_id reward_id revision program_id kind beneficiary_id status day currency amount_minor", 2
)


async def prepare(url: str) -> None:
    """Makes the tables as the product's are now, and copies its catalog."""
    connection = await asyncpg.connect(url)
    await connection.execute("drop schema if exists textbook cascade; create schema textbook")
    for service, tables in _TABLES.items():
        letter = "n" if service == "analytics" else service[0]
        for table in tables.split():
            name = f"textbook.{letter}_{table}"
            await connection.execute(f"create table {name} (like {service}.{table} including all)")
    for table in ("head", "codes", "programs"):
        await connection.execute(f"insert into textbook.a_{table} select * from attribution.{table}")
    await connection.close()


class Pipeline:
    """One connection's work."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def _run(self, sql: str, *values: object) -> Any:
        # asyncpg keeps the prepared statement of each text.
        return await self._connection.fetchrow(sql, *values)

    async def handle(self, line: bytes) -> None:
        """Everything that one order causes, in one transaction."""
        order = OrderReceived.model_validate_json(line, extra="ignore")
        async with self._connection.transaction():
            await self._decide_and_grant(order)

    async def _decide_and_grant(self, order: OrderReceived) -> None:
        run, store, at = self._run, order.store_id, datetime.now(UTC)
        seq = (await run(_NUMBER, store))["seq"]
        await run(_STAMP, store, order.order_id, order.fact_id, seq)
        won = await run(_CODE, store, order.codes[0])
        ambassador, program, version = won["ambassador_id"], won["program_id"], won["version"]
        rules = orjson.loads(won["body"])["program"]["rewards"]
        friend = order.customer.id or order.order_id
        person = (await run(_PERSON, store, f"c:{friend}", new_id("prs")))["person_id"]
        number = (await run(_NUMBER_OF_ORDERS, store, person))["count"] + 1
        decision = _decision(order, ambassador, program, version, number)
        body = orjson.dumps(decision)
        mark = hashlib.blake2b(body, digest_size=16).digest()
        figures, settle_at = order.figures, at + _HOLD
        await run(_DECISION, store, order.order_id, 1, seq, "1", at, body)
        await run(
            _ORDER, store, order.order_id, person, order.placed_at, "attributed", "code", False, 1, mark, mark,
            settle_at, [program], [f"a:{ambassador}", f"d:{order.codes[0]}"], figures.currency, figures.total_minor, 0,
            ambassador,
        )  # fmt: skip
        await run(_TIES, store, f"a:{ambassador}", order.order_id, store, f"d:{order.codes[0]}", order.order_id)
        await run(_DUE, store, settle_at)
        await run(_CONVERSION, store, order.order_id, 1, program, body.decode(), False)
        granted = [_reward(order, rule, ambassador, program, version, friend, at) for rule in rules]
        await self._book(order, granted, seq, at)
        await run(_OUTBOX, *_flat(_events(order, body, granted, at)))
        await self._count(order, granted, ambassador, program, friend, number, at)

    async def _book(self, order: OrderReceived, granted: list[dict[str, Any]], seq: int, at: datetime) -> None:
        run, store, unit = self._run, order.store_id, order.figures.currency
        sets, entries = [], []
        for place, reward in enumerate(granted):
            number, amount = seq - place, reward["target_minor"]
            basis = orjson.dumps({"order": order.order_id, "rule": reward["rule"], "target": amount}).decode()
            digest = hashlib.sha256(basis.encode()).digest()
            sets.append((store, number, at, "grant", reward["reward_id"], basis, digest))
            entries.append((store, number, 1, "program_expense", reward["program_id"], unit, amount))
            entries.append((store, number, 2, f"{reward['side']}_pending", reward["beneficiary_id"], unit, -amount))
            reward["granted_by"] = number
        await run(_REWARDS, *_flat(reward.values() for reward in granted))
        await run(_SETS, *_flat(sets))
        await run(_ENTRIES, *_flat(entries))
        amounts = [reward["target_minor"] for reward in granted]
        owners, sides = [r["beneficiary_id"] for r in granted], [r["side"] for r in granted]
        await run(_BALANCES, store, owners, sides, unit, amounts)
        accounts = ["program_expense", *(f"{side}_pending" for side in sides)]
        await run(_TOTALS, store, unit, accounts, [sum(amounts), 0, 0], [0, *amounts])
        await run(_SPENT, store, granted[0]["program_id"], unit, sum(amounts))

    async def _count(
        self, order: OrderReceived, granted: list[dict[str, Any]], ambassador: str, program: str, friend: str,
        number: int, at: datetime,
    ) -> None:  # fmt: skip
        run, store, day, figures = self._run, order.store_id, order.placed_at.date(), order.figures
        cost = {reward["side"]: reward["target_minor"] for reward in granted}
        first = int(number == 1)
        total, currency = figures.total_minor, figures.currency
        await run(
            _COUNTED, store, order.order_id, 1, "attributed", "code", False, False, order.placed_at, day, currency,
            total, 0, friend, number, number == 1, program, ambassador, "code", "", "", "code", "",
        )  # fmt: skip
        await run(
            _LIABILITY_ROWS,
            *_flat(
                (store, r["reward_id"], 1, program, r["side"], r["beneficiary_id"], "pending", day, currency,
                 r["target_minor"])
                for r in granted
            ),
        )  # fmt: skip
        await run(_DAILY, store, day, program, currency, first, total, cost["ambassador"], cost["friend"])
        await run(_CHANNELS, store, day, program, currency, total)
        await run(_REASONS, store, day, program)
        starts = [day.replace(day=1), day - timedelta(days=day.weekday())]
        await run(_LEADERS, store, ["month", "week"], starts, currency, ambassador, program, total, cost["ambassador"])
        await run(_LIABILITY, store, program, currency, list(cost), list(cost.values()))
        await run(_PROGRESS, store, at)


def _flat(rows: Any) -> Iterator[object]:
    return (value for row in rows for value in row)


def _decision(order: OrderReceived, ambassador: str, program: str, version: int, number: int) -> dict[str, object]:
    winner = {"kind": "code", "at": order.placed_at, "code": order.codes[0]}
    return {
        "store_id": order.store_id,
        "order_id": order.order_id,
        "revision": 1,
        "status": "attributed",
        "reason": "code",
        "placed_at": order.placed_at,
        "figures": order.figures.model_dump(),
        "friend_id": order.customer.id,
        "order_number": number,
        "new_customer": number == 1,
        "program_id": program,
        "program_version": version,
        "ambassador_id": ambassador,
        "winner": winner,
        "candidates": [{**winner, "ambassador_id": ambassador, "verdict": "won"}],
        "checks": [{"rule": "code", "result": "passed"}, {"rule": "own_purchase", "result": "passed"}],
    }


def _reward(
    order: OrderReceived, rule: dict[str, Any], ambassador: str, program: str, version: int, friend: str, at: datetime
) -> dict[str, Any]:
    give, figures = rule["give"], order.figures
    percent = give["kind"] == "percent"
    amount = (figures.subtotal_minor * give["basis_points"] + 5000) // 10000 if percent else give["amount_minor"]
    day: date = order.placed_at.date()
    return {
        "store_id": order.store_id, "order_id": order.order_id, "program_id": program, "rule": rule["name"], "level": 1,
        "beneficiary_id": ambassador if rule["to"] == "ambassador" else friend, "reward_id": new_id("rwd"),
        "side": rule["to"], "ambassador_id": ambassador, "program_version": version, "pay_as": rule["pay_as"],
        "unit": figures.currency, "currency": figures.currency, "order_revision": 1, "placed_at": order.placed_at,
        "day": day, "base_minor": amount, "total_minor": figures.total_minor, "refunded_minor": 0, "want_minor": amount,
        "target_minor": amount, "reason": "granted", "status": "pending", "revision": 1,
        "available_at": order.placed_at + timedelta(days=rule["hold_days"]), "created_at": at, "granted_at": at,
        "changed_at": at, "granted_by": None,
    }  # fmt: skip


def _events(
    order: OrderReceived, conversion: bytes, granted: Sequence[dict[str, Any]], at: datetime
) -> Iterator[tuple[object, ...]]:
    store = order.store_id
    yield (
        *(new_id("evt"), "kith.conversions", store, "kith.conversion.attributed.v1"),
        *(store, order.order_id, at, conversion),
    )
    for reward in granted:
        yield (
            *(new_id("evt"), "kith.rewards", store, "kith.reward.granted.v1"),
            *(store, reward["reward_id"], at, orjson.dumps(reward)),
        )


async def work(pool: asyncpg.Pool, lines: Iterator[bytes]) -> None:
    """One worker: the next order, until there is none."""
    async with pool.acquire() as connection:
        pipeline = Pipeline(connection)
        for line in lines:
            await pipeline.handle(line)


def _lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()


async def main(url: str) -> None:
    """Prepares, then obeys."""
    await prepare(url)
    settings = {"search_path": "textbook", "jit": "off"}
    async with asyncpg.create_pool(url, min_size=WORKERS, max_size=WORKERS, server_settings=settings) as pool:
        print("ready", flush=True)
        loop = asyncio.get_running_loop()
        while command := await loop.run_in_executor(None, sys.stdin.readline):
            lines = _lines(Path(command.split()[1]))
            facts = [orjson.loads(line) for line in lines]
            now = datetime.now(UTC)
            rows = [
                (f["store_id"], f["order_id"], f["fact_id"], "report", now, t)
                for f, t in zip(facts, lines, strict=True)
            ]
            names = ["store_id", "order_id", "fact_id", "kind", "received_at", "body"]
            await pool.copy_records_to_table("a_order_facts", records=rows, columns=names)
            print("kept", flush=True)
            await loop.run_in_executor(None, sys.stdin.readline)
            waiting = iter(lines)
            await asyncio.gather(*(work(pool, waiting) for _ in range(WORKERS)))
            print("done", flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
