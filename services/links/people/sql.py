"""Rows of ambassadors, and apart from them the rows that say who they are."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import asyncpg

from services.kernel.db import Row, Tx

_INSERT = """
insert into ambassadors (ambassador_id, store_id, program_id, external_id, status, group_name, sponsor_id, locale,
  contact_hashes, link_id, code_id, created_at, revision)
values (:ambassador_id, :store_id, :program_id, :external_id, :status, :group_name, :sponsor_id, :locale,
  cast(:contact_hashes as text[]), :link_id, :code_id, :created_at, :revision)
on conflict (store_id, program_id, external_id) do nothing returning ambassador_id
"""
_INSERT_ALL = """
insert into ambassadors (ambassador_id, store_id, program_id, external_id, status, group_name, sponsor_id, locale,
  contact_hashes, link_id, code_id, created_at, revision)
select i, :store_id, p, e, 'active', g, s, l, array(select jsonb_array_elements_text(cast(h as jsonb))), k, c, :now, 1
from unnest(cast(:ambassador_id as text[]), cast(:program_id as text[]), cast(:external_id as text[]),
  cast(:group_name as text[]), cast(:sponsor_id as text[]), cast(:locale as text[]), cast(:contact_hashes as text[]),
  cast(:link_id as text[]), cast(:code_id as text[])) as t(i, p, e, g, s, l, h, k, c)
order by p, e, i
on conflict (store_id, program_id, external_id) do nothing returning ambassador_id
"""
_INSERT_PEOPLE = """
insert into people (ambassador_id, store_id, name, email, phone)
select i, :store_id, n, m, p from unnest(cast(:ambassador_id as text[]), cast(:name as text[]), cast(:email as text[]),
  cast(:phone as text[])) as t(i, n, m, p) order by i
"""
_KNOWN = """
select a.program_id, a.external_id, a.ambassador_id
from unnest(cast(:programs as text[]), cast(:ids as text[])) as k(program_id, external_id)
join ambassadors a on a.store_id = :store_id and a.program_id = k.program_id and a.external_id = k.external_id
"""
_PROGRAMS_OF = """
select ambassador_id, program_id from ambassadors
where store_id = :store_id and ambassador_id = any(cast(:ids as text[])) and status <> 'erased'
"""
_UPDATE = """
update ambassadors set external_id = :external_id, status = :status, group_name = :group_name, locale = :locale,
  contact_hashes = cast(:contact_hashes as text[]), link_id = :link_id, code_id = :code_id, revision = :revision
where store_id = :store_id and ambassador_id = :ambassador_id
"""
_SAVE_PERSON = """
insert into people (ambassador_id, store_id, name, email, phone)
values (:ambassador_id, :store_id, :name, :email, :phone)
on conflict (ambassador_id) do update set name = excluded.name, email = excluded.email, phone = excluded.phone
"""
_FORGET = "delete from people where store_id = :store_id and ambassador_id = :ambassador_id"
_GET = """
select a.ambassador_id, a.store_id, a.program_id, a.external_id, a.status, a.group_name, a.sponsor_id, a.locale,
  a.contact_hashes, a.link_id, a.code_id, a.created_at, a.revision, p.name, p.email, p.phone
from ambassadors a left join people p on p.ambassador_id = a.ambassador_id
where a.store_id = :store_id
"""
_BY_ID = _GET + " and a.ambassador_id = :ambassador_id"
_BY_CONTACT = (
    _GET
    + """
 and a.program_id = :program_id and a.status <> 'erased' and a.contact_hashes && cast(:hashes as text[])
order by a.ambassador_id limit 1
"""
)
_BY_EXTERNAL_ID = _GET + " and a.program_id = :program_id and a.external_id = :external_id"

_CLAIM_MAILS = """
insert into ambassador_mails (store_id, program_id, hash, ambassador_id)
select :store_id, p, h, a from unnest(cast(:programs as text[]), cast(:hashes as text[]), cast(:ids as text[]))
  as t(p, h, a) order by p, h
