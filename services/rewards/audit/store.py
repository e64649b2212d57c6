"""SQL that reads all of a store's books at once. For audits only: nothing that answers a request may."""

from collections.abc import Sequence

from services.kernel.db import Tx
from services.rewards.ledger.domain import HolderKey, Holding, TotalKey

_BALANCES = """
select side, owner, unit, granted, clawed_back, pending, available from balances where store_id = :store
"""
_TOTALS = "select account, unit, debits, credits from account_totals where store_id = :store"
_STRAY = """
select e.number, e.line from entries e left join posting_sets s using (store_id, number)
where e.store_id = :store and s.number is null order by 1, 2 limit 10
"""
_IMBALANCED = """
select distinct store_id from (
  select store_id from account_totals where store_id = any(cast(:stores as text[]))
  group by store_id, unit having sum(debits) <> sum(credits)
) broken order by store_id
"""


async def imbalanced(tx: Tx, stores: Sequence[str]) -> list[str]:
    """Which of these stores' debits and credits differ in some unit, by the totals that are kept."""
    return [row.store_id for row in await tx.all(_IMBALANCED, stores=list(stores))]


async def balances(tx: Tx, store: str) -> dict[HolderKey, Holding]:
    """What is kept about each beneficiary."""
    rows = await tx.all(_BALANCES, store=store)
    return {
        (store, row.side, row.owner, row.unit): Holding(row.granted, row.clawed_back, row.pending, row.available)
        for row in rows
    }


async def account_totals(tx: Tx, store: str) -> dict[TotalKey, tuple[int, int]]:
    """What is kept about each kind of account."""
    return {(store, r.account, r.unit): (r.debits, r.credits) for r in await tx.all(_TOTALS, store=store)}


async def stray_entries(tx: Tx, store: str) -> list[tuple[int, int]]:
    """(number, line) of entries whose set is not there."""
    return [(row.number, row.line) for row in await tx.all(_STRAY, store=store)]
