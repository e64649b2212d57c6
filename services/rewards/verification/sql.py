"""SQL that reads all of a store's books at once. For verifications only: nothing that answers a request may."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from services.kernel.db import Tx
from services.rewards.ledger.domain import HolderKey, Holding, TotalKey
from services.rewards.verification.domain import Report

_NEXT_OWNER = """
select owner from balances where store_id = :store and owner > :after order by owner offset :count limit 1
"""
_CROOKED = """
with made as (
  select e.owner, split_part(e.account, '_', 1) as side, e.unit,
    coalesce(-sum(e.amount_minor) filter (where s.movement in ('grant', 'raise', 'join')), 0)::bigint as granted,
    coalesce(sum(e.amount_minor) filter (where s.movement = 'claw_back'), 0)::bigint as clawed_back,
    coalesce(-sum(e.amount_minor) filter (where e.account like '%\\_pending'), 0)::bigint as pending,
    coalesce(-sum(e.amount_minor) filter (where e.account like '%\\_available'), 0)::bigint as available,
    coalesce(-sum(e.amount_minor) filter (where e.account = 'ambassador_in_payout'), 0)::bigint as in_payout,
    coalesce(-sum(e.amount_minor) filter (where e.account = 'ambassador_paid'), 0)::bigint as paid,
    coalesce(sum(e.amount_minor) filter (where s.movement in ('expire', 'restore')), 0)::bigint as expired,
    coalesce(-sum(e.amount_minor) filter (where e.account like '%\\_reserved'), 0)::bigint as reserved,
    coalesce(-sum(e.amount_minor) filter (where e.account like '%\\_used'), 0)::bigint as used
  from entries e left join posting_sets s on s.store_id = e.store_id and s.number = e.number
  where e.store_id = :store and e.owner > :after and (cast(:upto as text) is null or e.owner <= :upto)
    and e.account <> 'program_expense'
  group by 1, 2, 3
), kept as (
  select owner, side, unit, granted, clawed_back, pending, available, in_payout, paid, expired, reserved, used
  from balances
  where store_id = :store and owner > :after and (cast(:upto as text) is null or owner <= :upto)
)
select owner, side, unit, k.granted, k.clawed_back, k.pending, k.available, k.in_payout, k.paid, k.expired,
  k.reserved, k.used,
  m.granted as m_granted, m.clawed_back as m_clawed_back, m.pending as m_pending, m.available as m_available,
  m.in_payout as m_in_payout, m.paid as m_paid, m.expired as m_expired, m.reserved as m_reserved, m.used as m_used
from kept k full join made m using (owner, side, unit)
where (coalesce(k.granted, 0), coalesce(k.clawed_back, 0), coalesce(k.pending, 0), coalesce(k.available, 0),
    coalesce(k.in_payout, 0), coalesce(k.paid, 0), coalesce(k.expired, 0), coalesce(k.reserved, 0),
    coalesce(k.used, 0))
  <> (coalesce(m.granted, 0), coalesce(m.clawed_back, 0), coalesce(m.pending, 0), coalesce(m.available, 0),
    coalesce(m.in_payout, 0), coalesce(m.paid, 0), coalesce(m.expired, 0), coalesce(m.reserved, 0),
    coalesce(m.used, 0))
order by 1, 2, 3
"""
_TOTALS = "select account, unit, debits, credits from account_totals where store_id = :store"
_NEXT_NUMBER = """
select number from entries where store_id = :store and number > :after order by number offset :count limit 1
"""
_STRAY = """
select e.number, e.line from entries e left join posting_sets s on s.store_id = e.store_id and s.number = e.number
where e.store_id = :store and e.number > :after and (cast(:upto as bigint) is null or e.number <= :upto)
  and s.number is null order by 1, 2
"""
_DUE = """
select s as store_id from unnest(cast(:stores as text[])) s left join ledger_checks c on c.store_id = s
where c.store_id is null or (c.began_at <= :given_up and (c.checked_at is null or c.checked_at <= :old))
order by s
"""
_CLAIM = """
insert into ledger_checks as c (store_id, first_at, began_at) values (:store, :now, :now)
on conflict (store_id) do update set began_at = excluded.began_at
where c.began_at <= :given_up and (c.checked_at is null or c.checked_at <= :old)
returning store_id
"""
_NOTE = """
update ledger_checks set checked_at = :now, sets = :sets, last_hash = :hash, wrong = :wrong where store_id = :store
"""
_AUDITS = """
select count(*) filter (where wrong > 0) as differing, min(coalesce(checked_at, first_at)) as oldest
from ledger_checks where store_id = any(cast(:stores as text[]))
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


async def due(tx: Tx, stores: Sequence[str], *, old: datetime, given_up: datetime) -> list[str]:
    """Those of these stores whose audit ended before `old`, or never. One that began after `given_up` may be under
    way.
    """
    return [row.store_id for row in await tx.all(_DUE, stores=list(stores), old=old, given_up=given_up)]


async def claim(tx: Tx, store_id: str, *, old: datetime, given_up: datetime) -> bool:
    """Has the store's audit begin now, if it is due still; says whether it is."""
    return bool(await tx.all(_CLAIM, store=store_id, now=tx.now, old=old, given_up=given_up))


async def note(tx: Tx, report: Report) -> None:
    """Keeps what an audit came to."""
    await tx.execute(
        _NOTE, store=report.store_id, now=tx.now, sets=report.sets, hash=report.last_hash, wrong=report.wrong
    )


async def audits(tx: Tx, stores: Sequence[str]) -> tuple[int, datetime | None]:
    """In how many of these stores the newest audit found something, and when the one ended that is longest ago; of
    a store in which none has ended, when the first one began.
    """
    row = await tx.one(_AUDITS, stores=list(stores))
    return row.differing, row.oldest


async def crooked_balances(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[tuple[HolderKey, Holding, Holding]]:
    """What is kept about beneficiaries and is not what their entries say: both, by so many of them at a time."""
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT_OWNER, store=store_id, after=after, count=count)
        for row in await tx.all(_CROOKED, store=store_id, after=after, upto=upto):
            kept, made = (Holding(*(value or 0 for value in values)) for values in (row[3:12], row[12:21]))
            yield (store_id, row.side, row.owner, row.unit), kept, made
        after = upto


async def account_totals(tx: Tx, store_id: str) -> dict[TotalKey, tuple[int, int]]:
    """What is kept about each kind of account."""
    return {(store_id, r.account, r.unit): (r.debits, r.credits) for r in await tx.all(_TOTALS, store=store_id)}


async def stray_entries(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[tuple[int, int]]:
    """(number, line) of entries whose set is not there; looked at by so many at a time."""
    after: int | None = -(2**63)
    while after is not None:
        upto: int | None = await tx.scalar(_NEXT_NUMBER, store=store_id, after=after, count=count)
        for row in await tx.all(_STRAY, store=store_id, after=after, upto=upto):
            yield row.number, row.line
        after = upto
