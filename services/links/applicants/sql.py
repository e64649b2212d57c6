"""Rows of applicants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.fields import Role
from services.kernel.db import Tx

_FIELDS = (
    "applicant_id, store_id, program_id, mail_hash, email, name, role, code, terms_version, locale, expires_at,"
    " invitation"
)
_ADD = f"""
insert into applicants ({_FIELDS}, created_at)
values (:applicant_id, :store_id, :program_id, :mail_hash, :email, :name, :role, :code, :terms_version, :locale,
  :expires_at, :invitation, now())
"""  # noqa: S608  # our own words
_GET = f"""
select {_FIELDS} from applicants where store_id = :store_id and applicant_id = :applicant_id and expires_at > now()
"""  # noqa: S608
_DONE = "delete from applicants where store_id = :store_id and program_id = :program_id and mail_hash = :mail_hash"
_FORGET = "delete from applicants where store_id = :store_id and mail_hash = any(cast(:hashes as text[]))"
_OVER = "delete from applicants where store_id = any(cast(:stores as text[])) and expires_at <= now()"
_NEXT = """
select store_id, min(expires_at) as at from applicants where store_id = any(cast(:stores as text[])) group by store_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Somebody who wants to join a program. Moments are real time."""

    applicant_id: str
    store_id: str
    program_id: str
    mail_hash: str
    email: str
    name: str | None
    role: Role | None
    code: str | None
    """The code that they wish for, folded."""
    terms_version: str | None
    locale: str
    expires_at: datetime
    invitation: str | None = None
    """The invitation that they came by."""


async def add(tx: Tx, one: Applicant) -> None:
    """Keeps an applicant."""
    await tx.execute(
        _ADD,
        applicant_id=one.applicant_id,
        store_id=one.store_id,
        program_id=one.program_id,
        mail_hash=one.mail_hash,
        email=one.email,
        name=one.name,
        role=one.role,
        code=one.code,
        terms_version=one.terms_version,
        locale=one.locale,
        expires_at=one.expires_at,
        invitation=one.invitation,
    )


async def get(tx: Tx, store_id: str, applicant_id: str) -> Applicant | None:
    """One applicant who is not forgotten yet."""
    row = await tx.one_or_none(_GET, store_id=store_id, applicant_id=applicant_id)
    return Applicant(**row._asdict()) if row else None


async def done(tx: Tx, one: Applicant) -> None:
    """Forgets the applicant, and what else was asked for this address and program."""
    await tx.execute(_DONE, store_id=one.store_id, program_id=one.program_id, mail_hash=one.mail_hash)


async def forget(tx: Tx, store_id: str, hashes: Sequence[str]) -> None:
    """Forgets everybody with one of these addresses."""
    if hashes:
        await tx.execute(_FORGET, store_id=store_id, hashes=list(hashes))


async def forget_over(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Forgets those whose time is over; the next moment at which each store's next is."""
    await tx.execute(_OVER, stores=list(stores))
    return {row.store_id: row.at for row in await tx.all(_NEXT, stores=list(stores))}
