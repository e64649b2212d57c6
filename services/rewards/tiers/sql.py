"""SQL of tiers: the settled orders that count, what they come to by day, standings, and whose turn it is."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.tiers.domain import Count, Counted, FriendKey, Standing, TierKey

_OF_ORDERS = """
select o.store_id, o.order_id, o.ambassador_id, o.program_id, o.friend_id, o.day, o.revenue_minor from tier_orders o
join unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id) using (store_id, order_id)
"""

_KEEP = """
insert into tier_orders (store_id, order_id, ambassador_id, program_id, friend_id, day, revenue_minor)
select * from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:ambassadors as text[]),
  cast(:programs as text[]), cast(:friends as text[]), cast(:days as date[]), cast(:revenues as bigint[]))
on conflict (store_id, order_id) do update set ambassador_id = excluded.ambassador_id,
  program_id = excluded.program_id, friend_id = excluded.friend_id, day = excluded.day,
  revenue_minor = excluded.revenue_minor
"""

_DROP = """
delete from tier_orders o using unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id)
where o.store_id = w.store_id and o.order_id = w.order_id
"""

# S608 is silenced where statements share these pieces, which no caller can touch.
_WHO = "unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:programs as text[])"
_IS = "c.store_id = w.store_id and c.ambassador_id = w.ambassador_id and c.program_id = w.program_id"

_FIRSTS = f"""
select w.store_id, w.ambassador_id, w.program_id, w.friend_id, f.day
from {_WHO}, cast(:friends as text[])) w(store_id, ambassador_id, program_id, friend_id)
cross join lateral (
  select c.day from tier_orders c where {_IS} and c.friend_id = w.friend_id order by c.day limit 1
) f
"""  # noqa: S608

_DIFFERENCES = (
    "cast(:days as date[]), cast(:friends as int[]), cast(:orders as int[]), cast(:revenues as bigint[]),"
    " cast(:clicks as int[])"
)

_MOVE = f"""
update tier_counts c set friends = c.friends + w.friends, orders = c.orders + w.orders,
  revenue_minor = c.revenue_minor + w.revenue_minor, clicks = c.clicks + w.clicks
from {_WHO}, {_DIFFERENCES}) w(store_id, ambassador_id, program_id, day, friends, orders, revenue_minor, clicks)
where {_IS} and c.day = w.day
returning c.store_id, c.ambassador_id, c.program_id, c.day
"""  # noqa: S608

_OPEN = f"""
insert into tier_counts (store_id, ambassador_id, program_id, day, friends, orders, revenue_minor, clicks)
select * from {_WHO}, {_DIFFERENCES})
"""  # noqa: S608

_ADD_CLICKS = """
insert into tier_clicks (store_id, click_id, day)
select * from unnest(cast(:stores as text[]), cast(:clicks as text[]), cast(:days as date[]))
on conflict do nothing returning store_id, click_id
"""

_FORGET_CLICKS = """
delete from tier_clicks where (store_id, click_id) in (
  select c.store_id, c.click_id from unnest(cast(:stores as text[])) w(store_id) cross join lateral (
    select store_id, click_id from tier_clicks where store_id = w.store_id and day < :before order by day limit :count
  ) c
)
"""

_COUNTS = f"""
select w.store_id, w.ambassador_id, w.program_id, d.day, d.friends, d.orders, d.revenue_minor, d.clicks
from {_WHO}, cast(:firsts as date[])) w(store_id, ambassador_id, program_id, first)
cross join lateral (
  select c.day, c.friends, c.orders, c.revenue_minor, c.clicks from tier_counts c where {_IS} and c.day >= w.first
  union
  select c.day, c.friends, c.orders, c.revenue_minor, c.clicks from tier_counts c where {_IS} and c.day = '-infinity'
) d
"""  # noqa: S608

_STANDINGS = f"""
select c.store_id, c.ambassador_id, c.program_id, c.tier, c.since, c.version, c.falls_at, c.due_at, c.revision
from {_WHO}) w(store_id, ambassador_id, program_id) join tier_standings c on {_IS}
"""  # noqa: S608

_SAVE = f"""
insert into tier_standings (store_id, ambassador_id, program_id, tier, since, version, falls_at, due_at, revision)
select * from {_WHO}, cast(:tiers as text[]), cast(:sinces as timestamptz[]), cast(:versions as int[]),
  cast(:falls as timestamptz[]), cast(:dues as timestamptz[]), cast(:revisions as int[]))
on conflict (store_id, ambassador_id, program_id) do update set tier = excluded.tier, since = excluded.since,
  version = excluded.version, falls_at = excluded.falls_at, due_at = excluded.due_at, revision = excluded.revision
