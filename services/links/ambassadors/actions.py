"""Joining a program, changing what is known of an ambassador, and forgetting them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.events.catalog import AmbassadorSaved
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sessions import issue_portal
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.http import idempotency
from services.kernel.ids import new_id, short_code
from services.links.ambassadors import sql
from services.links.ambassadors.sql import Member
from services.links.changes import sql as noted
from services.links.codes import actions as codes
from services.links.codes.domain import friend_gain, personal_codes
from services.links.links import actions as links
from services.links.people import sql as people
from services.links.people.actions import present
from services.links.people.sql import Ambassador
from services.links.programs import actions as programs

PORTAL_LIFE = timedelta(days=400)
"""A season's break must not lock an ambassador out; the portal itself asks whether they still are one."""
JOIN_ROUTE = "POST /v1/ambassadors"
"""The one route whose kept answers tell a customer id."""
HashContacts = Callable[[str | None, str | None], tuple[str, ...]]
"""From e-mail and phone to their keyed hashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Who wants to be an ambassador of which program."""

    program_id: str
    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    locale: str | None = None
    group_name: str | None = None
    sponsor_id: str | None = None


async def join(tx: Tx, store_id: str, joining: Joining, *, hash_contacts: HashContacts) -> Member:
    """Makes an ambassador with a link and a personal code, or returns the one who is there as they are: of this
    external id, else of this mail address. One who is known by the address alone is given the external id.
    """
    version = await programs.get(tx, store_id, joining.program_id)
    contacts = hash_contacts(joining.email, joining.phone)
    mail = people.mail_of(contacts)
    if (known := await _known(tx, store_id, joining, mail)) is not None:
        return await get(tx, store_id, known)
    if joining.sponsor_id is not None:
        await _check_sponsor(tx, store_id, joining)
    ambassador = Ambassador(
        ambassador_id=new_id("amb", at=tx.now),
        store_id=store_id,
        program_id=joining.program_id,
        external_id=joining.external_id,
        group_name=joining.group_name,
        sponsor_id=joining.sponsor_id,
        locale=joining.locale,
        contact_hashes=contacts,
        link_id=new_id("lnk", at=tx.now),
        code_id=new_id("cod", at=tx.now),
        created_at=tx.now,
        revision=1,
        name=joining.name,
        email=joining.email,
        phone=joining.phone,
    )
    claim = {} if mail is None else {(joining.program_id, mail): ambassador.ambassador_id}
    claimed = await people.claim_mails(tx, store_id, claim) == claim.keys()
    # Not: another customer has it, or somebody posted the same one at this very moment, and has committed by now.
    if not claimed and (known := await _known(tx, store_id, joining, mail)) is not None:
        return await get(tx, store_id, known)
    if not await people.insert(tx, ambassador):
        await people.release_mails(tx, store_id, [ambassador.ambassador_id])
        # Somebody posted the same person at this very moment, and has committed by now.
        first = await people.by_external_id(tx, store_id, joining.program_id, joining.external_id or "")
        if first is None:
            raise Conflict("The same ambassador is being made by another request; send this one again.")
        return await get(tx, store_id, first.ambassador_id)
    announce(tx, ambassador)
    note_added(tx, ambassador)
    link = await links.add(
        tx,
        store_id,
        program_id=ambassador.program_id,
        ambassador_id=ambassador.ambassador_id,
        link_id=ambassador.link_id,
    )
    code = await codes.add(
        tx,
        store_id,
        personal_codes(joining.name, friend_gain(version.program), short_code),
        program_id=ambassador.program_id,
        ambassador_id=ambassador.ambassador_id,
        code_id=ambassador.code_id,
    )
    return Member(ambassador=ambassador, slug=link.slug, code=code.code, program_name=version.program.name)


async def _known(tx: Tx, store_id: str, joining: Joining, mail: str | None) -> str | None:
    """The ambassador whom a program has already, by their id."""
    if joining.external_id is not None:
        known = await people.by_external_id(tx, store_id, joining.program_id, joining.external_id)
        if known is not None:
            return known.ambassador_id
    if mail is None:
        return None
    holder = (await people.holders(tx, store_id, [(joining.program_id, mail)])).get((joining.program_id, mail))
    if holder is None:
        return None
    if joining.external_id is None:
        return holder.ambassador_id
    if holder.external_id is None and await adopt(tx, store_id, holder.ambassador_id, joining.external_id):
        return holder.ambassador_id
    return None  # two customers of the store share an address


async def adopt(tx: Tx, store_id: str, ambassador_id: str, external_id: str) -> bool:
    """Gives an ambassador who has none the store's customer id; False if they have another by now. Raises `Conflict` if
    somebody else got it at this very moment.
    """
    before = await present(tx, store_id, ambassador_id)
    if before.external_id is not None:
        return before.external_id == external_id
    after = replace(before, external_id=external_id, revision=before.revision + 1)
    if not await people.update(tx, after):
        raise Conflict("The same ambassador is being made by another request; send this one again.")
    announce(tx, after)
    tx.note("ambassador.changed", on=ambassador_id, after={"changed": "external_id"})
    return True


