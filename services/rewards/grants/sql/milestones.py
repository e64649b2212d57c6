"""SQL of milestones: the settled orders that count towards them, and how far each ambassador has come."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.grants.domain.milestones import Counted, FriendKey, GoalKey

_OF_ORDERS = """
select o.store_id, o.order_id, o.ambassador_id, o.program_id, o.friend_id, o.revenue_minor, o.goals
from milestone_orders o
join unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id) using (store_id, order_id)
"""

_KEEP = """
insert into milestone_orders (store_id, order_id, ambassador_id, program_id, friend_id, revenue_minor, goals)
select w.store_id, w.order_id, w.ambassador_id, w.program_id, w.friend_id, w.revenue_minor,
  string_to_array(w.goals, ' ')
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:ambassadors as text[]), cast(:programs as text[]),
  cast(:friends as text[]), cast(:revenues as bigint[]), cast(:goals as text[]))
  w(store_id, order_id, ambassador_id, program_id, friend_id, revenue_minor, goals)
on conflict (store_id, order_id) do update set ambassador_id = excluded.ambassador_id,
  program_id = excluded.program_id, friend_id = excluded.friend_id, revenue_minor = excluded.revenue_minor,
  goals = excluded.goals
"""

_DROP = """
delete from milestone_orders o using unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id)
where o.store_id = w.store_id and o.order_id = w.order_id
"""

# S608 is silenced where statements share this piece, which no caller can touch.
_WANTED = """unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:programs as text[]),
  cast(:goals as text[])"""

# Of each friend one order for each set of goals that theirs count towards, from one mark to the next by the index: some
# versions of a program, however many orders. An order of an old version would else be looked at for each new one.
_FRIENDS = f"""
with recursive wanted as (
  select * from {_WANTED}, cast(:friends as text[])) w(store_id, ambassador_id, program_id, goal, friend_id)
), sets as (
  select w.store_id, w.ambassador_id, w.program_id, w.friend_id, o.goals_mark, o.goals
  from (select distinct store_id, ambassador_id, program_id, friend_id from wanted) w cross join lateral (
    select goals_mark, goals from milestone_orders o where o.store_id = w.store_id
      and o.ambassador_id = w.ambassador_id and o.program_id = w.program_id and o.friend_id = w.friend_id
    order by goals_mark limit 1
  ) o
  union all
  select s.store_id, s.ambassador_id, s.program_id, s.friend_id, o.goals_mark, o.goals
  from sets s cross join lateral (
    select goals_mark, goals from milestone_orders o where o.store_id = s.store_id
      and o.ambassador_id = s.ambassador_id and o.program_id = s.program_id and o.friend_id = s.friend_id
      and o.goals_mark > s.goals_mark
    order by goals_mark limit 1
  ) o
)
select w.store_id, w.ambassador_id, w.program_id, w.goal, w.friend_id from wanted w where exists (
  select from sets s where s.store_id = w.store_id and s.ambassador_id = w.ambassador_id
    and s.program_id = w.program_id and s.friend_id = w.friend_id and w.goal = any(s.goals)
)
"""  # noqa: S608

_MOVE = f"""
update milestone_counts c set counted = c.counted + w.difference
from {_WANTED}, cast(:differences as bigint[])) w(store_id, ambassador_id, program_id, goal, difference)
where c.store_id = w.store_id and c.ambassador_id = w.ambassador_id and c.program_id = w.program_id
  and c.goal = w.goal
returning c.store_id, c.ambassador_id, c.program_id, c.goal, c.counted
"""  # noqa: S608

_OPEN = f"""
insert into milestone_counts (store_id, ambassador_id, program_id, goal, counted)
select * from {_WANTED}, cast(:differences as bigint[]))
"""  # noqa: S608

_READ = f"""
select c.store_id, c.ambassador_id, c.program_id, c.goal, c.counted from milestone_counts c
join {_WANTED}) w(store_id, ambassador_id, program_id, goal) using (store_id, ambassador_id, program_id, goal)
"""  # noqa: S608

_NEXT_AMBASSADOR = """
select ambassador_id from milestone_orders where store_id = :store and ambassador_id > :after
order by ambassador_id offset :count limit 1
"""

_DRIFT = """
with made as (
  select o.ambassador_id, o.program_id, g.goal, case split_part(g.goal, '/', 4) when 'friends'
      then count(distinct o.friend_id) when 'orders' then count(*) else sum(o.revenue_minor) end as counted
  from milestone_orders o cross join lateral unnest(o.goals) g(goal)
  where o.store_id = :store and o.ambassador_id > :after
    and (cast(:upto as text) is null or o.ambassador_id <= :upto)
  group by 1, 2, 3
), kept as (
  select ambassador_id, program_id, goal, counted from milestone_counts
  where store_id = :store and ambassador_id > :after and (cast(:upto as text) is null or ambassador_id <= :upto)
)
select ambassador_id, program_id, goal, coalesce(kept.counted, 0) as kept, coalesce(made.counted, 0)::bigint as made
from made full join kept using (ambassador_id, program_id, goal)
where coalesce(kept.counted, 0) <> coalesce(made.counted, 0)
order by 1, 2, 3
"""

_CROOKED = """
select r.reward_id, r.order_id as source_id, r.want_minor, coalesce(c.counted, 0) as counted
from rewards r
left join milestone_counts c on c.store_id = r.store_id and c.ambassador_id = r.ambassador_id
  and c.program_id = r.program_id
  and c.goal = array_to_string((string_to_array(r.order_id, '/'))[2:5], '/')
