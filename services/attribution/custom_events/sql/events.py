"""The facts, whom and what they concern, what was decided."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from contracts.events.actions import ActionReported, CancelReason
from services.attribution.custom_events.domain import Happened
from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref


class EventRow(Struct, frozen=True, kw_only=True):
    """An event as it is kept."""

    store_id: str
    event_id: str
    name: str
    happened_at: datetime
    received_at: datetime
    mark: bytes
    body: bytes
    cancelled_at: datetime | None
    cancel_reason: CancelReason | None
    person_id: str | None
    stale: bool
    revision: int
    told_hash: bytes | None
    decision: bytes | None
    decided_at: datetime | None
    settle_at: datetime | None
    settled_at: datetime | None
    number: int
    joined: str | None

    @property
    def ref(self) -> Ref:
        """Store and event."""
        return self.store_id, self.event_id

    def report(self) -> ActionReported:
        """What was reported."""
        return ActionReported.model_validate_json(self.body, extra="ignore")

    def happened(self) -> Happened:
        """As an input of deciding."""
        return Happened(self.report(), self.cancel_reason, self.settled_at is not None, self.number, self.joined)


_FIELDS = EventRow.__struct_fields__
_PERSON = """coalesce((
    select m.into_id from person_merges m where m.store_id = e.store_id and m.person_id = e.person_id
  ), e.person_id) as person_id"""
_COLUMNS = ", ".join(_PERSON if name == "person_id" else f"e.{name}" for name in _FIELDS)
# S608 is silenced where statements share these columns, which no caller can touch.
_ADD = """
insert into custom_events (store_id, event_id, name, happened_at, received_at, mark, body, stale, revision, number)
values (:store, :event, :name, :happened, :received, :mark, :body, true, 0, 1)
on conflict do nothing returning event_id
"""
_ADD_JOINED = """
insert into custom_events
  (store_id, event_id, name, happened_at, received_at, mark, body, joined, stale, revision, number)
select w.*, true, 0, 1 from unnest(cast(:stores as text[]), cast(:events as text[]), cast(:names as text[]),
  cast(:happened as timestamptz[]), cast(:received as timestamptz[]), cast(:marks as bytea[]),
  cast(:bodies as bytea[]), cast(:joined as text[])) w
order by 1, 2 on conflict do nothing returning store_id, event_id
"""
_ONE = f"select {_COLUMNS} from custom_events e where e.store_id = :store and e.event_id = :event"  # noqa: S608
_LOCKED = _ONE + " for update of e"
_CALL_OFF = """
update custom_events set cancelled_at = :now, cancel_reason = :reason where store_id = :store and event_id = :event
"""
_LIST = (
    f"select {_COLUMNS} from custom_events e where e.store_id = :store"  # noqa: S608
    " and (e.joined is null or e.told_hash is not null)"  # who came by nobody concerns nobody
    " and (cast(:before as text) is null or (e.happened_at, e.event_id) < (:before_at, :before))"
    " order by e.happened_at desc, e.event_id desc limit :count"
)
_ASSIGN = """
update custom_events e set person_id = w.p, stale = true
from unnest(cast(:stores as text[]), cast(:events as text[]), cast(:people as text[])) w (s, e, p)
where e.store_id = w.s and e.event_id = w.e and e.person_id is null
"""
_OF_PEOPLE = """
  select w.s, w.p from unnest(cast(:stores as text[]), cast(:people as text[])) w (s, p)
  union select m.store_id, m.person_id from person_merges m
  join unnest(cast(:stores as text[]), cast(:people as text[])) w (s, p) on m.store_id = w.s and m.into_id = w.p
"""
_UNASSIGNED = """
select e.store_id, e.event_id, t.key from (
  select distinct n.store_id, n.event_id from unnest(cast(:stores as text[]), cast(:keys as text[])) w (s, k)
  join custom_event_ties n on n.store_id = w.s and n.key = w.k
) found
join custom_events e on e.store_id = found.store_id and e.event_id = found.event_id and e.person_id is null
join custom_event_ties t on t.store_id = e.store_id and t.event_id = e.event_id
order by 1, 2, 3
"""
_HAVING = """
select w.s as store_id from unnest(cast(:stores as text[])) w (s)
where exists (select from custom_events e where e.store_id = w.s)
"""
_TOUCH_PEOPLE = f"""
with people (s, p) as ({_OF_PEOPLE})
update custom_events e set stale = true from people
where e.store_id = people.s and e.person_id = people.p and e.settled_at is null and not e.stale
"""  # noqa: S608
_TOUCH_SETTLED = """
update custom_events e set stale = true from unnest(cast(:stores as text[]), cast(:events as text[])) w (s, e_id)
where e.store_id = w.s and e.event_id = w.e_id and e.settled_at is not null and e.person_id is not null
  and not e.stale
