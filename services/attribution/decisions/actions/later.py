"""What is decided now and what later: the open orders of somebody who has very many go to a backlog."""

from collections import Counter
from collections.abc import Mapping, Sequence

from services.attribution.decisions.actions.friends import Friends
from services.attribution.decisions.domain.history import Place
from services.attribution.decisions.sql import backlogs
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql.backlogs import Reported
from services.attribution.decisions.sql.orders import OrderRow
from services.kernel import due
from services.kernel.db import Tx
from services.kernel.revisions import Ref

BACKLOG = "attribution.backlog"
"""The due job."""
MOST = 100
"""Open orders of one person that are decided together, and orders that one step of a backlog decides."""


async def open_orders(tx: Tx, places: Mapping[Ref, Place], friends: Friends) -> tuple[dict[Ref, OrderRow], set[Ref]]:
    """Those open orders of these people, from a place of each on, that are few enough to be decided at once; and the
    people of whom none is, since they have too many or a backlog.
    """
    late = places.keys() & friends.backlogs.keys()
    rows = await order_rows.open_since(tx, {p: at for p, at in places.items() if p not in late}, most=MOST + 1)
    counts = Counter((row.store_id, row.person_id) for row in rows.values())
    put_off = late | {person for person, count in counts.items() if count > MOST}
    return {ref: row for ref, row in rows.items() if (row.store_id, row.person_id) not in put_off}, put_off


async def put_off(tx: Tx, places: Mapping[Ref, Place], reported: Sequence[Reported] = ()) -> None:
    """Has the orders of these people decided later, from a place of each on. `reported`: of which of them something new
    was reported. The stores must be locked.
    """
    if places:
        await backlogs.put(tx, places)
        await backlogs.report(tx, reported)
        await due.schedule(tx, BACKLOG, {store_id: tx.now for store_id, _ in places})
