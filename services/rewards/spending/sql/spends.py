"""SQL of spends: taking from lots and putting back, each however many lots there are in one statement."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.lots.domain import Holder
from services.rewards.lots.sql.lots import OVER_AT
from services.rewards.spending.domain import Purpose, Spend

_OF_HOLDER = "store_id = :store and owner = :owner and side = :side and unit = :unit and pay_as = :kind"
_FIELDS = (
    "store_id, spend_id, purpose, purpose_id, owner, side, unit, pay_as, amount, captured, given_back, status, number,"
    " reserved_at, expires_at, ended_at"
)
# S608: what is put in are the constants above. Lots are found by key, each list of them as an array: joined, they would
# be looked for among all of the store's, as soon as the planner takes the list for a long one.
_OPEN = f"{_OF_HOLDER} and remaining > 0 and coalesce({OVER_AT}, 'infinity') > :now"
_SPENDABLE = f"""
select coalesce((select sum(remaining) from lots l where {_OPEN}), 0)::bigint
  - coalesce((select amount from lot_debts where {_OF_HOLDER}), 0)
"""  # noqa: S608
_TAKE = f"""
with ordered as (
  select lot_id, remaining, row_number() over w as line, (sum(remaining) over w)::bigint - remaining as before
  from lots l where {_OPEN}
  window w as (order by {OVER_AT} nulls last, day, lot_id rows unbounded preceding)
), taken as (
  select lot_id, line, least(remaining, cast(:amount as bigint) - before) as amount from ordered
  where before < cast(:amount as bigint)
), moved as (
  update lots l set reserved = l.reserved + t.amount, remaining = l.remaining - t.amount
  from taken t where l.store_id = :store and l.lot_id = any(array(select lot_id from taken)) and l.lot_id = t.lot_id
)
insert into lot_entries (store_id, number, line, lot_id, amount)
select :store, :number, line, lot_id, -amount from taken
"""  # noqa: S608
# The first so many of a spend's points are used: the rest of it, of the lots that expire last, was let go.
_USE = """
with parts as (
  select lot_id, -amount as amount, (sum(-amount) over (order by line))::bigint + amount as before
  from lot_entries where store_id = :store and number = :reserved
), used as (
  select lot_id, least(amount, cast(:amount as bigint) - before) as amount from parts
  where before < cast(:amount as bigint)
)
update lots l set reserved = l.reserved - p.amount, used = l.used + p.amount
from used p where l.store_id = :store and l.lot_id = any(array(select lot_id from used)) and l.lot_id = p.lot_id
"""
# What returns pays the holder's debt first, beginning with that which expires first: it is taken back from its lot.
# Lines of the set: what returned to each lot as it was reserved, below 0 what of it paid the debt, 0 the debt itself.
# A clock that has run out, and by which something lies again, is looked at once more.
_WOKEN = """
  update lot_clocks c set ended = false from (select distinct store_id, clock_id from moved) m
  where c.store_id = m.store_id and c.clock_id = m.clock_id and c.ended
