"""Rows of ambassadors, and apart from them the rows that say who they are."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import asyncpg

from contracts.fields import Role
from services.kernel.db import Row, Tx

_INSERT = """
insert into ambassadors (ambassador_id, store_id, program_id, external_id, status, group_name, sponsor_id, locale,
  contact_hashes, link_id, code_id, created_at, revision, role, terms_version, terms_at)
values (:ambassador_id, :store_id, :program_id, :external_id, :status, :group_name, :sponsor_id, :locale,
  cast(:contact_hashes as text[]), :link_id, :code_id, :created_at, :revision, :role, :terms_version, :terms_at)
on conflict (store_id, program_id, external_id) do nothing returning ambassador_id
"""
_INSERT_ALL = """
insert into ambassadors (ambassador_id, store_id, program_id, external_id, status, group_name, sponsor_id, locale,
  contact_hashes, link_id, code_id, created_at, revision, role)
select i, :store_id, p, e, 'active', g, s, l, array(select jsonb_array_elements_text(cast(h as jsonb))), k, c, :now, 1,
  r
from unnest(cast(:ambassador_id as text[]), cast(:program_id as text[]), cast(:external_id as text[]),
  cast(:group_name as text[]), cast(:sponsor_id as text[]), cast(:locale as text[]), cast(:contact_hashes as text[]),
  cast(:link_id as text[]), cast(:code_id as text[]), cast(:role as text[])) as t(i, p, e, g, s, l, h, k, c, r)
order by p, e, i
on conflict (store_id, program_id, external_id) do nothing returning ambassador_id
"""
_INSERT_PEOPLE = """
insert into people (ambassador_id, store_id, name, email, phone, public_name)
select i, :store_id, n, m, p, u from unnest(cast(:ambassador_id as text[]), cast(:name as text[]),
  cast(:email as text[]), cast(:phone as text[]), cast(:public_name as text[])) as t(i, n, m, p, u) order by i
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
  role = :role, sponsor_id = :sponsor_id,
  contact_hashes = cast(:contact_hashes as text[]), link_id = :link_id, code_id = :code_id, revision = :revision
where store_id = :store_id and ambassador_id = :ambassador_id
"""
_SAVE_PERSON = """
insert into people (ambassador_id, store_id, name, email, phone, public_name, notes)
values (:ambassador_id, :store_id, :name, :email, :phone, :public_name, :notes)
on conflict (ambassador_id) do update set name = excluded.name, email = excluded.email, phone = excluded.phone,
  public_name = excluded.public_name, notes = excluded.notes
"""
_FORGET = "delete from people where store_id = :store_id and ambassador_id = :ambassador_id"
_GET = """
select a.ambassador_id, a.store_id, a.program_id, a.external_id, a.status, a.group_name, a.sponsor_id, a.locale,
  a.contact_hashes, a.link_id, a.code_id, a.created_at, a.revision, a.role, a.terms_version, a.terms_at,
  p.name, p.email, p.phone,
  p.public_name, p.telegram, p.sms, p.sms_hash, p.sms_asked, p.notes
from ambassadors a left join people p on p.ambassador_id = a.ambassador_id
where a.store_id = :store_id
"""
_BY_ID = _GET + " and a.ambassador_id = :ambassador_id"
_SOME = _GET + " and a.ambassador_id = any(cast(:ids as text[]))"
_BY_EXTERNAL_ID = _GET + " and a.program_id = :program_id and a.external_id = :external_id"

_CLAIM_CONTACTS = """
insert into ambassador_contacts (store_id, program_id, hash, ambassador_id)
select :store_id, p, h, a from unnest(cast(:programs as text[]), cast(:hashes as text[]), cast(:ids as text[]))
  as t(p, h, a) order by p, h
