"""Rows of notices: added once for each subject, taken when their time has come, ended once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.kernel.db import Row, Tx
from services.links.mail.sql import Mail

TRIED = timedelta(days=3)
"""So long a message may be on its way, at most."""
_FIELDS = (
    "notice_id, store_id, ambassador_id, occasion, subject, facts, state, reason, message_id, happened_at, due,"
    " created_at, told_at, failed"
)
_MARK = "cast(md5({a} || ' ' || {o} || ' ' || {b}) as uuid)"
_ADD = f"""
insert into notices (notice_id, store_id, ambassador_id, occasion, subject, facts, state, happened_at, due, created_at)
select i, s, a, o, b, cast(f as jsonb), 'waiting', h, d, :now
from unnest(cast(:ids as text[]), cast(:stores as text[]), cast(:ambassadors as text[]), cast(:occasions as text[]),
  cast(:subjects as text[]), cast(:facts as text[]), cast(:happened as timestamptz[]), cast(:dues as timestamptz[]))
  as t(i, s, a, o, b, f, h, d)
where not exists (
  select from notice_marks m where m.store_id = s and m.mark = {_MARK.format(a="a", o="o", b="b")})
order by s, a, o, b
on conflict (store_id, ambassador_id, occasion, subject) do update
set state = 'waiting', reason = null, told_at = null, facts = excluded.facts, happened_at = excluded.happened_at,
    due = excluded.due
where notices.state = 'dropped' and notices.reason = 'overtaken'
returning store_id, due
"""  # noqa: S608  # our own words
# What was overtaken before it was sent, and holds again, waits again.
_ADD_TO_ALL = f"""
insert into notices (notice_id, store_id, ambassador_id, occasion, subject, facts, state, happened_at, due, created_at)
select 'ntc_' || replace(cast(gen_random_uuid() as text), '-', ''), store_id, ambassador_id, :occasion, :subject,
  cast(:facts as jsonb), 'waiting', :happened_at, :now, :now
from ambassadors a where store_id = :store_id and program_id = :program_id and status = 'active' and not exists (
  select from notice_marks m where m.store_id = a.store_id
    and m.mark = {_MARK.format(a="a.ambassador_id", o="cast(:occasion as text)", b="cast(:subject as text)")})
order by ambassador_id
on conflict (store_id, ambassador_id, occasion, subject) do nothing
"""  # noqa: S608
_SOONER = """
update notices set due = least(due, :now) where store_id = any(cast(:stores as text[])) and occasion = 'attributed'
  and state = 'waiting' and subject = any(cast(:orders as text[])) and ambassador_id = any(cast(:ambassadors as text[]))
returning store_id
"""
_OVERTAKE = """
update notices n set state = 'dropped', reason = 'overtaken', told_at = :now
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:by as text[]), cast(:whose as text[]))
  as t(s, b, o, w)
where n.store_id = t.s and n.subject = t.b and n.state = 'waiting'
  and n.occasion in ('waiting', 'rejected', 'attributed') and case
    when n.occasion = 'attributed' then t.o <> 'attributed' or n.ambassador_id <> t.w
    when n.facts->>'reason' = 'reassigned' then t.o <> 'attributed' or n.ambassador_id = t.w
    else n.occasion <> t.o end
"""
_LOST = """
select n.store_id, n.subject, n.ambassador_id
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:people as text[])) as t(s, b, a)
join notices n on n.store_id = t.s and n.ambassador_id = t.a and n.occasion = 'attributed' and n.subject = t.b
where n.state = 'told' and not exists (select from notice_rewards r where r.store_id = t.s and r.ambassador_id = t.a
  and r.order_id = t.b and (r.amount_minor > 0 or r.status in ('reversed', 'rejected')))
"""
# That a reward which stands is taken back is notified by itself; of one that was taken back it was notified already.
_DUE = f"""
select {_FIELDS} from notices where store_id = :store_id and state = 'waiting' and ambassador_id in (
  select ambassador_id from notices where store_id = :store_id and state = 'waiting' and due <= :now
  group by ambassador_id order by min(due), ambassador_id limit :people)
