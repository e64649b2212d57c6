"""SQL of plans' targets as grants read them: the settled orders that count, how far each ambassador has come in each
period, and what they are to reach.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.grants.domain.plan_targets import Count, FriendKey, PlanKey, Sold, Stand

_OF_ORDERS = """
select o.store_id, o.order_id, o.ambassador_id, o.program_id, o.friend_id, o.day, o.revenue_minor, o.goals
from plan_orders o
join unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id) using (store_id, order_id)
"""

_KEEP = """
insert into plan_orders (store_id, order_id, ambassador_id, program_id, friend_id, day, revenue_minor, goals)
select w.store_id, w.order_id, w.ambassador_id, w.program_id, w.friend_id, w.day, w.revenue_minor,
  string_to_array(w.goals, ' ')
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:ambassadors as text[]), cast(:programs as text[]),
  cast(:friends as text[]), cast(:days as date[]), cast(:revenues as bigint[]), cast(:goals as text[]))
  w(store_id, order_id, ambassador_id, program_id, friend_id, day, revenue_minor, goals)
on conflict (store_id, order_id) do update set ambassador_id = excluded.ambassador_id,
  program_id = excluded.program_id, friend_id = excluded.friend_id, day = excluded.day,
  revenue_minor = excluded.revenue_minor, goals = excluded.goals
"""

_DROP = """
delete from plan_orders o using unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id)
where o.store_id = w.store_id and o.order_id = w.order_id
"""

# S608 is silenced where statements share this piece, which no caller can touch.
_WANTED = """unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:programs as text[]),
  cast(:goals as text[]), cast(:firsts as date[])"""
_KEY = "store_id, ambassador_id, program_id, goal, first"

# Of each friend the sets of goals that their orders count towards, from one mark to the next by the index: some
# versions of a program, however many orders. Then whether one of them lies within the period.
_FRIENDS = f"""
with recursive wanted as (
  select * from {_WANTED}, cast(:friends as text[]), cast(:lasts as date[])) w({_KEY}, friend_id, last)
), sets as (
  select w.store_id, w.ambassador_id, w.program_id, w.friend_id, o.goals_mark, o.goals
  from (select distinct store_id, ambassador_id, program_id, friend_id from wanted) w cross join lateral (
    select goals_mark, goals from plan_orders o where o.store_id = w.store_id
      and o.ambassador_id = w.ambassador_id and o.program_id = w.program_id and o.friend_id = w.friend_id
    order by goals_mark limit 1
  ) o
  union all
  select s.store_id, s.ambassador_id, s.program_id, s.friend_id, o.goals_mark, o.goals
  from sets s cross join lateral (
    select goals_mark, goals from plan_orders o where o.store_id = s.store_id
      and o.ambassador_id = s.ambassador_id and o.program_id = s.program_id and o.friend_id = s.friend_id
      and o.goals_mark > s.goals_mark
    order by goals_mark limit 1
  ) o
)
select w.store_id, w.ambassador_id, w.program_id, w.goal, w.first, w.friend_id from wanted w where exists (
  select from sets s cross join lateral (
    select from plan_orders o where o.store_id = s.store_id and o.ambassador_id = s.ambassador_id
      and o.program_id = s.program_id and o.friend_id = s.friend_id and o.goals_mark = s.goals_mark
      and o.day between w.first and w.last limit 1
  ) o where s.store_id = w.store_id and s.ambassador_id = w.ambassador_id
    and s.program_id = w.program_id and s.friend_id = w.friend_id and w.goal = any(s.goals)
)
"""  # noqa: S608

_MOVE = f"""
update plan_counts c set counted = c.counted + w.counted, sold_minor = c.sold_minor + w.sold_minor,
  program_version = greatest(c.program_version, w.program_version)
from {_WANTED}, cast(:counted as bigint[]), cast(:sold as bigint[]), cast(:versions as int[]))
  w({_KEY}, counted, sold_minor, program_version)
where c.store_id = w.store_id and c.ambassador_id = w.ambassador_id and c.program_id = w.program_id
  and c.goal = w.goal and c.first = w.first
