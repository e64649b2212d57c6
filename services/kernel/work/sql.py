"""Tasks in the database: added with their cause, claimed for a while, ended.

Moments that people wait for (`due`, `held_until`) follow `tx.now`, which the demo clock moves; a lease guards a running
process, so it follows the database's own clock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson

from services.kernel import trace
from services.kernel.db import Row, Tx
from services.kernel.work.kinds import NewTask, Task, TaskKind

LANES = 200
"""Lanes that one claim looks at; the next one goes on behind them."""

_ADD = """
insert into work_tasks (kind, store_id, lane, key, payload, traceparent, state, due, created_at)
select k, s, l, y, p, cast(:traceparent as text), 'waiting', d, :now
from unnest(cast(:kinds as text[]), cast(:stores as text[]), cast(:lanes as text[]), cast(:keys as text[]),
            cast(:payloads as text[]), cast(:dues as timestamptz[])) with ordinality w (k, s, l, y, p, d, n)
order by n on conflict (kind, store_id, key) do nothing
"""
DUE_KINDS = """
select array_agg(distinct kind) from (
    select kind from work_tasks where state = 'waiting' and leased_until is null and due <= now()
        + make_interval(secs => coalesce((select offset_seconds from clock), 0))
    union all
    select kind from work_tasks where leased_until <= now()
) w
"""
# Claims of a kind go one at a time, so that limits hold over all workers. They are short: nothing runs inside.
_TURN = "select pg_advisory_xact_lock(hashtextextended('kith.work.' || current_schema || '.' || :kind, 0))"
# A jump from lane to lane along the index: what a lane has waiting behind its first task costs nothing.
_LANES = """
with recursive lanes (lane, n) as (
    (select lane, 1 from work_tasks where kind = :kind and state = 'waiting' and lane > :after order by lane limit 1)
    union all
    select next.lane, n + 1 from lanes cross join lateral (
        select lane from work_tasks
        where kind = :kind and state = 'waiting' and lane > lanes.lane order by lane limit 1
    ) next where n < :count
)
select lane from lanes order by lane
"""
# That a lane is held is read by the same statement as who runs in it: the note that puts a task off holds its lane.
_CLAIM = """
with running as materialized (
    select lane, store_id from work_tasks where kind = :kind and leased_until > now()
),
found as (
    select t.id, t.store_id, t.due
    from (
        select lane from unnest(cast(:lanes as text[])) a (lane) where not exists (
            select from work_lanes h where h.kind = :kind and h.lane = a.lane and h.held_until > :now
        )
    ) l
    cross join lateral (
        select id, store_id, due from work_tasks
        where kind = :kind and state = 'waiting' and lane = l.lane and due <= :now
          and (leased_until is null or leased_until <= now())
        order by due, id
        limit greatest(0, :per_lane - (select count(*) from running r where r.lane = l.lane))
    ) t
),
fair as (
    select id, due, row_number() over (partition by store_id order by due, id)
        + (select count(*) from running r where r.store_id = found.store_id) as nth
    from found
),
chosen as (
    select id from fair where nth <= :per_store order by due, id
    limit greatest(0, least(:count, :at_once - (select count(*) from running)))
)
update work_tasks w set attempts = w.attempts + 1, leased_until = now() + make_interval(secs => :lease_s)
from chosen where w.id = chosen.id
returning w.id, w.store_id, w.lane, w.key, w.payload, w.attempts, w.failures, w.created_at, w.due, w.traceparent
"""
_END = """
update work_tasks set state = :state, reason = :reason, leased_until = null, ended_at = :now
where id = :id and attempts = :attempt and state = 'waiting'
"""
_PUT_OFF = """
update work_tasks set due = coalesce(cast(:due as timestamptz), due), reason = :reason, leased_until = null,
    failures = failures + :failures
where id = :id and attempts = :attempt and state = 'waiting'
"""
_HOLD = """
insert into work_lanes (kind, lane, held_until) values (:kind, :lane, :until)
on conflict (kind, lane) do update set held_until = greatest(work_lanes.held_until, excluded.held_until)
"""
_RELEASE = "delete from work_lanes where kind = :kind and lane = :lane"
_LET_GO = "delete from work_lanes where held_until < :before"
_PURGE = """
delete from work_tasks where id in (
    select id from work_tasks where state = :state and ended_at < :before order by ended_at limit 5000
)
"""
# What a lane that is held, or was a moment ago, keeps waiting is its partner's lateness and not ours.
_STANDING = """
select w.kind, count(*) filter (where state = 'waiting') as waiting,
       count(*) filter (where state = 'given_up') as given_up,
       coalesce(extract(epoch from max(:now - due) filter (where state = 'waiting' and due < :now and h.lane is null)),
                0)::float8 as late_s
from work_tasks w
left join work_lanes h on h.kind = w.kind and h.lane = w.lane and h.held_until > cast(:lately as timestamptz)
where state <> 'done' group by w.kind
"""
_LIST = """
select id, kind, store_id, lane, key, state, due, attempts, reason, created_at, ended_at,
       leased_until > now() as running
from work_tasks
where (cast(:state as text) is null or state = :state) and (cast(:kind as text) is null or kind = :kind)
order by id desc limit :count
"""
_ONE = """
select id, kind, store_id, lane, key, payload, state, due, attempts, reason, created_at, ended_at,
       leased_until > now() as running from work_tasks where id = :id
