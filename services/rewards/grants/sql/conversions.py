"""SQL of the decisions' newest states, which are kept packed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from contracts.events.conversions import Conversion
from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.grants.sql.packed import PACKING, text_of

_KEEP = """
insert into conversions as c (store_id, order_id, revision, program_id, placed_at, body)
select * from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:revisions as int[]),
  cast(:programs as text[]), cast(:placed as timestamptz[]), cast(:bodies as bytea[]))
on conflict (store_id, order_id) do update
  set revision = excluded.revision, program_id = excluded.program_id, placed_at = excluded.placed_at,
    body = excluded.body, data = null, waiting = false
  where c.revision < excluded.revision
returning store_id, order_id
"""

_MARK_WAITING = """
update conversions c set waiting = true
from unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id)
where (c.store_id, c.order_id) = (w.store_id, w.order_id)
"""

# No index has it: orders without a winner are most of what stores with little referral sell, and this is asked only for
# a version that came weeks late.
_MARK_UNREFERRED = """
update conversions c set waiting = true
from unnest(cast(:stores as text[]), cast(:since as timestamptz[])) w(store_id, since)
where c.store_id = w.store_id and c.program_id is null and c.placed_at >= w.since
"""

_TAKE_WAITING = """
update conversions c set waiting = false from (
  select x.store_id, x.order_id
  from unnest(cast(:stores as text[]), cast(:programs as text[])) w(store_id, program_id)
  join conversions x on x.waiting and x.store_id = w.store_id and (w.program_id is null or x.program_id = w.program_id)
  order by 1, 2 limit :count
) t
where (c.store_id, c.order_id) = (t.store_id, t.order_id)
returning c.body, c.data
"""

_WAITING = """
select count(*) from conversions c
join unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id) using (store_id, order_id)
where c.waiting
"""

_GET = """
select c.body, c.data from conversions c
join unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id) using (store_id, order_id)
"""

_DECIDED = _GET + "where not c.waiting"


def _read(row: Row) -> Conversion:
    return read(row.body, row.data)


def read(body: bytes | None, data: str | None) -> Conversion:
    """A state as it lies in the table."""
    return Conversion.model_validate_json(text_of(body, data), extra="ignore")


async def keep(tx: Tx, states: Sequence[Conversion]) -> set[Ref]:
    """Keeps these states where they are newer than what is there, and says which were. At most one state per order."""
    ordered = sorted(states, key=lambda s: (s.store_id, s.order_id))
    rows = await tx.all(
        _KEEP,
        stores=[s.store_id for s in ordered],
        orders=[s.order_id for s in ordered],
        revisions=[s.revision for s in ordered],
        programs=[s.program_id for s in ordered],
        placed=[s.placed_at for s in ordered],
        bodies=[PACKING.pack(s.__pydantic_serializer__.to_json(s, exclude_none=True)) for s in ordered],
    )
    return {(row.store_id, row.order_id) for row in rows}


async def mark_waiting(tx: Tx, keys: Iterable[Ref]) -> None:
    """Marks orders that cannot be decided until a program's version, or their store, is received."""
    wanted = sorted(keys)
    if wanted:
        await tx.execute(_MARK_WAITING, stores=[k[0] for k in wanted], orders=[k[1] for k in wanted])


async def mark_unreferred(tx: Tx, since: Mapping[str, datetime]) -> None:
    """Marks the orders without a winner that were placed in these stores since then, to be decided once more."""
    await tx.execute(_MARK_UNREFERRED, stores=list(since), since=list(since.values()))


async def take_waiting(tx: Tx, arrived: Iterable[tuple[str, str | None]], *, count: int) -> list[Conversion]:
    """Up to `count` states that waited for one of these (store, program), or for anything of the store where program is
    None.
    """
    wanted = sorted(set(arrived), key=lambda key: (key[0], key[1] or ""))
    rows = await tx.all(_TAKE_WAITING, stores=[k[0] for k in wanted], programs=[k[1] for k in wanted], count=count)
    return sorted({(c.store_id, c.order_id): c for c in map(_read, rows)}.values(), key=_in_order)


async def still_waiting(tx: Tx, keys: Iterable[Ref]) -> int:
    """How many of these orders wait."""
    wanted = sorted(keys)
    return int(await tx.scalar(_WAITING, stores=[k[0] for k in wanted], orders=[k[1] for k in wanted]))


def _in_order(state: Conversion) -> tuple[str, object, str]:
    return state.store_id, state.placed_at, state.order_id


async def get(tx: Tx, keys: Iterable[Ref]) -> list[Conversion]:
    """Newest states of these orders, as far as they are known."""
    wanted = sorted(keys)
    rows = await tx.all(_GET, stores=[k[0] for k in wanted], orders=[k[1] for k in wanted])
    return list(map(_read, rows))


async def decided(tx: Tx, keys: Iterable[Ref]) -> list[tuple[bytes | None, str | None]]:
    """The same of those that wait for nothing, as they lie in the table: for `read`."""
    wanted = sorted(keys)
    rows = await tx.all(_DECIDED, stores=[k[0] for k in wanted], orders=[k[1] for k in wanted])
    return [(row.body, row.data) for row in rows]
