"""Joining a program, changing what is known of an ambassador, and forgetting them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from contracts.events.catalog import AmbassadorSaved
from contracts.fields import Role
from services.kernel.db import Tx
from services.kernel.errors import Conflict, FieldError, Invalid, NotFound
from services.kernel.http import idempotency
from services.kernel.ids import new_id, short_code
from services.links.ambassadors import sql
from services.links.ambassadors.sql import Member
from services.links.applicants import sql as applicants
from services.links.changes import sql as noted
from services.links.codes import actions as codes
from services.links.codes.domain import friend_gain, personal_codes
from services.links.invites import sql as invites
from services.links.links import actions as links
from services.links.people import sql as people
from services.links.people.actions import present
from services.links.people.sql import Ambassador
from services.links.phone_codes import sql as phone_codes
from services.links.preferences import sql as preferences
from services.links.programs import actions as programs
from services.links.proofs import sql as proofs
from services.links.session import actions as sessions
from services.links.sponsors import actions as sponsors
from services.links.store_codes import actions as store_codes
from services.links.store_codes import sql as at_checkouts

ANNOUNCE_JOB = "links.announce-again"
"""The due job that publishes ambassadors once more."""
AT_ONCE = 200
"""Of so many that one transaction does."""
JOIN_ROUTE = "POST /v1/ambassadors"
"""The one route whose kept answers hold a customer id."""
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
    public_name: str | None = None
    locale: str | None = None
    group_name: str | None = None
    role: Role | None = None
    sponsor_id: str | None = None
    ambassador_id: str | None = None
    """The id of who is to be made; None makes one."""
    code: str | None = None
    """A code that they wish for, folded; if it is taken by now, one made of the name is theirs."""
    code_of_name: bool = True
    """Whether the code is made of the name: of one that a stranger may have written, it is not."""
    terms_version: str | None = None


class AlreadyIn(Conflict):
    """The program has somebody of this customer id, mail address or phone number."""

    code = "already_in"

    def __init__(self, ambassador_id: str, field: str) -> None:
        detail = f"The program has an ambassador with this {field} already: {ambassador_id}. Use PATCH to change them."
        wrong = FieldError(field, "taken", "Somebody of this program has it.")
        super().__init__(detail, errors=(wrong,), members={"ambassador_id": ambassador_id})
        self.ambassador_id, self.field = ambassador_id, field


async def add_new(tx: Tx, store_id: str, joining: Joining, *, hash_contacts: HashContacts) -> Member:
    """Makes an ambassador as `join` does. Raises `AlreadyIn` for whom the program has, by any of their names."""
    if joining.external_id is not None:
        known = await people.by_external_id(tx, store_id, joining.program_id, joining.external_id)
        if known is not None:
            raise AlreadyIn(known.ambassador_id, "external_id")
    contacts = [(joining.program_id, found) for found in hash_contacts(joining.email, joining.phone)]
    _refuse_known(await people.holders(tx, store_id, contacts))
    ident = joining.ambassador_id or new_id("amb", at=tx.now)
    made = await join(tx, store_id, replace(joining, ambassador_id=ident), hash_contacts=hash_contacts)
    if made.ambassador.ambassador_id != ident:
        raise AlreadyIn(made.ambassador.ambassador_id, "external_id" if joining.external_id is not None else "email")
    _refuse_known(await people.holders(tx, store_id, contacts), but=ident)
    return made


def _refuse_known(holders: Mapping[people.Contact, people.Holder], *, but: str | None = None) -> None:
    """Whoever has one of the contacts, also since a moment ago, is in already."""
    for (_, found), holder in holders.items():
        if holder.ambassador_id != but:
            raise AlreadyIn(holder.ambassador_id, "email" if found.startswith("e_") else "phone")


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
        await sponsors.check(tx, store_id, joining.sponsor_id, program_id=joining.program_id)
    ambassador = _new(tx, store_id, joining, contacts)
    claims = {(joining.program_id, found): ambassador.ambassador_id for found in contacts}
    claimed = await people.claim_contacts(tx, store_id, claims)
    # Not: another customer has it, or somebody posted the same one at this very moment, and has committed by now.
    lost = mail is not None and (joining.program_id, mail) not in claimed
    if lost and (known := await _known(tx, store_id, joining, mail)) is not None:
        return await get(tx, store_id, known)
    if not await people.insert(tx, ambassador):
        await people.release_contacts(tx, store_id, [ambassador.ambassador_id])
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
    wished = () if joining.code is None else (joining.code,)
    stem = joining.name if joining.code_of_name else None
    code = await codes.add(
        tx,
        store_id,
        chain(wished, personal_codes(stem, friend_gain(version.program), short_code)),
        program_id=ambassador.program_id,
        ambassador_id=ambassador.ambassador_id,
        code_id=ambassador.code_id,
    )
    return Member(ambassador=ambassador, slug=link.slug, code=code.code, program_name=version.program.name)


def _new(tx: Tx, store_id: str, joining: Joining, contacts: tuple[str, ...]) -> Ambassador:
    return Ambassador(
        ambassador_id=joining.ambassador_id or new_id("amb", at=tx.now),
        store_id=store_id,
        program_id=joining.program_id,
        external_id=joining.external_id,
        group_name=joining.group_name,
        role=joining.role,
        sponsor_id=joining.sponsor_id,
        locale=joining.locale,
        contact_hashes=contacts,
        link_id=new_id("lnk", at=tx.now),
        code_id=new_id("cod", at=tx.now),
        created_at=tx.now,
        revision=1,
        terms_version=joining.terms_version,
        terms_at=tx.now if joining.terms_version is not None else None,
        name=joining.name,
        public_name=joining.public_name,
        email=joining.email,
        phone=joining.phone,
    )


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


async def shown_code(tx: Tx, member: Member) -> str | None:
    """The code, where a buyer who enters it gets what the program promises for it (`store_codes.may_show`). The program
    is read for the few codes only that no checkout knows.
    """
    person = member.ambassador
    store_id = person.store_id
    if await at_checkouts.usable(tx, store_id, person.code_id):
        return member.code
    version = await programs.get(tx, store_id, person.program_id)
    return member.code if await store_codes.may_show(tx, store_id, version.program, person.code_id) else None


async def change(
    tx: Tx, store_id: str, ambassador_id: str, changes: Mapping[str, object], *, hash_contacts: HashContacts
) -> Member:
    """Sets the given fields among external_id, status, group_name, role, sponsor_id, locale, name, email, phone, notes,
    and the personal code. Another mail address, or none, signs the person out. Raises `NotFound`, `Erased`, `Invalid`
    for text that is no code or who can be no sponsor, or `Conflict` for an external id or a code that another has.
    """
    sponsor_id = changes.get("sponsor_id")
    if sponsor_id is not None:
        await tx.lock_stores([store_id])  # before any row: two requests that would close a circle take turns
    before = await present(tx, store_id, ambassador_id)
    if isinstance(sponsor_id, str) and sponsor_id != before.sponsor_id:
        await sponsors.check(tx, store_id, sponsor_id, program_id=before.program_id, of=ambassador_id)
    changes = dict(changes)
    code = changes.pop("code", None)
    if isinstance(code, str):
        changes["code_id"] = await codes.own(tx, before, code)
    after = replace(before, **changes)  # type: ignore[arg-type]  # the schema gives each field its type
    if after == before:
        return await get(tx, store_id, ambassador_id)
    after = replace(after, contact_hashes=hash_contacts(after.email, after.phone), revision=before.revision + 1)
    if after.contact_hashes != before.contact_hashes:
        await people.release_contacts(tx, store_id, [ambassador_id])
        claims = {(before.program_id, found): ambassador_id for found in after.contact_hashes}
        await people.claim_contacts(tx, store_id, claims)
    if (mail := people.mail_of(before.contact_hashes)) not in (None, people.mail_of(after.contact_hashes)):
        # Whoever reads the former address must neither stay at the page nor come in by a mail that is on its way.
        await sessions.end_portals(tx, store_id, ambassador_id)
        await proofs.forget(tx, store_id, [mail])
    if not await people.update(tx, after):
        raise Conflict("Another ambassador of this program has this external_id.", code="external_id_taken")
    shown = ("status", "name", "public_name", "code_id")
    if any(getattr(after, name) != getattr(before, name) for name in shown):
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


async def set_group(tx: Tx, store_id: str, ambassador_ids: Sequence[str], group: str | None) -> int:
    """Puts ambassadors into a group, or out of theirs; how many were in another one. Erased ones stay in none. Raises
    `Invalid` naming those whom the store does not have; then nothing is changed.
    """
    known = await people.lock_some(tx, store_id, ambassador_ids)
    if unknown := sorted(set(ambassador_ids) - {one.ambassador_id for one in known}):
        raise Invalid.field("ambassador_ids", f"The store has no such ambassadors: {', '.join(unknown[:5])}.")
    moved = [one for one in known if one.status != "erased" and one.group_name != group]
    await people.set_group(tx, store_id, [one.ambassador_id for one in moved], group)
    for one in moved:
        announce(tx, replace(one, group_name=group, revision=one.revision + 1))
        tx.note("ambassador.changed", on=one.ambassador_id, after={"changed": "group_name"})
    return len(moved)


async def set_sponsor(tx: Tx, before: Ambassador, sponsor_id: str) -> None:
    """Notes who brought an ambassador, who is locked. Whether it can be is checked."""
    after = replace(before, sponsor_id=sponsor_id, revision=before.revision + 1)
    await people.update(tx, after)
    announce(tx, after)
    tx.note("ambassador.changed", on=before.ambassador_id, after={"changed": "sponsor_id", "sponsor_id": sponsor_id})


async def announce_again(tx: Tx, store_id: str) -> int:
    """Publishes once more some ambassadors who wait for it, and their links to pages; how many there were, at
    most `AT_ONCE`. Whoever was erased since has been published.
    """
    taken = await people.take_unannounced(tx, store_id, count=AT_ONCE)
    known = [one for one in await people.lock_some(tx, store_id, taken) if one.status != "erased"]
    await people.revise(tx, store_id, [one.ambassador_id for one in known])
    for one in known:
        announce(tx, replace(one, revision=one.revision + 1))
    await links.announce_pages(tx, store_id, [one.ambassador_id for one in known])
    return len(taken)


async def erase(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """Forgets the person for good: name, addresses, customer id, group and language go, links end, codes are retired,
    the portal closes. What was counted and earned stays as it is. Twice is as good as once. Raises `NotFound`.
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
        group_name=None,
        locale=None,
        contact_hashes=(),
        name=None,
        public_name=None,
        email=None,
        phone=None,
        notes=None,
        revision=before.revision + 1,
    )
    await people.erase(tx, after)
    await people.release_contacts(tx, store_id, [ambassador_id])
    await links.delete_all(tx, store_id, ambassador_id)
    await codes.retire_all(tx, store_id, ambassador_id)
    await sessions.end_portals(tx, store_id, ambassador_id)
    await proofs.forget(tx, store_id, before.contact_hashes)
    await applicants.forget(tx, store_id, before.contact_hashes)
    await preferences.forget(tx, store_id, ambassador_id)
    await phone_codes.forget_of(tx, store_id, ambassador_id)
    await invites.forget_of(tx, store_id, ambassador_id)
    await invites.forget(tx, store_id, before.contact_hashes)
    gone = {"status": "erased", "external_id": None, "group": None, "locale": None}
    await idempotency.amend(tx, store_id, JOIN_ROUTE, ambassador_id, gone)
    await noted.note(tx, "ambassador", ambassador_id)
    announce(tx, after)
    tx.note("ambassador.erased", on=ambassador_id, before={"status": before.status}, after={"status": after.status})


def announce(tx: Tx, ambassador: Ambassador, *, one_of_many: bool = False) -> None:
    """Publishes an ambassador as they are now; `one_of_many` of one who was added in a batch."""
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
            role=ambassador.role,
            code_id=ambassador.code_id or None,
            one_of_many=one_of_many,
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


def portal_url(base_url: str, program_id: str) -> str:
    """The address of a program's ambassadors' pages: each sees their own there, once signed in. Holds no secret."""
    return f"{base_url}/p/{program_id}"
