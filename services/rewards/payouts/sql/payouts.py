"""SQL of payouts and batches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.kernel.db import Row, Tx
from services.rewards.payouts.domain.states import Payout, Provider

_TYPES = {
    "store_id": "text",
    "payout_id": "text",
    "batch_id": "text",
    "ambassador_id": "text",
    "currency": "text",
    "amount_minor": "bigint",
    "destination_id": "text",
    "method": "text",
    "provider": "text",
    "status": "text",
    "reason": "text",
    "reference": "text",
    "fee_minor": "bigint",
    "revision": "int",
    "after_number": "bigint",
    "reserve_number": "bigint",
    "last_number": "bigint",
    "prepared_at": "timestamptz",
    "sent_at": "timestamptz",
    "changed_at": "timestamptz",
}
_CHANGE = ("status", "reason", "reference", "fee_minor", "revision", "last_number", "sent_at", "changed_at")
_FIELDS = ", ".join(_TYPES)

# S608 is silenced where statements are put together from the names above, which no caller can touch.
_ADD = (
    f"insert into payouts ({_FIELDS}) select * from unnest("  # noqa: S608
    + ", ".join(f"cast(:{name} as {kind}[])" for name, kind in _TYPES.items())
    + ")"
)
_SAVE = (
    "update payouts p set "  # noqa: S608
    + ", ".join(f"{name} = w.{name}" for name in _CHANGE)
    + " from unnest(cast(:store_id as text[]), cast(:payout_id as text[]), "
    + ", ".join(f"cast(:{name} as {_TYPES[name]}[])" for name in _CHANGE)
    + f") w (store_id, payout_id, {', '.join(_CHANGE)})"
    + " where p.store_id = w.store_id and p.payout_id = w.payout_id"
)
_STEPS = """
insert into payout_steps (store_id, payout_id, revision, status, reason, actor_kind, actor_id, at)
select s, p, r, st, re, :kind, :actor, :now from unnest(cast(:stores as text[]), cast(:payouts as text[]),
  cast(:revisions as int[]), cast(:statuses as text[]), cast(:reasons as text[])) w (s, p, r, st, re)
"""
_LIFE = """
select revision, status, reason, actor_kind, actor_id, at from payout_steps
where store_id = :store and payout_id = :payout order by revision
"""
_SEVERAL = (
    f"select {_FIELDS} from payouts where store_id = :store"  # noqa: S608
    " and payout_id = any(cast(:ids as text[])) order by payout_id"
)
_OF_BATCH = (
    f"select {_FIELDS} from payouts where store_id = :store and batch_id = :batch"  # noqa: S608
    " order by payout_id"
)
_LIST = (
    f"select {_FIELDS} from payouts where store_id = :store"  # noqa: S608
    " and (cast(:before as text) is null or payout_id < :before) {filters} order by payout_id desc limit :count"
)
_LIST_FILTERS = {
    "batch_id": "and batch_id = :batch_id",
    "ambassador_id": "and ambassador_id = :ambassador_id",
    "status": "and status = :status",
}
_TALLY = """
select status, count(*) as payouts, sum(amount_minor)::bigint as amount from payouts
where store_id = :store and batch_id = :batch group by 1
"""

_DRIFT = """
select owner, unit, b.in_payout, b.paid, p.live, p.done
from (select owner, unit, in_payout, paid from balances where store_id = :store and side = 'ambassador') b
full join (
  select ambassador_id as owner, currency as unit, coalesce(sum(amount_minor) filter (where status in
      ('draft', 'approved', 'submitting', 'submitted', 'in_transit', 'unknown')), 0)::bigint as live,
    coalesce(sum(amount_minor) filter (where status = 'paid'), 0)::bigint as done
  from payouts where store_id = :store group by 1, 2
) p using (owner, unit)
where (coalesce(b.in_payout, 0), coalesce(b.paid, 0)) <> (coalesce(p.live, 0), coalesce(p.done, 0)) order by 1, 2
"""

_BATCH_FIELDS = (
    "batch_id, currency, provider, status, payouts, amount_minor, made_by, made_at, approved_by, approved_at, sent_at"
)
_ADD_BATCH = f"""
insert into payout_batches (store_id, {_BATCH_FIELDS})
values (:store, :id, :currency, :provider, 'draft', :payouts, :amount, :by, :now, null, null, null)
"""  # noqa: S608
_BATCH = f"select {_BATCH_FIELDS} from payout_batches where store_id = :store and batch_id = :batch"  # noqa: S608
_BATCHES = f"""
select {_BATCH_FIELDS} from payout_batches where store_id = :store
  and (cast(:before as text) is null or batch_id < :before) order by batch_id desc limit :count
"""  # noqa: S608
_SAVE_BATCH = """
update payout_batches set status = :status, approved_by = :by, approved_at = :approved, sent_at = :sent
where store_id = :store and batch_id = :batch
"""
_ALONE = """
select coalesce(sum(amount_minor), 0)::bigint from payout_batches
where store_id = :store and approved_by = :by and currency = :currency and approved_at > :since
  and made_by = approved_by and status <> 'cancelled'