returning c.store_id, c.ambassador_id, c.program_id, c.goal, c.first, c.counted, c.sold_minor, c.program_version
"""  # noqa: S608

_OPEN = f"""
insert into plan_counts ({_KEY}, counted, sold_minor, program_version)
select * from {_WANTED}, cast(:counted as bigint[]), cast(:sold as bigint[]), cast(:versions as int[]))
"""  # noqa: S608

_STANDS = f"""
select c.store_id, c.ambassador_id, c.program_id, c.goal, c.first, c.counted, c.sold_minor, c.program_version
from plan_counts c join {_WANTED}) w({_KEY}) using ({_KEY})
"""  # noqa: S608

_TARGETS = f"""
select t.store_id, t.ambassador_id, t.program_id, t.goal, t.first, t.target
from plan_targets t join {_WANTED}) w({_KEY}) using ({_KEY})
"""  # noqa: S608

_NEXT_AMBASSADOR = """
select ambassador_id from plan_orders where store_id = :store and ambassador_id > :after
order by ambassador_id offset :count limit 1
"""

_DRIFT = """
with made as (
  select o.ambassador_id, o.program_id, g.goal,
    cast(date_trunc(split_part(g.goal, '/', 2), cast(o.day as timestamp)) as date) as first,
    case split_part(g.goal, '/', 3) when 'friends' then count(distinct o.friend_id) when 'orders' then count(*)
      else sum(o.revenue_minor) end as counted, sum(o.revenue_minor) as sold_minor
  from plan_orders o cross join lateral unnest(o.goals) g(goal)
  where o.store_id = :store and o.ambassador_id > :after
    and (cast(:upto as text) is null or o.ambassador_id <= :upto)
  group by 1, 2, 3, 4
), kept as (
  select ambassador_id, program_id, goal, first, counted, sold_minor from plan_counts
  where store_id = :store and ambassador_id > :after and (cast(:upto as text) is null or ambassador_id <= :upto)
)
select ambassador_id, program_id, goal, first, coalesce(kept.counted, 0) as kept_counted,
  coalesce(kept.sold_minor, 0) as kept_sold, coalesce(made.counted, 0)::bigint as made_counted,
  coalesce(made.sold_minor, 0)::bigint as made_sold
from made full join kept using (ambassador_id, program_id, goal, first)
where (coalesce(kept.counted, 0), coalesce(kept.sold_minor, 0)) <>
  (coalesce(made.counted, 0), coalesce(made.sold_minor, 0))
order by 1, 2, 3, 4
"""

_REACHED = """
select t.store_id, t.ambassador_id, t.program_id, t.goal, t.first
from plan_targets t
join plan_counts c using (store_id, ambassador_id, program_id, goal, first)
where t.store_id = :store and c.counted >= t.target and (t.ambassador_id, t.program_id, t.goal, t.first)
  > (:ambassador, :program, :goal, cast(:first as date))
