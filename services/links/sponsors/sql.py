"""SQL of sponsors: the way up from an ambassador."""

from services.kernel.db import Tx

_IS_ABOVE = """
with recursive above (id) as (
  select cast(:below as text)
  union
  select a.sponsor_id from above u join ambassadors a on a.store_id = :store_id and a.ambassador_id = u.id
  where a.sponsor_id is not null
)
select exists (select from above where id = :ambassador_id)
"""


async def is_above(tx: Tx, store_id: str, ambassador_id: str, *, below: str) -> bool:
    """Whether an ambassador is another one, or above them, however far up."""
    return bool(await tx.scalar(_IS_ABOVE, store_id=store_id, ambassador_id=ambassador_id, below=below))
