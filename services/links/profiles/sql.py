"""Reads what one ambassador's page shows beside them: who may be the same person, and what was done to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.kernel.db import Tx
from services.links.people.sql import Ambassador, Status

# Each likeness by its own index, and of each no more than are shown, with the person themselves: many may have a name.
_DOUBLES = """
with like_them as (
  (select ambassador_id from ambassadors where store_id = :store_id and first_contact = any(cast(:hashes as text[]))
    order by ambassador_id desc limit :count + 1)
  union
  (select ambassador_id from ambassadors where store_id = :store_id and second_contact = any(cast(:hashes as text[]))
    order by ambassador_id desc limit :count + 1)
  union
  (select ambassador_id from people where store_id = :store_id and name_folded = lower(cast(:name as text))
    order by ambassador_id desc limit :count + 1)
  union
  (select ambassador_id from people where store_id = :store_id and telegram = cast(:telegram as text)
    order by ambassador_id desc limit :count + 1)
)
select a.ambassador_id, a.program_id, a.status, a.contact_hashes, p.name, c.code,
  coalesce(p.telegram = cast(:telegram as text), false) as chatting
from like_them join ambassadors a using (ambassador_id) left join people p on p.ambassador_id = a.ambassador_id
left join codes c on c.code_id = a.code_id
where a.store_id = :store_id and a.ambassador_id <> :ambassador_id and a.status <> 'erased'
order by a.ambassador_id desc limit :count
"""
_DONE = """
select at, actor_kind, action from audit where store_id = :store_id and subject = :subject
order by at desc, audit_id desc limit :count
"""


class Double(NamedTuple):
    """Another ambassador of the store who may be the same person, and what they have in common."""

    ambassador_id: str
    program_id: str
    status: Status
    name: str | None
    code: str
    mail: bool
    phone: bool
    chat: bool


class Done(NamedTuple):
    """Something that somebody did to an ambassador."""

    at: datetime
    actor_kind: str
    action: str


async def doubles(tx: Tx, person: Ambassador, *, count: int) -> list[Double]:
    """Who has an address, a number, a chat or the full name of this person, too. One word is no full name."""
    full_name = person.name if person.name and len(person.name.split()) > 1 else None
    rows = await tx.all(
        _DOUBLES,
        store_id=person.store_id,
        ambassador_id=person.ambassador_id,
        hashes=list(person.contact_hashes),
        name=full_name,
        telegram=person.telegram,
        count=count,
    )
    found = []
    for row in rows:
        shared = set(row.contact_hashes) & set(person.contact_hashes)
        mail = any(one.startswith("e_") for one in shared)
        found.append(
            Double(
                row.ambassador_id,
                row.program_id,
                row.status,
                row.name,
                row.code or "",
                mail,
                any(not one.startswith("e_") for one in shared),
                row.chatting,
            )
        )
    return found


async def done_to(tx: Tx, store_id: str, ambassador_id: str, *, count: int) -> Sequence[Done]:
    """What was done to an ambassador, the newest first."""
    rows = await tx.all(_DONE, store_id=store_id, subject=ambassador_id, count=count)
    return [Done(row.at, row.actor_kind, row.action) for row in rows]