order by ambassador_id, happened_at, notice_id
"""  # noqa: S608  # our own words
_NEXT = "select min(due) from notices where store_id = :store_id and state = 'waiting'"
_PUT_OFF = """
update notices n set due = t.d from unnest(cast(:ids as text[]), cast(:dues as timestamptz[])) as t(i, d)
where n.store_id = :store_id and n.notice_id = t.i and n.state = 'waiting'
"""
_MARK_NOTIFIED = """
update notices n set state = 'told', told_at = :now, message_id = t.m, reason = t.r
from unnest(cast(:ids as text[]), cast(:messages as text[]), cast(:reasons as text[])) as t(i, m, r)
where n.store_id = :store_id and n.notice_id = t.i and n.state = 'waiting'
"""
_DROP = """
update notices set state = 'dropped', reason = :reason, told_at = :now
where store_id = :store_id and notice_id = any(cast(:ids as text[])) and state = 'waiting'
"""
_DROP_PERSON = """
update notices set state = 'dropped', reason = 'nobody', told_at = :now
where store_id = :store_id and ambassador_id = :ambassador_id and state = 'waiting'
"""
_OF_MESSAGE = f"""
select {_FIELDS} from notices where store_id = :store_id and message_id = :message_id
order by happened_at, notice_id
"""  # noqa: S608
_PUT_BACK = """
update notices set state = 'waiting', message_id = null, told_at = null, due = :now,
  failed = array_append(failed, cast(:channel as text))
where store_id = :store_id and message_id = :about and state = 'told' and not exists (
  select from mails m where m.store_id = :store_id and m.about = :about and m.mail_id <> :mail_id
    and m.state in ('waiting', 'sent', 'delivered', 'kept'))
"""
_FORGET = f"""
with old as (
  select notice_id from notices where store_id = :store_id and state <> 'waiting' and created_at <= :before
  order by created_at limit 2000
), gone as (
  delete from notices n using old where n.store_id = :store_id and n.notice_id = old.notice_id
  returning n.ambassador_id, n.occasion, n.subject, n.facts, n.state, n.used_at
), marked as (
  insert into notice_marks (store_id, mark)
  select distinct cast(:store_id as text), {_MARK.format(a="ambassador_id", o="occasion", b="subject")} from gone
  where state = 'told' and occasion <> 'announcement' order by 2 on conflict do nothing
)
update announcements a set past_people = past_people + c.people, past_told = past_told + c.told,
  past_used = past_used + c.used
from (select facts->>'announcement_id' as id, count(*) as people, count(*) filter (where state = 'told') as told,
  count(used_at) as used from gone where occasion = 'announcement' group by 1) c
where a.store_id = :store_id and a.announcement_id = c.id
"""  # noqa: S608
_OLDEST = "select min(created_at) from notices where store_id = :store_id and state <> 'waiting'"
_LATEST = f"""
select {_FIELDS} from notices
where store_id = :store_id and ambassador_id = :ambassador_id and state <> 'dropped'
order by happened_at desc, notice_id desc limit :count
"""  # noqa: S608
# What waits for a relay that is away comes at once when it is back: it counts as long as it is tried.
_RECENT = """
select ambassador_id, count(distinct about) as count,
  min(case when state = 'waiting' then :now else coalesce(ended_at, created_at) end) as first
from mails
where store_id = :store_id and ambassador_id = any(cast(:ids as text[])) and kind in ('notice', 'announcement')
  and created_at > :tried_since and state not in ('dropped', 'refused')
  and (state = 'waiting' or coalesce(ended_at, created_at) > :since)
