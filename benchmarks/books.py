"""A store's books in bulk, and whole: a verification finds nothing in them.

Some orders go the real way. SQL copies their rewards, posting sets and entries, gives each copy an ambassador by a
power law and a day of the last year, numbers the sets without a gap, and adds up what is kept beside the entries:
balances, totals, what is spent, counters of limits. The hashes are chained anew by the product's own function.
"""

from collections.abc import Mapping

import asyncpg

from benchmarks.history import columns
from benchmarks.stage import Stage, Store
from services.kernel.db import Database
from services.rewards.ledger import sql as ledger
from services.rewards.ledger.domain import GENESIS, chain_hash

DAYS = 360
"""Over so many the copies are spread."""
_SLICE = 5_000

_PICK = """
create temp table picked as
select order_id, k, ($2::text[])[floor(power($3::int, random()))::int] as ambassador_id, k % $4::int as days
from (select distinct order_id from rewards.rewards where store_id = $1 and order_id not like '%~%') o,
  generate_series($5::int, $6::int) k
"""
_REWARDS = (
    "rewards.rewards t join picked p using (order_id)",
    {
        "order_id": "order_id || '~' || p.k",
        "reward_id": "reward_id || '~' || p.k",
        "ambassador_id": "p.ambassador_id",
        "beneficiary_id": "case side when 'friend' then t.beneficiary_id || '~' || p.k else p.ambassador_id end",
        "granted_by": "granted_by + p.k::bigint * $2",
        "placed_at": "placed_at - p.days * interval '1 day'",
        "day": "day - p.days",
    },
)
_SETS = (
    "rewards.posting_sets t join rewards.rewards r using (store_id, reward_id) join picked p using (order_id)",
    {
        "number": "t.number + p.k::bigint * $2",
        "reward_id": "t.reward_id || '~' || p.k",
        "corrects": "t.corrects + p.k::bigint * $2",
    },
)
_ENTRIES = (
    "rewards.entries t join rewards.posting_sets s using (store_id, number)"
    " join rewards.rewards r using (store_id, reward_id) join picked p using (order_id)",
    {
        "number": "t.number + p.k::bigint * $2",
        "owner": "case when t.account like 'friend%' then t.owner || '~' || p.k"
        " when t.account like 'ambassador%' then p.ambassador_id else t.owner end",
    },
)
_BALANCES = r"""
insert into rewards.balances (store_id, owner, side, unit, granted, clawed_back, pending, available, in_payout, paid)
select $1, e.owner, split_part(e.account, '_', 1), e.unit,
  coalesce(-sum(e.amount_minor) filter (where s.movement in ('grant', 'raise')), 0),
  coalesce(sum(e.amount_minor) filter (where s.movement = 'claw_back'), 0),
  coalesce(-sum(e.amount_minor) filter (where e.account like '%\_pending'), 0),
  coalesce(-sum(e.amount_minor) filter (where e.account like '%\_available'), 0), 0, 0
from rewards.entries e join rewards.posting_sets s using (store_id, number)
where e.store_id = $1 and e.account <> 'program_expense' group by 2, 3, 4
"""
_TOTALS = """
insert into rewards.account_totals (store_id, account, unit, debits, credits)
select $1, account, unit, coalesce(sum(amount_minor) filter (where amount_minor > 0), 0),
  coalesce(-sum(amount_minor) filter (where amount_minor < 0), 0)
from rewards.entries where store_id = $1 group by 2, 3
"""
_SPENT = """
insert into rewards.spent (store_id, program_id, unit, amount_minor)
select $1, program_id, unit, sum(target_minor) from rewards.rewards
where store_id = $1 and target_minor > 0 group by 2, 3
"""
_COUNTS = """
insert into rewards.limit_counts (store_id, ambassador_id, program_id, rule, period, first, rewards, amount_minor)
select $1, r.ambassador_id, r.program_id, r.rule, p.period, date_trunc(p.period, r.day::timestamp)::date,
  count(*), sum(r.target_minor)
from rewards.rewards r join rewards.limit_periods p using (store_id, program_id, rule)
where r.store_id = $1 and r.target_minor > 0 group by 2, 3, 4, 5, 6
"""
_FOLDS = {"balances": _BALANCES, "account_totals": _TOTALS, "spent": _SPENT, "limit_counts": _COUNTS}


