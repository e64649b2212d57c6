"""Whether an ambassador can be somebody's sponsor."""

from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.links.people import sql as people
from services.links.sponsors import sql


async def check(tx: Tx, store_id: str, sponsor_id: str, *, program_id: str, of: str | None = None) -> None:
    """Raises `Invalid` unless `sponsor_id` is an ambassador of the program who can have brought somebody: `of`, or
    somebody who is not there yet. Nobody stands above themselves: of who is there the store must be locked, so that two
    requests do not close a circle together.
    """
    if of is not None and sponsor_id == of:
        raise Invalid.field("sponsor_id", "Nobody is their own sponsor: name who brought them.", code="own_sponsor")
    sponsor = await people.get(tx, store_id, sponsor_id)
    if sponsor is None or sponsor.status == "erased" or sponsor.program_id != program_id:
        raise Invalid.field("sponsor_id", "There is no such ambassador in this program.", code="unknown_sponsor")
    if of is not None and await sql.is_above(tx, store_id, of, below=sponsor_id):
        raise Invalid.field(
            "sponsor_id",
            f"{sponsor_id} was brought by {of}, or by somebody whom {of} brought: clear their sponsor first.",
            code="sponsor_cycle",
        )