order by t.ambassador_id, t.program_id, t.goal, t.first limit :count
"""


async def of_orders(tx: Tx, orders: Iterable[Ref]) -> dict[Ref, Sold]:
    """What these orders have counted as so far; those that have."""
    wanted = sorted(orders)
    rows = await tx.all(_OF_ORDERS, stores=[o[0] for o in wanted], orders=[o[1] for o in wanted])
    return {(row.store_id, row.order_id): Sold(**{**row._asdict(), "goals": tuple(sorted(row.goals))}) for row in rows}


async def keep(tx: Tx, orders: Sequence[Sold], dropped: Iterable[Ref]) -> None:
    """Keeps what these orders count as now; the dropped ones count no more."""
    if gone := sorted(dropped):
        await tx.execute(_DROP, stores=[o[0] for o in gone], orders=[o[1] for o in gone])
    if orders:
        await tx.execute(
            _KEEP,
            stores=[o.store_id for o in orders],
            orders=[o.order_id for o in orders],
            ambassadors=[o.ambassador_id for o in orders],
            programs=[o.program_id for o in orders],
            friends=[o.friend_id for o in orders],
            days=[o.day for o in orders],
            revenues=[o.revenue_minor for o in orders],
            goals=[" ".join(o.goals) for o in orders],
        )


async def counting(tx: Tx, friends: Collection[FriendKey]) -> set[FriendKey]:
    """Which of these friends have an order that counts towards the goal in the period. Costs some rows a friend,
    however many orders they have.
    """
    if not friends:
        return set()
    wanted = sorted(friends)
    rows = await tx.all(
        _FRIENDS,
        **_columns(key for key, _ in wanted),
        friends=[friend for _, friend in wanted],
        lasts=[key.period.last for key, _ in wanted],
    )
    return {(_key(row), row.friend_id) for row in rows}


async def move(tx: Tx, differences: Mapping[PlanKey, Count], versions: Mapping[PlanKey, int]) -> dict[PlanKey, Stand]:
    """Moves counters, and returns how they stand. One below zero is refused by the database. `versions` are those under
    which orders are counted that add something.
    """
    keys = sorted(differences)
    rows = await tx.all(_MOVE, **_columns(keys), **_figures(keys, differences, versions))
    moved = {_key(row): _stand(row) for row in rows}
    if begun := [key for key in keys if key not in moved]:
        await tx.execute(_OPEN, **_columns(begun), **_figures(begun, differences, versions))
    return moved | {key: Stand(differences[key], versions.get(key, 0)) for key in begun}


async def stands(tx: Tx, keys: Iterable[PlanKey]) -> dict[PlanKey, Stand]:
    """How these stand; those that have been begun."""
    wanted = sorted(keys)
    return {_key(row): _stand(row) for row in await tx.all(_STANDS, **_columns(wanted))} if wanted else {}


async def targets(tx: Tx, keys: Iterable[PlanKey]) -> dict[PlanKey, int]:
    """What is to be reached, where something is."""
    wanted = sorted(keys)
    return {_key(row): row.target for row in await tx.all(_TARGETS, **_columns(wanted))} if wanted else {}


async def drift(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[tuple[PlanKey, Count, Count]]:
    """Counters that are not what their orders come to: as kept, and as they should be. Goes through the store's orders
    by `count` at a time, or by all of one ambassador's.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT_AMBASSADOR, store=store_id, after=after, count=count)
        for row in await tx.all(_DRIFT, store=store_id, after=after, upto=upto):
            key = PlanKey(store_id, row.ambassador_id, row.program_id, row.goal, row.first)
            yield key, Count(row.kept_counted, row.kept_sold), Count(row.made_counted, row.made_sold)
        after = upto


async def reached(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[list[PlanKey]]:
    """All whose count is at the target or above, `count` at a time."""
    after = PlanKey(store_id, "", "", "", date.min)
    while True:
        rows = await tx.all(
            _REACHED,
            store=store_id,
            ambassador=after.ambassador_id,
            program=after.program_id,
            goal=after.goal,
            first=after.first,
            count=count,
        )
        if not rows:
            return
        found = [_key(row) for row in rows]
        yield found
        after = found[-1]


def _key(row: Row) -> PlanKey:
    return PlanKey(row.store_id, row.ambassador_id, row.program_id, row.goal, row.first)


def _stand(row: Row) -> Stand:
    return Stand(Count(row.counted, row.sold_minor), row.program_version)


def _columns(keys: Iterable[PlanKey]) -> dict[str, list[Any]]:
    listed = list(keys)
    return {
        "stores": [key.store_id for key in listed],
        "ambassadors": [key.ambassador_id for key in listed],
        "programs": [key.program_id for key in listed],
        "goals": [key.goal for key in listed],
        "firsts": [key.first for key in listed],
    }


def _figures(
    keys: Iterable[PlanKey], differences: Mapping[PlanKey, Count], versions: Mapping[PlanKey, int]
) -> dict[str, list[int]]:
    listed = list(keys)
    return {
        "counted": [differences[key].counted for key in listed],
        "sold": [differences[key].sold_minor for key in listed],
        "versions": [versions.get(key, 0) for key in listed],
    }
