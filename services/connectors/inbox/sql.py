"""Reads and writes deliveries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.connectors.inbox.domain import Outcome
from services.connectors.inbox.tables import OF_ASKED_FOR_PEOPLE
from services.kernel.db import Tx
from services.kernel.revisions import Ref

# The same row of each store is written by every commit that keeps deliveries of it: in one statement, it is held for as
# long as the commit takes and no longer.
_KEEP = """
with new as (
  insert into deliveries (store_id, delivery_id, hook_id, platform, topic, received_at, outcome, reason, order_id, body,
                          as_of)
  select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:hooks as text[]),
                       cast(:platforms as text[]), cast(:topics as text[]), cast(:received as timestamptz[]),
                       cast(:outcomes as text[]), cast(:reasons as text[]), cast(:orders as text[]),
                       cast(:bodies as bytea[]), cast(:as_of as timestamptz[]))
  order by 1, 2 on conflict do nothing returning store_id, delivery_id, outcome, received_at
), counted as (
  insert into delivery_totals (store_id, acked) select store_id, count(*) from new group by 1 order by 1
  on conflict (store_id) do update set acked = delivery_totals.acked + excluded.acked
), timers as (
  insert into due (job, store_id, at)
  select :read, store_id, cast(:read_at as timestamptz) from new where outcome = 'waiting' group by store_id
  union all
  select :forget, store_id, min(received_at) + cast(:kept_for as interval) from new group by store_id
  order by 1, 2
  on conflict (job, store_id) do update set at = excluded.at where due.at > excluded.at
)
select store_id, delivery_id from new
"""
_FIELDS = (
    "store_id, delivery_id, hook_id, platform, topic, received_at, outcome, reason, order_id, body, said, as_of,"
    " done_at"
)
_SOME = f"""
select {_FIELDS} from deliveries where store_id = :store and outcome = any(cast(:outcomes as text[]))
  and (cast(:after_at as timestamptz) is null
       or (received_at, delivery_id) > (cast(:after_at as timestamptz), cast(:after_id as text)))
order by received_at, delivery_id limit :most
"""  # noqa: S608  # names of columns
_GET = f"select {_FIELDS} from deliveries where store_id = :store and delivery_id = :delivery"  # noqa: S608
_WAITING = f"""
select {_FIELDS} from deliveries
where store_id = any(cast(:stores as text[])) and outcome = 'waiting' and received_at <= :before
order by received_at, delivery_id limit :most
"""  # noqa: S608
_PAGE = f"""
select {_FIELDS} from deliveries where store_id = :store and hook_id = :hook
  and (cast(:before_at as timestamptz) is null
       or (received_at, delivery_id) < (cast(:before_at as timestamptz), cast(:before_id as text)))
order by received_at desc, delivery_id desc limit :most
"""  # noqa: S608
_NEWEST = f"""
select {_FIELDS} from unnest(cast(:hooks as text[])) h (id) cross join lateral (
  select * from deliveries where store_id = :store and hook_id = h.id
  order by received_at desc, delivery_id desc limit 1
) newest
"""  # noqa: S608
_ASKED = f"""
select {_FIELDS} from deliveries where store_id = :store and hook_id = :hook and {OF_ASKED_FOR_PEOPLE}
order by received_at desc, delivery_id desc limit :most
"""  # noqa: S608
_DONE = """
update deliveries set done_at = :now where store_id = :store and delivery_id = :delivery and done_at is null
"""
_KEPT_OF = """
select order_id, count(*)::int as n, max(received_at) as newest from deliveries
where store_id = :store and hook_id = :hook and order_id = any(cast(:orders as text[])) group by 1
"""
_ABOUT = f"""
select {_FIELDS} from deliveries where outcome = 'taken' and (store_id, hook_id, order_id) in (
  select w.s, h.hook_id, w.o from unnest(cast(:stores as text[]), cast(:orders as text[])) w (s, o)
  join hooks h on h.store_id = w.s)
order by received_at, delivery_id
"""  # noqa: S608
_NEXT_WAITING = """
select store_id, min(received_at) as at from deliveries
where store_id = any(cast(:stores as text[])) and outcome = 'waiting' group by store_id
"""
# Of two who read one delivery only the first finds it as it was, and passes on what it says.
_NOTE = """
update deliveries d set outcome = w.outcome, reason = w.reason, order_id = w.order_id,
    said = string_to_array(w.said, ' '), as_of = w.as_of
from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:before as text[]), cast(:outcomes as text[]),
            cast(:reasons as text[]), cast(:orders as text[]), cast(:said as text[]), cast(:as_of as timestamptz[]))
     w (store_id, delivery_id, before, outcome, reason, order_id, said, as_of)
