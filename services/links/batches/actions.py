"""Joining for many at once: the same outcome as one after the other, in a dozen statements for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.kernel.db import Tx
from services.kernel.errors import FieldError, NotFound
from services.kernel.ids import new_id, short_code
from services.links.ambassadors import store
from services.links.ambassadors.actions import HashContacts, Joining, announce
from services.links.ambassadors.store import Member
from services.links.codes import actions as codes
from services.links.codes.domain import friend_gain, personal_codes
from services.links.codes.store import Code
from services.links.links import actions as links
from services.links.people import store as people
from services.links.people.store import Ambassador
from services.links.programs import actions as programs
from services.links.programs.store import Version

Wrong = tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody who is an ambassador now. `made`: by this batch."""

    member: Member
    made: bool


async def join_all(
    tx: Tx, store_id: str, wanted: Sequence[Joining], *, hash_contacts: HashContacts
) -> list[Joined | Wrong]:
    """Makes ambassadors with a link and a personal code each. Whom a program has already by their external id, or whom
    this list named before, is answered as they are; who cannot join is told why, and holds nobody up.
    """
    versions = await _versions(tx, store_id, {one.program_id for one in wanted})
    sponsors = await people.programs_of(tx, store_id, {one.sponsor_id for one in wanted if one.sponsor_id})
    wrong = {place: found for place, one in enumerate(wanted) if (found := _wrong(one, versions, sponsors))}
    pairs = {
        place: (one.program_id, one.external_id)
        for place, one in enumerate(wanted)
        if one.external_id is not None and place not in wrong
    }
    known = await people.known(tx, store_id, pairs.values())
    made: dict[int, Ambassador] = {}
    named: set[tuple[str, str]] = set(known)
    for place, one in enumerate(wanted):
        pair = pairs.get(place)
        if place in wrong or pair in named:
            continue
        if pair is not None:
            named.add(pair)
        made[place] = _new(tx, store_id, one, hash_contacts)
    added = await people.insert_all(tx, store_id, list(made.values()))
    if len(added) < len(made):
        # Another request posted some of these people at this very moment, and has committed by now.
        known |= await people.known(tx, store_id, pairs.values())
        made = {place: one for place, one in made.items() if one.ambassador_id in added}
    members = await _equip(tx, store_id, list(made.values()), versions)
    known |= {pairs[place]: one.ambassador_id for place, one in made.items() if place in pairs}
    present = await store.many(tx, store_id, sorted({known[p] for p in pairs.values()} - members.keys()))

    def outcome(place: int) -> Joined | Wrong:
        if place in wrong:
            return wrong[place]
        if place in made:
            return Joined(members[made[place].ambassador_id], made=True)
        ident = known[pairs[place]]
        return Joined(members[ident] if ident in members else present[ident], made=False)

    return [outcome(place) for place in range(len(wanted))]


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
        sponsor_id=one.sponsor_id,
        locale=one.locale,
        contact_hashes=hash_contacts(one.email, one.phone),
        link_id=new_id("lnk", at=tx.now),
        code_id=new_id("cod", at=tx.now),
        created_at=tx.now,
        revision=1,
        name=one.name,
        email=one.email,
        phone=one.phone,
    )


async def _equip(tx: Tx, store_id: str, made: Sequence[Ambassador], versions: dict[str, Version]) -> dict[str, Member]:
    """Gives the new ambassadors their links and codes, and tells of them."""
    if not made:
        return {}
    for one in made:
        announce(tx, one)
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
