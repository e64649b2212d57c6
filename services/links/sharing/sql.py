"""Rows of where offers to share stand, and which program is offered."""

from services.kernel.db import Tx

_GET = "select cast(rules as text) as rules from share_places where store_id = :store_id and program_id = :program_id"
_PUT = """
insert into share_places (store_id, program_id, rules, updated_at)
values (:store_id, :program_id, cast(:rules as jsonb), :now)
on conflict (store_id, program_id) do update set rules = excluded.rules, updated_at = excluded.updated_at
"""
# One that people can join by themselves goes before one that they cannot.
_OFFERED = """
select p.program_id from programs p
join program_versions v on v.program_id = p.program_id and v.version = p.version
where p.store_id = :store_id and p.status = 'active'
order by coalesce(jsonb_typeof(v.definition -> 'joining'), 'null') = 'null', p.rank, p.program_id limit 1
"""


async def rules(tx: Tx, store_id: str, program_id: str) -> str | None:
    """The rules of a program as JSON; None where there are none."""
    found = await tx.scalar(_GET, store_id=store_id, program_id=program_id)
    return None if found is None else str(found)


async def put(tx: Tx, store_id: str, program_id: str, rules: str) -> None:
    """Writes them."""
    await tx.execute(_PUT, store_id=store_id, program_id=program_id, rules=rules, now=tx.now)


async def offered(tx: Tx, store_id: str) -> str | None:
    """The program that a page offers which names none."""
    found = await tx.scalar(_OFFERED, store_id=store_id)
    return None if found is None else str(found)