where d.store_id = w.store_id and d.delivery_id = w.delivery_id and d.outcome = w.before
returning d.store_id, d.delivery_id
"""
# What is dropped leaves its outcome in a sum.
_COUNTED = """
), counted as (
  insert into delivery_totals (store_id, acked, taken, ignored, failed)
  select store_id, 0, count(*) filter (where outcome = 'taken'), count(*) filter (where outcome = 'ignored'),
         count(*) filter (where outcome in ('failed', 'waiting'))
  from old group by 1 order by 1
  on conflict (store_id) do update set taken = delivery_totals.taken + excluded.taken,
    ignored = delivery_totals.ignored + excluded.ignored, failed = delivery_totals.failed + excluded.failed
)
select count(*) from old
"""
_FORGET = f"""
with old as (
  delete from deliveries where ctid = any(array(
    select ctid from deliveries where store_id = any(:stores) and received_at <= :before
      and (not ({OF_ASKED_FOR_PEOPLE}) or received_at <= :asked_before or done_at <= :before) limit :count))
  returning store_id, outcome
{_COUNTED}"""  # noqa: S608  # text of ours
_REDACT = f"""
with old as (
  delete from deliveries where store_id = :store and hook_id = :hook and delivery_id <> :but
    and order_id = any(cast(:orders as text[]))
  returning store_id, outcome
{_COUNTED}"""  # noqa: S608
_REDACT_SOME = f"""
with old as (
  delete from deliveries where ctid = any(array(
    select ctid from deliveries where store_id = :store and hook_id = :hook and received_at <= :until
      and delivery_id <> :but order by received_at limit :most))
  returning store_id, outcome
{_COUNTED}"""  # noqa: S608
_OLDEST = """
select store_id, min(received_at) as at from deliveries where store_id = any(:stores) group by store_id
"""
_TOTALS = """
select coalesce(sum(acked), 0)::bigint as acked, coalesce(sum(taken), 0)::bigint as taken,
       coalesce(sum(ignored), 0)::bigint as ignored, coalesce(sum(failed), 0)::bigint as failed
from delivery_totals where store_id = :store
"""
_BY_OUTCOME = "select outcome, count(*) as n from deliveries where store_id = :store group by 1"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery, and what was made of it. `body` is as it came, sealed."""

    store_id: str
    delivery_id: str
    hook_id: str
    platform: str
    topic: str
    received_at: datetime
    outcome: Outcome
    reason: str | None
    order_id: str | None
    body: bytes
    marks: Sequence[str] | None = None
    """What it said, as marks (see inbox.domain.marks); None where nobody has marked it."""
    as_of: datetime | None = None
    """As of when it said so, by the platform's clock; of an app's removal, when that was, as a header says."""
    done_at: datetime | None = None
    """When the store said that what it asks was done."""

    @property
    def ref(self) -> Ref:
        """What it is called."""
        return self.store_id, self.delivery_id


@dataclass(frozen=True, slots=True)
class Timers:
    """Which jobs look at a store's new deliveries, and when."""

    read: str
    read_at: datetime
    forget: str
    kept_for: object


async def keep(tx: Tx, deliveries: Sequence[Delivery], timers: Timers) -> set[Ref]:
    """Keeps deliveries, counts them and asks the jobs to look; returns those that did not come before. No two of a call
    may be equal.
    """
    rows = await tx.all(
        _KEEP,
        stores=[d.store_id for d in deliveries],
        ids=[d.delivery_id for d in deliveries],
        hooks=[d.hook_id for d in deliveries],
        platforms=[d.platform for d in deliveries],
        topics=[d.topic for d in deliveries],
        received=[d.received_at for d in deliveries],
        outcomes=[d.outcome for d in deliveries],
        reasons=[d.reason for d in deliveries],
        orders=[d.order_id for d in deliveries],
        bodies=[d.body for d in deliveries],
        as_of=[d.as_of for d in deliveries],
        read=timers.read,
        read_at=timers.read_at,
        forget=timers.forget,
        kept_for=timers.kept_for,
    )
    return {(row.store_id, row.delivery_id) for row in rows}


async def some(tx: Tx, store_id: str, *, outcomes: Sequence[str], after: Delivery | None, most: int) -> list[Delivery]:
    """A store's deliveries with one of these outcomes, the oldest first, of those that came after another."""
    rows = await tx.all(
        _SOME,
        store=store_id,
        outcomes=list(outcomes),
        after_at=after.received_at if after else None,
        after_id=after.delivery_id if after else None,
        most=most,
    )
    return [Delivery(*tuple(row)) for row in rows]


async def get(tx: Tx, store_id: str, delivery_id: str) -> Delivery | None:
    """One delivery of a store."""
    row = await tx.one_or_none(_GET, store=store_id, delivery=delivery_id)
    return Delivery(*tuple(row)) if row else None


async def page(
    tx: Tx, store_id: str, hook_id: str, *, before: tuple[datetime, str] | None, count: int
) -> list[Delivery]:
    """An address's deliveries, the newest first, of those that came before another."""
    at, delivery_id = before or (None, None)
    rows = await tx.all(_PAGE, store=store_id, hook=hook_id, before_at=at, before_id=delivery_id, most=count)
    return [Delivery(*tuple(row)) for row in rows]


async def newest(tx: Tx, store_id: str, hooks: Sequence[str]) -> dict[str, Delivery]:
    """The newest delivery of each address that has any."""
    return {row.hook_id: Delivery(*tuple(row)) for row in await tx.all(_NEWEST, store=store_id, hooks=list(hooks))}


async def about(tx: Tx, orders: Collection[Ref]) -> list[Delivery]:
    """What was taken of these orders, of all connections of their stores, the oldest first."""
    pairs = sorted(orders)
    rows = await tx.all(_ABOUT, stores=[store for store, _ in pairs], orders=[order for _, order in pairs])
    return [Delivery(*tuple(row)) for row in rows]


async def waiting(tx: Tx, stores: Sequence[str], *, before: datetime, most: int) -> list[Delivery]:
    """Deliveries that were kept before a moment and are not read yet, the oldest first."""
    rows = await tx.all(_WAITING, stores=list(stores), before=before, most=most)
    return [Delivery(*tuple(row)) for row in rows]


async def oldest_waiting(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """When the oldest delivery of each store came that is not read yet."""
    return {row.store_id: row.at for row in await tx.all(_NEXT_WAITING, stores=list(stores))}


async def note(tx: Tx, read: Sequence[tuple[Delivery, Outcome]]) -> set[Ref]:
    """Notes what was made of deliveries, each given with the outcome that it had before; returns those that had it
    still.
    """
    rows = await tx.all(
        _NOTE,
        stores=[d.store_id for d, _ in read],
        ids=[d.delivery_id for d, _ in read],
        before=[before for _, before in read],
        outcomes=[d.outcome for d, _ in read],
        reasons=[d.reason for d, _ in read],
        orders=[d.order_id for d, _ in read],
        said=[None if d.marks is None else " ".join(d.marks) for d, _ in read],
        as_of=[d.as_of for d, _ in read],
    )
    return {(row.store_id, row.delivery_id) for row in rows}


async def forget(
    tx: Tx, stores: Sequence[str], *, before: datetime, asked_before: datetime, count: int
) -> dict[str, datetime] | None:
    """Drops up to `count` deliveries received before a moment; of those that ask something in people's name only what
    was done before it, or received before `asked_before`. Returns when the oldest one left of each store came, or None
    where there may be more to drop.
    """
    dropped = await tx.scalar(_FORGET, stores=list(stores), before=before, asked_before=asked_before, count=count)
    if dropped == count:
        return None
    return {row.store_id: row.at for row in await tx.all(_OLDEST, stores=list(stores))}


async def redact(tx: Tx, asking: Delivery, orders: Sequence[str]) -> None:
    """Drops what an address was sent about some orders, but for what asks for it."""
    await tx.scalar(_REDACT, store=asking.store_id, hook=asking.hook_id, but=asking.delivery_id, orders=list(orders))


async def redact_some(tx: Tx, asking: Delivery, *, most: int) -> int:
    """Drops up to `most` of what an address was sent until this asked for it, but for itself; returns how many."""
    dropped: int = await tx.scalar(
        _REDACT_SOME,
        store=asking.store_id,
        hook=asking.hook_id,
        but=asking.delivery_id,
        until=asking.received_at,
        most=most,
    )
    return dropped


async def asked(tx: Tx, store_id: str, hook_id: str, *, most: int) -> list[Delivery]:
    """What an address was sent that asks something in people's name, the newest first."""
    rows = await tx.all(_ASKED, store=store_id, hook=hook_id, most=most)
    return [Delivery(*tuple(row)) for row in rows]


async def mark_done(tx: Tx, asked: Delivery) -> bool:
    """Notes that what a delivery asks was done; False if somebody said so before."""
    return bool(await tx.execute(_DONE, now=tx.now, store=asked.store_id, delivery=asked.delivery_id))


async def kept_of(tx: Tx, store_id: str, hook_id: str, orders: Sequence[str]) -> dict[str, tuple[int, datetime]]:
    """How many deliveries about these orders are kept, and when the newest came."""
    rows = await tx.all(_KEPT_OF, store=store_id, hook=hook_id, orders=list(orders))
    return {row.order_id: (row.n, row.newest) for row in rows}


async def totals(tx: Tx, store_id: str) -> dict[str, int]:
    """Deliveries acknowledged ever, and of those dropped since how many had ended in which way."""
    row = await tx.one(_TOTALS, store=store_id)
    return {"acked": row.acked, "taken": row.taken, "ignored": row.ignored, "failed": row.failed}


async def by_outcome(tx: Tx, store_id: str) -> dict[str, int]:
    """How many of the deliveries that are kept have each outcome."""
    return {row.outcome: row.n for row in await tx.all(_BY_OUTCOME, store=store_id)}