"""  # noqa: S608

_OF_PROGRAM = """
select ambassador_id, tier from tier_standings
where store_id = :store and program_id = :program and tier is not null
"""

_DUE = """
select c.store_id, c.ambassador_id, c.program_id
from unnest(cast(:stores as text[])) w(store_id) cross join lateral (
  select * from tier_standings where store_id = w.store_id and due_at <= :now order by due_at limit :count
) c
"""

_NEXT_DUE = """
select w.store_id, c.due_at as at from unnest(cast(:stores as text[])) w(store_id) cross join lateral (
  select due_at from tier_standings where store_id = w.store_id and due_at is not null order by due_at limit 1
) c
"""

_BEGIN_SWEEPS = """
insert into tier_sweeps (store_id, program_id, after)
select distinct *, '' from unnest(cast(:stores as text[]), cast(:programs as text[])) order by 1, 2
on conflict (store_id, program_id) do update set after = ''
"""

_SWEEPS = """
select store_id, program_id, after from tier_sweeps where store_id = any(cast(:stores as text[]))
order by store_id, program_id limit :count
"""

_SWEPT = """
select ambassador_id from ambassadors where store_id = :store and program_id = :program and ambassador_id > :after
order by ambassador_id limit :count
"""

_GO_ON = "update tier_sweeps set after = :after where store_id = :store and program_id = :program"
_END = "delete from tier_sweeps where store_id = :store and program_id = :program"

_NEXT_AMBASSADOR = """
select ambassador_id from tier_orders where store_id = :store and ambassador_id > :after
order by ambassador_id offset :count limit 1
"""

_DRIFT = """
with mine as (
  select *, row_number() over (partition by ambassador_id, program_id, friend_id order by day, order_id) = 1 as first
  from tier_orders where store_id = :store and ambassador_id > :after
    and (cast(:upto as text) is null or ambassador_id <= :upto)
), made as (
  select ambassador_id, program_id, d.day, count(*) filter (where first) as friends, count(*) as orders,
    sum(revenue_minor) as revenue_minor
  from mine cross join lateral (values (mine.day), (date '-infinity')) d(day) group by 1, 2, 3
), kept as (
  select * from tier_counts where store_id = :store and ambassador_id > :after
    and (cast(:upto as text) is null or ambassador_id <= :upto)
)
select ambassador_id, program_id, day, coalesce(kept.friends, 0) as kept_friends,
  coalesce(kept.orders, 0) as kept_orders, coalesce(kept.revenue_minor, 0) as kept_revenue,
  coalesce(made.friends, 0)::bigint as friends, coalesce(made.orders, 0)::bigint as orders,
  coalesce(made.revenue_minor, 0)::bigint as revenue_minor
from made full join kept using (ambassador_id, program_id, day)
where (coalesce(kept.friends, 0), coalesce(kept.orders, 0), coalesce(kept.revenue_minor, 0))
  <> (coalesce(made.friends, 0), coalesce(made.orders, 0), coalesce(made.revenue_minor, 0))