on conflict do nothing returning program_id, hash
"""
_RELEASE_CONTACTS = """
delete from ambassador_contacts where store_id = :store_id and ambassador_id = any(cast(:ids as text[]))
"""
_HOLDERS = """
select m.program_id, m.hash, a.ambassador_id, a.external_id
from unnest(cast(:programs as text[]), cast(:hashes as text[])) as w(program_id, hash)
join ambassador_contacts m on m.store_id = :store_id and m.program_id = w.program_id and m.hash = w.hash
join ambassadors a on a.ambassador_id = m.ambassador_id and a.store_id = m.store_id
"""
_BY_MAIL = """
select ambassador_id from ambassador_contacts where store_id = :store_id and hash = :hash
order by program_id = :first desc, program_id desc limit 1
"""
_INSERTED = (
    *("ambassador_id", "program_id", "external_id", "group_name", "sponsor_id", "locale", "link_id", "code_id", "role"),
)
_LABELS = """
select a.ambassador_id, p.name, c.code from ambassadors a
left join people p on p.ambassador_id = a.ambassador_id
left join codes c on c.code_id = a.code_id
where a.store_id = :store_id and a.ambassador_id = any(cast(:ids as text[]))
"""
_LOCK_SOME = _GET + " and a.ambassador_id = any(cast(:ids as text[])) order by a.ambassador_id for update of a"
_SET_GROUP = """
update ambassadors set group_name = :group_name, revision = revision + 1
where store_id = :store_id and ambassador_id = any(cast(:ids as text[]))
"""
_TAKE_UNANNOUNCED = """
delete from unannounced where ctid = any(array(select ctid from unannounced where store_id = :store_id limit :count))
returning ambassador_id
"""
_REVISE = """
update ambassadors set revision = revision + 1
where store_id = :store_id and ambassador_id = any(cast(:ids as text[]))
"""
_CONNECT = """
update people set telegram = :address where store_id = :store_id and ambassador_id = :ambassador_id
"""
_CONNECTED = """
select ambassador_id from people where store_id = :store_id and telegram = :address order by ambassador_id
"""
_DISCONNECT_ALL = "update people set telegram = null where store_id = :store_id and telegram is not null"
Contact = tuple[str, str]
"""A program, and the keyed hash of a mail address or phone number."""


class Holder(NamedTuple):
    """Whom a program knows by a mail address or phone number."""

    ambassador_id: str
    external_id: str | None


_PERSON = ("ambassador_id", "name", "email", "phone", "public_name")
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
    role: Role | None = None
    terms_version: str | None = None
    """Which terms they agreed to when they joined by themselves, and when."""
    terms_at: datetime | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    public_name: str | None = None
    """By which friends see them invited, where that is another than the first name."""
    telegram: str | None = None
    """The chat in which the store's bot speaks with them. Written by `connect` alone."""
    sms: str | None = None
    """The number that they proved to be theirs, as in +37369123456; `sms_hash` is its keyed hash. Written by
    `phone_codes` alone, as `sms_asked`: the number that a code went to."""
    sms_hash: str | None = None
    sms_asked: str | None = None
    notes: str | None = None
    """What the store wrote down of them: for its staff and servers, and for no ambassador's or friend's page."""


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
        role=ambassador.role,
        terms_version=ambassador.terms_version,
        terms_at=ambassador.terms_at,
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
        **{name: [getattr(a, name) for a in people] for name in _PERSON},
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


async def holders(tx: Tx, store_id: str, contacts: Iterable[Contact]) -> dict[Contact, Holder]:
    """Who is known by these contacts; of some nobody."""
    wanted = sorted(set(contacts))
    if not wanted:
        return {}
    rows = await tx.all(_HOLDERS, store_id=store_id, programs=[p for p, _ in wanted], hashes=[h for _, h in wanted])
    return {(row.program_id, row.hash): Holder(row.ambassador_id, row.external_id) for row in rows}


async def by_mail(tx: Tx, store_id: str, mail_hash: str, *, first: str) -> str | None:
    """Whom a store knows by a mail address, by id: in the program `first` if there, else in the youngest."""
    found = await tx.scalar(_BY_MAIL, store_id=store_id, hash=mail_hash, first=first)
    return None if found is None else str(found)