"""
_PAID = "least(amount, greatest(debt - ((sum(amount) over holder)::bigint - amount), 0))"
_LET_GO = f"""
with spent as (
  select w.*, coalesce((select d.amount from lot_debts d where d.store_id = w.store_id and d.owner = w.owner
      and d.side = w.side and d.unit = w.unit and d.pay_as = w.pay_as), 0) as debt
  from unnest(cast(:stores as text[]), cast(:owners as text[]), cast(:sides as text[]), cast(:units as text[]),
      cast(:kinds as text[]), cast(:reserved as bigint[]), cast(:kept as bigint[]), cast(:numbers as bigint[]))
    w(store_id, owner, side, unit, pay_as, reserved, kept, number)
), parts as (
  select w.*, e.lot_id, e.line, -e.amount as taken,
    (sum(-e.amount) over (partition by w.store_id, w.reserved order by e.line))::bigint as upto
  from spent w
  join lot_entries e on e.store_id = any(cast(:stores as text[])) and e.number = any(cast(:reserved as bigint[]))
    and e.store_id = w.store_id and e.number = w.reserved
), freed as (
  select parts.*, least(taken, upto - kept) as amount from parts where upto > kept
), returned as (
  select store_id, owner, side, unit, pay_as, number, lot_id, line, amount, {_PAID} as paid from freed
  window holder as (partition by store_id, owner, side, unit, pay_as order by number, line rows unbounded preceding)
), moved as (
  update lots l set reserved = l.reserved - b.amount, clawed_back = l.clawed_back + b.paid,
    remaining = l.remaining + b.amount - b.paid
  from (
    select store_id, lot_id, sum(amount)::bigint as amount, sum(paid)::bigint as paid from returned group by 1, 2
  ) b
  where l.store_id = any(cast(:stores as text[])) and l.lot_id = any(array(select lot_id from returned))
    and l.store_id = b.store_id and l.lot_id = b.lot_id
  returning l.store_id, l.clock_id, least({OVER_AT}, l.notice_at) as at
), woken as (
{_WOKEN}
), cleared as (
  update lot_debts d set amount = d.amount - p.paid
  from (
    select store_id, owner, side, unit, pay_as, sum(paid)::bigint as paid from returned where paid > 0
    group by 1, 2, 3, 4, 5
  ) p
  where d.store_id = any(cast(:stores as text[])) and d.owner = any(cast(:owners as text[]))
    and d.store_id = p.store_id and d.owner = p.owner and d.side = p.side and d.unit = p.unit and d.pay_as = p.pay_as
), noted as (
  insert into lot_entries (store_id, number, line, lot_id, amount)
  select store_id, number, line, lot_id, amount from returned
  union all select store_id, number, -line, lot_id, -paid from returned where paid > 0
  union all select store_id, number, 0, null, sum(paid)::bigint from returned where paid > 0 group by 1, 2
)
select store_id, min(at) as at from moved where at is not null group by 1
"""  # noqa: S608
_GIVE_BACK = f"""
with used as (
  select lot_id, (-sum(amount))::bigint as amount, min(line) filter (where number = :reserved) as line
  from lot_entries where store_id = :store and (number = :reserved or amount > 0) and lot_id is not null
    and number = any(array(select number from spend_steps where store_id = :store and spend_id = :spend))
  group by 1
), parts as (
  select lot_id, line, amount, (sum(amount) over (order by line desc))::bigint - amount as before
  from used where amount > 0
), back as (
  select lot_id, line, least(amount, cast(:amount as bigint) - before) as amount,
    coalesce((select amount from lot_debts where {_OF_HOLDER}), 0) as debt
  from parts where before < cast(:amount as bigint)
), returned as (
  select lot_id, line, amount, {_PAID} as paid from back window holder as (order by line rows unbounded preceding)
), moved as (
  update lots l set used = l.used - b.amount, clawed_back = l.clawed_back + b.paid,
    remaining = l.remaining + b.amount - b.paid
  from returned b
  where l.store_id = :store and l.lot_id = any(array(select lot_id from returned)) and l.lot_id = b.lot_id
  returning l.store_id, l.clock_id, least({OVER_AT}, l.notice_at) as at
), woken as (
{_WOKEN}
), cleared as (
  update lot_debts set amount = amount - (select sum(paid)::bigint from returned)
  where {_OF_HOLDER} and exists (select from returned where paid > 0)
), noted as (
  insert into lot_entries (store_id, number, line, lot_id, amount)
  select cast(:store as text), cast(:number as bigint), line, lot_id, amount from returned
  union all select cast(:store as text), cast(:number as bigint), -line, lot_id, -paid from returned where paid > 0
  union all select cast(:store as text), cast(:number as bigint), 0, null, sum(paid)::bigint from returned
  having sum(paid) > 0
)
select min(at) from moved
"""  # noqa: S608
_ADD = f"""
insert into spends ({_FIELDS}) values (:store, :spend, :purpose, :purpose_id, :owner, :side, :unit, :kind, :amount,
  0, 0, 'reserved', :number, :at, :expires, null)
"""  # noqa: S608
_SAVE = """
update spends p set captured = w.captured, given_back = w.given_back, status = w.status, ended_at = w.ended_at,
  expires_at = w.expires_at, purpose = w.purpose, purpose_id = w.purpose_id
from unnest(cast(:stores as text[]), cast(:spends as text[]), cast(:captured as bigint[]),
    cast(:given_back as bigint[]), cast(:statuses as text[]), cast(:ended as timestamptz[]),
    cast(:expires as timestamptz[]), cast(:purposes as text[]), cast(:purpose_ids as text[]))
  w(store_id, spend_id, captured, given_back, status, ended_at, expires_at, purpose, purpose_id)
