"""Noting who brought an ambassador, once that is known."""

from collections.abc import Mapping

from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.kernel.revisions import Ref
from services.links.ambassadors import actions as ambassadors
from services.links.people import sql as people
from services.links.programs import sql as programs
from services.links.sponsors import actions as sponsors


async def note_referrers(tx: Tx, found: Mapping[Ref, str]) -> None:
    """Makes who brought an ambassador, by (store, ambassador), their sponsor: of those who have none, where the program
    says so now. Whom they brought themselves, and who is not in the program any more, is nobody's sponsor.
    """
    if not found:
        return
    await tx.lock_stores({store_id for store_id, _ in found})
    for store_id in sorted({store_id for store_id, _ in found}):
        mine = {who: sponsor for (store, who), sponsor in found.items() if store == store_id}
        able = [one for one in await people.lock_some(tx, store_id, mine) if one.sponsor_id is None]
        wanting = {program for program in {one.program_id for one in able} if await _wanted(tx, store_id, program)}
        for one in able:
            if one.status == "erased" or one.program_id not in wanting:
                continue
            sponsor_id = mine[one.ambassador_id]
            try:
                await sponsors.check(tx, store_id, sponsor_id, program_id=one.program_id, of=one.ambassador_id)
            except Invalid:
                continue
            await ambassadors.set_sponsor(tx, one, sponsor_id)


async def _wanted(tx: Tx, store_id: str, program_id: str) -> bool:
    version = await programs.get(tx, store_id, program_id)
    return version is not None and version.program.sponsor_by_referral
