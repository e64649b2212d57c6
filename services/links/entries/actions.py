"""Making an address that opens an ambassador's page once, and using it up."""

from datetime import timedelta
from typing import Final

from services.common.portal_session import PortalEntry, PortalSession, issue_portal_entry
from services.kernel.auth.sessions import real_time
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import NotFound, Unauthorized
from services.kernel.ids import new_id
from services.links.people import actions as people
from services.links.people import sql as rows
from services.links.session import actions as sessions
from services.links.session import sql
from services.links.session.actions import Way

ENTRY_LIFE: Final = timedelta(minutes=5)
_WAYS: Final[dict[str, Way]] = {"member": "member", "telegram": "telegram"}


async def make_entry(tx: Tx, store_id: str, ambassador_id: str, *, way: Way) -> PortalEntry:
    """An address's content for one ambassador, noted. Raises `NotFound`, also for somebody who was erased."""
    ambassador = await people.get(tx, store_id, ambassador_id)
    if ambassador.status == "erased":
        raise NotFound("This ambassador was erased: there is no page to open.")
    entry = PortalEntry(store_id, ambassador_id, new_id("pse"), way, real_time(ENTRY_LIFE).replace(microsecond=0))
    tx.note("portal_address.made", on=ambassador_id)
    return entry


def address_of(ctx: Context, entry: PortalEntry) -> str:
    """The address that opens the portal by this entry."""
    return f"{ctx.settings.base_url}/p/open/{issue_portal_entry(ctx.ring, entry)}"


async def use_entry(tx: Tx, entry: PortalEntry, session: PortalSession) -> None:
    """Opens the session that an address was made for. Raises `Unauthorized` when it was used already, the person erased
    meanwhile, or blocked where nobody but themselves asked for it.
    """
    ambassador, way = await rows.get(tx, entry.store_id, entry.ambassador_id), _WAYS.get(entry.way, "server")
    gone = ambassador is None or ambassador.status == "erased"
    blocked = ambassador is not None and ambassador.status != "active" and way == "telegram"
    if gone or blocked or not await sql.use(tx, entry.nonce, expires_at=entry.expires_at):
        raise Unauthorized("This address was used already.", code="used")
    await sessions.open_portal(tx, session, way=way)
