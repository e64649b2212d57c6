"""How far a store has come, in one look: the first row of its kind is enough, each found by the store's own key."""

from services.analytics.set_up.domain import Reached
from services.kernel.db import Tx

_REACHED = """
select exists (select from programs where store_id = :store_id) as program,
  exists (select from ambassadors where store_id = :store_id and status <> 'erased') as ambassador,
  exists (select from daily where store_id = :store_id and (visits > 0 or widget_views > 0)) as page,
  exists (select from clicks where store_id = :store_id and at is not null) as click,
  exists (select from orders where store_id = :store_id) as orders,
  exists (select from rewards where store_id = :store_id and amount_minor > 0) as reward
"""


async def reached(tx: Tx, store_id: str) -> Reached:
    """What there is of a store already."""
    row = await tx.one(_REACHED, store_id=store_id)
    return Reached(
        program=row.program,
        ambassador=row.ambassador,
        page=row.page,
        click=row.click,
        order=row.orders,
        reward=row.reward,
    )
