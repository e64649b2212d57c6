"""Messages: what endpoints are sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Tx

_ADD = """
insert into messages (store_id, message_id, type, at, person, test, body, kept_at)
select *, :now from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:types as text[]),
    cast(:ats as timestamptz[]), cast(:persons as text[]), cast(:tests as boolean[]), cast(:bodies as bytea[]))
order by 1, 2 on conflict (store_id, message_id) do nothing
"""
_GONE = """
insert into gone (store_id, subject)
select distinct * from unnest(cast(:stores as text[]), cast(:subjects as text[])) order by 1, 2 on conflict do nothing
"""
_WHICH_GONE = """
select g.store_id, g.subject from unnest(cast(:stores as text[]), cast(:subjects as text[])) w (s, n)
join gone g on g.store_id = w.s and g.subject = w.n
"""
_STOP = """
stopped as (
    update sendings s set state = case when s.state = 'waiting' then 'withdrawn' else s.state end, next_at = null
    from empty where s.store_id = empty.store_id and s.message_id = empty.message_id
    returning s.store_id, s.delivery_id
)
update tries t set answer = null from stopped
where t.store_id = stopped.store_id and t.delivery_id = stopped.delivery_id
"""
_WITHDRAW = f"""
with empty as (
    update messages m set body = null
    from (select distinct s, n from unnest(cast(:stores as text[]), cast(:names as text[])) w (s, n)) w
    where m.store_id = w.s and m.message_id = w.n and m.body is not null returning m.store_id, m.message_id
),
{_STOP}"""  # noqa: S608
_WITHDRAW_OF = f"""
with empty as (
    update messages m set body = null
    from (select distinct s, p from unnest(cast(:stores as text[]), cast(:persons as text[])) w (s, p)) w
    where m.store_id = w.s and m.person = w.p and m.body is not null returning m.store_id, m.message_id
),
{_STOP}"""  # noqa: S608
_FORGET = """
with old as (
    select store_id, message_id from messages where store_id = any(cast(:stores as text[])) and kept_at <= :before
    limit :count
),
sent as (
    delete from sendings s using old where s.store_id = old.store_id and s.message_id = old.message_id
    returning s.store_id, s.delivery_id
),
tried as (
    delete from tries t using sent where t.store_id = sent.store_id and t.delivery_id = sent.delivery_id
),
dropped as (
    delete from messages m using old where m.store_id = old.store_id and m.message_id = old.message_id returning 1
)
select count(*) from dropped
"""
_OLDEST = """
select store_id, min(kept_at) as at from messages where store_id = any(cast(:stores as text[])) group by store_id
"""


@dataclass(frozen=True, slots=True)
class Message:
    """What endpoints are sent."""

    store_id: str
    message_id: str
    type: str
    at: datetime
    person: str | None
    body: bytes
    test: bool = False


async def add(tx: Tx, messages: Sequence[Message]) -> None:
    """Keeps messages; those that are kept already stay as they are."""
    await tx.execute(
        _ADD,
        now=tx.now,
        stores=[one.store_id for one in messages],
        ids=[one.message_id for one in messages],
        types=[one.type for one in messages],
        ats=[one.at for one in messages],
        persons=[one.person for one in messages],
        tests=[one.test for one in messages],
        bodies=[one.body for one in messages],
    )


async def withdraw(tx: Tx, names: Sequence[tuple[str, str]]) -> None:
    """Takes the bodies of these messages, given by store and id, and what was answered to them; what of them waits is
    not sent.
    """
    await tx.execute(_WITHDRAW, stores=[store for store, _ in names], names=[name for _, name in names])


async def withdraw_of(tx: Tx, persons: Sequence[tuple[str, str]]) -> None:
    """The same of all messages that are about these persons alone."""
    await tx.execute(_WITHDRAW_OF, stores=[store for store, _ in persons], persons=[person for _, person in persons])


async def note_gone(tx: Tx, subjects: Sequence[tuple[str, str]]) -> None:
    """Remembers people and links, given by store and id, of whom nothing more is to be sent."""
    await tx.execute(_GONE, stores=[store for store, _ in subjects], subjects=[one for _, one in subjects])


async def gone(tx: Tx, subjects: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these people and links that are gone."""
    rows = await tx.all(_WHICH_GONE, stores=[store for store, _ in subjects], subjects=[one for _, one in subjects])
    return {(row.store_id, row.subject) for row in rows}


async def forget(tx: Tx, stores: Sequence[str], *, before: datetime, count: int) -> dict[str, datetime] | None:
    """Drops up to `count` messages kept before a moment, with their deliveries and tries; returns when the oldest one
    left of each store was kept, or None where there may be more to drop.
    """
    if await tx.scalar(_FORGET, stores=list(stores), before=before, count=count) == count:
        return None
    return {row.store_id: row.at for row in await tx.all(_OLDEST, stores=list(stores))}
