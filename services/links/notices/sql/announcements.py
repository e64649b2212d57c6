"""Rows of announcements, and what became of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.kernel.db import Row, Tx

OCCASION = "announcement"
_FIELDS = "announcement_id, store_id, texts, segment, state, next_at, every_weeks, times, until, runs, created_at"
_SHOWN = f"{_FIELDS}, past_people, past_told, past_used"
_ADD = f"""
insert into announcements ({_FIELDS}) values (:announcement_id, :store_id, cast(:texts as jsonb),
  cast(:segment as jsonb), :state, :next_at, :every_weeks, :times, :until, 0, :now)
"""  # noqa: S608  # our own words
_GET = f"""
select {_SHOWN} from announcements where store_id = :store_id and announcement_id = :announcement_id
"""  # noqa: S608
_PAGE = f"""
select {_SHOWN} from announcements where store_id = :store_id
  and (cast(:before as text) is null or announcement_id < :before) order by announcement_id desc limit :count
"""  # noqa: S608
# Locked until the turn was had: who stops it meanwhile waits, and is not overwritten.
_DUE = f"""
select {_SHOWN} from announcements
where store_id = :store_id and state = 'scheduled' and next_at <= :now order by next_at, announcement_id limit 20
for update
"""  # noqa: S608
_NEXT = "select min(next_at) from announcements where store_id = :store_id and state = 'scheduled'"
_MOVE = """
update announcements set runs = runs + 1, next_at = :next_at, state = :state
where store_id = :store_id and announcement_id = :announcement_id
"""
_STOP = """
update announcements set state = 'stopped', next_at = null
where store_id = :store_id and announcement_id = :announcement_id and state = 'scheduled'
"""
_SEGMENT = """
from ambassadors a left join activities y on y.store_id = a.store_id and y.ambassador_id = a.ambassador_id
where a.store_id = :store_id and a.status = 'active'
  and (cast(:program_id as text) is null or a.program_id = :program_id)
  and (cast(:role as text) is null or a.role = :role)
  and (cast(:group_name as text) is null or a.group_name = :group_name)
  and (cast(:joined_from as timestamptz) is null or a.created_at >= :joined_from)
  and (cast(:joined_until as timestamptz) is null or a.created_at < :joined_until)
  and (cast(:clicked as boolean) is null or :clicked = (y.clicked_at is not null))
  and (cast(:shared_from as timestamptz) is null or y.shared_at >= :shared_from)
  and (cast(:shared_until as timestamptz) is null or y.shared_at is null or y.shared_at < :shared_until)
"""
_NOTIFY = f"""
insert into notices (notice_id, store_id, ambassador_id, occasion, subject, facts, state, happened_at, due, created_at)
select 'ntc_' || replace(cast(gen_random_uuid() as text), '-', ''), a.store_id, a.ambassador_id, 'announcement',
  :subject, cast(:facts as jsonb), 'waiting', :now, :now, :now
{_SEGMENT}
order by a.ambassador_id
on conflict (store_id, ambassador_id, occasion, subject) do nothing
"""
_COUNT = f"select count(*) {_SEGMENT}"
_CHANGE = """
update announcements set texts = cast(:texts as jsonb), segment = cast(:segment as jsonb), next_at = :next_at,
  every_weeks = :every_weeks, times = :times, until = :until
where store_id = :store_id and announcement_id = :announcement_id and state = 'draft'
"""
_START = """
update announcements set state = 'scheduled', next_at = :next_at
where store_id = :store_id and announcement_id = :announcement_id and state = 'draft'
"""
_DROP = """
delete from announcements where store_id = :store_id and announcement_id = :announcement_id and state = 'draft'
"""
_COUNTS = """
select subject, count(*) as people, count(*) filter (where state = 'told') as told,
  count(used_at) as used from notices
where store_id = :store_id and occasion = 'announcement' and subject = any(cast(:subjects as text[])) group by subject
"""
_USE = """
update notices set used_at = :now where store_id = :store_id and ambassador_id = :ambassador_id
  and notice_id = :notice_id and used_at is null
"""

State = Literal["draft", "scheduled", "ended", "stopped"]
"""A draft is sent to nobody until it is started; its `next_at` is when that shall be, null for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a store sends to a segment of its ambassadors. `texts` are words by language; `runs` its turns so far."""

    announcement_id: str
    store_id: str
    texts: Mapping[str, Mapping[str, str]]
    segment: Mapping[str, Any]
    state: State
    next_at: datetime | None
    every_weeks: int | None
    times: int | None
    until: datetime | None
    runs: int
    created_at: datetime
    past_people: int = 0
    past_told: int = 0
    past_used: int = 0

    def subjects(self) -> list[str]:
        """What the notices of each turn are about."""
        return [f"{self.announcement_id}:{number}" for number in range(1, self.runs + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Over all turns: for how many it was, how many were notified by some channel, and how many came by it."""

    people: int
    notified: int
    used: int


def _announcement(row: Row) -> Announcement:
    found = row._asdict()
    return Announcement(**{**found, "texts": _json(found["texts"]), "segment": _json(found["segment"])})


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


