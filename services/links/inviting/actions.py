"""Taking addresses of people to be invited, and having them written to: once, and once again if nobody came."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.common.words import Translatable, _
from services.kernel.auth.principal import Principal
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.links.ambassadors.schemas import email_or_none
from services.links.invites import domain, sql
from services.links.invites.actions import INVITATION, INVITE
from services.links.invites.domain import CONSENT, Purpose
from services.links.invites.sql import Invitation, Invite
from services.links.mail import actions as mails
from services.links.mail import sql as sent
from services.links.mail.actions import Message
from services.links.notices.sql import notices
from services.links.people import sql as people
from services.links.preferences.actions import INVITES_JOB
from services.links.programs import actions as programs

KIND: Final = "invite"
OCCASION: Final[dict[Purpose, str]] = {"friend": "invite_friend", "join": "invite_join"}
HashMail = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom somebody wants to invite to a program, and to what."""

    program_id: str
    purpose: Purpose
    emails: Sequence[str]
    language: str
    consent: str
    """The version of the text that they agreed to."""


async def invite(tx: Tx, store_id: str, who: Principal, wanted: Wanted, *, hash_mail: HashMail, can_send: bool) -> int:
    """Takes addresses; how many were given. Says the same whoever they are of: who is known already, wants no mail or
    was invited often enough is left out when it is written. Raises `Invalid`, `NotFound`, and `Conflict`, also where
    mails cannot be sent: addresses that nobody writes to are not kept.
    """
    if not can_send:
        raise Conflict(Translatable(_("Nothing sends mails here: set up a relay first.")), code="no_relay")
    version = await programs.get(tx, store_id, wanted.program_id)
    if version.program.status != "active":
        raise Conflict(Translatable(_("This program does not run at the moment.")), code="not_active")
    if (store_id, OCCASION[wanted.purpose]) in await notices.turned_off(tx, [store_id]):
        raise Conflict(Translatable(_("The store sends no such invitations.")), code="turned_off")
    if wanted.consent != CONSENT:
        mend = Translatable(_("Confirm that they agreed: without that nobody is written to."))
        raise Invalid.field("consent", mend, code="consent_needed")
    given = _read(wanted.emails, hash_mail)
    await tx.lock_stores([store_id])  # two requests of one person count each other's addresses
    left = domain.A_DAY.get(who.kind, 50) - await sql.given(tx, store_id, who.id, within=timedelta(days=1))
    if len(given) > left:
        mend = Translatable(_("These are more than can be invited today: %(left)s are left."), left=max(left, 0))
        raise Invalid.field("emails", mend, code="too_many")
    addresses = {new_id(INVITE, at=tx.now): (mail_hash, email) for mail_hash, email in given.items()}
    await sql.add(
        tx,
        store_id,
        wanted.program_id,
        purpose=wanted.purpose,
        inviter=(who.kind, who.id),
        addresses=addresses,
        language=wanted.language,
        consent=CONSENT,
    )
    await schedule(tx, INVITES_JOB, {store_id: tx.now})
    tx.note("invites.given", on=wanted.program_id, after={"count": len(given)})
    return len(given)


def _read(emails: Sequence[str], hash_mail: HashMail) -> dict[str, str]:
    """Keyed hash → address. Raises `Invalid`, naming the place of the first that is none."""
    found: dict[str, str] = {}
    for number, text in enumerate(emails):
        email = email_or_none(text)
        hashes = hash_mail(email) if email else ()
        if email is None or not hashes:
            mend = Translatable(_("This is no e-mail address: %(text)s"), text=text[:80])
            raise Invalid.field(f"emails.{number}", mend, code="no_address")
        found.setdefault(hashes[0], email)
    if not found:
        raise Invalid.field("emails", Translatable(_("Write at least one e-mail address.")), code="empty")
    return found


async def work_off(tx: Tx, store_id: str) -> datetime | None:
    """Writes what is due in a store, reminds whom it is time to remind, and forgets the addresses of all others;
    returns when there is more to do.
    """
    await sql.end_unwanted(tx, store_id)
    found = await sql.due(tx, store_id)
    known = await _known(tx, store_id, [one for one in found if one.state != "reminded"])
    first = await _first(tx, [one for one in found if one.state == "waiting" and one.mail_hash not in known])
    written = [one.invite_id for one in found if one.state == "written" and one.mail_hash not in known]
    # Of whom the first mail did not leave or came back, the second would be no reminder; and a relay that was away for
    # days would bring both at once.
    again = await sent.delivered(tx, store_id, KIND, written)
    messages = [
        Message(mail_id=new_id("mai", at=tx.now), kind=KIND, about=one.invite_id)
        for one in found
        if one.invite_id in again or one.invite_id in first.written
    ]
    await mails.send_all(tx, store_id, messages)
    await sql.move(tx, store_id, sorted(first.written), state="written", due=tx.now + domain.REMIND_AFTER)
    await sql.move(tx, store_id, sorted(again), state="reminded", due=tx.now + domain.SENT_WITHIN)
    await sql.end(tx, store_id, [one.invite_id for one in found if one.invite_id not in again | first.open])
    await sql.forget_counts(tx)
    return await sql.next_due(tx, store_id)


@dataclass(frozen=True, slots=True)
class _First:
    """Invitations to be written for the first time, by id. `open`: those, and what has its turn a moment later."""

    written: frozenset[str]
    open: frozenset[str]


async def _first(tx: Tx, waiting: Sequence[Invite]) -> _First:
    """Of each address one, if it did not have enough of them this month."""
    by_hash = {one.mail_hash: one.invite_id for one in reversed(waiting)}
    counted = await sql.count(tx, by_hash)
    later = {one.invite_id for one in waiting}.difference(by_hash.values())
    written = frozenset(by_hash[mail_hash] for mail_hash in counted)
    return _First(written, written | later)


async def _known(tx: Tx, store_id: str, invites: Sequence[Invite]) -> set[str]:
    """Of these addresses those of people who are there already."""
    contacts = {(one.program_id, one.mail_hash) for one in invites}
    return {mail_hash for _, mail_hash in await people.holders(tx, store_id, contacts)}


async def forget(tx: Tx, store_id: str, hashes: Sequence[str]) -> None:
    """Forgets that an address was ever given, and invites it never again. An ambassador's own mails go on."""
    await sql.forget(tx, store_id, hashes)
    await sql.refuse(tx, store_id, hashes)
    tx.note("invites.forgotten", on=store_id)


async def open_address(tx: Tx, store_id: str, program_id: str, *, inviter_id: str, label: str) -> Invitation:
    """Makes an address by which people join as invited by somebody of the store. Raises `NotFound`, `Invalid`."""
    await programs.get(tx, store_id, program_id)
    name = " ".join(label.split())
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise Invalid.field("label", Translatable(_("Say whose it is, in at most 80 letters.")))
    ident = new_id(INVITATION, at=tx.now)
    await sql.open_invitation(tx, store_id, ident, program_id=program_id, inviter_id=inviter_id, label=name)
    tx.note("invitation.opened", on=ident)
    found = await sql.invitation(tx, store_id, ident)
    assert found is not None
    return found


async def close_address(tx: Tx, store_id: str, invitation_id: str) -> None:
    """Ends a personal address. Twice is as good as once. Raises `NotFound`."""
    if not await sql.close(tx, store_id, invitation_id):
        raise NotFound("There is no such invitation.")
    tx.note("invitation.closed", on=invitation_id)
