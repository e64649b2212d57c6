"""SQL of store credit at the checkout: whether a name is a guest's."""

from typing import Final

from services.kernel.db import Tx

_IS_GUEST: Final = """
select exists (
  select from rewards where store_id = :store and order_id = :name and beneficiary_id = :name and side = 'friend'
)
"""


async def is_guest(tx: Tx, store_id: str, name: str) -> bool:
    """Whether a guest without any name, who is called by their order, was rewarded under this one."""
    return bool(await tx.scalar(_IS_GUEST, store=store_id, name=name))
