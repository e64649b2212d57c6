"""SQL of lots: what is put in or taken out, what expires, what is left."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.lots.domain import Debt, Holder, Kind, Lot, LotKey, Part
from services.rewards.rules.domain import Side

OVER_AT = (
    "coalesce(l.expires_at, (select c.expires_at from lot_clocks c"
    " where c.store_id = l.store_id and c.clock_id = l.clock_id))"
)
"""When a lot `l` expires: at its own moment or at its clock's; null for never."""
_FIELDS = (
    "l.store_id, l.lot_id, l.owner, l.side, l.unit, l.pay_as, l.program_id, l.rule, l.day, l.expires_days,"
    f" {OVER_AT} as expires_at, l.granted, l.clawed_back, l.expired, l.reserved, l.used, l.expired_by, l.clock_id,"
    " l.notice_at, l.joined_from"
)
# S608: the fields are the constant above.
_OF_IDS = f"""
select {_FIELDS} from lots l
join unnest(cast(:stores as text[]), cast(:lots as text[])) w(store_id, lot_id) using (store_id, lot_id)
"""  # noqa: S608
_OF_KEYS = f"""
select {_FIELDS} from lots l
join unnest(cast(:stores as text[]), cast(:owners as text[]), cast(:sides as text[]), cast(:units as text[]),
    cast(:kinds as text[]), cast(:programs as text[]), cast(:rules as text[]), cast(:days as date[]),
    cast(:expires as int[]))
  w(store_id, owner, side, unit, pay_as, program_id, rule, day, expires_days)
  using (store_id, owner, side, unit, pay_as, program_id, rule, day, expires_days)
where l.joined_from = ''
"""  # noqa: S608
_DUE = f"""
select {_FIELDS} from unnest(cast(:stores as text[])) w(store_id) cross join lateral (
  (select store_id, lot_id, expires_at as over_at from lots
    where store_id = w.store_id and remaining > 0 and expires_at is not null and expires_at <= :now
    order by expires_at limit :count)
  union all
  (select i.store_id, i.lot_id, c.expires_at from lot_clocks c
    join lots i on i.store_id = c.store_id and i.clock_id = c.clock_id and i.remaining > 0
    where c.store_id = w.store_id and not c.ended and c.expires_at <= :now order by c.expires_at limit :count)
) d join lots l on l.store_id = d.store_id and l.lot_id = d.lot_id
order by l.store_id, d.over_at, l.lot_id
"""  # noqa: S608
_USABLE = f"""
select {_FIELDS} from unnest(cast(:stores as text[]), cast(:owners as text[]), cast(:sides as text[]),
    cast(:units as text[]), cast(:kinds as text[]), cast(:amounts as bigint[]))
  w(store_id, owner, side, unit, pay_as, amount)
cross join lateral (
  select f.*, (sum(remaining) over (order by over_at nulls last, day, lot_id rows unbounded preceding))::bigint
    - remaining as before
  from (
    select l.*, {OVER_AT} as over_at from lots l where l.store_id = w.store_id and l.owner = w.owner
      and l.side = w.side and l.unit = w.unit and l.pay_as = w.pay_as and l.remaining > 0
  ) f where over_at is null or over_at > :now
) l where l.before < w.amount
"""  # noqa: S608
_SAVE = """
insert into lots (store_id, lot_id, owner, side, unit, pay_as, program_id, rule, day, expires_days, expires_at,
  granted, clawed_back, expired, reserved, used, remaining, expired_by, clock_id, notice_at)
select * from unnest(cast(:stores as text[]), cast(:lots as text[]), cast(:owners as text[]), cast(:sides as text[]),
  cast(:units as text[]), cast(:kinds as text[]), cast(:programs as text[]), cast(:rules as text[]),
  cast(:days as date[]), cast(:expires as int[]), cast(:ats as timestamptz[]), cast(:granted as bigint[]),
  cast(:clawed as bigint[]), cast(:expired as bigint[]), cast(:reserved as bigint[]), cast(:used as bigint[]),
  cast(:remaining as bigint[]), cast(:expired_by as bigint[]), cast(:clocks as text[]), cast(:notices as timestamptz[]))
on conflict (store_id, lot_id) do update set granted = excluded.granted, clawed_back = excluded.clawed_back,
  expired = excluded.expired, remaining = excluded.remaining, expired_by = excluded.expired_by
"""
_ADD_ENTRIES = """
insert into lot_entries (store_id, number, line, lot_id, amount)
select * from unnest(cast(:stores as text[]), cast(:numbers as bigint[]), cast(:lines as int[]),
  cast(:lots as text[]), cast(:amounts as bigint[]))
"""
_DEBTS = """
select d.store_id, d.owner, d.side, d.unit, d.pay_as, d.amount from lot_debts d
join unnest(cast(:stores as text[]), cast(:owners as text[]), cast(:sides as text[]), cast(:units as text[]),
  cast(:kinds as text[])) w(store_id, owner, side, unit, pay_as) using (store_id, owner, side, unit, pay_as)
"""
_SAVE_DEBTS = """
insert into lot_debts (store_id, owner, side, unit, pay_as, amount)
select * from unnest(cast(:stores as text[]), cast(:owners as text[]), cast(:sides as text[]), cast(:units as text[]),
  cast(:kinds as text[]), cast(:amounts as bigint[]))
on conflict (store_id, owner, side, unit, pay_as) do update set amount = excluded.amount
"""
_EXPIRING = f"""
select unit, pay_as, over_at as expires_at, idle, amount from (
  select unit, pay_as, over_at, idle, sum(remaining)::bigint as amount,
    dense_rank() over (partition by unit, pay_as order by over_at) as place
  from (
    select l.unit, l.pay_as, {OVER_AT} as over_at, l.clock_id is not null as idle, l.remaining from lots l
    where l.store_id = :store and l.owner = :owner and l.side = :side and l.remaining > 0
  ) f
  where over_at is not null group by unit, pay_as, over_at, idle
) l where place <= :count order by over_at, unit, pay_as, idle
"""  # noqa: S608
_LIABLE = """
select unit, pay_as,
  coalesce(sum(remaining) filter (where expires_at <= :first), 0)::bigint as first,
  coalesce(sum(remaining) filter (where expires_at > :first and expires_at <= :second), 0)::bigint as second,
  coalesce(sum(remaining) filter (where expires_at > :second and expires_at <= :third), 0)::bigint as third,
  coalesce(sum(remaining) filter (where expires_at > :third), 0)::bigint as later
from (
  select unit, pay_as, remaining, expires_at from lots
  where store_id = :store and remaining > 0 and expires_at is not null
  union all
  select l.unit, l.pay_as, l.remaining, c.expires_at from lots l
  join lot_clocks c on c.store_id = l.store_id and c.clock_id = l.clock_id
  where l.store_id = :store and l.remaining > 0 and l.clock_id is not null
) l
group by unit, pay_as order by unit, pay_as
"""


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody has left that expires at one moment."""

    unit: str
    kind: Kind
    expires_at: datetime
    amount: int
    idle: bool
    """Whether it stays where the holder earns or spends some before then."""


@dataclass(frozen=True, slots=True)
class Liable:
    """What is left of all lots that expire, by days until then: up to 30, 60, 90, and later."""

    unit: str
    kind: Kind
    amounts: tuple[int, int, int, int]


def _lot(row: Row) -> Lot:
    holder = Holder(row.store_id, row.side, row.owner, row.unit, row.pay_as)
    return Lot(
        lot_id=row.lot_id,
        key=LotKey(holder, row.program_id, row.rule, row.day, row.expires_days),
        expires_at=row.expires_at,
        granted=row.granted,
        clawed_back=row.clawed_back,
        expired=row.expired,
        reserved=row.reserved,
        used=row.used,
        expired_by=row.expired_by,
        joined_from=row.joined_from,
        clock_id=row.clock_id,
        notice_at=row.notice_at,
    )


def holders_of(holders: Iterable[Holder]) -> dict[str, list[str]]:
    of = list(holders)
    return {
        "stores": [one.store_id for one in of],
        "owners": [one.owner for one in of],
        "sides": [one.side for one in of],
        "units": [one.unit for one in of],
        "kinds": [one.kind for one in of],
    }


async def of_ids(tx: Tx, wanted: Collection[Ref]) -> list[Lot]:
    """Lots by (store, lot)."""
    if not wanted:
        return []
    keys = sorted(wanted)
    return [_lot(row) for row in await tx.all(_OF_IDS, stores=[k[0] for k in keys], lots=[k[1] for k in keys])]


async def of_keys(tx: Tx, wanted: Collection[LotKey]) -> list[Lot]:
    """Those of these lots that there are."""
    if not wanted:
        return []
    keys = sorted(wanted)
    rows = await tx.all(
        _OF_KEYS,
        **holders_of(key.holder for key in keys),
        programs=[key.program_id for key in keys],
        rules=[key.rule for key in keys],
        days=[key.day for key in keys],
        expires=[key.expires_days for key in keys],
    )
    return [_lot(row) for row in rows]


async def debts(tx: Tx, holders: Collection[Holder]) -> dict[Holder, Debt]:
    """What each of these has as a debt."""
    found = {one: Debt() for one in holders}
    for row in await tx.all(_DEBTS, **holders_of(sorted(holders))):
        found[Holder(row.store_id, row.side, row.owner, row.unit, row.pay_as)].amount = row.amount
    return found


async def save(tx: Tx, lots: Sequence[Lot]) -> None:
    """Writes lots as they stand."""
    keys = [lot.key for lot in lots]
    await tx.execute(
        _SAVE,
        **holders_of(key.holder for key in keys),
        lots=[lot.lot_id for lot in lots],
        programs=[key.program_id for key in keys],
        rules=[key.rule for key in keys],
        days=[key.day for key in keys],
        expires=[key.expires_days for key in keys],
        ats=[None if lot.clock_id else lot.expires_at for lot in lots],
        granted=[lot.granted for lot in lots],
        clawed=[lot.clawed_back for lot in lots],
        expired=[lot.expired for lot in lots],
        reserved=[lot.reserved for lot in lots],
        used=[lot.used for lot in lots],
        remaining=[lot.remaining for lot in lots],
        expired_by=[lot.expired_by for lot in lots],
        clocks=[lot.clock_id for lot in lots],
        notices=[lot.notice_at for lot in lots],
    )


async def save_debts(tx: Tx, changed: Mapping[Holder, Debt]) -> None:
    """Writes debts as they stand."""
    keys = sorted(changed)
    if keys:
        await tx.execute(_SAVE_DEBTS, **holders_of(keys), amounts=[changed[key].amount for key in keys])


async def add_entries(tx: Tx, entries: Sequence[tuple[str, int, Sequence[Part]]]) -> None:
    """Notes what sets of (store, number) did."""
    lines = [
        (store, number, line, part) for store, number, parts in entries for line, part in enumerate(parts, start=1)
    ]
    if lines:
        await tx.execute(
            _ADD_ENTRIES,
            stores=[store for store, _, _, _ in lines],
            numbers=[number for _, number, _, _ in lines],
            lines=[line for _, _, line, _ in lines],
            lots=[part.lot_id for _, _, _, part in lines],
            amounts=[part.amount for _, _, _, part in lines],
        )


async def due(tx: Tx, stores: Sequence[str], *, now: datetime, count: int) -> list[Lot]:
    """Lots of these stores that have something left and expire now, the longest waiting first, so many of each."""
    return [_lot(row) for row in await tx.all(_DUE, stores=sorted(stores), now=now, count=count)]


async def usable(tx: Tx, wanted: Mapping[Holder, int]) -> list[Lot]:
    """Of each holder the lots that can be used and expire first, as many as so much lies in."""
    keys = sorted(wanted)
    rows = await tx.all(_USABLE, **holders_of(keys), amounts=[wanted[key] for key in keys], now=tx.now)
    return [_lot(row) for row in rows]


async def expiring(tx: Tx, store_id: str, *, owner: str, side: Side, count: int = 100) -> list[Left]:
    """What somebody has left that expires, the next first: of each unit and kind so many moments."""
    rows = await tx.all(_EXPIRING, store=store_id, owner=owner, side=side, count=count)
    return [Left(row.unit, row.pay_as, row.expires_at, row.amount, row.idle) for row in rows]


async def liable(tx: Tx, store_id: str, edges: tuple[datetime, datetime, datetime]) -> list[Liable]:
    """What is left of a store's lots that expire, by when they do. Reads those with something left, by index."""
    first, second, third = edges
    rows = await tx.all(_LIABLE, store=store_id, first=first, second=second, third=third)
    return [Liable(row.unit, row.pay_as, (row.first, row.second, row.third, row.later)) for row in rows]