"""
_RETRY = """
update work_tasks set state = 'waiting', due = :now, ended_at = null, failures = 0
where state = 'given_up' and (cast(:id as bigint) is null or id = :id) and (cast(:kind as text) is null or kind = :kind)
returning id, kind, store_id
"""


async def add_tasks(tx: Tx, tasks: Sequence[NewTask]) -> None:
    """Writes tasks in the transaction that causes them. One statement, whatever their number."""
    if not tasks:
        return
    await tx.execute(
        _ADD,
        now=tx.now,
        traceparent=trace.current(),
        kinds=[task.kind for task in tasks],
        stores=[task.store_id for task in tasks],
        lanes=[task.lane for task in tasks],
        keys=[task.key for task in tasks],
        payloads=[orjson.dumps(dict(task.payload)).decode() for task in tasks],
        dues=[task.due or tx.now for task in tasks],
    )
    tx.work_added()


async def lanes_behind(tx: Tx, kind: str, after: str) -> tuple[list[str], str]:
    """Lanes with waiting tasks, behind the lane `after`; and where the next look begins."""
    rows = await tx.all(_LANES, kind=kind, after=after, count=LANES)
    return [row.lane for row in rows], rows[-1].lane if len(rows) == LANES else ""


async def claim(
    tx: Tx, kind: TaskKind, lanes: Sequence[str], *, count: int, lease_s: float
) -> list[tuple[Task, str | None]]:
    """Takes up to `count` due tasks of these lanes, within all limits, in the order in which they were due; each with
    the trace that it belongs to. Nothing of a lane that is held. The caller has the kind's turn.
    """
    rows = await tx.all(
        _CLAIM,
        kind=kind.name,
        lanes=list(lanes),
        now=tx.now,
        per_lane=kind.per_lane,
        per_store=kind.per_store,
        at_once=kind.at_once,
        count=count,
        lease_s=lease_s,
    )
    return [(_task(kind.name, row), row.traceparent) for row in sorted(rows, key=lambda row: (row.due, row.id))]


async def take_turn(tx: Tx, kind: str) -> None:
    """Waits until no other worker claims tasks of the kind."""
    await tx.execute(_TURN, kind=kind)


async def end(tx: Tx, task: Task, *, state: str, reason: str | None) -> bool:
    """Ends a task; False if somebody else holds it by now."""
    return await tx.execute(_END, id=task.id, attempt=task.attempt, state=state, reason=reason, now=tx.now) == 1


async def postpone(
    tx: Tx, task: Task, *, wait: timedelta, reason: str, hold_lane: bool = False, failed: bool = True
) -> bool:
    """Lets a task wait, or its whole lane with it; False if somebody else holds it by now."""
    due = None if hold_lane else tx.now + wait
    if hold_lane:
        await hold(tx, task, wait)
    put_off = await tx.execute(_PUT_OFF, id=task.id, attempt=task.attempt, due=due, reason=reason, failures=int(failed))
    return put_off == 1


async def hold(tx: Tx, task: Task, wait: timedelta) -> None:
    """Lets nothing more of the task's lane start for so long, or for longer if it is held longer already."""
    await tx.execute(_HOLD, kind=task.kind, lane=task.lane, until=tx.now + wait)


async def release(tx: Tx, *, kind: str, lane: str) -> None:
    """Lets a lane go on at once: somebody says that what it waited for is over."""
    await tx.execute(_RELEASE, kind=kind, lane=lane)
    tx.work_added()


async def purge(tx: Tx, *, done_before: datetime, given_up_before: datetime) -> int:
    """Forgets tasks that ended long ago, some thousands at a time; returns how many."""
    await tx.execute(_LET_GO, before=tx.now - timedelta(days=1))
    done = await tx.execute(_PURGE, state="done", before=done_before)
    return done + await tx.execute(_PURGE, state="given_up", before=given_up_before)


async def standing(tx: Tx) -> Sequence[Row]:
    """For each kind: how many wait, how many were given up, and how late the oldest is, in seconds, of those that
    nobody outside asked to wait, or made wait by being away, within the last ten minutes.
    """
    return await tx.all(_STANDING, now=tx.now, lately=tx.now - timedelta(minutes=10))


async def listed(tx: Tx, *, state: str | None, kind: str | None, count: int) -> Sequence[Row]:
    """The newest tasks."""
    return await tx.all(_LIST, state=state, kind=kind, count=count)


async def one(tx: Tx, task_id: int) -> Row | None:
    """One task with its payload."""
    return await tx.one_or_none(_ONE, id=task_id)


async def retry(tx: Tx, *, task_id: int | None, kind: str | None) -> Sequence[Row]:
    """Has tasks that were given up tried again, from the beginning of their schedule; returns which, of which kind and
    store.
    """
    return await tx.all(_RETRY, id=task_id, kind=kind, now=tx.now)


def _task(kind: str, row: Row) -> Task:
    return Task(
        id=row.id,
        kind=kind,
        store_id=row.store_id,
        lane=row.lane,
        key=row.key,
        payload=orjson.loads(row.payload),
        attempt=row.attempts,
        failures=row.failures,
        created_at=row.created_at,
    )
