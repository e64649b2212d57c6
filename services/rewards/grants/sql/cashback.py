"""SQL of cashback: orders that nobody referred as they count, what each buyer has spent, and what rewards are for."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.grants.domain.cashback import Block, Spent, SpentKey, Standing, times_of

_OF_ORDERS = """
select o.store_id, o.order_id, o.program_id, o.buyer, o.revenue_minor, o.goals from cashback_orders o
join unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id) using (store_id, order_id)
"""

_KEEP = """
insert into cashback_orders (store_id, order_id, buyer, program_id, revenue_minor, goals)
select w.store_id, w.order_id, w.buyer, w.program_id, w.revenue_minor, string_to_array(w.goals, ' ')
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:buyers as text[]), cast(:programs as text[]),
  cast(:revenues as bigint[]), cast(:goals as text[])) w(store_id, order_id, buyer, program_id, revenue_minor, goals)
on conflict (store_id, order_id) do update set buyer = excluded.buyer, program_id = excluded.program_id,
  revenue_minor = excluded.revenue_minor, goals = excluded.goals
"""

_DROP = """
delete from cashback_orders o using unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id)
where o.store_id = w.store_id and o.order_id = w.order_id
"""

# S608 is silenced where statements share this piece, which no caller can touch.
_WANTED = (
    """unnest(cast(:stores as text[]), cast(:buyers as text[]), cast(:programs as text[]), cast(:goals as text[])"""
)
_SAME = "c.store_id = w.store_id and c.buyer = w.buyer and c.program_id = w.program_id and c.goal = w.goal"

_MOVE = f"""
update cashback_counts c set spent_minor = c.spent_minor + w.difference
from {_WANTED}, cast(:differences as bigint[])) w(store_id, buyer, program_id, goal, difference) where {_SAME}
returning c.store_id, c.buyer, c.program_id, c.goal, c.spent_minor, coalesce((
  select max(b.last) from cashback_blocks b
  where b.store_id = c.store_id and b.buyer = c.buyer and b.program_id = c.program_id and b.goal = c.goal
), 0) as given
"""  # noqa: S608

_OPEN = f"""
insert into cashback_counts (store_id, buyer, program_id, goal, spent_minor)
select * from {_WANTED}, cast(:differences as bigint[]))
"""  # noqa: S608

_BLOCKS = f"""
select c.store_id, c.buyer, c.program_id, c.goal, c.first, c.last, c.source_id
from {_WANTED}, cast(:firsts as int[]), cast(:lasts as int[])) w(store_id, buyer, program_id, goal, first, last)
join cashback_blocks c on {_SAME} and c.last >= w.first and c.first <= w.last
order by c.store_id, c.buyer, c.program_id, c.goal, c.last
"""  # noqa: S608

_BEGIN = f"""
insert into cashback_blocks (store_id, buyer, program_id, goal, first, last, source_id)
select * from {_WANTED}, cast(:firsts as int[]), cast(:lasts as int[]), cast(:sources as text[]))
"""  # noqa: S608

_NEXT_BUYER = """
select buyer from cashback_orders where store_id = :store and buyer > :after order by buyer offset :count limit 1
"""

_DRIFT = """
with made as (
  select o.buyer, o.program_id, g.goal, sum(o.revenue_minor) as spent_minor
  from cashback_orders o cross join lateral unnest(o.goals) g(goal)
  where o.store_id = :store and o.buyer > :after and (cast(:upto as text) is null or o.buyer <= :upto)
  group by 1, 2, 3
), kept as (
  select buyer, program_id, goal, spent_minor from cashback_counts
  where store_id = :store and buyer > :after and (cast(:upto as text) is null or buyer <= :upto)
)
select buyer, program_id, goal, coalesce(kept.spent_minor, 0) as kept, coalesce(made.spent_minor, 0)::bigint as made
from made full join kept using (buyer, program_id, goal)
where coalesce(kept.spent_minor, 0) <> coalesce(made.spent_minor, 0)
order by 1, 2, 3
"""

_WORTH = """
select b.store_id, b.buyer, b.program_id, b.goal, b.first, b.last, b.source_id, c.spent_minor,
  r.reward_id, r.base_minor, r.want_minor, r.rejected_at is not null as refused
from cashback_blocks b
left join cashback_counts c on c.store_id = b.store_id and c.buyer = b.buyer and c.program_id = b.program_id
  and c.goal = b.goal
