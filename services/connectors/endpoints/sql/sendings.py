"""Deliveries: one message for one endpoint, with its tries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.connectors.endpoints.domain.signing import Request
from services.connectors.endpoints.domain.tries import Off, State
from services.kernel.db import Tx

_ADD = """
insert into sendings (store_id, delivery_id, endpoint_id, message_id, state, next_at, created_at)
select s, d, e, m, t, case when t = 'waiting' then cast(:now as timestamptz) end, :now
from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:endpoints as text[]), cast(:messages as text[]),
            cast(:states as text[])) w (s, d, e, m, t)
order by 1, 2 on conflict (store_id, endpoint_id, message_id) do nothing
returning store_id, delivery_id
"""
_READY = """
select s.endpoint_id, s.message_id, s.state, s.round, e.url, e.off, m.body, m.test
from sendings s
join endpoints e on e.store_id = s.store_id and e.endpoint_id = s.endpoint_id
join messages m on m.store_id = s.store_id and m.message_id = s.message_id
where s.store_id = :store and s.delivery_id = :delivery
"""
_NOTE = """
update sendings set state = :state, tries = tries + 1, next_at = cast(:next_at as timestamptz),
    status = cast(:status as smallint), reason = cast(:reason as text)
where store_id = :store and delivery_id = :delivery and round = :round and state in ('waiting', 'failed')
returning tries
"""
_TRIED = """
insert into tries (store_id, delivery_id, number, at, took_ms, status, reason, answer, request)
values (:store, :delivery, :number, :at, :took_ms, cast(:status as smallint), cast(:reason as text),
        cast(:answer as text), cast(:request as jsonb))
"""
_UNTRIED = """
update sendings set state = :state, next_at = cast(:next_at as timestamptz), reason = cast(:reason as text)
where store_id = :store and delivery_id = :delivery and round = :round and state = 'waiting'
"""
_SKIP_ALL = """
update sendings set state = 'skipped', next_at = null
where store_id = :store and endpoint_id = :endpoint and state = 'waiting'
"""
_SHOWN = """
select s.delivery_id, s.endpoint_id, s.message_id, m.type, m.at, m.test, s.state, s.tries, s.next_at, s.status,
       s.reason, s.created_at
from sendings s join messages m on m.store_id = s.store_id and m.message_id = s.message_id
where s.store_id = :store
"""
_PAGE = (
    _SHOWN
    + """
  and s.endpoint_id = :endpoint and (cast(:state as text) is null or s.state = :state)
  and (cast(:before_at as timestamptz) is null or (s.created_at, s.delivery_id) < (:before_at, :before_id))
order by s.created_at desc, s.delivery_id desc limit :count
"""
)
_ONE = _SHOWN + " and s.delivery_id = :delivery"
_BODY = """
select m.body from sendings s join messages m on m.store_id = s.store_id and m.message_id = s.message_id
where s.store_id = :store and s.delivery_id = :delivery
"""
_TRIES = """
select number, at, took_ms, status, reason, answer, request::text from tries
where store_id = :store and delivery_id = :delivery order by number desc limit 50
"""
_AGAIN = """
update sendings s set state = 'waiting', round = s.round + 1, next_at = :now, reason = null
from messages m
where s.store_id = :store and s.delivery_id = any(cast(:ids as text[]))
  and m.store_id = s.store_id and m.message_id = s.message_id and m.body is not null
returning s.delivery_id, s.endpoint_id, s.round
"""
_SINCE = """
select s.delivery_id, s.created_at from sendings s
join messages m on m.store_id = s.store_id and m.message_id = s.message_id
where s.store_id = :store and s.endpoint_id = :endpoint and s.created_at >= :since and m.body is not null
  and not m.test and s.state <> 'waiting' and (cast(:all as boolean) or s.state <> 'delivered')
order by s.created_at, s.delivery_id limit :count
"""
_COUNTS = """
select endpoint_id, count(*) filter (where state = 'waiting') as waiting,
       count(*) filter (where state = 'failed') as failed