"""
_TOUCH_JOINED = f"""
with people (s, p) as ({_OF_PEOPLE})
update custom_events e set stale = true from people
where e.store_id = people.s and e.person_id = people.p and e.joined is not null and e.settled_at is null
returning e.store_id
"""  # noqa: S608
_SETTLED_JOINED = f"""
with people (s, p) as ({_OF_PEOPLE})
select {_COLUMNS} from custom_events e join people on e.store_id = people.s and e.person_id = people.p
where e.joined is not null and e.settled_at is not null and e.cancelled_at is null
order by e.store_id, e.event_id
"""  # noqa: S608
_TOUCH_TIED = """
update custom_events e set stale = true
from unnest(cast(:stores as text[]), cast(:keys as text[])) w (s, k)
join custom_event_ties t on t.store_id = w.s and t.key = w.k
where e.store_id = t.store_id and e.event_id = t.event_id and e.settled_at is null and not e.stale
"""
_STALE = """
select distinct e.store_id, coalesce(m.into_id, e.person_id) as person_id from (
  select x.store_id, x.person_id from unnest(cast(:stores as text[])) w (s) cross join lateral (
    select store_id, person_id from custom_events
    where store_id = w.s and stale and person_id is not null order by store_id, event_id limit :count
  ) x
) e left join person_merges m on m.store_id = e.store_id and m.person_id = e.person_id order by 1, 2
"""
_MINE = f"""
with people (s, p) as ({_OF_PEOPLE})
select {_COLUMNS} from custom_events e join people on e.store_id = people.s and e.person_id = people.p
order by e.store_id, e.event_id
"""  # noqa: S608
_AT_HAND = _MINE.replace("order by", "where e.settled_at is null or e.stale order by")
_PEOPLE_OF_ORDERS = """
select distinct o.store_id, coalesce(m.into_id, o.person_id) as person_id
from unnest(cast(:stores as text[]), cast(:orders as text[])) w (s, o)
join orders o on o.store_id = w.s and o.order_id = w.o
left join person_merges m on m.store_id = o.store_id and m.person_id = o.person_id
"""
_DOERS = f"""
select distinct e.store_id, {_PERSON}
from unnest(cast(:stores as text[]), cast(:events as text[])) w (s, e_id)
join custom_events e on e.store_id = w.s and e.event_id = w.e_id
where e.person_id is not null
"""  # noqa: S608
_BY_ID = f"""
select {_COLUMNS} from custom_events e where e.store_id = :store and e.event_id > :after
order by e.event_id limit :count
"""  # noqa: S608
_BY_STATUS = """
select convert_from(decision, 'utf8')::jsonb ->> 'status' as status, count(*) as n
from custom_events where store_id = :store group by 1
"""
_ALL = "select count(*) from custom_events where store_id = :store"
_DUE = f"""
select {_COLUMNS} from unnest(cast(:stores as text[])) w (s) cross join lateral (
  select * from custom_events where store_id = w.s and settled_at is null and settle_at <= :now
    and not stale order by settle_at limit :count
) e order by e.store_id, e.settle_at, e.event_id
"""  # noqa: S608
_NEXT_DUE = """
select w.s as store_id, x.settle_at as at from unnest(cast(:stores as text[])) w (s) cross join lateral (
  select settle_at from custom_events where store_id = w.s and settled_at is null and settle_at is not null
    and not stale order by settle_at limit 1
) x
"""
_PUT = """
update custom_events e set stale = false, revision = w.revision, told_hash = w.told_hash, decision = w.decision,
  decided_at = w.decided_at, settle_at = w.settle_at, settled_at = w.settled_at, number = w.number
from unnest(cast(:store_id as text[]), cast(:event_id as text[]), cast(:revision as int[]),
  cast(:told_hash as bytea[]), cast(:decision as bytea[]), cast(:decided_at as timestamptz[]),
  cast(:settle_at as timestamptz[]), cast(:settled_at as timestamptz[]), cast(:number as int[]))
  w (store_id, event_id, revision, told_hash, decision, decided_at, settle_at, settled_at, number)
