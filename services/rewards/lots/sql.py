"""SQL of lots: what is put in or taken out, what expires, what is left, and whether it all adds up."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.lots.domain import Debt, Holder, Kind, Lot, LotKey, Part
from services.rewards.rules.domain import Side

_FIELDS = (
    "l.store_id, l.lot_id, l.owner, l.side, l.unit, l.pay_as, l.program_id, l.rule, l.day, l.expires_days,"
    " l.expires_at, l.granted, l.clawed_back, l.expired, l.reserved, l.used, l.expired_by, l.joined_from"
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
  select * from lots where store_id = w.store_id and remaining > 0 and expires_at is not null and expires_at <= :now
  order by expires_at limit :count
) l order by l.store_id, l.expires_at, l.lot_id
"""  # noqa: S608
_NEXT_DUE = """
select w.store_id, l.expires_at as at from unnest(cast(:stores as text[])) w(store_id) cross join lateral (
  select expires_at from lots where store_id = w.store_id and remaining > 0 and expires_at is not null
  order by expires_at limit 1
) l
"""
_SAVE = """
insert into lots (store_id, lot_id, owner, side, unit, pay_as, program_id, rule, day, expires_days, expires_at,
  granted, clawed_back, expired, reserved, used, remaining, expired_by)
select * from unnest(cast(:stores as text[]), cast(:lots as text[]), cast(:owners as text[]), cast(:sides as text[]),
  cast(:units as text[]), cast(:kinds as text[]), cast(:programs as text[]), cast(:rules as text[]),
  cast(:days as date[]), cast(:expires as int[]), cast(:ats as timestamptz[]), cast(:granted as bigint[]),
  cast(:clawed as bigint[]), cast(:expired as bigint[]), cast(:reserved as bigint[]), cast(:used as bigint[]),
  cast(:remaining as bigint[]), cast(:expired_by as bigint[]))
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
_EXPIRING = """
select unit, pay_as, expires_at, amount from (
  select unit, pay_as, expires_at, sum(remaining)::bigint as amount,
    row_number() over (partition by unit, pay_as order by expires_at) as place
  from lots
  where store_id = :store and owner = :owner and side = :side and remaining > 0 and expires_at is not null
  group by unit, pay_as, expires_at
) l where place <= :count order by expires_at, unit, pay_as
"""
_LIABLE = """
select unit, pay_as,
  coalesce(sum(remaining) filter (where expires_at <= :first), 0)::bigint as first,
  coalesce(sum(remaining) filter (where expires_at > :first and expires_at <= :second), 0)::bigint as second,
  coalesce(sum(remaining) filter (where expires_at > :second and expires_at <= :third), 0)::bigint as third,
  coalesce(sum(remaining) filter (where expires_at > :third), 0)::bigint as later
