"""What would be decided if something more were reported. Writes nothing."""

from contracts.events.orders import OrderReported
from services.attribution.decisions.actions.gather import gather_whole
from services.attribution.decisions.domain import Decision, decide
from services.attribution.decisions.sql.orders import OrderRow
from services.kernel.db import Tx
from services.kernel.threads import in_thread


async def suppose(tx: Tx, row: OrderRow, report: OrderReported) -> Decision:
    """The decision on an order of which this were reported too. Costs as much as its buyer has."""
    gathered = await gather_whole(tx, {(row.store_id, row.person_id)}, supposing=[report])
    facts = gathered.of(row.store_id)
    made = await in_thread(len(facts.reports), decide, facts)
    return made[row.order_id]