"""

BatchStatus = Literal["draft", "approved", "sent", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Payouts of one currency that go the same way together."""

    batch_id: str
    currency: str
    provider: Provider
    status: BatchStatus
    payouts: int
    amount_minor: int
    made_by: str
    made_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One status that a payout had, and who brought it there."""

    revision: int
    status: str
    reason: str | None
    actor_kind: str
    actor_id: str
    at: datetime


def _payout(row: Row) -> Payout:
    return Payout(**row._asdict())


async def add(tx: Tx, payouts: Sequence[Payout]) -> None:
    """Writes new payouts. The database refuses a second live one of the same ambassador and currency."""
    await tx.execute(_ADD, **{name: [getattr(one, name) for one in payouts] for name in _TYPES})
    await _note_steps(tx, payouts)


async def save(tx: Tx, payouts: Sequence[Payout]) -> None:
    """Writes payouts that moved on."""
    names = ("store_id", "payout_id", *_CHANGE)
    await tx.execute(_SAVE, **{name: [getattr(one, name) for one in payouts] for name in names})
    await _note_steps(tx, payouts)


async def _note_steps(tx: Tx, payouts: Sequence[Payout]) -> None:
    await tx.execute(
        _STEPS,
        kind=tx.actor.kind,
        actor=tx.actor.id,
        now=tx.now,
        stores=[one.store_id for one in payouts],
        payouts=[one.payout_id for one in payouts],
        revisions=[one.revision for one in payouts],
        statuses=[one.status for one in payouts],
        reasons=[one.reason for one in payouts],
    )


async def life(tx: Tx, store_id: str, payout_id: str) -> list[Step]:
    """Each status of a payout, oldest first."""
    return [Step(**row._asdict()) for row in await tx.all(_LIFE, store=store_id, payout=payout_id)]


async def several(tx: Tx, store_id: str, ids: Iterable[str]) -> dict[str, Payout]:
    """Payouts by their ids."""
    rows = await tx.all(_SEVERAL, store=store_id, ids=sorted(set(ids)))
    return {row.payout_id: _payout(row) for row in rows}


async def of_batch(tx: Tx, store_id: str, batch_id: str) -> list[Payout]:
    """All payouts of a batch, in the order of their ids."""
    return [_payout(row) for row in await tx.all(_OF_BATCH, store=store_id, batch=batch_id)]


async def listed(tx: Tx, store_id: str, *, before: str | None, count: int, filters: Mapping[str, str]) -> list[Payout]:
    """Payouts of a store, newest first, below the id `before`. Filters: batch_id, ambassador_id, status."""
    sql = _LIST.format(filters=" ".join(_LIST_FILTERS[name] for name in sorted(filters)))
    return [_payout(row) for row in await tx.all(sql, store=store_id, before=before, count=count, **filters)]


async def tally(tx: Tx, store_id: str, batch_id: str) -> dict[str, tuple[int, int]]:
    """(payouts, amount) of a batch by status."""
    rows = await tx.all(_TALLY, store=store_id, batch=batch_id)
    return {row.status: (row.payouts, row.amount) for row in rows}


async def drift(tx: Tx, store_id: str) -> list[tuple[str, str, tuple[int, int], tuple[int, int]]]:
    """(ambassador, currency, kept, made) where what balances say is in payout and paid is not what payouts come to.
    Reads all of a store's: for verifications only.
    """
    return [
        (row.owner, row.unit, (row.in_payout or 0, row.paid or 0), (row.live or 0, row.done or 0))
        for row in await tx.all(_DRIFT, store=store_id)
    ]


async def add_batch(tx: Tx, store_id: str, batch: Batch) -> None:
    """Writes a new batch."""
    await tx.execute(
        _ADD_BATCH,
        store=store_id,
        id=batch.batch_id,
        currency=batch.currency,
        provider=batch.provider,
        payouts=batch.payouts,
        amount=batch.amount_minor,
        by=batch.made_by,
        now=batch.made_at,
    )


async def batch(tx: Tx, store_id: str, batch_id: str) -> Batch | None:
    """A batch by its id."""
    row = await tx.one_or_none(_BATCH, store=store_id, batch=batch_id)
    return None if row is None else Batch(**row._asdict())


async def batches(tx: Tx, store_id: str, *, before: str | None, count: int) -> list[Batch]:
    """Batches of a store, newest first."""
    return [Batch(**row._asdict()) for row in await tx.all(_BATCHES, store=store_id, before=before, count=count)]


async def let_go_alone(tx: Tx, store_id: str, *, by: str, currency: str, since: datetime) -> int:
    """What a principal both prepared and approved since then, without what was called off before it was sent."""
    return int(await tx.scalar(_ALONE, store=store_id, by=by, currency=currency, since=since))


async def save_batch(tx: Tx, store_id: str, batch: Batch) -> None:
    """Writes how a batch stands."""
    await tx.execute(
        _SAVE_BATCH,
        store=store_id,
        batch=batch.batch_id,
        status=batch.status,
        by=batch.approved_by,
        approved=batch.approved_at,
        sent=batch.sent_at,
    )
