"""SQL of the newest states of decisions on custom events."""

from collections.abc import Iterable, Sequence
from typing import Final

from contracts.events.actions import Action
from services.kernel.db import Row, Tx
from services.kernel.packed import Packing
from services.kernel.revisions import Ref

_KEEP = """
insert into custom_events as c (store_id, event_id, revision, program_id, body, waiting)
select *, false from unnest(cast(:stores as text[]), cast(:events as text[]), cast(:revisions as int[]),
  cast(:programs as text[]), cast(:bodies as bytea[]))
on conflict (store_id, event_id) do update
  set revision = excluded.revision, program_id = excluded.program_id, body = excluded.body, waiting = false
  where c.revision < excluded.revision
returning store_id, event_id
"""
_MARK_WAITING = """
update custom_events c set waiting = true
from unnest(cast(:stores as text[]), cast(:events as text[])) w(store_id, event_id)
where (c.store_id, c.event_id) = (w.store_id, w.event_id)
"""
_TAKE_WAITING = """
update custom_events c set waiting = false from (
  select x.store_id, x.event_id
  from unnest(cast(:stores as text[]), cast(:programs as text[])) w(store_id, program_id)
  join custom_events x on x.waiting and x.store_id = w.store_id
    and (w.program_id is null or x.program_id = w.program_id)
  order by 1, 2 limit :count
) t
where (c.store_id, c.event_id) = (t.store_id, t.event_id)
returning c.body
"""
_WAITING = """
select count(*) from custom_events c
join unnest(cast(:stores as text[]), cast(:events as text[])) w(store_id, event_id) using (store_id, event_id)
where c.waiting
"""
_DECIDED = """
select c.body from custom_events c
join unnest(cast(:stores as text[]), cast(:events as text[])) w(store_id, event_id) using (store_id, event_id)
where not c.waiting
"""

_WORDS_1: Final = (
    b'"status":"unattributed","reason":"no_evidence","cancelled":true,"cancel_reason":"undone","settled_at":"2026-12-03T'
    b'{"store_id":"str_01k9x0m0q4s8t2w6y0a4c8e2g6","event_id":"signup-8412","name":"signup","revision":1,"status":"attr'
    b'ibuted","reason":"code","cancelled":false,"happened_at":"2026-12-03T10:15:30.204000Z","decided_at":"2026-12-03T10:1'
    b'5:31.204000Z","friend_id":"8412","friend_contacts":[],"event_number":1,"new_customer":true,"program_id":"prg_01k9x0'
    b'n2r6t0w4y8b2d6f0h4k8","program_version":1,"ambassador_id":"amb_01k9x0p7v1x5z9c3e7g1j5m9q3","winner":{"kind":"code",'
    b'"at":"2026-12-03T10:15:30.204000Z","code":"ANNA10"},"named":[],"engine":"1"}'
)
_PACKING: Final = Packing("a custom event", _WORDS_1)


async def keep(tx: Tx, states: Sequence[Action]) -> set[Ref]:
    """Keeps these states where they are newer than what is there, and says which were. At most one state per event."""
    ordered = sorted(states, key=lambda s: (s.store_id, s.event_id))
    rows = await tx.all(
        _KEEP,
        stores=[s.store_id for s in ordered],
        events=[s.event_id for s in ordered],
        revisions=[s.revision for s in ordered],
        programs=[s.program_id for s in ordered],
        bodies=[_PACKING.pack(s.__pydantic_serializer__.to_json(s, exclude_none=True)) for s in ordered],
    )
    return {(row.store_id, row.event_id) for row in rows}


async def mark_waiting(tx: Tx, keys: Iterable[Ref]) -> None:
    """Marks events that cannot be rewarded until a program's version, or their store, is received."""
    if wanted := sorted(keys):
        await tx.execute(_MARK_WAITING, stores=[k[0] for k in wanted], events=[k[1] for k in wanted])


async def take_waiting(tx: Tx, arrived: Iterable[tuple[str, str | None]], *, count: int) -> list[Action]:
    """Up to `count` states that waited for one of these (store, program), or for anything of the store where program is
    None.
    """
    wanted = sorted(set(arrived), key=lambda key: (key[0], key[1] or ""))
    rows = await tx.all(_TAKE_WAITING, stores=[k[0] for k in wanted], programs=[k[1] for k in wanted], count=count)
    return sorted(map(_read, rows), key=lambda state: (state.store_id, state.happened_at, state.event_id))


async def still_waiting(tx: Tx, keys: Iterable[Ref]) -> int:
    """How many of these events wait."""
    wanted = sorted(keys)
    return int(await tx.scalar(_WAITING, stores=[k[0] for k in wanted], events=[k[1] for k in wanted]))


async def decided(tx: Tx, keys: Iterable[Ref]) -> list[Action]:
    """Newest states of those of these events that wait for nothing."""
    wanted = sorted(keys)
    rows = await tx.all(_DECIDED, stores=[k[0] for k in wanted], events=[k[1] for k in wanted])
    return list(map(_read, rows))


def _read(row: Row) -> Action:
    return Action.model_validate_json(_PACKING.unpack(bytes(row.body)), extra="ignore")
