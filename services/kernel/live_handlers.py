"""The handlers that keep what `kernel.live` reads: the revoked keys, the sessions that were ended, the demo clock."""

from collections.abc import Callable, Sequence
from typing import Any

from contracts.events.catalog import ClockMoved, KeyRevoked, SessionEnded
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import newest
from services.kernel.service import Handler

_REVOKED = """
insert into revoked_keys (key_id, revoked_at)
select * from unnest(cast(:key_id as text[]), cast(:revoked_at as timestamptz[])) order by 1
on conflict do nothing
"""
_ENDED = """
with over as (delete from ended_sessions where expires_at < now())
insert into ended_sessions (session_id, expires_at)
select * from unnest(cast(:session_id as text[]), cast(:expires_at as timestamptz[])) as ended (session_id, expires_at)
where expires_at >= now() order by 1
on conflict do nothing
"""
_CLOCK = """
insert into clock (one, offset_seconds, revision) values (true, :offset_seconds, :revision)
on conflict (one) do update set offset_seconds = excluded.offset_seconds, revision = excluded.revision
where clock.revision < excluded.revision
"""


async def keep_revoked_keys(tx: Tx, events: Sequence[Event[KeyRevoked]]) -> None:
    """Remembers revoked keys for ever: keys carry no expiry of their own."""
    revoked = {event.data.key_id: event.data.revoked_at for event in events}
    await tx.execute(_REVOKED, key_id=list(revoked), revoked_at=list(revoked.values()))


async def keep_ended_sessions(tx: Tx, events: Sequence[Event[SessionEnded]]) -> None:
    """Remembers ended sessions for as long as their cookies would still open something."""
    ended = {event.data.session_id: event.data.expires_at for event in events}
    await tx.execute(_ENDED, session_id=list(ended), expires_at=list(ended.values()))


async def keep_clock(tx: Tx, events: Sequence[Event[ClockMoved]]) -> None:
    """Keeps the newest offset."""
    for moved in newest((event.data for event in events), key=lambda _: "clock").values():
        await tx.execute(_CLOCK, offset_seconds=moved.offset_seconds, revision=moved.revision)


def live_handlers(refresh_soon: Callable[[], None]) -> tuple[Handler, ...]:
    """The handlers above; `refresh_soon` is called after the commit of a change that requests must notice at once."""

    async def keys(tx: Tx, events: Sequence[Event[Any]]) -> None:
        await keep_revoked_keys(tx, events)
        tx.after_commit(refresh_soon)

    async def sessions(tx: Tx, events: Sequence[Event[Any]]) -> None:
        await keep_ended_sessions(tx, events)
        tx.after_commit(refresh_soon)

    async def clock(tx: Tx, events: Sequence[Event[Any]]) -> None:
        await keep_clock(tx, events)
        tx.after_commit(refresh_soon)

    return (
        Handler(events=(KeyRevoked,), handle=keys),
        Handler(events=(SessionEnded,), handle=sessions),
        Handler(events=(ClockMoved,), handle=clock),
    )
