"""What is kept of programs, codes and ambassadors: the newest state of each."""

from collections.abc import Collection, Sequence

from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from services.connectors.store_codes.domain.terms import serves
from services.kernel.db import Tx

_PROGRAMS = """
insert into programs (store_id, program_id, version, body, serves)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:versions as int[]), cast(:bodies as text[]),
                     cast(:serves as boolean[]))
order by 1, 2
on conflict (store_id, program_id) do update set version = excluded.version, body = excluded.body,
    serves = excluded.serves
where programs.version < excluded.version
"""
_CODES = """
insert into codes (store_id, code_id, revision, code, program_id, ambassador_id, max_uses, expires_at, retired)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:revisions as int[]), cast(:codes as text[]),
                     cast(:programs as text[]), cast(:ambassadors as text[]), cast(:uses as int[]),
                     cast(:expires as timestamptz[]), cast(:retired as boolean[]))
order by 1, 2
on conflict (store_id, code_id) do update set revision = excluded.revision, max_uses = excluded.max_uses,
    expires_at = excluded.expires_at, retired = excluded.retired, ambassador_id = excluded.ambassador_id
where codes.revision < excluded.revision
"""
_AMBASSADORS = """
insert into ambassadors (store_id, ambassador_id, revision, active)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:revisions as int[]),
                     cast(:active as boolean[]))
order by 1, 2
on conflict (store_id, ambassador_id) do update set revision = excluded.revision, active = excluded.active
where ambassadors.revision < excluded.revision
"""


async def keep_programs(tx: Tx, found: Collection[ProgramPublished]) -> None:
    """Keeps versions that are newer than what is there."""
    await tx.execute(
        _PROGRAMS,
        stores=[one.store_id for one in found],
        ids=[one.program_id for one in found],
        versions=[one.version for one in found],
        bodies=[one.program.model_dump_json() for one in found],
        serves=[serves(one.program) for one in found],
    )


async def keep_codes(tx: Tx, found: Sequence[CodeSaved]) -> None:
    """Keeps codes that are newer than what is there."""
    await tx.execute(
        _CODES,
        stores=[one.store_id for one in found],
        ids=[one.code_id for one in found],
        revisions=[one.revision for one in found],
        codes=[one.code for one in found],
        programs=[one.program_id for one in found],
        ambassadors=[one.ambassador_id for one in found],
        uses=[one.max_uses for one in found],
        expires=[one.expires_at for one in found],
        retired=[one.retired for one in found],
    )


async def keep_ambassadors(tx: Tx, found: Sequence[AmbassadorSaved]) -> None:
    """Keeps who takes part."""
    await tx.execute(
        _AMBASSADORS,
        stores=[one.store_id for one in found],
        ids=[one.ambassador_id for one in found],
        revisions=[one.revision for one in found],
        active=[one.status == "active" for one in found],
    )
