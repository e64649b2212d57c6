"""Facts from browsers: kept under their own id, stamped once, found by visitor, by click and by person."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from contracts.events import EVENTS
from contracts.events.tracking import TrackingPayload
from services.attribution.tracking.domain import MOST_OF_ONE, identifies, lends, touch_id
from services.kernel.db import Tx
from services.kernel.revisions import Ref

_COLUMNS = "t.store_id, t.track_id, t.type, t.seq, t.at, t.visitor_id, t.click_id, t.names, t.person_id, t.body"
_INSERT = """
insert into tracks (store_id, track_id, type, at, visitor_id, click_id, names, body)
select w.* from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:types as text[]),
                       cast(:ats as timestamptz[]), cast(:visitors as text[]), cast(:clicks as text[]),
                       cast(:names as boolean[]), cast(:bodies as bytea[]))
     as w (store_id, track_id, type, at, visitor_id, click_id, names, body)
where (w.click_id is null or (select count(*) from (
           select from tracks t where t.store_id = w.store_id and t.click_id = w.click_id and t.names = w.names
           limit :most) clicks) < :most)
  and (w.visitor_id is null or (select count(*) from (
           select from tracks t where t.store_id = w.store_id and t.visitor_id = w.visitor_id and t.names = w.names
           limit :most) visitors) < :most)
