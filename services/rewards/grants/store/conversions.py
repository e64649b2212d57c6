"""SQL of the decisions' newest states."""

from collections.abc import Iterable, Sequence

from contracts.events.conversions import Conversion
from services.kernel.db import Tx

_KEEP = """
insert into conversions as c (store_id, order_id, revision, program_id, data)
select * from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:revisions as int[]),
  cast(:programs as text[]), cast(:data as text[]))
on conflict (store_id, order_id) do update
  set revision = excluded.revision, program_id = excluded.program_id, data = excluded.data, waiting = false
  where c.revision < excluded.revision
returning store_id, order_id
"""

_MARK_WAITING = """
update conversions c set waiting = true
from unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id)
where (c.store_id, c.order_id) = (w.store_id, w.order_id)
"""

_TAKE_WAITING = """
update conversions c set waiting = false
from unnest(cast(:stores as text[]), cast(:programs as text[])) w(store_id, program_id)
where c.waiting and c.store_id = w.store_id and (w.program_id is null or c.program_id = w.program_id)
returning c.data
"""

_GET = """
select c.data from conversions c
join unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id) using (store_id, order_id)
"""

OrderKey = tuple[str, str]
"""Store, order."""


def _read(data: str) -> Conversion:
    return Conversion.model_validate_json(data, extra="ignore")


async def keep(tx: Tx, states: Sequence[Conversion]) -> set[OrderKey]:
    """Keeps these states where they are newer than what is there, and says which were. At most one state per order."""
    ordered = sorted(states, key=lambda s: (s.store_id, s.order_id))
    rows = await tx.all(
        _KEEP,
        stores=[s.store_id for s in ordered],
        orders=[s.order_id for s in ordered],
        revisions=[s.revision for s in ordered],
        programs=[s.program_id for s in ordered],
        data=[s.__pydantic_serializer__.to_json(s, exclude_none=True).decode() for s in ordered],
    )
    return {(row.store_id, row.order_id) for row in rows}


async def mark_waiting(tx: Tx, keys: Iterable[OrderKey]) -> None:
    """Marks orders that cannot be decided until a program's version, or their store, is heard of."""
    wanted = sorted(keys)
    if wanted:
        await tx.execute(_MARK_WAITING, stores=[k[0] for k in wanted], orders=[k[1] for k in wanted])


async def take_waiting(tx: Tx, arrived: Iterable[tuple[str, str | None]]) -> list[Conversion]:
    """States that waited for one of these (store, program), or for anything of the store where program is None."""
    wanted = sorted(set(arrived), key=lambda key: (key[0], key[1] or ""))
    rows = await tx.all(_TAKE_WAITING, stores=[k[0] for k in wanted], programs=[k[1] for k in wanted])
    return sorted({(c.store_id, c.order_id): c for c in map(_read, (r.data for r in rows))}.values(), key=_in_order)


def _in_order(state: Conversion) -> tuple[str, object, str]:
    return state.store_id, state.placed_at, state.order_id


async def get(tx: Tx, keys: Iterable[OrderKey]) -> list[Conversion]:
    """Newest states of these orders, as far as they are known."""
    wanted = sorted(keys)
    rows = await tx.all(_GET, stores=[k[0] for k in wanted], orders=[k[1] for k in wanted])
    return [_read(row.data) for row in rows]