from sendings where store_id = :store and state in ('waiting', 'failed') and created_at >= :since group by endpoint_id
"""


@dataclass(frozen=True, slots=True)
class NewSending:
    """A message for an endpoint."""

    store_id: str
    delivery_id: str
    endpoint_id: str
    message_id: str
    state: State


@dataclass(frozen=True, slots=True)
class Ready:
    """What a try needs to know."""

    endpoint_id: str
    message_id: str
    state: State
    round: int
    url: str
    off: Off | None
    body: bytes | None
    test: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """A delivery as the log shows it."""

    delivery_id: str
    endpoint_id: str
    message_id: str
    type: str
    at: datetime
    test: bool
    state: State
    tries: int
    next_at: datetime | None
    status: int | None
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Try:
    """One call."""

    number: int
    at: datetime
    took_ms: int
    status: int | None
    reason: str | None
    answer: str | None
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """A delivery that is tried anew."""

    delivery_id: str
    endpoint_id: str
    round: int


async def add(tx: Tx, sendings: Sequence[NewSending]) -> set[str]:
    """Writes what is to be sent; returns the ids of what was not there before. One statement, whatever their number."""
    rows = await tx.all(
        _ADD,
        now=tx.now,
        stores=[one.store_id for one in sendings],
        ids=[one.delivery_id for one in sendings],
        endpoints=[one.endpoint_id for one in sendings],
        messages=[one.message_id for one in sendings],
        states=[one.state for one in sendings],
    )
    return {row.delivery_id for row in rows}


async def ready(tx: Tx, store_id: str, delivery_id: str) -> Ready | None:
    """What is to be sent where; None if the endpoint or the message is gone."""
    row = await tx.one_or_none(_READY, store=store_id, delivery=delivery_id)
    return Ready(*tuple(row)) if row else None


async def note(
    tx: Tx, store_id: str, delivery_id: str, *, round_: int, state: State, next_at: datetime | None, tried: Try
) -> bool:
    """Notes a try and numbers it; False where a replay has overtaken it, or what it is about is gone."""
    number = await tx.scalar(
        _NOTE,
        store=store_id,
        delivery=delivery_id,
        round=round_,
        state=state,
        next_at=next_at,
        status=tried.status,
        reason=tried.reason,
    )
    if number is None:
        return False
    await tx.execute(
        _TRIED,
        store=store_id,
        delivery=delivery_id,
        number=number,
        at=tried.at,
        took_ms=tried.took_ms,
        status=tried.status,
        reason=tried.reason,
        answer=tried.answer,
        request=orjson.dumps(tried.request).decode() if tried.request is not None else None,
    )
    return True


async def untried(
    tx: Tx,
    store_id: str,
    delivery_id: str,
    *,
    round_: int,
    state: State,
    reason: str | None = None,
    next_at: datetime | None = None,
) -> None:
    """Notes what became of a delivery that waits, without a call."""
    await tx.execute(
        _UNTRIED, store=store_id, delivery=delivery_id, round=round_, state=state, reason=reason, next_at=next_at
    )


async def skip_all(tx: Tx, store_id: str, endpoint_id: str) -> None:
    """Notes that what waits for an endpoint is not sent."""
    await tx.execute(_SKIP_ALL, store=store_id, endpoint=endpoint_id)


async def page(
    tx: Tx, store_id: str, endpoint_id: str, *, state: State | None, before: tuple[datetime, str] | None, count: int
) -> list[Sending]:
    """An endpoint's deliveries, the newest first."""
    rows = await tx.all(
        _PAGE,
        store=store_id,
        endpoint=endpoint_id,
        state=state,
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        count=count,
    )
    return [Sending(*tuple(row)) for row in rows]


async def one(tx: Tx, store_id: str, delivery_id: str) -> Sending | None:
    """One delivery of a store."""
    row = await tx.one_or_none(_ONE, store=store_id, delivery=delivery_id)
    return Sending(*tuple(row)) if row else None


async def body(tx: Tx, store_id: str, delivery_id: str) -> bytes | None:
    """What is sent; None where it was about a person or a link that is gone."""
    found: bytes | None = await tx.scalar(_BODY, store=store_id, delivery=delivery_id)
    return found


async def tries(tx: Tx, store_id: str, delivery_id: str) -> list[Try]:
    """The tries of a delivery, the newest first."""
    return [_try(row) for row in await tx.all(_TRIES, store=store_id, delivery=delivery_id)]


def _try(row: Any) -> Try:
    request = None if row.request is None else Request(**orjson.loads(row.request))
    return Try(row.number, row.at, row.took_ms, row.status, row.reason, row.answer, request)


async def again(tx: Tx, store_id: str, ids: Sequence[str]) -> list[Again]:
    """Begins a new round for these deliveries, but for those whose body is gone."""
    return [Again(*tuple(row)) for row in await tx.all(_AGAIN, store=store_id, ids=list(ids), now=tx.now)]


async def since(
    tx: Tx, store_id: str, endpoint_id: str, *, since: datetime, all_: bool, count: int
) -> list[tuple[str, datetime]]:
    """Deliveries of an endpoint since a moment, the oldest first, each with its own: those that did not arrive, or
    `all_`, and none that waits already.
    """
    rows = await tx.all(_SINCE, store=store_id, endpoint=endpoint_id, since=since, all=all_, count=count)
    return [(row.delivery_id, row.created_at) for row in rows]


async def counts(tx: Tx, store_id: str, *, since: datetime) -> dict[str, tuple[int, int]]:
    """How many deliveries of each endpoint wait, and how many have failed since a moment."""
    rows = await tx.all(_COUNTS, store=store_id, since=since)
    return {row.endpoint_id: (row.waiting, row.failed) for row in rows}