on conflict do nothing returning program_id, hash
"""
_RELEASE_MAILS = """
delete from ambassador_mails where store_id = :store_id and ambassador_id = any(cast(:ids as text[]))
"""
_HOLDERS = """
select m.program_id, m.hash, a.ambassador_id, a.external_id
from unnest(cast(:programs as text[]), cast(:hashes as text[])) as w(program_id, hash)
join ambassador_mails m on m.store_id = :store_id and m.program_id = w.program_id and m.hash = w.hash
join ambassadors a on a.ambassador_id = m.ambassador_id and a.store_id = m.store_id
"""
_INSERTED = (
    *("ambassador_id", "program_id", "external_id", "group_name", "sponsor_id", "locale", "link_id", "code_id"),
)
_LABELS = """
select a.ambassador_id, p.name, c.code from ambassadors a
left join people p on p.ambassador_id = a.ambassador_id
left join codes c on c.code_id = a.code_id
where a.store_id = :store_id and a.ambassador_id = any(cast(:ids as text[]))
"""
Mail = tuple[str, str]
"""A program, and the keyed hash of a mail address."""


class Holder(NamedTuple):
    """Whom a program knows by a mail address."""

    ambassador_id: str
    external_id: str | None


Status = Literal["active", "blocked", "erased"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambassador:
    """An ambassador with what is known of the person. `link_id` and `code_id` are the ones that joining made."""

    ambassador_id: str
    store_id: str
    program_id: str
    external_id: str | None = None
    status: Status = "active"
    group_name: str | None = None
    sponsor_id: str | None = None
    locale: str | None = None
    contact_hashes: tuple[str, ...] = ()
    link_id: str = ""
    code_id: str = ""
    created_at: datetime
    revision: int
    name: str | None = None
    email: str | None = None
    phone: str | None = None


def _ambassador(row: Row) -> Ambassador:
    return Ambassador(**{**row._asdict(), "contact_hashes": tuple(row.contact_hashes)})


async def insert(tx: Tx, ambassador: Ambassador) -> bool:
    """Adds an ambassador and the person; False when the program has one of this external id.

    Waits while another transaction is adding one.
    """
    row = await tx.one_or_none(
        _INSERT,
        ambassador_id=ambassador.ambassador_id,
        store_id=ambassador.store_id,
        program_id=ambassador.program_id,
        external_id=ambassador.external_id,
        status=ambassador.status,
        group_name=ambassador.group_name,
        sponsor_id=ambassador.sponsor_id,
        locale=ambassador.locale,
        contact_hashes=list(ambassador.contact_hashes),
        link_id=ambassador.link_id,
        code_id=ambassador.code_id,
        created_at=ambassador.created_at,
        revision=ambassador.revision,
    )
    if row is None:
        return False
    await save_person(tx, ambassador)
    return True


async def insert_all(tx: Tx, store_id: str, ambassadors: Sequence[Ambassador]) -> set[str]:
    """Adds active ambassadors of a store and the people behind them, in two statements; returns the ids of those who
    were added. The others' external ids were taken by another transaction, which has committed by now.
    """
    if not ambassadors:
        return set()
    rows = await tx.all(
        _INSERT_ALL,
        store_id=store_id,
        now=tx.now,
        # Arrays of arrays must be rectangular in PostgreSQL, so each list of hashes travels as JSON.
        contact_hashes=[json.dumps(a.contact_hashes) for a in ambassadors],
        **{name: [getattr(a, name) for a in ambassadors] for name in _INSERTED},
    )
    added = {row.ambassador_id for row in rows}
    people = [a for a in ambassadors if a.ambassador_id in added]
    await tx.execute(
        _INSERT_PEOPLE,
        store_id=store_id,
        **{name: [getattr(a, name) for a in people] for name in ("ambassador_id", "name", "email", "phone")},
    )
    return added


async def known(tx: Tx, store_id: str, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(program, the store's customer id) → the ambassador who has it."""
    pairs = sorted(set(wanted))
    rows = await tx.all(_KNOWN, store_id=store_id, programs=[p for p, _ in pairs], ids=[e for _, e in pairs])
    return {(row.program_id, row.external_id): row.ambassador_id for row in rows}


def mail_of(contact_hashes: Iterable[str]) -> str | None:
    """The hash of the mail address among those of somebody's contacts."""
    return next((found for found in contact_hashes if found.startswith("e_")), None)


async def holders(tx: Tx, store_id: str, mails: Iterable[Mail]) -> dict[Mail, Holder]:
    """Who is known by these mail addresses; of some nobody."""
    wanted = sorted(set(mails))
    if not wanted:
        return {}
    rows = await tx.all(_HOLDERS, store_id=store_id, programs=[p for p, _ in wanted], hashes=[h for _, h in wanted])
    return {(row.program_id, row.hash): Holder(row.ambassador_id, row.external_id) for row in rows}


