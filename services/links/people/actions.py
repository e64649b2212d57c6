"""Finding ambassadors, for every feature that belongs to one."""

from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.links.people import store
from services.links.people.store import Ambassador


async def get(tx: Tx, store_id: str, ambassador_id: str) -> Ambassador:
    """One ambassador. Raises `NotFound`."""
    ambassador = await store.get(tx, store_id, ambassador_id)
    if ambassador is None:
        raise NotFound("There is no such ambassador.")
    return ambassador