async def get(tx: Tx, store_id: str, ambassador_id: str) -> Member:
    """One ambassador with link and code. Raises `NotFound`."""
    member = await sql.get(tx, store_id, ambassador_id)
    if member is None:
        raise NotFound("There is no such ambassador.")
    return member


async def change(
    tx: Tx, store_id: str, ambassador_id: str, changes: Mapping[str, object], *, hash_contacts: HashContacts
) -> Member:
    """Sets the given fields among external_id, status, group_name, locale, name, email and phone. Raises `NotFound`,
    `Erased`, or `Conflict` for an external id that another has.
    """
    before = await present(tx, store_id, ambassador_id)
    after = replace(before, **changes)  # type: ignore[arg-type]  # the schema gives each field its type
    if after == before:
        return await get(tx, store_id, ambassador_id)
    after = replace(after, contact_hashes=hash_contacts(after.email, after.phone), revision=before.revision + 1)
    if (mail := people.mail_of(after.contact_hashes)) != people.mail_of(before.contact_hashes):
        await people.release_mails(tx, store_id, [ambassador_id])
        await people.claim_mails(tx, store_id, {} if mail is None else {(before.program_id, mail): ambassador_id})
    if not await people.update(tx, after):
        raise Conflict("Another ambassador of this program has this external_id.", code="external_id_taken")
    if after.status != before.status:
        await noted.note(tx, "ambassador", ambassador_id)
    announce(tx, after)
    changed = sorted(name for name in changes if getattr(after, name) != getattr(before, name))
    action = "ambassador.changed"
    if after.status != before.status:
        action = "ambassador.blocked" if after.status == "blocked" else "ambassador.unblocked"
    tx.note(
        action,
        on=ambassador_id,
        before={"status": before.status},
        after={"status": after.status, "changed": ",".join(changed)},
    )
    return await get(tx, store_id, ambassador_id)


async def erase(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """Forgets the person for good: name, addresses, customer id and language go, links end, codes are retired, the
    portal closes. What was counted and earned stays as it is. Twice is as good as once. Raises `NotFound`.
    """
    before = await people.get(tx, store_id, ambassador_id, lock=True)
    if before is None:
        raise NotFound("There is no such ambassador.")
    if before.status == "erased":
        return
    after = replace(
        before,
        status="erased",
        external_id=None,
        locale=None,
        contact_hashes=(),
        name=None,
        email=None,
        phone=None,
        revision=before.revision + 1,
    )
    await people.erase(tx, after)
    await people.release_mails(tx, store_id, [ambassador_id])
    await links.delete_all(tx, store_id, ambassador_id)
    await codes.retire_all(tx, store_id, ambassador_id)
    gone = {"status": "erased", "external_id": None, "locale": None}
    await idempotency.amend(tx, store_id, JOIN_ROUTE, ambassador_id, gone)
    await noted.note(tx, "ambassador", ambassador_id)
    announce(tx, after)
    tx.note("ambassador.erased", on=ambassador_id, before={"status": before.status}, after={"status": after.status})


async def _check_sponsor(tx: Tx, store_id: str, joining: Joining) -> None:
    sponsor = await people.get(tx, store_id, joining.sponsor_id or "")
    if sponsor is None or sponsor.status == "erased" or sponsor.program_id != joining.program_id:
        raise Invalid.field("sponsor_id", "There is no such ambassador in this program.", code="unknown_sponsor")


def announce(tx: Tx, ambassador: Ambassador) -> None:
    """Tells others of an ambassador as they are now."""
    tx.emit(
        AmbassadorSaved(
            store_id=ambassador.store_id,
            ambassador_id=ambassador.ambassador_id,
            program_id=ambassador.program_id,
            status=ambassador.status,
            external_id=ambassador.external_id,
            contact_hashes=ambassador.contact_hashes,
            sponsor_id=ambassador.sponsor_id,
            group=ambassador.group_name,
            created_at=ambassador.created_at,
            revision=ambassador.revision,
        )
    )


def note_added(tx: Tx, ambassador: Ambassador) -> None:
    """Notes who added this ambassador."""
    tx.note(
        "ambassador.added",
        on=ambassador.ambassador_id,
        after={
            "program_id": ambassador.program_id,
            "link_id": ambassador.link_id,
            "code_id": ambassador.code_id,
            "sponsor_id": ambassador.sponsor_id,
        },
    )


def portal_url(ring: KeyRing, base_url: str, *, store_id: str, ambassador_id: str, now: datetime) -> str:
    """The address of an ambassador's own page: whoever has it needs no password. The same all day long."""
    token = issue_portal(
        ring,
        store_id=store_id,
        ambassador_id=ambassador_id,
        life=PORTAL_LIFE,
        now=now.replace(hour=0, minute=0, second=0, microsecond=0),
    )
    return f"{base_url}/p/{token}"
