"""What stands before some orders of a friend: those are decided, and stay as they are."""

from collections.abc import Mapping

from services.attribution.decisions.domain.friend import step_of
from services.attribution.decisions.domain.history import History, Place, Wins
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql import reading
from services.kernel.db import Tx
from services.kernel.revisions import Ref

MANY = 50
"""A person's orders from which on it is worth asking which of them are concerned."""


async def ahead(tx: Tx, places: Mapping[Ref, Place]) -> dict[Ref, History]:
    """What the open orders that stand before a place come to, by person."""
    groups = await order_rows.ahead(tx, places)
    wanted = {
        (g.store_id, order_id, r)
        for g in groups
        for order_id, r in ((g.first, g.first_revision), (g.last, g.last_revision))
    }
    stored = await reading.some(tx, sorted(wanted)) if wanted else {}
    found = dict.fromkeys(places, History())
    for group in groups:
        first, last = (step_of(stored[group.store_id, order_id][1]) for order_id in (group.first, group.last))
        won = {} if first.program_id is None else {first.program_id: Wins(first, last)}
        pair = (group.store_id, group.person_id)
        found[pair] = found[pair].joined(History(group.standing, first, last, won))
    return found
