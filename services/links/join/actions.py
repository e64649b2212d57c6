"""Applying to join, and joining once the address is proved."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.fields import Role
from contracts.program import Program
from services.common.codes import fold
from services.kernel.auth.sessions import real_time
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.ids import new_id, short_code
from services.kernel.work import NewTask, add_tasks
from services.links.ambassadors import actions as ambassadors
from services.links.ambassadors.actions import HashContacts, Joining
from services.links.applicants import sql
from services.links.applicants.sql import Applicant
from services.links.codes import sql as codes
from services.links.codes.domain import MAX_STEM, latin
from services.links.invites import actions as invites
from services.links.people import sql as people
from services.links.programs import actions as programs
from services.links.programs.sql import Version
from services.links.proofs import actions as proofs
from services.links.proofs.actions import LIFE

TASK = "links.join"
FORGET_JOB = "links.applicants"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wrote who wants to join."""

    email: str
    mail_hash: str
    name: str | None
    role: Role | None
    code: str | None
    terms_version: str | None
    locale: str
    invitation: str | None = None
    """The invitation that they came by."""


async def apply(tx: Tx, version: Version, wish: Wish, *, browser: str) -> bool:
    """Keeps the applicant and has their address written to; False when it was asked for too often. Does the same for
    an address that is an ambassador's already: who that is, the tasks look up.
    """
    joining = version.program.joining
    applicant_id = new_id("apl", at=tx.now)
    at_once = joining is not None and not joining.double_opt_in
    proof = await proofs.ask(
        tx,
        version.store_id,
        purpose="join",
        program_id=version.program_id,
        mail_hash=wish.mail_hash,
        browser=browser,
        language=wish.locale,
        about=applicant_id,
        write=not at_once,
    )
    if proof is None:
        return False
    ends = real_time(LIFE["join"])
    await sql.add(
        tx,
        Applicant(
            applicant_id=applicant_id,
            store_id=version.store_id,
            program_id=version.program_id,
            mail_hash=wish.mail_hash,
            email=wish.email,
            name=wish.name,
            role=wish.role,
            code=wish.code,
            terms_version=wish.terms_version,
            locale=wish.locale,
            expires_at=ends,
            invitation=wish.invitation,
        ),
    )
    await schedule(tx, FORGET_JOB, {version.store_id: ends + tx.offset})
    if at_once:
        payload = {"applicant_id": applicant_id, "proof_id": proof.proof_id}
        task = NewTask(kind=TASK, store_id=version.store_id, lane=version.store_id, key=applicant_id, payload=payload)
        await add_tasks(tx, [task])
    return True


def takes_people(program: Program) -> bool:
    """Whether people can join by themselves, now."""
    return program.status == "active" and program.joining is not None


async def may_join(tx: Tx, program: Program, applicant: Applicant) -> bool:
    """Whether an applicant can join, now: a program that is by invitation only with one that stands."""
    if program.status != "active" or program.joining is not None or applicant.invitation is None:
        return takes_people(program)
    return await invites.opened(tx, applicant.store_id, applicant.program_id, applicant.invitation) is not None


async def admit(
    tx: Tx, applicant: Applicant, ambassador_id: str, *, is_proved: bool, hash_contacts: HashContacts
) -> None:
    """Makes an applicant an ambassador, under this id, and forgets the applicant. Whom the program knows by the address
    already stays as they are; nobody joins a program that has closed since they asked, or asks for a proof by now.

    While the address is not proved, the code tells nothing of the form: anybody can ask whether there is a code, and
    would learn by the one that they wished for, or by the name that they wrote, whether the address was known.
    """
    key = (applicant.program_id, applicant.mail_hash)
    program = (await programs.get(tx, applicant.store_id, applicant.program_id)).program
    if (program.joining is None or program.joining.double_opt_in) and not is_proved:
        return
    if await may_join(tx, program, applicant) and not await people.holders(tx, applicant.store_id, [key]):
        joining = Joining(
            program_id=applicant.program_id,
            email=applicant.email,
            name=applicant.name,
            role=applicant.role,
            locale=applicant.locale,
            ambassador_id=ambassador_id,
            code=applicant.code if is_proved else None,
            code_of_name=is_proved,
            terms_version=applicant.terms_version,
        )
        await ambassadors.join(tx, applicant.store_id, joining, hash_contacts=hash_contacts)
        if applicant.invitation is not None:
            await invites.note_joined(tx, applicant.store_id, applicant.program_id, ambassador_id, applicant.invitation)
    await sql.done(tx, applicant)


async def taken(tx: Tx, store_id: str, code: str) -> Sequence[str] | None:
    """None where a code that somebody wishes for is free; else a few like it that are."""
    folded = fold(code) or ""
    if await codes.by_code(tx, store_id, folded) is None:
        return None
    stem = latin(code).replace(" ", "")[:MAX_STEM] or folded[:MAX_STEM]
    like = (f"{stem}-2", f"{stem}-{short_code(2).upper()}", f"{stem}-{short_code(3).upper()}")
    return [text for text in like if await codes.by_code(tx, store_id, text) is None]
