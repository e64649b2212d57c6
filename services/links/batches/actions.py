"""Joining for many at once: the same outcome as one after the other, in a dozen statements for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.kernel.db import Tx
from services.kernel.errors import Conflict, FieldError, NotFound
from services.kernel.ids import new_id, short_code
from services.links.ambassadors import sql
from services.links.ambassadors.actions import HashContacts, Joining, adopt, announce, note_added
from services.links.ambassadors.sql import Member
from services.links.codes import actions as codes
from services.links.codes.domain import friend_gain, personal_codes
from services.links.codes.sql import Code
from services.links.links import actions as links
from services.links.people import sql as people
from services.links.people.sql import Ambassador
from services.links.programs import actions as programs
from services.links.programs.sql import Version

Wrong = tuple[FieldError, ...]

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody who is an ambassador now. `made`: by this batch."""

    member: Member
    made: bool


class Undone(Exception):
    """Ends a transaction that was a trial."""


@dataclass(slots=True)
class _Plan:
    """Who is behind each place of a list, and what has to be done for it."""

    of: dict[int, str] = field(default_factory=dict)
    """The ambassador at each place."""
    made: dict[str, Ambassador] = field(default_factory=dict)
    """Those who are new, by id."""
    first: set[int] = field(default_factory=set)
    """The places that make them."""
    claims: dict[people.Contact, str] = field(default_factory=dict)
    adopted: dict[str, str] = field(default_factory=dict)
    """Ambassador → the external id that they did not have."""


async def join_all(
    tx: Tx, store_id: str, wanted: Sequence[Joining], *, hash_contacts: HashContacts
) -> list[Joined | Wrong]:
    """Makes ambassadors with a link and a personal code each. Whom a program has already by their external id or mail
    address, or whom this list named before, is answered as they are; who cannot join learns why, and holds nobody up.
    """
    versions = await _versions(tx, store_id, {one.program_id for one in wanted})
    sponsors = await people.programs_of(tx, store_id, {one.sponsor_id for one in wanted if one.sponsor_id})
    wrong = {place: found for place, one in enumerate(wanted) if (found := _wrong(one, versions, sponsors))}
    new = {place: _new(tx, store_id, one, hash_contacts) for place, one in enumerate(wanted) if place not in wrong}
    plan = await _claimed(tx, store_id, new)
    added = await people.insert_all(tx, store_id, list(plan.made.values()))
    if lost := plan.made.keys() - added:
        # Another request posted some of these people at this very moment, and has committed by now.
        await people.release_contacts(tx, store_id, lost)
        pairs = {ident: _pair(plan.made.pop(ident)) for ident in lost}
        known = await people.known(tx, store_id, [pair for pair in pairs.values() if pair is not None])
        plan.of |= {place: known[pair] for place, ident in plan.of.items() if (pair := pairs.get(ident)) is not None}
    # Their phone numbers mean them from now on, as far as they mean nobody else.
    owned = {(one.program_id, found): ident for ident, one in plan.made.items() for found in one.contact_hashes}
    await people.claim_contacts(tx, store_id, owned)
    members = await _add_links_and_codes(tx, store_id, list(plan.made.values()), versions)
    for ident, external_id in plan.adopted.items():
        if not await adopt(tx, store_id, ident, external_id):
            raise Conflict("Some of these ambassadors are being changed by another request; send this one again.")
    members |= await sql.many(tx, store_id, sorted(set(plan.of.values()) - members.keys()))
    made = {place for place in plan.first if plan.of[place] in plan.made}
    return [wrong[p] if p in wrong else Joined(members[plan.of[p]], made=p in made) for p in range(len(wanted))]


async def _claimed(tx: Tx, store_id: str, new: Mapping[int, Ambassador]) -> _Plan:
    """A plan whose mail addresses are claimed. Raises `Conflict` if others are quicker each time."""
    pairs = {pair for one in new.values() if (pair := _pair(one)) is not None}
    mails = {mail for one in new.values() if (mail := _mail(one)) is not None}
    for _ in range(_TRIES):
        known = await people.known(tx, store_id, pairs)
        plan = _planned(new, known, await people.holders(tx, store_id, mails))
        if await people.claim_contacts(tx, store_id, plan.claims) == plan.claims.keys():
            return plan
        await people.release_contacts(tx, store_id, plan.claims.values())
    raise Conflict("The same ambassadors are being made by other requests; send this one again.")


