"""Finding ambassadors, for every feature that belongs to one."""

from services.kernel.db import Tx
from services.kernel.errors import Conflict, NotFound
from services.links.people import store
from services.links.people.store import Ambassador


class Erased(Conflict):
    """The person behind this ambassador is no longer known."""

    code = "erased"


async def get(tx: Tx, store_id: str, ambassador_id: str) -> Ambassador:
    """One ambassador. Raises `NotFound`."""
    ambassador = await store.get(tx, store_id, ambassador_id)
    if ambassador is None:
        raise NotFound("There is no such ambassador.")
    return ambassador


async def present(tx: Tx, store_id: str, ambassador_id: str) -> Ambassador:
    """One ambassador who may be changed and given something, locked until the transaction ends. Raises `NotFound`, or
    `Erased`.
    """
    ambassador = await store.get(tx, store_id, ambassador_id, lock=True)
    if ambassador is None:
        raise NotFound("There is no such ambassador.")
    if ambassador.status == "erased":
        raise Erased("This ambassador was erased, for good; add the person anew if they come back.")
    return ambassador