left join rewards r on r.store_id = b.store_id and r.order_id = b.source_id and r.source_kind = 'cashback'
where b.store_id = :store and (b.buyer, b.program_id, b.goal, b.last) > (:buyer, :program, :goal, :last)
order by b.buyer, b.program_id, b.goal, b.last limit :count
"""


async def of_orders(tx: Tx, orders: Iterable[Ref]) -> dict[Ref, Spent]:
    """What these orders have counted as so far; those that have."""
    wanted = sorted(orders)
    rows = await tx.all(_OF_ORDERS, stores=[o[0] for o in wanted], orders=[o[1] for o in wanted])
    return {(row.store_id, row.order_id): Spent(**{**row._asdict(), "goals": tuple(sorted(row.goals))}) for row in rows}


async def keep(tx: Tx, orders: Sequence[Spent], dropped: Iterable[Ref]) -> None:
    """Keeps what these orders count as now; the dropped ones count no more."""
    if gone := sorted(dropped):
        await tx.execute(_DROP, stores=[o[0] for o in gone], orders=[o[1] for o in gone])
    if orders:
        await tx.execute(
            _KEEP,
            stores=[o.store_id for o in orders],
            orders=[o.order_id for o in orders],
            buyers=[o.buyer for o in orders],
            programs=[o.program_id for o in orders],
            revenues=[o.revenue_minor for o in orders],
            goals=[" ".join(o.goals) for o in orders],
        )


async def move(tx: Tx, differences: Mapping[SpentKey, int]) -> dict[SpentKey, Standing]:
    """Moves counters, and returns how they stand. One below zero is refused by the database."""
    keys = sorted(differences)
    rows = await tx.all(_MOVE, **_columns(keys), differences=[differences[key] for key in keys])
    moved = {_key(row): Standing(row.spent_minor, row.given) for row in rows}
    if begun := [key for key in keys if key not in moved]:
        await tx.execute(_OPEN, **_columns(begun), differences=[differences[key] for key in begun])
    return moved | {key: Standing(differences[key], 0) for key in begun}


async def blocks(tx: Tx, spans: Mapping[SpentKey, tuple[int, int]]) -> list[Block]:
    """What rewards are for that hold one of these times, from the first to the last of each."""
    if not spans:
        return []
    keys = sorted(spans)
    rows = await tx.all(
        _BLOCKS, **_columns(keys), firsts=[spans[key][0] for key in keys], lasts=[spans[key][1] for key in keys]
    )
    return [Block(_key(row), row.first, row.last, row.source_id) for row in rows]


async def begin(tx: Tx, fresh: Sequence[Block]) -> None:
    """Keeps what new rewards are for."""
    await tx.execute(
        _BEGIN,
        **_columns(block.key for block in fresh),
        firsts=[block.first for block in fresh],
        lasts=[block.last for block in fresh],
        sources=[block.source_id for block in fresh],
    )


async def drift(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[tuple[SpentKey, int, int]]:
    """Counters that are not what their orders come to: as kept, and as they should be. Goes through the store's orders
    by `count` at a time, or by all of one buyer's.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT_BUYER, store=store_id, after=after, count=count)
        for row in await tx.all(_DRIFT, store=store_id, after=after, upto=upto):
            yield SpentKey(store_id, row.buyer, row.program_id, row.goal), row.kept, row.made
        after = upto


async def crooked(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[str]:
    """Blocks without their reward, that overlap or leave out times, and whose reward is not wanted as the sum has it,
    in words. Reads `count` at a time.
    """
    place = ("", "", "", 0)
    before: Row | None = None
    while rows := await tx.all(
        _WORTH, store=store_id, buyer=place[0], program=place[1], goal=place[2], last=place[3], count=count
    ):
        for row in rows:
            key = _key(row)
            follows = before.last + 1 if before is not None and _key(before) == key else 1
            if row.first != follows:
                yield f"{row.source_id} begins with time {row.first}, the one before it ends at {follows - 1}"
            if row.reward_id is None or row.spent_minor is None:
                yield f"{row.source_id} has no {'reward' if row.reward_id is None else 'counter'}"
            elif not row.refused and row.want_minor != (due := _due(row, key)):
                yield f"{row.reward_id} for {row.source_id} is wanted as {row.want_minor}, the sum says {due}"
            before = row
        last = rows[-1]
        place = (last.buyer, last.program_id, last.goal, last.last)


def _due(row: Row, key: SpentKey) -> int:
    block = Block(key, row.first, row.last, row.source_id)
    times = block.wanted(times_of(key.goal, row.spent_minor))
    return int(row.base_minor) // (block.last - block.first + 1) * times


def _key(row: Row) -> SpentKey:
    return SpentKey(row.store_id, row.buyer, row.program_id, row.goal)


def _columns(keys: Iterable[SpentKey]) -> dict[str, list[str]]:
    listed = list(keys)
    return {
        "stores": [key.store_id for key in listed],
        "buyers": [key.buyer for key in listed],
        "programs": [key.program_id for key in listed],
        "goals": [key.goal for key in listed],
    }