where e.store_id = w.store_id and e.event_id = w.event_id
"""
_PUT_FIELDS = (
    *("store_id", "event_id", "revision", "told_hash", "decision", "decided_at", "settle_at", "settled_at", "number"),
)
_UNTIE = """
delete from custom_event_ties t using unnest(cast(:stores as text[]), cast(:events as text[])) w (s, e)
where t.store_id = w.s and t.event_id = w.e
"""
_TIE = """
insert into custom_event_ties (store_id, key, event_id)
select * from unnest(cast(:stores as text[]), cast(:keys as text[]), cast(:events as text[]))
order by 1, 2, 3 on conflict do nothing
"""


async def add(tx: Tx, report: ActionReported, *, mark: bytes, body: bytes) -> bool:
    """Keeps a report; False if there is one of this id already."""
    added = await tx.scalar(
        _ADD,
        store=report.store_id,
        event=report.event_id,
        name=report.name,
        happened=report.happened_at,
        received=report.received_at,
        mark=mark,
        body=body,
    )
    return added is not None


async def add_joined(tx: Tx, reports: Sequence[tuple[ActionReported, str, bytes, bytes]]) -> set[Ref]:
    """Keeps that people became ambassadors, each with the program, the mark and the body; returns which were new."""
    columns = {
        "stores": [report.store_id for report, *_ in reports],
        "events": [report.event_id for report, *_ in reports],
        "names": [report.name for report, *_ in reports],
        "happened": [report.happened_at for report, *_ in reports],
        "received": [report.received_at for report, *_ in reports],
        "joined": [program_id for _, program_id, _, _ in reports],
        "marks": [mark for *_, mark, _ in reports],
        "bodies": [body for *_, body in reports],
    }
    return {(row.store_id, row.event_id) for row in await tx.all(_ADD_JOINED, **columns)}


async def one(tx: Tx, store_id: str, event_id: str, *, lock: bool = False) -> EventRow | None:
    """An event; locked until the transaction ends where something is to be decided about it."""
    row = await tx.one_or_none(_LOCKED if lock else _ONE, store=store_id, event=event_id)
    return None if row is None else _read(row)


async def listed(tx: Tx, store_id: str, *, before: tuple[datetime, str] | None, count: int) -> list[EventRow]:
    """A store's events, the newest first."""
    at, event_id = before or (None, None)
    return [_read(row) for row in await tx.all(_LIST, store=store_id, before_at=at, before=event_id, count=count)]


async def call_off(tx: Tx, store_id: str, event_id: str, *, reason: CancelReason) -> None:
    """Notes that an event does not count after all."""
    await tx.execute(_CALL_OFF, store=store_id, event=event_id, reason=reason, now=tx.now)


async def unassigned(tx: Tx, names: Iterable[Ref]) -> dict[Ref, list[str]]:
    """Events of people with these names (`c:`, `h:`) that are nobody's yet, each with all its names."""
    wanted = sorted(set(names))
    found: dict[Ref, list[str]] = {}
    if wanted:
        for row in await tx.all(_UNASSIGNED, stores=[n[0] for n in wanted], keys=[n[1] for n in wanted]):
            found.setdefault((row.store_id, row.event_id), []).append(row.key)
    return found


async def assign(tx: Tx, people: Mapping[Ref, str]) -> None:
    """Says whose events these are that nobody's were: from now on they are to be decided. The database remembers
    of the person what clicks they came with.
    """
    refs = sorted(people)
    if refs:
        columns = {"stores": [r[0] for r in refs], "events": [r[1] for r in refs], "people": [people[r] for r in refs]}
        await tx.execute(_ASSIGN, **columns)


async def having(tx: Tx, stores: Iterable[str]) -> set[str]:
    """Those of these stores that have any event."""
    rows = await tx.all(_HAVING, stores=sorted(stores))
    return {row.store_id for row in rows}


async def touch(tx: Tx, people: Iterable[Ref], keys: Iterable[Ref], *, settled: Iterable[Ref] = ()) -> None:
    """Marks open events of these people, or on which these pieces bear, as to be decided; of settled ones those in
    `settled`.
    """
    if who := sorted(set(people)):
        await tx.execute(_TOUCH_PEOPLE, stores=[p[0] for p in who], people=[p[1] for p in who])
    if fixed := sorted(set(settled)):
        await tx.execute(_TOUCH_SETTLED, stores=[e[0] for e in fixed], events=[e[1] for e in fixed])
    if what := sorted(set(keys)):
        await tx.execute(_TOUCH_TIED, stores=[k[0] for k in what], keys=[k[1] for k in what])