async def claim_mails(tx: Tx, store_id: str, claims: Mapping[Mail, str]) -> set[Mail]:
    """Makes ambassadors, by id, the ones whom these mail addresses mean; returns the addresses that nobody had.

    Waits while another transaction is claiming one of them.
    """
    if not claims:
        return set()
    rows = await tx.all(
        _CLAIM_MAILS,
        store_id=store_id,
        programs=[program for program, _ in claims],
        hashes=[found for _, found in claims],
        ids=list(claims.values()),
    )
    return {(row.program_id, row.hash) for row in rows}


async def release_mails(tx: Tx, store_id: str, ambassador_ids: Iterable[str]) -> None:
    """Lets go of the mail addresses by which these ambassadors were known."""
    if ids := sorted(set(ambassador_ids)):
        await tx.execute(_RELEASE_MAILS, store_id=store_id, ids=ids)


async def labels(tx: Tx, store_id: str, ambassador_ids: Iterable[str]) -> dict[str, tuple[str | None, str | None]]:
    """Ambassador → name and personal code, as people know them."""
    rows = await tx.all(_LABELS, store_id=store_id, ids=sorted(set(ambassador_ids)))
    return {row.ambassador_id: (row.name, row.code) for row in rows}


async def programs_of(tx: Tx, store_id: str, ambassador_ids: Iterable[str]) -> dict[str, str]:
    """Ambassador → program, of those who are there and not erased."""
    rows = await tx.all(_PROGRAMS_OF, store_id=store_id, ids=sorted(set(ambassador_ids)))
    return {row.ambassador_id: row.program_id for row in rows}


async def update(tx: Tx, ambassador: Ambassador) -> bool:
    """Writes what may change of an ambassador, and the person; False, with the transaction spoilt, when the program has
    another of this external id."""
    try:
        await _update(tx, ambassador)
    except asyncpg.IntegrityConstraintViolationError:
        return False
    await save_person(tx, ambassador)
    return True


async def erase(tx: Tx, ambassador: Ambassador) -> None:
    """Writes what is left of an ambassador, and deletes the person."""
    await _update(tx, ambassador)
    await tx.execute(_FORGET, store_id=ambassador.store_id, ambassador_id=ambassador.ambassador_id)


async def _update(tx: Tx, ambassador: Ambassador) -> None:
    await tx.execute(
        _UPDATE,
        ambassador_id=ambassador.ambassador_id,
        store_id=ambassador.store_id,
        external_id=ambassador.external_id,
        status=ambassador.status,
        group_name=ambassador.group_name,
        locale=ambassador.locale,
        contact_hashes=list(ambassador.contact_hashes),
        link_id=ambassador.link_id,
        code_id=ambassador.code_id,
        revision=ambassador.revision,
    )


async def save_person(tx: Tx, ambassador: Ambassador) -> None:
    """Writes who the ambassador is."""
    await tx.execute(
        _SAVE_PERSON,
        ambassador_id=ambassador.ambassador_id,
        store_id=ambassador.store_id,
        name=ambassador.name,
        email=ambassador.email,
        phone=ambassador.phone,
    )


async def get(tx: Tx, store_id: str, ambassador_id: str, *, lock: bool = False) -> Ambassador | None:
    """One ambassador by id."""
    row = await tx.one_or_none(
        _BY_ID + (" for update of a" if lock else ""), store_id=store_id, ambassador_id=ambassador_id
    )
    return _ambassador(row) if row else None


async def by_external_id(tx: Tx, store_id: str, program_id: str, external_id: str) -> Ambassador | None:
    """One ambassador of a program by the store's own customer id."""
    row = await tx.one_or_none(_BY_EXTERNAL_ID, store_id=store_id, program_id=program_id, external_id=external_id)
    return _ambassador(row) if row else None


async def by_contact(tx: Tx, store_id: str, program_id: str, hashes: Sequence[str]) -> Ambassador | None:
    """The first of a program with one of these contacts. Reads the program's ambassadors: not for many."""
    if not hashes:
        return None
    row = await tx.one_or_none(_BY_CONTACT, store_id=store_id, program_id=program_id, hashes=list(hashes))
    return _ambassador(row) if row else None