group by ambassador_id
"""
_SINCE = "select store_id, since from notice_starts where store_id = any(cast(:stores as text[]))"
_TURNED_OFF = (
    "select store_id, occasion from notice_occasions where store_id = any(cast(:stores as text[])) and not told"
)
_SET_ENABLED = """
insert into notice_occasions (store_id, occasion, told) values (:store_id, :occasion, :told)
on conflict (store_id, occasion) do update set told = excluded.told
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """Something to notify somebody of."""

    notice_id: str
    store_id: str
    ambassador_id: str
    occasion: str
    subject: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    happened_at: datetime
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something of which somebody is, was or was not notified."""

    notice_id: str
    store_id: str
    ambassador_id: str
    occasion: str
    subject: str
    facts: Mapping[str, Any]
    state: str
    reason: str | None
    message_id: str | None
    happened_at: datetime
    due: datetime
    created_at: datetime
    told_at: datetime | None
    failed: tuple[str, ...]
    """Channels that could not deliver it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds of an order: the occasion of that, "" for none, and whose it is, "" for nobody's."""

    occasion: str
    whose: str


def _notice(row: Row) -> Notice:
    found = row._asdict()
    facts = found["facts"]
    facts = json.loads(facts) if isinstance(facts, str) else facts
    return Notice(**{**found, "facts": facts, "failed": tuple(found["failed"])})


async def add(tx: Tx, notices: Sequence[NewNotice]) -> dict[str, datetime]:
    """Adds those that were not added before; returns for each store when the first of them is due."""
    if not notices:
        return {}
    notices = list({(n.store_id, n.ambassador_id, n.occasion, n.subject): n for n in notices}.values())
    rows = await tx.all(
        _ADD,
        ids=[n.notice_id for n in notices],
        stores=[n.store_id for n in notices],
        ambassadors=[n.ambassador_id for n in notices],
        occasions=[n.occasion for n in notices],
        subjects=[n.subject for n in notices],
        facts=[json.dumps(n.facts) for n in notices],
        happened=[n.happened_at for n in notices],
        dues=[n.due for n in notices],
        now=tx.now,
    )
    moments: dict[str, datetime] = {}
    for row in rows:
        moments[row.store_id] = min(row.due, moments.get(row.store_id, row.due))
    return moments


async def add_to_all(
    tx: Tx,
    store_id: str,
    program_id: str,
    *,
    occasion: str,
    subject: str,
    facts: Mapping[str, Any],
    happened_at: datetime,
) -> None:
    """Adds one for everybody of a program, in one statement."""
    await tx.execute(
        _ADD_TO_ALL,
        store_id=store_id,
        program_id=program_id,
        occasion=occasion,
        subject=subject,
        facts=json.dumps(facts),
        happened_at=happened_at,
        now=tx.now,
    )


async def sooner(tx: Tx, orders: Iterable[tuple[str, str, str]]) -> set[str]:
    """Orders, as (store, ambassador, order), of which all is known by now: they need not wait. Returns their stores."""
    wanted = sorted(set(orders))
    if not wanted:
        return set()
    rows = await tx.all(
        _SOONER,
        stores=sorted({s for s, _, _ in wanted}),
        ambassadors=[a for _, a, _ in wanted],
        orders=[o for _, _, o in wanted],
        now=tx.now,
    )
    return {row.store_id for row in rows}


async def overtake(tx: Tx, orders: Mapping[tuple[str, str], Standing]) -> None:
    """(store, order) → what holds of it now: what waits to be sent of it otherwise is not sent."""
    if orders:
        await tx.execute(
            _OVERTAKE,
            stores=[store for store, _ in orders],
            orders=[order for _, order in orders],
            by=[one.occasion for one in orders.values()],
            whose=[one.whose for one in orders.values()],
            now=tx.now,
        )


