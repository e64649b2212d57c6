"""Setting up a store and changing it."""

from dataclasses import replace

from contracts.events.catalog import StoreConfigured
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.links.changes import store as changes
from services.links.stores import store as rows
from services.links.stores.store import Store


async def create(tx: Tx, store: Store) -> Store:
    """Adds a store and tells the other services."""
    await rows.insert(tx, store)
    _announce(tx, store)
    return store


async def get(tx: Tx, store_id: str) -> Store:
    """The store. Raises `NotFound`."""
    store = await rows.get(tx, store_id)
    if store is None:
        raise NotFound("There is no such store.")
    return store


async def change(
    tx: Tx,
    store_id: str,
    *,
    name: str | None = None,
    timezone: str | None = None,
    domains: tuple[str, ...] | None = None,
    locale: str | None = None,
) -> Store:
    """Changes the given fields; nothing is announced when nothing differs."""
    before = await rows.get(tx, store_id, lock=True)
    if before is None:
        raise NotFound("There is no such store.")
    after = replace(
        before,
        name=name or before.name,
        timezone=timezone or before.timezone,
        domains=domains or before.domains,
        locale=locale or before.locale,
    )
    if after == before:
        return before
    after = replace(after, revision=before.revision + 1)
    await rows.update(tx, after)
    await changes.note(tx, "store", store_id)
    _announce(tx, after)
    return after


def _announce(tx: Tx, store: Store) -> None:
    tx.emit(
        StoreConfigured(
            store_id=store.store_id,
            name=store.name,
            currency=store.currency,
            timezone=store.timezone,
            domains=store.domains,
            locale=store.locale,
            created_at=store.created_at,
            revision=store.revision,
        )
    )
