"""SQL of destinations: the one in force, those that ended, and how contacts were when last received."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.destinations.domain import Method

_FIELDS = "destination_id, ambassador_id, method, hint, sealed, made_at, usable_at, ended_at"
_CURRENT = (
    f"select {_FIELDS} from destinations where store_id = :store and ambassador_id = :ambassador"  # noqa: S608
    " and ended_at is null"
)
_SEVERAL = (
    f"select {_FIELDS} from destinations where store_id = :store"  # noqa: S608
    " and destination_id = any(cast(:ids as text[]))"
)
_END = """
update destinations set ended_at = :now where store_id = :store and ambassador_id = :ambassador and ended_at is null
"""
_ADD = """
insert into destinations (store_id, destination_id, ambassador_id, method, hint, sealed, made_at, usable_at)
values (:store, :id, :ambassador, :method, :hint, :sealed, :now, :usable)
"""
_FORGET = """
update destinations d set sealed = null
where d.store_id = :store and d.destination_id = any(cast(:ids as text[])) and d.ended_at is not null
  and not exists (
    select from payouts p where p.store_id = d.store_id and p.ambassador_id = d.ambassador_id
      and p.destination_id = d.destination_id and p.status in ('submitting', 'submitted', 'in_transit', 'unknown'))
"""
_ERASE = """
update destinations d set sealed = null, hint = '', ended_at = coalesce(d.ended_at, :now)
from unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w (store_id, ambassador_id)
where d.store_id = w.store_id and d.ambassador_id = w.ambassador_id
"""
_SEE = """
with old as (
  select c.store_id, c.ambassador_id, c.mark, c.revision from contacts_seen c
  join unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w (store_id, ambassador_id)
    using (store_id, ambassador_id)
), new as (
  insert into contacts_seen as c (store_id, ambassador_id, mark, revision, blocked)
  select * from unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:marks as bytea[]),
    cast(:revisions as int[]), cast(:blocked as boolean[]))
  on conflict (store_id, ambassador_id) do update set mark = excluded.mark, revision = excluded.revision,
    blocked = excluded.blocked
    where c.revision < excluded.revision
  returning store_id, ambassador_id, mark
)
select new.store_id, new.ambassador_id from new join old using (store_id, ambassador_id) where new.mark <> old.mark
"""
_COOL = """
update destinations d set usable_at = greatest(d.usable_at, :until)
from unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w (store_id, ambassador_id)
where d.store_id = w.store_id and d.ambassador_id = w.ambassador_id and d.ended_at is null
"""
_BLOCKED = """
select ambassador_id from contacts_seen
where store_id = :store and ambassador_id = any(cast(:ambassadors as text[])) and blocked
"""
_FORGET_CONTACTS = """
delete from contacts_seen c using unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w (s, a)
where c.store_id = w.s and c.ambassador_id = w.a
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where an ambassador's money goes, without what is sealed being open."""

    destination_id: str
    ambassador_id: str
    method: Method
    hint: str
    sealed: bytes | None
    made_at: datetime
    usable_at: datetime
    ended_at: datetime | None


def _destination(row: Row) -> Destination:
    fields = row._asdict()
    fields["sealed"] = None if row.sealed is None else bytes(row.sealed)
    return Destination(**fields)


async def current(tx: Tx, store_id: str, ambassador_id: str) -> Destination | None:
    """The destination in force of an ambassador."""
    row = await tx.one_or_none(_CURRENT, store=store_id, ambassador=ambassador_id)
    return None if row is None else _destination(row)


async def several(tx: Tx, store_id: str, ids: Sequence[str]) -> dict[str, Destination]:
    """Destinations by their ids, also those that ended."""
    rows = await tx.all(_SEVERAL, store=store_id, ids=sorted(set(ids)))
    return {row.destination_id: _destination(row) for row in rows}


async def end(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """Ends the one in force."""
    await tx.execute(_END, store=store_id, ambassador=ambassador_id, now=tx.now)


async def add(tx: Tx, store_id: str, new: Destination) -> None:
    """Writes a new one. The one before it must have ended."""
    await tx.execute(
        _ADD,
        store=store_id,
        id=new.destination_id,
        ambassador=new.ambassador_id,
        method=new.method,
        hint=new.hint,
        sealed=new.sealed,
        now=new.made_at,
        usable=new.usable_at,
    )


async def forget(tx: Tx, store_id: str, ids: Sequence[str]) -> None:
    """Drops what is sealed of these, as far as they ended and no payout is on its way there."""
    if ids:
        await tx.execute(_FORGET, store=store_id, ids=sorted(set(ids)))


async def erase(tx: Tx, people: Sequence[Ref]) -> None:
    """Everything of these ambassadors that says where their money went."""
    stores, ambassadors = [p[0] for p in people], [p[1] for p in people]
    await tx.execute(_ERASE, stores=stores, ambassadors=ambassadors, now=tx.now)
    await tx.execute(_FORGET_CONTACTS, stores=stores, ambassadors=ambassadors)


async def see_contacts(tx: Tx, seen: Sequence[tuple[str, str, bytes, int, bool]]) -> list[Ref]:
    """Keeps the newest (store, ambassador, mark, revision, blocked); whose mark is another than before."""
    rows = await tx.all(
        _SEE,
        stores=[s[0] for s in seen],
        ambassadors=[s[1] for s in seen],
        marks=[s[2] for s in seen],
        revisions=[s[3] for s in seen],
        blocked=[s[4] for s in seen],
    )
    return [(row.store_id, row.ambassador_id) for row in rows]


async def blocked(tx: Tx, store_id: str, ambassadors: Sequence[str]) -> set[str]:
    """Which of these ambassadors are blocked: nothing is paid to them until they are not."""
    rows = await tx.all(_BLOCKED, store=store_id, ambassadors=sorted(set(ambassadors)))
    return {row.ambassador_id for row in rows}


async def cool_off(tx: Tx, people: Sequence[Ref], *, wait: timedelta) -> None:
    """Nothing is paid to these ambassadors for so long from now."""
    stores, ambassadors = [p[0] for p in people], [p[1] for p in people]
    await tx.execute(_COOL, stores=stores, ambassadors=ambassadors, until=tx.now + wait)