async def claim_contacts(tx: Tx, store_id: str, claims: Mapping[Contact, str]) -> set[Contact]:
    """Makes ambassadors, by id, the ones whom these contacts mean; returns those that nobody had.

    Waits while another transaction is claiming one of them.
    """
    if not claims:
        return set()
    rows = await tx.all(
        _CLAIM_CONTACTS,
        store_id=store_id,
        programs=[program for program, _ in claims],
        hashes=[found for _, found in claims],
        ids=list(claims.values()),
    )
    return {(row.program_id, row.hash) for row in rows}


async def release_contacts(tx: Tx, store_id: str, ambassador_ids: Iterable[str]) -> None:
    """Lets go of the contacts by which these ambassadors were known."""
    if ids := sorted(set(ambassador_ids)):
        await tx.execute(_RELEASE_CONTACTS, store_id=store_id, ids=ids)


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
        role=ambassador.role,
        sponsor_id=ambassador.sponsor_id,
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
        public_name=ambassador.public_name,
        notes=ambassador.notes,
    )


async def get(tx: Tx, store_id: str, ambassador_id: str, *, lock: bool = False) -> Ambassador | None:
    """One ambassador by id."""
    row = await tx.one_or_none(
        _BY_ID + (" for update of a" if lock else ""), store_id=store_id, ambassador_id=ambassador_id
    )
    return _ambassador(row) if row else None


async def some(tx: Tx, store_id: str, ambassador_ids: Iterable[str]) -> dict[str, Ambassador]:
    """Several ambassadors, by id."""
    rows = await tx.all(_SOME, store_id=store_id, ids=sorted(set(ambassador_ids)))
    return {row.ambassador_id: _ambassador(row) for row in rows}


async def lock_some(tx: Tx, store_id: str, ambassador_ids: Iterable[str]) -> list[Ambassador]:
    """Those of several ambassadors that are there, locked until the transaction ends."""
    rows = await tx.all(_LOCK_SOME, store_id=store_id, ids=sorted(set(ambassador_ids)))
    return [_ambassador(row) for row in rows]


async def set_group(tx: Tx, store_id: str, ambassador_ids: Iterable[str], group_name: str | None) -> None:
    """Puts ambassadors, who are locked, into a group; each is one revision further."""
    await tx.execute(_SET_GROUP, store_id=store_id, ids=sorted(set(ambassador_ids)), group_name=group_name)


async def take_unannounced(tx: Tx, store_id: str, *, count: int) -> list[str]:
    """Takes out up to `count` of the ambassadors, by id, who are to be published once more."""
    rows = await tx.all(_TAKE_UNANNOUNCED, store_id=store_id, count=count)
    return [row.ambassador_id for row in rows]


async def revise(tx: Tx, store_id: str, ambassador_ids: Iterable[str]) -> None:
    """Makes ambassadors, who are locked, one revision further."""
    await tx.execute(_REVISE, store_id=store_id, ids=sorted(set(ambassador_ids)))


async def by_external_id(tx: Tx, store_id: str, program_id: str, external_id: str) -> Ambassador | None:
    """One ambassador of a program by the store's own customer id."""
    row = await tx.one_or_none(_BY_EXTERNAL_ID, store_id=store_id, program_id=program_id, external_id=external_id)
    return _ambassador(row) if row else None


async def connect(tx: Tx, store_id: str, ambassador_id: str, address: str | None) -> None:
    """Keeps the chat in which a bot speaks with somebody, or that there is none."""
    await tx.execute(_CONNECT, store_id=store_id, ambassador_id=ambassador_id, address=address)


async def connected(tx: Tx, store_id: str, address: str) -> list[str]:
    """Who is in a chat, by id: of each program that they joined, one."""
    return [row.ambassador_id for row in await tx.all(_CONNECTED, store_id=store_id, address=address)]


async def disconnect_all(tx: Tx, store_id: str) -> None:
    """Forgets all chats of a store."""
    await tx.execute(_DISCONNECT_ALL, store_id=store_id)