where p.store_id = w.store_id and p.spend_id = w.spend_id
"""
_ADD_STEPS = """
insert into spend_steps (store_id, number, spend_id, step, amount)
select * from unnest(cast(:stores as text[]), cast(:numbers as bigint[]), cast(:spends as text[]),
  cast(:steps as text[]), cast(:amounts as bigint[]))
"""
_STEP = "select amount from spend_steps where store_id = :store and spend_id = :spend and step = :step"
_FIND = f"""
select {_FIELDS} from spends where store_id = :store and purpose = :purpose and purpose_id = :id
order by (status = 'reserved' or captured > given_back) desc, spend_id desc limit 1
"""  # noqa: S608
_GET = f"select {_FIELDS} from spends where store_id = :store and spend_id = :spend"  # noqa: S608
_CAPTURED_FOR = f"""
select {_FIELDS} from spends p
join unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, purpose_id) using (store_id, purpose_id)
where purpose = 'order' and status = 'captured' order by store_id, spend_id
"""  # noqa: S608
_LISTED = f"""
select {_FIELDS} from spends where store_id = :store and purpose <> 'redemption'
  and (cast(:before as text) is null or spend_id < :before)
  {{filters}}
order by spend_id desc limit :count
"""  # noqa: S608
_FILTERS = {
    "purpose": "and purpose = :purpose",
    "purpose_id": "and purpose_id = :purpose_id",
    "owner": "and owner = :owner",
    "side": "and side = :side",
    "status": "and status = :status",
}
_DUE = f"""
select p.* from unnest(cast(:stores as text[])) w(store_id) cross join lateral (
  select {_FIELDS} from spends
  where store_id = w.store_id and status = 'reserved' and expires_at is not null and expires_at <= :now
  order by expires_at limit :count
) p order by p.store_id, p.spend_id
"""  # noqa: S608
_NEXT_DUE = """
select w.store_id, p.expires_at as at from unnest(cast(:stores as text[])) w(store_id) cross join lateral (
  select expires_at from spends where store_id = w.store_id and status = 'reserved' and expires_at is not null
  order by expires_at limit 1
) p
"""


def _holder(holder: Holder) -> dict[str, str]:
    return {
        "store": holder.store_id,
        "owner": holder.owner,
        "side": holder.side,
        "unit": holder.unit,
        "kind": holder.kind,
    }


def _spend(row: Row) -> Spend:
    return Spend(
        spend_id=row.spend_id,
        holder=Holder(row.store_id, row.side, row.owner, row.unit, row.pay_as),
        purpose=Purpose(row.purpose, row.purpose_id),
        amount=row.amount,
        captured=row.captured,
        given_back=row.given_back,
        status=row.status,
        number=row.number,
        reserved_at=row.reserved_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
    )


async def spendable(tx: Tx, holder: Holder) -> int:
    """What is left of lots whose time is not over, less the debt; below zero where the debt is more."""
    return int(await tx.scalar(_SPENDABLE, now=tx.now, **_holder(holder)))


async def take(tx: Tx, holder: Holder, amount: int, *, number: int) -> None:
    """Reserves so much of the holder's lots for a set, that which expires first before all else; it must be there."""
    await tx.execute(_TAKE, now=tx.now, amount=amount, number=number, **_holder(holder))


async def use(tx: Tx, spend: Spend, amount: int) -> None:
    """So much of what a spend has reserved is used, of the lots that expire first."""
    await tx.execute(_USE, store=spend.holder.store_id, reserved=spend.number, amount=amount)


async def let_go(tx: Tx, spends: Sequence[tuple[Spend, int, int]]) -> Mapping[str, datetime]:
    """What spends have reserved beyond what is kept returns to its lots, each as (spend, kept, number of the set), and
    pays the holder's debt first. Returns when the first of these lots expires, or somebody is told that it will, by
    store.
    """
    rows = await tx.all(
        _LET_GO,
        stores=[spend.holder.store_id for spend, _, _ in spends],
        owners=[spend.holder.owner for spend, _, _ in spends],
        sides=[spend.holder.side for spend, _, _ in spends],
        units=[spend.holder.unit for spend, _, _ in spends],
        kinds=[spend.holder.kind for spend, _, _ in spends],
        reserved=[spend.number for spend, _, _ in spends],
        kept=[kept for _, kept, _ in spends],
        numbers=[number for _, _, number in spends],
    )
    return {row.store_id: row.at for row in rows}