from lots where store_id = :store and remaining > 0 and expires_at is not null
group by unit, pay_as order by unit, pay_as
"""
_NEXT_LOT = "select lot_id from lots where store_id = :store and lot_id > :after order by lot_id offset :count limit 1"
# Lines below 0 are what of a lot paid a debt when it returned from a spend: it is taken back from then on.
_DRIFT = """
with made as (
  select e.lot_id,
    coalesce(sum(e.amount) filter (where s.movement in ('release', 'grant', 'raise')), 0)::bigint as granted,
    coalesce(-sum(e.amount) filter (where s.movement in ('claw_back', 'join') or e.line < 0), 0)::bigint as clawed_back,
    coalesce(-sum(e.amount) filter (where s.movement in ('expire', 'restore')), 0)::bigint as expired,
    coalesce(-sum(e.amount) filter (where p.status = 'reserved' and e.line > 0), 0)::bigint as reserved,
    coalesce(-sum(e.amount) filter (where p.status <> 'reserved' and e.line > 0), 0)::bigint as used
  from lot_entries e left join posting_sets s on s.store_id = e.store_id and s.number = e.number
  left join spend_steps t on t.store_id = e.store_id and t.number = e.number
  left join spends p on p.store_id = t.store_id and p.spend_id = t.spend_id
  where e.store_id = :store and e.lot_id > :after and (cast(:upto as text) is null or e.lot_id <= :upto)
  group by 1
), kept as (
  select lot_id, granted, clawed_back, expired, reserved, used from lots
  where store_id = :store and lot_id > :after and (cast(:upto as text) is null or lot_id <= :upto)
), both_of as (
  select lot_id, array[coalesce(k.granted, 0), coalesce(k.clawed_back, 0), coalesce(k.expired, 0),
      coalesce(k.reserved, 0), coalesce(k.used, 0)] as kept,
    array[coalesce(m.granted, 0), coalesce(m.clawed_back, 0), coalesce(m.expired, 0),
      coalesce(m.reserved, 0), coalesce(m.used, 0)] as made
  from kept k full join made m using (lot_id)
)
select lot_id, kept, made from both_of where kept <> made order by 1
"""
_NEXT_NUMBER = """
select number from posting_sets where store_id = :store and number > :after order by number offset :count limit 1
"""
_ASTRAY = """
with posted as (
  select e.number, (-sum(e.amount_minor))::bigint as amount
  from entries e join posting_sets s on s.store_id = e.store_id and s.number = e.number
  left join rewards r on r.store_id = s.store_id and r.reward_id = s.reward_id
  where e.store_id = :store and e.number > :after and (cast(:upto as bigint) is null or e.number <= :upto)
    and e.account in ('ambassador_available', 'friend_available')
    and (s.movement in ('expire', 'restore', 'set_aside', 'let_go', 'give_back') or r.pay_as <> 'cash')
  group by 1
), kept as (
  select number, sum(amount)::bigint as amount from lot_entries
  where store_id = :store and number > :after and (cast(:upto as bigint) is null or number <= :upto) group by 1
)
select number, coalesce(p.amount, 0) as posted, coalesce(k.amount, 0) as kept
from posted p full join kept k using (number) where coalesce(p.amount, 0) <> coalesce(k.amount, 0) order by 1
"""
_DEBTS_ASTRAY = """
with made as (
  select h.owner, split_part(h.account, '_', 1) as side, h.unit,
    coalesce(r.pay_as, p.pay_as, case h.unit when 'points' then 'points' else 'store_credit' end) as pay_as,
    (-sum(e.amount))::bigint as amount
  from lot_entries e
  join posting_sets s on s.store_id = e.store_id and s.number = e.number
  left join rewards r on r.store_id = s.store_id and r.reward_id = s.reward_id
  left join spend_steps t on t.store_id = e.store_id and t.number = e.number
  left join spends p on p.store_id = t.store_id and p.spend_id = t.spend_id
  join entries h on h.store_id = e.store_id and h.number = e.number
    and h.account in ('ambassador_available', 'friend_available')
    and (s.movement <> 'join' or h.amount_minor < 0)
  where e.store_id = :store and e.lot_id is null
  group by 1, 2, 3, 4
)
select owner, unit, coalesce(k.amount, 0) as kept, coalesce(m.amount, 0) as made
from (select owner, side, unit, pay_as, amount from lot_debts where store_id = :store) k
full join made m using (owner, side, unit, pay_as)
where coalesce(k.amount, 0) <> coalesce(m.amount, 0) order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody has left that expires at one moment."""

    unit: str
    kind: Kind
    expires_at: datetime
    amount: int


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
    )


def _holders(holders: Iterable[Holder]) -> dict[str, list[str]]:
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
        **_holders(key.holder for key in keys),
        programs=[key.program_id for key in keys],
        rules=[key.rule for key in keys],
        days=[key.day for key in keys],
        expires=[key.expires_days for key in keys],
    )
    return [_lot(row) for row in rows]


async def debts(tx: Tx, holders: Collection[Holder]) -> dict[Holder, Debt]:
    """What each of these has as a debt."""
    found = {one: Debt() for one in holders}
    for row in await tx.all(_DEBTS, **_holders(sorted(holders))):
        found[Holder(row.store_id, row.side, row.owner, row.unit, row.pay_as)].amount = row.amount
    return found


async def save(tx: Tx, lots: Sequence[Lot]) -> None:
    """Writes lots as they stand."""
    keys = [lot.key for lot in lots]
    await tx.execute(
        _SAVE,
        **_holders(key.holder for key in keys),
        lots=[lot.lot_id for lot in lots],
        programs=[key.program_id for key in keys],
        rules=[key.rule for key in keys],
        days=[key.day for key in keys],
        expires=[key.expires_days for key in keys],
        ats=[lot.expires_at for lot in lots],
        granted=[lot.granted for lot in lots],
        clawed=[lot.clawed_back for lot in lots],
        expired=[lot.expired for lot in lots],
        reserved=[lot.reserved for lot in lots],
        used=[lot.used for lot in lots],
        remaining=[lot.remaining for lot in lots],
        expired_by=[lot.expired_by for lot in lots],
    )


async def save_debts(tx: Tx, changed: Mapping[Holder, Debt]) -> None:
    """Writes debts as they stand."""
    keys = sorted(changed)
    if keys:
        await tx.execute(_SAVE_DEBTS, **_holders(keys), amounts=[changed[key].amount for key in keys])


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


async def next_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """When the next lot of each store expires."""
    return {row.store_id: row.at for row in await tx.all(_NEXT_DUE, stores=sorted(stores))}


async def expiring(tx: Tx, store_id: str, *, owner: str, side: Side, count: int = 100) -> list[Left]:
    """What somebody has left that expires, the next first: of each unit and kind so many moments."""
    rows = await tx.all(_EXPIRING, store=store_id, owner=owner, side=side, count=count)
    return [Left(row.unit, row.pay_as, row.expires_at, row.amount) for row in rows]


async def liable(tx: Tx, store_id: str, edges: tuple[datetime, datetime, datetime]) -> list[Liable]:
    """What is left of a store's lots that expire, by when they do. Reads those with something left, by index."""
    first, second, third = edges
    rows = await tx.all(_LIABLE, store=store_id, first=first, second=second, third=third)
    return [Liable(row.unit, row.pay_as, (row.first, row.second, row.third, row.later)) for row in rows]


async def drift(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[str]:
    """What is wrong with lots, in words: one that is not what its entries say, a set that moved points or credit and
    not as much in lots, a debt that is not what was taken back too much. For verifications only.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT_LOT, store=store_id, after=after, count=count)
        for row in await tx.all(_DRIFT, store=store_id, after=after, upto=upto):
            kept, made = tuple(row.kept), tuple(row.made)
            yield f"{row.lot_id} is kept as {kept} (granted, taken, expired, reserved, used), entries say {made}"
        after = upto
    behind: int | None = 0
    while behind is not None:
        last: int | None = await tx.scalar(_NEXT_NUMBER, store=store_id, after=behind, count=count)
        for row in await tx.all(_ASTRAY, store=store_id, after=behind, upto=last):
            yield f"set {row.number} moved {row.posted}, in lots and debts it is {row.kept}"
        behind = last
    for row in await tx.all(_DEBTS_ASTRAY, store=store_id):
        yield f"{row.owner} has a debt of {row.kept} {row.unit}, entries say {row.made}"