where r.store_id = :store and r.source_kind <> 'order' and r.source_kind = 'period' and r.rejected_at is null
  and r.want_minor <> case
    when split_part(r.order_id, '/', 3) not in ('every', 'at') then r.want_minor
    when coalesce(c.counted, 0) >= cast(split_part(r.order_id, '/', 6) as bigint) then r.base_minor else 0 end
order by 1
"""


async def of_orders(tx: Tx, orders: Iterable[Ref]) -> dict[Ref, Counted]:
    """What these orders have counted as so far; those that have."""
    wanted = sorted(orders)
    rows = await tx.all(_OF_ORDERS, stores=[o[0] for o in wanted], orders=[o[1] for o in wanted])
    return {
        (row.store_id, row.order_id): Counted(**{**row._asdict(), "goals": tuple(sorted(row.goals))}) for row in rows
    }


async def keep(tx: Tx, orders: Sequence[Counted], dropped: Iterable[Ref]) -> None:
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
            revenues=[o.revenue_minor for o in orders],
            goals=[" ".join(o.goals) for o in orders],
        )


async def counting(tx: Tx, friends: Collection[FriendKey]) -> set[FriendKey]:
    """Which of these friends have an order that counts towards the goal. Costs some rows a friend, however many orders
    they have.
    """
    if not friends:
        return set()
    wanted = sorted(friends)
    rows = await tx.all(_FRIENDS, **_columns(key for key, _ in wanted), friends=[friend for _, friend in wanted])
    return {(_key(row), row.friend_id) for row in rows}


async def move(tx: Tx, differences: Mapping[GoalKey, int]) -> dict[GoalKey, int]:
    """Moves counters, and returns how they stand. One below zero is refused by the database."""
    keys = sorted(differences)
    rows = await tx.all(_MOVE, **_columns(keys), differences=[differences[key] for key in keys])
    moved = {_key(row): int(row.counted) for row in rows}
    if begun := [key for key in keys if key not in moved]:
        await tx.execute(_OPEN, **_columns(begun), differences=[differences[key] for key in begun])
    return moved | {key: differences[key] for key in begun}


async def counts(tx: Tx, keys: Iterable[GoalKey]) -> dict[GoalKey, int]:
    """How far these goals are; those that have been begun."""
    wanted = sorted(keys)
    return {_key(row): row.counted for row in await tx.all(_READ, **_columns(wanted))} if wanted else {}


async def drift(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[tuple[GoalKey, int, int]]:
    """Counters that are not what their orders come to: as kept, and as they should be. Goes through the store's orders
    by `count` at a time, or by all of one ambassador's.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT_AMBASSADOR, store=store_id, after=after, count=count)
        for row in await tx.all(_DRIFT, store=store_id, after=after, upto=upto):
            yield GoalKey(store_id, row.ambassador_id, row.program_id, row.goal), row.kept, row.made
        after = upto


async def crooked(tx: Tx, store_id: str) -> list[tuple[str, str, int, int]]:
    """Rewards of steps that are not wanted as the count has it: id, source, what is wanted, the count."""
    rows = await tx.all(_CROOKED, store=store_id)
    return [(row.reward_id, row.source_id, row.want_minor, row.counted) for row in rows]


def _key(row: Row) -> GoalKey:
    return GoalKey(row.store_id, row.ambassador_id, row.program_id, row.goal)


def _columns(keys: Iterable[GoalKey]) -> dict[str, list[str]]:
    listed = list(keys)
    return {
        "stores": [key.store_id for key in listed],
        "ambassadors": [key.ambassador_id for key in listed],
        "programs": [key.program_id for key in listed],
        "goals": [key.goal for key in listed],
    }
