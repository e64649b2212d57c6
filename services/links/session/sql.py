"""Remembering used sign-in addresses, and sessions that were ended, for as long as they would otherwise be valid."""

from datetime import datetime

from services.kernel.auth.sessions import ConsoleSession
from services.kernel.db import Tx

_USE = """
insert into used_sign_ins (nonce, expires_at) values (:nonce, :expires_at) on conflict do nothing returning nonce
"""
_END = """
insert into ended_sessions (session_id, expires_at) values (:session_id, :expires_at)
on conflict do nothing returning session_id
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
