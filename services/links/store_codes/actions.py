"""Says whether a code may be shown as what it stands for."""

from contracts.program import Program
from services.kernel.db import Tx
from services.links.store_codes import sql


async def may_show(tx: Tx, store_id: str, program: Program, code_id: str) -> bool:
    """Whether a buyer who enters the code gets what the program promises for it. Where it takes nothing off at the
    checkout, or no connection of the store carries codes, nobody knows better than the store.
    """
    return program.discount_served is None or await sql.usable(tx, store_id, code_id)