async def give_back(tx: Tx, spend: Spend, amount: int, *, number: int) -> datetime | None:
    """So much of what a spend used returns to its lots by a set, first to that which expires last, and pays the
    holder's debt first. Returns when the first of these lots expires, or
    somebody is told that it will.
    """
    at: datetime | None = await tx.scalar(
        _GIVE_BACK,
        spend=spend.spend_id,
        reserved=spend.number,
        amount=amount,
        number=number,
        **_holder(spend.holder),
    )
    return at


async def add(tx: Tx, spend: Spend) -> None:
    """Keeps a new spend."""
    await tx.execute(
        _ADD,
        spend=spend.spend_id,
        purpose=spend.purpose.kind,
        purpose_id=spend.purpose.id,
        amount=spend.amount,
        number=spend.number,
        at=spend.reserved_at,
        expires=spend.expires_at,
        **_holder(spend.holder),
    )


async def save(tx: Tx, spends: Sequence[Spend]) -> None:
    """Writes spends as they stand."""
    await tx.execute(
        _SAVE,
        stores=[one.holder.store_id for one in spends],
        spends=[one.spend_id for one in spends],
        captured=[one.captured for one in spends],
        given_back=[one.given_back for one in spends],
        statuses=[one.status for one in spends],
        ended=[one.ended_at for one in spends],
        expires=[one.expires_at for one in spends],
        purposes=[one.purpose.kind for one in spends],
        purpose_ids=[one.purpose.id for one in spends],
    )


async def add_steps(tx: Tx, steps: Sequence[tuple[Spend, int, str, int]]) -> None:
    """Notes which sets moved spends: (spend, number, step, amount)."""
    await tx.execute(
        _ADD_STEPS,
        stores=[spend.holder.store_id for spend, _, _, _ in steps],
        numbers=[number for _, number, _, _ in steps],
        spends=[spend.spend_id for spend, _, _, _ in steps],
        steps=[step for _, _, step, _ in steps],
        amounts=[amount for _, _, _, amount in steps],
    )


async def step(tx: Tx, spend: Spend, name: str) -> int | None:
    """What a step of a spend moved; None where it has not happened."""
    amount: int | None = await tx.scalar(_STEP, store=spend.holder.store_id, spend=spend.spend_id, step=name)
    return amount


async def find(tx: Tx, store_id: str, purpose: Purpose) -> Spend | None:
    """The spend for a purpose: the one that is live, else the newest."""
    rows = await tx.all(_FIND, store=store_id, purpose=purpose.kind, id=purpose.id)
    return next((_spend(row) for row in rows), None)


async def get(tx: Tx, store_id: str, spend_id: str) -> Spend | None:
    """One spend by its id."""
    row = await tx.one_or_none(_GET, store=store_id, spend=spend_id)
    return None if row is None else _spend(row)


async def captured_for(tx: Tx, orders: Collection[Ref]) -> list[Spend]:
    """What was captured for these (store, order)."""
    keys = sorted(orders)
    rows = await tx.all(_CAPTURED_FOR, stores=[k[0] for k in keys], orders=[k[1] for k in keys])
    return [_spend(row) for row in rows]


async def listed(tx: Tx, store_id: str, *, before: str | None, count: int, filters: Mapping[str, str]) -> list[Spend]:
    """Spends for orders and carts of a store, youngest first, below an id. Filters: purpose, purpose_id, owner, side,
    status.
    """
    sql = _LISTED.format(filters="\n  ".join(_FILTERS[name] for name in sorted(filters)))
    return [_spend(row) for row in await tx.all(sql, store=store_id, before=before, count=count, **filters)]


async def due(tx: Tx, stores: Sequence[str], *, now: datetime, count: int) -> list[Spend]:
    """Reserved spends of these stores whose time is over, the longest waiting first, so many of each."""
    return [_spend(row) for row in await tx.all(_DUE, stores=sorted(stores), now=now, count=count)]


async def next_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """When the next reserved spend of each store is over."""
    return {row.store_id: row.at for row in await tx.all(_NEXT_DUE, stores=sorted(stores))}