def _planned(
    new: Mapping[int, Ambassador], known: dict[tuple[str, str], str], holders: dict[people.Contact, people.Holder]
) -> _Plan:
    """Who is who: by external id, else by mail address. Adds to what is known."""
    plan = _Plan()
    for place, one in new.items():
        pair, mail = _pair(one), _mail(one)
        ident = known.get(pair) if pair is not None else None
        holder = holders.get(mail) if mail is not None else None
        if ident is None and holder is not None and (pair is None or holder.external_id is None):
            ident = holder.ambassador_id
            if pair is not None and mail is not None:
                known[pair], holders[mail] = ident, people.Holder(ident, pair[1])
                if ident in plan.made:
                    plan.made[ident] = replace(plan.made[ident], external_id=pair[1])
                else:
                    plan.adopted[ident] = pair[1]
        if ident is None:
            ident = one.ambassador_id
            plan.made[ident] = one
            plan.first.add(place)
            if pair is not None:
                known[pair] = ident
            if mail is not None and holder is None:
                plan.claims[mail], holders[mail] = ident, people.Holder(ident, one.external_id)
        plan.of[place] = ident
    return plan


def _pair(one: Ambassador) -> tuple[str, str] | None:
    return None if one.external_id is None else (one.program_id, one.external_id)


def _mail(one: Ambassador) -> people.Contact | None:
    mail = people.mail_of(one.contact_hashes)
    return None if mail is None else (one.program_id, mail)


async def _versions(tx: Tx, store_id: str, program_ids: set[str]) -> dict[str, Version]:
    found = {}
    for program_id in sorted(program_ids):
        try:
            found[program_id] = await programs.get(tx, store_id, program_id)
        except NotFound:
            continue
    return found


def _wrong(one: Joining, versions: dict[str, Version], sponsors: dict[str, str]) -> Wrong:
    if one.program_id not in versions:
        return (FieldError("program_id", "unknown_program", "There is no such program."),)
    if one.sponsor_id is not None and sponsors.get(one.sponsor_id) != one.program_id:
        return (FieldError("sponsor_id", "unknown_sponsor", "There is no such ambassador in this program."),)
    return ()


def _new(tx: Tx, store_id: str, one: Joining, hash_contacts: HashContacts) -> Ambassador:
    return Ambassador(
        ambassador_id=new_id("amb", at=tx.now),
        store_id=store_id,
        program_id=one.program_id,
        external_id=one.external_id,
        group_name=one.group_name,
        role=one.role,
        sponsor_id=one.sponsor_id,
        locale=one.locale,
        contact_hashes=hash_contacts(one.email, one.phone),
        link_id=new_id("lnk", at=tx.now),
        code_id=new_id("cod", at=tx.now),
        created_at=tx.now,
        revision=1,
        name=one.name,
        public_name=one.public_name,
        email=one.email,
        phone=one.phone,
    )


async def _add_links_and_codes(
    tx: Tx, store_id: str, made: Sequence[Ambassador], versions: dict[str, Version]
) -> dict[str, Member]:
    """Gives the new ambassadors their links and codes, and announces them."""
    if not made:
        return {}
    for one in made:
        announce(tx, one, one_of_many=True)
        note_added(tx, one)
    slugs = await links.add_all(tx, store_id, [(one.link_id, one.program_id, one.ambassador_id) for one in made])
    gains = {program_id: friend_gain(version.program) for program_id, version in versions.items()}
    wanted = [
        (
            Code(
                code_id=one.code_id,
                store_id=store_id,
                code="",
                program_id=one.program_id,
                ambassador_id=one.ambassador_id,
                created_at=tx.now,
                revision=1,
            ),
            personal_codes(one.name, gains[one.program_id], short_code),
        )
        for one in made
    ]
    spelt = await codes.add_all(tx, store_id, wanted)
    return {
        one.ambassador_id: Member(
            ambassador=one,
            slug=slugs[one.link_id].slug,
            code=spelt[one.code_id].code,
            program_name=versions[one.program_id].program.name,
        )
        for one in made
    }
