"""Ambassadors' sessions: opened by whatever proved who they are, ended one by one or all at once."""

import secrets
from datetime import timedelta
from typing import Final, Literal

from contracts.events.catalog import SessionEnded
from services.common.portal_session import PortalSession
from services.kernel.auth.sessions import real_time
from services.kernel.db import Tx
from services.links.session import sql

PORTAL_LIFE: Final = timedelta(days=90)
VOUCHED: Final = timedelta(hours=12)
"""How long a cookie is believed without looking whether its session stands."""
Way = Literal["mail", "server", "member", "telegram"]
"""What proved who they are: a mail to their address, the store's server, a member of the store's staff, the chat that
they connected with the store's bot.
"""


def new_portal_session(store_id: str, ambassador_id: str, *, proved: bool = False) -> PortalSession:
    """A session to be opened: who opens it acts as its principal. `proved`: a mail to their own address opens it."""
    session_id = secrets.token_urlsafe(16)
    proved_at = real_time() if proved else None
    return PortalSession(store_id, ambassador_id, session_id, real_time(VOUCHED), real_time(PORTAL_LIFE), proved_at)


async def open_portal(tx: Tx, session: PortalSession, *, way: Way) -> None:
    """Opens it, and notes that the ambassador signed in."""
    await sql.start_portal(tx, session, way=way)
    tx.note("session.started", on=session.session_id, after={"method": way})


async def end_portals(tx: Tx, store_id: str, ambassador_id: str, *, only: str | None = None) -> int:
    """Ends an ambassador's sessions, or the one with this id, everywhere; how many were open."""
    until = real_time(VOUCHED)
    ended = await sql.end_portals(tx, store_id, ambassador_id, until=until, only=only)
    for session_id in ended:
        tx.emit(SessionEnded(store_id=store_id, session_id=session_id, expires_at=until))
    return len(ended)