async def add(
    tx: Tx,
    store_id: str,
    announcement_id: str,
    *,
    texts: Mapping[str, Mapping[str, str]],
    segment: Mapping[str, Any],
    next_at: datetime | None,
    every_weeks: int | None,
    times: int | None,
    until: datetime | None,
    state: State = "scheduled",
) -> None:
    """Keeps an announcement and when its first turn is."""
    await tx.execute(
        _ADD,
        announcement_id=announcement_id,
        store_id=store_id,
        texts=json.dumps(texts),
        segment=json.dumps(segment),
        next_at=next_at,
        every_weeks=every_weeks,
        times=times,
        until=until,
        state=state,
        now=tx.now,
    )


async def change(
    tx: Tx,
    store_id: str,
    announcement_id: str,
    *,
    texts: Mapping[str, Mapping[str, str]],
    segment: Mapping[str, Any],
    next_at: datetime | None,
    every_weeks: int | None,
    times: int | None,
    until: datetime | None,
) -> bool:
    """Writes a draft anew; False if there is no such draft."""
    changed = await tx.execute(
        _CHANGE,
        store_id=store_id,
        announcement_id=announcement_id,
        texts=json.dumps(texts),
        segment=json.dumps(segment),
        next_at=next_at,
        every_weeks=every_weeks,
        times=times,
        until=until,
    )
    return changed > 0


async def start(tx: Tx, store_id: str, announcement_id: str, *, next_at: datetime) -> bool:
    """Makes a draft one that is sent; False if there is no such draft."""
    return await tx.execute(_START, store_id=store_id, announcement_id=announcement_id, next_at=next_at) > 0


async def drop(tx: Tx, store_id: str, announcement_id: str) -> bool:
    """Throws a draft away; False if there is no such draft."""
    return await tx.execute(_DROP, store_id=store_id, announcement_id=announcement_id) > 0


async def count(tx: Tx, store_id: str, segment: Mapping[str, Any]) -> int:
    """How many people are in a segment now."""
    return int(await tx.scalar(_COUNT, store_id=store_id, **_segment(segment)) or 0)


async def get(tx: Tx, store_id: str, announcement_id: str) -> Announcement | None:
    """One announcement."""
    row = await tx.one_or_none(_GET, store_id=store_id, announcement_id=announcement_id)
    return _announcement(row) if row else None


async def page(tx: Tx, store_id: str, *, before: str | None, count: int) -> Sequence[Announcement]:
    """A store's announcements, the newest first."""
    return [_announcement(row) for row in await tx.all(_PAGE, store_id=store_id, before=before, count=count)]


async def due(tx: Tx, store_id: str) -> Sequence[Announcement]:
    """Those whose turn has come."""
    return [_announcement(row) for row in await tx.all(_DUE, store_id=store_id, now=tx.now)]


async def next_due(tx: Tx, store_id: str) -> datetime | None:
    """When the next turn of a store is."""
    found: datetime | None = await tx.scalar(_NEXT, store_id=store_id)
    return found


async def notify(tx: Tx, one: Announcement, subject: str) -> int:
    """Has everybody of its segment notified, in one statement; for how many it is."""
    facts = json.dumps({"announcement_id": one.announcement_id})
    wanted = _segment(one.segment)
    return await tx.execute(_NOTIFY, store_id=one.store_id, subject=subject, facts=facts, now=tx.now, **wanted)


def _segment(segment: Mapping[str, Any]) -> dict[str, Any]:
    moments = ("joined_from", "joined_until", "shared_from", "shared_until")
    return {
        "program_id": segment.get("program_id"),
        "role": segment.get("role"),
        "group_name": segment.get("group"),
        "clicked": segment.get("clicked"),
        **{name: _moment(segment.get(name)) for name in moments},
    }


async def move(tx: Tx, one: Announcement, *, next_at: datetime | None) -> None:
    """Notes that a turn was had, and when the next one is; None for the end."""
    state = "scheduled" if next_at is not None else "ended"
    await tx.execute(_MOVE, store_id=one.store_id, announcement_id=one.announcement_id, next_at=next_at, state=state)


async def stop(tx: Tx, store_id: str, announcement_id: str) -> bool:
    """Has no further turn; False if there was none to come."""
    return await tx.execute(_STOP, store_id=store_id, announcement_id=announcement_id) > 0


async def counts(tx: Tx, store_id: str, announcements: Sequence[Announcement]) -> dict[str, Counts]:
    """What became of each."""
    owners = {subject: one.announcement_id for one in announcements for subject in one.subjects()}
    rows = await tx.all(_COUNTS, store_id=store_id, subjects=list(owners)) if owners else ()
    found = {
        one.announcement_id: Counts(people=one.past_people, notified=one.past_told, used=one.past_used)
        for one in announcements
    }
    for row in rows:
        so_far = found[owners[row.subject]]
        found[owners[row.subject]] = Counts(
            people=so_far.people + row.people, notified=so_far.notified + row.told, used=so_far.used + row.used
        )
    return found


async def use(tx: Tx, store_id: str, ambassador_id: str, notice_id: str) -> None:
    """Notes that whoever was notified came by it."""
    await tx.execute(_USE, store_id=store_id, ambassador_id=ambassador_id, notice_id=notice_id, now=tx.now)


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
