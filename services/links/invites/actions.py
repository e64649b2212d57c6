"""Which invitation a token is of, and noting that somebody joined by it."""

from dataclasses import dataclass

from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sessions import real_time
from services.kernel.db import Tx
from services.kernel.errors import Unauthorized
from services.links.invites import domain, sql

INVITE = "ivt"
INVITATION = "ivn"


@dataclass(frozen=True, slots=True)
class Opened:
    """An invitation to join that stands."""

    by_id: str
    inviter_id: str


def store_of(ring: KeyRing, token: str) -> tuple[str, str] | None:
    """The store and the id in a token; None for what is none of ours, or is over."""
    try:
        return domain.read_token(ring, token, now=real_time())
    except Unauthorized:
        return None


async def opened(tx: Tx, store_id: str, program_id: str, ident: str) -> Opened | None:
    """The invitation of this id to join this program; None where there is none, it was ended, or it was sent to one
    person and somebody has joined by it.
    """
    if ident.startswith(f"{INVITATION}_"):
        kept = await sql.invitation(tx, store_id, ident)
        if kept is None or kept.ended_at is not None or kept.program_id != program_id:
            return None
        return Opened(ident, kept.inviter_id)
    invite = await sql.get(tx, store_id, ident)
    if invite is None or invite.purpose != "join" or invite.program_id != program_id:
        return None
    if await sql.is_used(tx, store_id, ident):
        return None
    return Opened(ident, invite.inviter_id)


async def note_joined(tx: Tx, store_id: str, program_id: str, ambassador_id: str, ident: str) -> None:
    """Notes that somebody joined by an invitation, if it still stands; its address is needed no more."""
    found = await opened(tx, store_id, program_id, ident)
    if found is not None:
        await sql.note_invited(tx, store_id, ambassador_id, by_id=found.by_id, inviter_id=found.inviter_id)
        await sql.end(tx, store_id, [ident])