order by 1, 2 on conflict do nothing returning store_id, track_id
"""
_STAMP = f"""
update tracks t set seq = w.seq
from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:seqs as bigint[])) w (s, id, seq)
where t.store_id = w.s and t.track_id = w.id and t.seq is null
returning {_COLUMNS}
"""  # noqa: S608  # the columns are ours
_ASSIGN = """
update tracks t set person_id = w.person
from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:people as text[])) w (s, id, person)
where t.store_id = w.s and t.track_id = w.id
"""
_MOVE = """
update tracks t set person_id = w.kept
from unnest(cast(:stores as text[]), cast(:gone as text[]), cast(:kept as text[])) w (s, gone, kept)
where t.store_id = w.s and t.person_id = w.gone
"""
_BY_PERSON = f"""
select {_COLUMNS} from unnest(cast(:stores as text[]), cast(:people as text[])) w (s, p)
cross join lateral (
    select * from tracks where store_id = w.s and person_id = w.p and seq <= :as_of
    order by at desc, track_id collate "C" limit {MOST_OF_ONE}
) t
"""  # noqa: S608
_BY_VISITOR = f"""
select {_COLUMNS} from tracks t
join unnest(cast(:stores as text[]), cast(:visitors as text[])) w (s, v) on t.store_id = w.s and t.visitor_id = w.v
where t.seq <= :as_of
"""  # noqa: S608
_SEEN = """
select w.s as store_id, w.v as visitor_id from unnest(cast(:stores as text[]), cast(:visitors as text[])) w (s, v)
where exists (select from tracks t where t.store_id = w.s and t.visitor_id = w.v and t.seq is not null)
"""
_OWNERS = f"""
select {_COLUMNS}, w.click as owned_click, o.seen_by
from unnest(cast(:stores as text[]), cast(:clicks as text[]), cast(:as_ofs as bigint[])) w (s, click, as_of)
cross join lateral (
    select * from (
        select i.store_id, i.track_id, i.at, cast(null as text) as seen_by from tracks i
        where i.store_id = w.s and i.click_id = w.click and i.names and i.seq <= w.as_of
        union all
        select i.store_id, i.track_id, i.at, v.track_id from tracks v
        join tracks i on i.store_id = v.store_id and i.visitor_id = v.visitor_id
        where v.store_id = w.s and v.click_id = w.click and v.seq <= w.as_of and i.names and i.seq <= w.as_of
    ) reaching
    order by at, track_id collate "C", seen_by nulls first limit 1
) o
join tracks t on t.store_id = o.store_id and t.track_id = o.track_id
"""  # noqa: S608
_BY_ID = f"""
select {_COLUMNS} from tracks t
join unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id) on t.store_id = w.s and t.track_id = w.id
"""  # noqa: S608


class StoredTrack(Struct, frozen=True):
    """One row. `seq` None: the consumer has not seen it."""

    store_id: str
    track_id: str
    type: str
    seq: int | None
    at: datetime
    visitor_id: str | None
    click_id: str | None
    names: bool
    person_id: str | None
    body: bytes

    def read(self) -> TrackingPayload:
        """The fact itself."""
        payload = EVENTS[self.type].model_validate_json(self.body, extra="ignore")
        assert isinstance(payload, TrackingPayload)
        return payload


def stored(track: TrackingPayload) -> StoredTrack:
    """The fact in a report, unseen yet, under its own name. A visitor that lends nothing is in the body only."""
    fact = track.model_copy(update={"track_id": touch_id(track)})
    return StoredTrack(
        store_id=fact.store_id,
        track_id=fact.track_id,
        type=fact.TYPE,
        seq=None,
        at=fact.at,
        visitor_id=fact.visitor_id if lends(fact.visitor_id) else None,
        click_id=fact.token.click_id if fact.token is not None else None,
        names=identifies(fact),
        person_id=None,
        body=fact.__pydantic_serializer__.to_json(fact, exclude_none=True),
    )


class Owner(Struct, frozen=True):
    """The first naming of a customer that reaches a click, and the visit it does so by (None: its token)."""

    click_id: str
    track: StoredTrack
    seen_by: str | None


async def insert(tx: Tx, tracks: Iterable[StoredTrack]) -> set[Ref]:
    """Keeps facts that are not there yet, of each visitor and click only so many. Returns those that are new."""
    tracks = _bounded(tracks)
    if not tracks:
        return set()
    rows = await tx.all(
        _INSERT,
        most=MOST_OF_ONE,
        stores=[t.store_id for t in tracks],
        ids=[t.track_id for t in tracks],
        types=[t.type for t in tracks],
        ats=[t.at for t in tracks],
        visitors=[t.visitor_id for t in tracks],
        clicks=[t.click_id for t in tracks],
        names=[t.names for t in tracks],
        bodies=[t.body for t in tracks],
    )
    return {(row.store_id, row.track_id) for row in rows}


def _bounded(tracks: Iterable[StoredTrack]) -> list[StoredTrack]:
    """Each fact once, the first report; and of one visitor or click no more than are ever kept."""
    first: dict[Ref, StoredTrack] = {}
    seen: Counter[tuple[str, str, bool]] = Counter()
    for track in tracks:
        marks = [(track.store_id, name, track.names) for name in (track.visitor_id, track.click_id) if name is not None]
        if (track.store_id, track.track_id) in first or any(seen[mark] >= MOST_OF_ONE for mark in marks):
            continue
        first[track.store_id, track.track_id] = track
        seen.update(marks)
    return list(first.values())


async def stamp(tx: Tx, numbered: Sequence[tuple[Ref, int]]) -> list[StoredTrack]:
    """Gives unseen facts their number; returns these facts."""
    if not numbered:
        return []
    rows = await tx.all(
        _STAMP,
        stores=[pair[0] for pair, _ in numbered],
        ids=[pair[1] for pair, _ in numbered],
        seqs=[seq for _, seq in numbered],
    )
    return [StoredTrack(*tuple(row)) for row in rows]


async def assign(tx: Tx, people: Sequence[tuple[Ref, str]]) -> None:
    """Notes whose name is in each fact."""
    if people:
        await tx.execute(
            _ASSIGN,
            stores=[pair[0] for pair, _ in people],
            ids=[pair[1] for pair, _ in people],
            people=[person for _, person in people],
        )


async def move(tx: Tx, merges: Sequence[tuple[str, str, str]]) -> None:
    """Gives the facts of merged people, as (store, gone, kept), to those who are kept."""
    if merges:
        await tx.execute(_MOVE, stores=[m[0] for m in merges], gone=[m[1] for m in merges], kept=[m[2] for m in merges])


async def by_person(tx: Tx, people: Iterable[Ref], *, as_of: int) -> list[StoredTrack]:
    """Facts that name these people; of somebody who was named very often the latest."""
    pairs = sorted(set(people))
    if not pairs:
        return []
    rows = await tx.all(_BY_PERSON, stores=[s for s, _ in pairs], people=[p for _, p in pairs], as_of=as_of)
    return [StoredTrack(*tuple(row)) for row in rows]


async def by_visitor(tx: Tx, visitors: Iterable[Ref], *, as_of: int) -> list[StoredTrack]:
    """Facts that these visitors left."""
    pairs = sorted(set(visitors))
    if not pairs:
        return []
    rows = await tx.all(_BY_VISITOR, stores=[s for s, _ in pairs], visitors=[v for _, v in pairs], as_of=as_of)
    return [StoredTrack(*tuple(row)) for row in rows]


async def seen(tx: Tx, visitors: Iterable[Ref]) -> set[Ref]:
    """Those of these visitors who left anything."""
    pairs = sorted(set(visitors))
    if not pairs:
        return set()
    rows = await tx.all(_SEEN, stores=[s for s, _ in pairs], visitors=[v for _, v in pairs])
    return {(row.store_id, row.visitor_id) for row in rows}


async def owners(tx: Tx, clicks: Iterable[tuple[str, str, int]]) -> list[Owner]:
    """For each (store, click, as_of): the first naming that reached it by then. Clicks that none reached are absent."""
    wanted = sorted(set(clicks))
    if not wanted:
        return []
    rows = await tx.all(
        _OWNERS,
        stores=[s for s, _, _ in wanted],
        clicks=[c for _, c, _ in wanted],
        as_ofs=[as_of for _, _, as_of in wanted],
    )
    found = []
    for row in rows:
        *fields, click_id, seen_by = tuple(row)
        found.append(Owner(click_id, StoredTrack(*fields), seen_by))
    return found


async def by_id(tx: Tx, ids: Iterable[Ref]) -> list[StoredTrack]:
    """Facts by their own ids."""
    pairs = sorted(set(ids))
    if not pairs:
        return []
    rows = await tx.all(_BY_ID, stores=[s for s, _ in pairs], ids=[i for _, i in pairs])
    return [StoredTrack(*tuple(row)) for row in rows]