order by 1, 2, 3
"""


async def of_orders(tx: Tx, orders: Iterable[Ref]) -> dict[Ref, Counted]:
    """What these orders have counted as so far; those that have."""
    wanted = sorted(orders)
    rows = await tx.all(_OF_ORDERS, stores=[o[0] for o in wanted], orders=[o[1] for o in wanted])
    return {(row.store_id, row.order_id): Counted(**row._asdict()) for row in rows}


async def keep(tx: Tx, orders: Sequence[Counted], dropped: Iterable[Ref]) -> None:
    """Keeps what these orders count as now; the dropped ones count no more."""
    if gone := sorted(dropped):
        await tx.execute(_DROP, stores=[o[0] for o in gone], orders=[o[1] for o in gone])
    if orders:
        await tx.execute(
            _KEEP,
            **_columns(o.key for o in orders),
            orders=[o.order_id for o in orders],
            friends=[o.friend_id for o in orders],
            days=[o.day for o in orders],
            revenues=[o.revenue_minor for o in orders],
        )


async def add_clicks(tx: Tx, clicks: Mapping[Ref, date]) -> set[Ref]:
    """Keeps clicks with the days on which they were, and says which were not kept before."""
    keys = sorted(clicks)
    rows = await tx.all(
        _ADD_CLICKS, stores=[k[0] for k in keys], clicks=[k[1] for k in keys], days=[clicks[k] for k in keys]
    )
    return {(row.store_id, row.click_id) for row in rows}


async def forget_clicks(tx: Tx, stores: Collection[str], *, before: date, count: int) -> None:
    """Deletes some of the clicks of these stores that were before a day."""
    await tx.execute(_FORGET_CLICKS, stores=sorted(stores), before=before, count=count)


async def first_days(tx: Tx, friends: Collection[FriendKey]) -> dict[FriendKey, date]:
    """The day of the first order that counts of each of these friends who has one: one look by index each."""
    if not friends:
        return {}
    wanted = sorted(friends)
    rows = await tx.all(_FIRSTS, **_columns(key for key, _ in wanted), friends=[friend for _, friend in wanted])
    return {(_key(row), row.friend_id): row.day for row in rows}


async def move(tx: Tx, differences: Mapping[TierKey, Mapping[date, Count]]) -> None:
    """Moves counters. One below zero is refused by the database."""
    moved = sorted((key, day, by) for key, days in differences.items() for day, by in days.items())
    if not moved:
        return
    there = {(_key(row), row.day) for row in await tx.all(_MOVE, **_moved(moved))}
    if begun := [one for one in moved if one[:2] not in there]:
        await tx.execute(_OPEN, **_moved(begun))


async def counts(tx: Tx, wanted: Mapping[TierKey, date]) -> dict[TierKey, dict[date, Count]]:
    """Counters of these people from a day on, and those of all days together."""
    if not wanted:
        return {}
    keys = sorted(wanted)
    found: dict[TierKey, dict[date, Count]] = {}
    for row in await tx.all(_COUNTS, **_columns(keys), firsts=[wanted[key] for key in keys]):
        found.setdefault(_key(row), {})[row.day] = Count(row.friends, row.orders, row.revenue_minor, row.clicks)
    return found


async def standings(tx: Tx, keys: Iterable[TierKey]) -> dict[TierKey, Standing]:
    """Standings of these people; those that have one."""
    wanted = sorted(keys)
    if not wanted:
        return {}
    return {
        _key(row): Standing(
            tier=row.tier,
            since=row.since,
            version=row.version,
            falls_at=row.falls_at,
            due_at=row.due_at,
            revision=row.revision,
        )
        for row in await tx.all(_STANDINGS, **_columns(wanted))
    }


async def save(tx: Tx, standings: Mapping[TierKey, Standing]) -> None:
    """Writes standings."""
    keys = sorted(standings)
    ordered = [standings[key] for key in keys]
    await tx.execute(
        _SAVE,
        **_columns(keys),
        tiers=[one.tier for one in ordered],
        sinces=[one.since for one in ordered],
        versions=[one.version for one in ordered],
        falls=[one.falls_at for one in ordered],
        dues=[one.due_at for one in ordered],
        revisions=[one.revision for one in ordered],
    )


async def due(tx: Tx, stores: Sequence[str], *, now: datetime, count: int) -> list[TierKey]:
    """Who is to be looked at, at most so many of each store."""
    return [_key(row) for row in await tx.all(_DUE, stores=sorted(stores), now=now, count=count)]


async def next_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """When somebody of each store is to be looked at next."""
    return {row.store_id: row.at for row in await tx.all(_NEXT_DUE, stores=sorted(stores))}


async def begin_sweeps(tx: Tx, programs: Collection[Ref]) -> None:
    """All ambassadors of these (store, program) are to be looked at, from the first."""
    keys = sorted(programs)
    await tx.execute(_BEGIN_SWEEPS, stores=[k[0] for k in keys], programs=[k[1] for k in keys])


async def sweep(tx: Tx, stores: Sequence[str], *, programs: int, count: int) -> tuple[list[TierKey], set[str]]:
    """The next ambassadors of some programs that are gone through, and the stores where some are left."""
    found: list[TierKey] = []
    left: set[str] = set()
    begun = await tx.all(_SWEEPS, stores=sorted(stores), count=programs)
    for one in begun:
        names = {"store": one.store_id, "program": one.program_id}
        some = [row.ambassador_id for row in await tx.all(_SWEPT, **names, after=one.after, count=count)]
        found += [TierKey(one.store_id, ambassador_id, one.program_id) for ambassador_id in some]
        if len(some) < count:
            await tx.execute(_END, **names)
        else:
            await tx.execute(_GO_ON, **names, after=some[-1])
            left.add(one.store_id)
    return found, set(stores) if len(begun) == programs else left


async def drift(
    tx: Tx, store_id: str, *, count: int
) -> AsyncIterator[tuple[tuple[str, str, date], tuple[int, int, int], tuple[int, int, int]]]:
    """Counters that are not what their orders come to: of whom, as kept, and as they should be. Goes through the
    store's orders by `count` at a time, or by all of one ambassador's.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT_AMBASSADOR, store=store_id, after=after, count=count)
        for row in await tx.all(_DRIFT, store=store_id, after=after, upto=upto):
            kept = (row.kept_friends, row.kept_orders, row.kept_revenue)
            yield (row.ambassador_id, row.program_id, row.day), kept, (row.friends, row.orders, row.revenue_minor)
        after = upto


def _key(row: Row) -> TierKey:
    return TierKey(row.store_id, row.ambassador_id, row.program_id)


def _columns(keys: Iterable[TierKey]) -> dict[str, list[object]]:
    listed = list(keys)
    return {
        "stores": [key.store_id for key in listed],
        "ambassadors": [key.ambassador_id for key in listed],
        "programs": [key.program_id for key in listed],
    }


def _moved(moved: Sequence[tuple[TierKey, date, Count]]) -> dict[str, list[object]]:
    return {
        **_columns(key for key, _, _ in moved),
        "days": [day for _, day, _ in moved],
        "friends": [by.friends for _, _, by in moved],
        "orders": [by.orders for _, _, by in moved],
        "revenues": [by.revenue_minor for _, _, by in moved],
        "clicks": [by.clicks for _, _, by in moved],
    }


async def of_program(tx: Tx, store_id: str, program_id: str) -> dict[str, str]:
    """By ambassador, the tiers of all who are in one and have a standing: for work in the background."""
    rows = await tx.all(_OF_PROGRAM, store=store_id, program=program_id)
    return {row.ambassador_id: row.tier for row in rows}