async def write_books(stage: Stage, store: Store, *, postings: int) -> int:
    """Copies what the store has posted until it has so many postings, which are the lines of posting sets, or a few
    more; returns how many. Nothing else may work on the store meanwhile.
    """
    async with stage.connected() as connection:
        last = await connection.fetchval("select seq from rewards.head where store_id = $1", store.id)
        lines = await connection.fetchval("select count(*) from rewards.entries where store_id = $1", store.id)
        if not lines:
            raise RuntimeError("nothing was posted for the store")
        copies = max(1, -(-postings // lines) - 1)
        await _copy_all(connection, store, 1, copies, last, {"posting_sets": _SETS, "entries": _ENTRIES})
        await connection.execute("update rewards.head set seq = $2 where store_id = $1", store.id, last * (copies + 1))
        await connection.execute("vacuum analyze")
        await _chain(stage, store, connection)
        await connection.execute("vacuum analyze rewards.posting_sets")
    return int(lines * (copies + 1))


async def add_rewards(stage: Stage, store: Store, *, rewards: int) -> int:
    """Copies rewards alone, with the counters that they move, until the store has so many or a few more; returns how
    many. The books say nothing of these copies.
    """
    async with stage.connected() as connection:
        count = "select count(*) from rewards.rewards where store_id = $1"
        templates = await connection.fetchval(f"{count} and order_id not like '%~%'", store.id)
        there = await connection.fetchval(count, store.id) // templates
        wanted = -(-rewards // templates)
        if wanted > there:
            await _copy_all(connection, store, there, wanted - 1, 0, {})
            await connection.execute("vacuum analyze")
        return int(await connection.fetchval(count, store.id))


async def _copy_all(
    connection: asyncpg.Connection,
    store: Store,
    first: int,
    last: int,
    apart: int,
    books: Mapping[str, tuple[str, Mapping[str, str]]],
) -> None:
    """Copies number `first` to `last` of each template, and what follows from them. Triggers sleep meanwhile."""
    for setting in ("session_replication_role = replica", "synchronous_commit = off", "work_mem = '64MB'"):
        await connection.execute(f"set {setting}")
    people = await connection.fetchval(
        "select array_agg(ambassador_id order by ambassador_id) from links.ambassadors where store_id = $1", store.id
    )
    await connection.execute("drop table if exists picked")
    await connection.execute("select setseed(0.5)")
    await connection.execute(_PICK, store.id, people, len(people), DAYS, first, last)
    await connection.execute("create index on picked (order_id)")
    await connection.execute("analyze picked")
    # Rewards last: sets and entries find their orders by the templates' rewards alone.
    for table, (source, changed) in {**books, "rewards": _REWARDS}.items():
        names = await columns(connection, f"rewards.{table}")
        values = ", ".join(changed.get(name, f"t.{name}") for name in names)
        await connection.execute(
            f"insert into rewards.{table} ({', '.join(names)}) select {values} from {source} where t.store_id = $1"
            " and $2::bigint is not null",
            *(store.id, apart),
        )
    for table, fold in _FOLDS.items():
        if books or table in ("spent", "limit_counts"):
            await connection.execute(f"delete from rewards.{table} where store_id = $1", store.id)
            await connection.execute(fold, store.id)


async def _chain(stage: Stage, store: Store, connection: asyncpg.Connection) -> None:
    """Gives each set the hash that follows from it and from the one before."""
    made: list[tuple[int, bytes]] = []
    number, previous = 0, GENESIS
    db = Database(stage.database_url, schema="rewards", pool_size=1)
    try:
        async with db.transaction([store.id], snapshot=True) as tx:
            while some := await ledger.sets_after(tx, store.id, after=number, count=_SLICE):
                for one in some:
                    previous = chain_hash(previous, one)
                    made.append((one.number, previous))
                number = some[-1].number
    finally:
        await db.close()
    await connection.execute("create temp table chained (number bigint primary key, hash bytea)")
    await connection.copy_records_to_table("chained", records=made)
    await connection.execute("analyze chained")
    await connection.execute(
        "update rewards.posting_sets s set hash = c.hash from chained c where s.store_id = $1 and s.number = c.number",
        store.id,
    )