async def lost(tx: Tx, former: Iterable[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Of those who had an order, as (store, order, ambassador), whom no reward taken back will tell that it is
    another's, though they were told that it is theirs.
    """
    if not (wanted := sorted(set(former))):
        return set()
    rows = await tx.all(
        _LOST, stores=[s for s, _, _ in wanted], orders=[o for _, o, _ in wanted], people=[a for _, _, a in wanted]
    )
    return {(row.store_id, row.subject, row.ambassador_id) for row in rows}


async def due(tx: Tx, store_id: str, *, people: int) -> Sequence[Notice]:
    """Everything that waits for the people to whom something is due, person by person, the oldest first."""
    return [_notice(row) for row in await tx.all(_DUE, store_id=store_id, now=tx.now, people=people)]


async def next_due(tx: Tx, store_id: str) -> datetime | None:
    """When the next one of a store is due."""
    moment: datetime | None = await tx.scalar(_NEXT, store_id=store_id)
    return moment


async def put_off(tx: Tx, store_id: str, moments: Mapping[str, datetime]) -> None:
    """Lets notices, by id, wait until another moment."""
    if moments:
        await tx.execute(_PUT_OFF, store_id=store_id, ids=list(moments), dues=list(moments.values()))


async def mark_notified(tx: Tx, store_id: str, messages: Mapping[str, tuple[str | None, str | None]]) -> None:
    """Notices, by id, are sent by a message; or by none but the person's page, for a reason."""
    if messages:
        await tx.execute(
            _MARK_NOTIFIED,
            store_id=store_id,
            ids=list(messages),
            messages=[message for message, _ in messages.values()],
            reasons=[reason for _, reason in messages.values()],
            now=tx.now,
        )


async def drop(tx: Tx, store_id: str, ids: Iterable[str], *, reason: str) -> None:
    """Does not send these."""
    if wanted := list(ids):
        await tx.execute(_DROP, store_id=store_id, ids=wanted, reason=reason, now=tx.now)


async def drop_of(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """Sends a person nothing any more."""
    await tx.execute(_DROP_PERSON, store_id=store_id, ambassador_id=ambassador_id, now=tx.now)


async def of_message(tx: Tx, store_id: str, message_id: str) -> Sequence[Notice]:
    """What a message is about, the oldest first."""
    return [_notice(row) for row in await tx.all(_OF_MESSAGE, store_id=store_id, message_id=message_id)]


async def put_back(tx: Tx, mail: Mail) -> None:
    """What a message could not deliver waits again, for other channels; not where another message has the same."""
    await tx.execute(
        _PUT_BACK, store_id=mail.store_id, about=mail.about, mail_id=mail.mail_id, channel=mail.channel, now=tx.now
    )


async def forget_before(tx: Tx, store_id: str, moment: datetime) -> datetime | None:
    """Forgets some of what was sent, or was not to be sent, up to a moment; when the oldest that is left is from. What
    was sent leaves a mark, and what came of announcements their counts.
    """
    await tx.execute(_FORGET, store_id=store_id, before=moment)
    oldest: datetime | None = await tx.scalar(_OLDEST, store_id=store_id)
    return oldest


async def latest(tx: Tx, store_id: str, ambassador_id: str, *, count: int) -> Sequence[Notice]:
    """What happened to somebody, the newest first, sent or about to be."""
    rows = await tx.all(_LATEST, store_id=store_id, ambassador_id=ambassador_id, count=count)
    return [_notice(row) for row in rows]


async def recent(tx: Tx, store_id: str, ids: Iterable[str], *, since: datetime) -> dict[str, tuple[int, datetime]]:
    """Person → how many messages they got since then or are about to get, and when the first of these."""
    rows = await tx.all(
        _RECENT, store_id=store_id, ids=sorted(set(ids)), since=since, tried_since=since - TRIED, now=tx.now
    )
    return {row.ambassador_id: (row.count, row.first) for row in rows}


async def starts(tx: Tx, stores: Iterable[str]) -> dict[str, datetime]:
    """Stores that notify only of what happened since a moment."""
    rows = await tx.all(_SINCE, stores=sorted(set(stores)))
    return {row.store_id: row.since for row in rows}


async def turned_off(tx: Tx, stores: Iterable[str]) -> set[tuple[str, str]]:
    """(store, occasion): of what these stores chose not to notify."""
    return {(row.store_id, row.occasion) for row in await tx.all(_TURNED_OFF, stores=sorted(set(stores)))}


async def set_enabled(tx: Tx, store_id: str, occasion: str, *, enabled: bool) -> None:
    """Whether a store notifies of an occasion."""
    await tx.execute(_SET_ENABLED, store_id=store_id, occasion=occasion, told=enabled)
