"""Remembering used sign-in addresses, and sessions that were ended, for as long as they would otherwise be valid; and
ambassadors' sessions for as long as they last.
"""

from collections.abc import Sequence
from datetime import datetime

from services.common.portal_session import PortalSession
from services.kernel.auth.sessions import ConsoleSession
from services.kernel.db import Tx

_USE = """
insert into used_sign_ins (nonce, expires_at) values (:nonce, :expires_at) on conflict do nothing returning nonce
"""
_END = """
insert into ended_sessions (session_id, expires_at) values (:session_id, :expires_at)
on conflict do nothing returning session_id
"""
_START = """
with over as (delete from portal_sessions where store_id = :store_id and expires_at < now())
insert into portal_sessions (session_id, store_id, ambassador_id, way, started_at, expires_at)
values (:session_id, :store_id, :ambassador_id, :way, now(), :expires_at)
"""
_STANDS = """
select exists (select from portal_sessions where store_id = :store_id and session_id = :session_id
  and ended_at is null and expires_at > now())
"""
_OPEN = """
select count(*) from portal_sessions where store_id = :store_id and ambassador_id = :ambassador_id
  and ended_at is null and expires_at > now()
"""
_END_PORTAL = """
with over as (
  update portal_sessions set ended_at = now() where store_id = :store_id and ambassador_id = :ambassador_id
    and (cast(:only as text) is null or session_id = :only) and ended_at is null and expires_at > now()
  returning session_id
), told as (
  insert into ended_sessions (session_id, expires_at) select session_id, :until from over on conflict do nothing
)
select session_id from over
"""
_FORGET = "delete from used_sign_ins where expires_at < now() - interval '1 day'"


async def use(tx: Tx, nonce: str, *, expires_at: datetime) -> bool:
    """Marks an address as used; False when it was already."""
    await tx.execute(_FORGET)
    return (await tx.one_or_none(_USE, nonce=nonce, expires_at=expires_at)) is not None


async def end(tx: Tx, session: ConsoleSession) -> bool:
    """Ends a session in this service; False when it was already."""
    reported = await tx.one_or_none(_END, session_id=session.session_id, expires_at=session.expires_at)
    return reported is not None


async def start_portal(tx: Tx, session: PortalSession, *, way: str) -> None:
    """Keeps an ambassador's session; forgets the store's that are over."""
    await tx.execute(
        _START,
        session_id=session.session_id,
        store_id=session.store_id,
        ambassador_id=session.ambassador_id,
        way=way,
        expires_at=session.expires_at,
    )


async def portal_stands(tx: Tx, session: PortalSession) -> bool:
    """Whether a session is kept and was not ended."""
    return bool(await tx.scalar(_STANDS, store_id=session.store_id, session_id=session.session_id))


async def open_portals(tx: Tx, store_id: str, ambassador_id: str) -> int:
    """How many sessions of an ambassador are open."""
    return int(await tx.scalar(_OPEN, store_id=store_id, ambassador_id=ambassador_id))


async def end_portals(
    tx: Tx, store_id: str, ambassador_id: str, *, until: datetime, only: str | None = None
) -> Sequence[str]:
    """Ends an ambassador's sessions, or one of them, in this service; their ids, of those that were open. `until`: how
    long a cookie of theirs might still be believed.
    """
    rows = await tx.all(_END_PORTAL, store_id=store_id, ambassador_id=ambassador_id, only=only, until=until)
    return [row.session_id for row in rows]
