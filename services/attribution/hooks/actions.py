"""Sets hooks up, finds them for a delivery, keeps deliveries for a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.attribution.hooks import domain, sql
from services.attribution.hooks.schemas import HookIn
from services.attribution.hooks.sql import Delivery, Hook
from services.attribution.settings import DELIVERIES_KEPT
from services.kernel import due
from services.kernel.auth import at_rest
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.ids import new_id

FORGET = "attribution.forget-deliveries"
FORGOTTEN_AT_ONCE = 1_000
"""Deliveries that one transaction drops."""
"""The due job that drops old deliveries."""


async def create(tx: Tx, ring: KeyRing, store_id: str, reported: HookIn) -> Hook:
    """Makes an address for a platform's deliveries."""
    hook_id = new_id("hok", at=tx.now)
    secret = at_rest.encrypt(ring, domain.SECRET, reported.secret.encode(), owner=hook_id)
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


async def keep(tx: Tx, deliveries: Sequence[Delivery]) -> list[bool]:
    """Keeps deliveries as they came; says of each whether it is the first of its name."""
    distinct = {(d.store_id, d.delivery_id): d for d in reversed(deliveries)}
    new = await sql.keep(tx, list(distinct.values()))
    await due.schedule(tx, FORGET, {store_id: tx.now + DELIVERIES_KEPT for store_id, _ in new})
    answers = []
    for delivery in deliveries:
        name = (delivery.store_id, delivery.delivery_id)
        answers.append(name in new)
        new.discard(name)
    return answers


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Drops what is too old, some at a time; returns when to come again: at once, or a day later at the earliest."""
    oldest = await sql.forget(tx, stores, before=tx.now - DELIVERIES_KEPT, count=FORGOTTEN_AT_ONCE)
    if oldest is None:
        return dict.fromkeys(stores, tx.now)
    return {s: max(at + DELIVERIES_KEPT, tx.now + timedelta(days=1)) for s, at in oldest.items()}