async def touch_joined(tx: Tx, people: Iterable[Ref]) -> set[str]:
    """Marks as to be decided that these people became ambassadors; returns the stores of those who did."""
    who = sorted(set(people))
    if not who:
        return set()
    rows = await tx.all(_TOUCH_JOINED, stores=[p[0] for p in who], people=[p[1] for p in who])
    return {row.store_id for row in rows}


async def settled_joined(tx: Tx, people: Iterable[Ref]) -> list[EventRow]:
    """The settled events that still count of these people's becoming ambassadors."""
    who = sorted(set(people))
    if not who:
        return []
    rows = await tx.all(_SETTLED_JOINED, stores=[p[0] for p in who], people=[p[1] for p in who])
    return [_read(row) for row in rows]


async def stale(tx: Tx, stores: Iterable[str], *, count: int) -> list[Ref]:
    """Some people with events that are to be decided, as (store, person)."""
    rows = await tx.all(_STALE, stores=sorted(stores), count=count)
    return [(row.store_id, row.person_id) for row in rows]


async def of_people(tx: Tx, people: Sequence[Ref]) -> list[EventRow]:
    """All events of these people. Costs as much as they have."""
    rows = await tx.all(_MINE, stores=[p[0] for p in people], people=[p[1] for p in people])
    return [_read(row) for row in rows]


async def at_hand(tx: Tx, people: Sequence[Ref]) -> list[EventRow]:
    """Those events of these people that are open, and settled ones that were called off just now."""
    rows = await tx.all(_AT_HAND, stores=[p[0] for p in people], people=[p[1] for p in people])
    return [_read(row) for row in rows]


async def by_id(tx: Tx, store_id: str, *, after: str, count: int) -> list[EventRow]:
    """A store's events by their ids, behind one."""
    return [_read(row) for row in await tx.all(_BY_ID, store=store_id, after=after, count=count)]


async def count_by_status(tx: Tx, store_id: str) -> list[tuple[str | None, int]]:
    """How many events stand where; None for those that were not decided yet."""
    return [(row.status, row.n) for row in await tx.all(_BY_STATUS, store=store_id)]


async def count_all(tx: Tx, store_id: str) -> int:
    """How many events a store has."""
    return int(await tx.scalar(_ALL, store=store_id))


async def doers(tx: Tx, events: Iterable[Ref]) -> set[Ref]:
    """Whose events these are, as (store, person), as far as the consumer has seen them."""
    wanted = sorted(set(events))
    if not wanted:
        return set()
    rows = await tx.all(_DOERS, stores=[e[0] for e in wanted], events=[e[1] for e in wanted])
    return {(row.store_id, row.person_id) for row in rows}


async def people_of_orders(tx: Tx, orders: Iterable[Ref]) -> set[Ref]:
    """Whose orders these are, as far as they were decided."""
    wanted = sorted(set(orders))
    rows = await tx.all(_PEOPLE_OF_ORDERS, stores=[o[0] for o in wanted], orders=[o[1] for o in wanted])
    return {(row.store_id, row.person_id) for row in rows}


async def due(tx: Tx, stores: Sequence[str], *, now: datetime, count: int) -> list[EventRow]:
    """Events that may settle, at most `count` of each store."""
    return [_read(row) for row in await tx.all(_DUE, stores=sorted(stores), now=now, count=count)]


async def next_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """When the next event of each store may settle."""
    return {row.store_id: row.at for row in await tx.all(_NEXT_DUE, stores=sorted(stores))}


async def put(tx: Tx, rows: Sequence[EventRow]) -> None:
    """Writes what was decided."""
    if rows:
        await tx.execute(_PUT, **{name: [getattr(row, name) for row in rows] for name in _PUT_FIELDS})


async def tie(tx: Tx, pieces: Mapping[Ref, Iterable[str]]) -> None:
    """Notes what bears on these events, in place of what did, and of the names by which they were waited for."""
    events = sorted(pieces)
    if events:
        await tx.execute(_UNTIE, stores=[e[0] for e in events], events=[e[1] for e in events])
    ties = sorted((store_id, key, event_id) for (store_id, event_id), keys in pieces.items() for key in keys)
    if ties:
        await tx.execute(_TIE, stores=[t[0] for t in ties], keys=[t[1] for t in ties], events=[t[2] for t in ties])


def _read(row: Row) -> EventRow:
    return EventRow(**row._asdict())
