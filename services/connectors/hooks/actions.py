"""Sets hooks up, and finds them for a delivery."""

from collections.abc import Sequence

from services.connectors.hooks import domain, sql
from services.connectors.hooks.schemas import HookIn
from services.connectors.hooks.sql import FormerHook, Hook
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.ids import new_id


async def create(tx: Tx, sealing: Sealing, store_id: str, reported: HookIn) -> Hook:
    """Makes an address for a platform's deliveries."""
    hook_id = new_id("hok", at=tx.now)
    secret = sealing.seal(domain.SECRET, reported.secret.encode(), owner=hook_id)
    hook = Hook(store_id, hook_id, reported.platform, secret, tx.now)
    await sql.add(tx, hook)
    tx.note("hook.made", on=hook_id, after={"platform": hook.platform})
    return hook


async def delete(tx: Tx, store_id: str, hook_id: str) -> None:
    """Ends an address. Raises `NotFound`."""
    if not await sql.end(tx, store_id, hook_id):
        raise NotFound("There is no such hook.")
    tx.note("hook.ended", on=hook_id)


async def find(tx: Tx, hook_id: str) -> Hook | None:
    """The hook with this id, whosever it is. Makes its store visible to the transaction."""
    owner = await sql.owner(tx, hook_id)
    if owner is None:
        return None
    await tx.see([owner])
    return await sql.one(tx, owner, hook_id)


async def take_over(tx: Tx, store_id: str, former: Sequence[FormerHook]) -> None:
    """Takes over a store's addresses from where they were made. Nothing is noted: nobody did anything to them."""
    if former:
        await sql.take_over(tx, store_id, former)
