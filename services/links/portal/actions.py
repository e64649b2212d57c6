"""Opening an ambassador's page: by an address that is good once, or by a proof of their mail address."""

from datetime import timedelta
from typing import Final

from services.kernel.auth.sessions import PortalEntry, PortalSession, real_time
from services.kernel.db import Tx
from services.kernel.errors import NotFound, Unauthorized
from services.kernel.ids import new_id
from services.links.people import actions as people
from services.links.people import sql as rows
from services.links.people.sql import Ambassador
from services.links.proofs.sql import Proof
from services.links.session import actions as sessions
from services.links.session import sql
from services.links.session.actions import Way

ENTRY_LIFE: Final = timedelta(minutes=5)


async def make_entry(tx: Tx, store_id: str, ambassador_id: str, *, way: Way) -> PortalEntry:
    """An address's content for one ambassador, noted. Raises `NotFound`, also for somebody who was erased."""
    ambassador = await people.get(tx, store_id, ambassador_id)
    if ambassador.status == "erased":
        raise NotFound("This ambassador was erased: there is no page to open.")
    entry = PortalEntry(store_id, ambassador_id, new_id("pse"), way, real_time(ENTRY_LIFE).replace(microsecond=0))
    tx.note("portal_address.made", on=ambassador_id)
    return entry


async def use_entry(tx: Tx, entry: PortalEntry, session: PortalSession) -> None:
    """Opens the session that an address was made for. Raises `Unauthorized` when it was used already, or the person
    erased meanwhile.
    """
    ambassador = await rows.get(tx, entry.store_id, entry.ambassador_id)
    gone = ambassador is None or ambassador.status == "erased"
    if gone or not await sql.use(tx, entry.nonce, expires_at=entry.expires_at):
        raise Unauthorized("This address was used already.", code="used")
    await sessions.open_portal(tx, session, way="member" if entry.way == "member" else "server")


async def ambassador_of(tx: Tx, proof: Proof) -> Ambassador | None:
    """Whose address a proof is about: of the program that was asked for, else of the store's newest."""
    ambassador_id = await rows.by_mail(tx, proof.store_id, proof.mail_hash, first=proof.program_id)
    found = None if ambassador_id is None else await rows.get(tx, proof.store_id, ambassador_id)
    return None if found is None or found.status == "erased" else found
