"""Sets endpoints up, gives them secrets, turns them on and off, deletes them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from services.common import signatures
from services.common.own_addresses import check_url
from services.connectors.endpoints.actions.notify import at_once
from services.connectors.endpoints.domain import signing
from services.connectors.endpoints.domain.tries import LONGEST_OVERLAP, MOST_ENDPOINTS
from services.connectors.endpoints.domain.webhooks import TYPES
from services.connectors.endpoints.sql import endpoints as sql
from services.connectors.endpoints.sql import sendings
from services.connectors.endpoints.sql.endpoints import Endpoint
from services.kernel.auth.sealing import Sealing
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint and the secret that it was given just now, sealed: it is shown once."""

    endpoint: Endpoint
    secret_id: str
    sealed: bytes


async def create(tx: Tx, ctx: Context, store_id: str, *, url: str, events: Sequence[str]) -> Made:
    """Makes an endpoint. It is notified of what happens from now on. Raises `Invalid` and `Conflict`."""
    check_url(ctx, url)
    # The store's lock, so that two at once do not both find room.
    await tx.lock_stores([store_id])
    if len(await sql.page(tx, store_id)) >= MOST_ENDPOINTS:
        raise Conflict(f"A store has {MOST_ENDPOINTS} endpoints at most. Delete one first.", code="too_many_endpoints")
    endpoint_id = new_id("whe", at=tx.now)
    await sql.add(tx, store_id, endpoint_id, url=url, events=known(events))
    secret_id, sealed = await _new_secret(tx, ctx.require_sealing(), store_id, endpoint_id)
    tx.note("endpoint.made", on=endpoint_id)
    return Made(await get(tx, store_id, endpoint_id), secret_id, sealed)


async def change(
    tx: Tx, ctx: Context, store_id: str, endpoint_id: str, *, url: str | None, events: Sequence[str] | None
) -> Endpoint:
    """Writes another address, or other events. At another address the endpoint starts anew: nothing of what the former
    one did counts against it. Raises `NotFound` and `Invalid`.
    """
    before = await get(tx, store_id, endpoint_id, lock=True)
    if url is not None:
        check_url(ctx, url)
    after = replace(
        before,
        url=before.url if url is None else url,
        events=before.events if events is None else known(events),
    )
    if after != before:
        await sql.change(tx, after)
        tx.note("endpoint.changed", on=endpoint_id)
    if after.url != before.url:
        await at_once(tx, endpoint_id)
    return await get(tx, store_id, endpoint_id)


async def rotate(tx: Tx, ctx: Context, store_id: str, endpoint_id: str, *, overlap: timedelta) -> Made:
    """Gives an endpoint another secret; the newest one of before signs as well until the overlap ends, and none that
    is older. Raises `NotFound` and `Invalid`.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Invalid.field("overlap_hours", "The former secret may hold on for 0 to 168 hours.")
    await get(tx, store_id, endpoint_id, lock=True)
    await sql.end_secret(tx, store_id, endpoint_id, at=tx.now + overlap)
    secret_id, sealed = await _new_secret(tx, ctx.require_sealing(), store_id, endpoint_id)
    await at_once(tx, endpoint_id)  # it may have waited for a secret that can be opened
    tx.note("endpoint.secret_changed", on=endpoint_id)
    return Made(await get(tx, store_id, endpoint_id), secret_id, sealed)


async def turn(tx: Tx, store_id: str, endpoint_id: str, *, on: bool) -> Endpoint:
    """Turns an endpoint on or off by hand. Raises `NotFound`."""
    await get(tx, store_id, endpoint_id, lock=True)
    if on and await sql.turn_on(tx, store_id, endpoint_id):
        await at_once(tx, endpoint_id)
        tx.note("endpoint.turned_on", on=endpoint_id)
    elif not on and await sql.turn_off(tx, store_id, endpoint_id, "by_hand"):
        tx.note("endpoint.turned_off", on=endpoint_id, after={"outcome": "by_hand"})
    return await get(tx, store_id, endpoint_id)


async def delete(tx: Tx, store_id: str, endpoint_id: str) -> None:
    """Ends an endpoint: what waits for it is not sent. Raises `NotFound`."""
    if not await sql.end(tx, store_id, endpoint_id):
        raise NotFound("There is no such endpoint.")
    await sendings.skip_all(tx, store_id, endpoint_id)
    tx.note("endpoint.ended", on=endpoint_id)


async def get(tx: Tx, store_id: str, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    """One endpoint of a store. Raises `NotFound`."""
    found = await sql.one(tx, store_id, endpoint_id, lock=lock)
    if found is None:
        raise NotFound("There is no such endpoint.")
    return found


def show(sealing: Sealing, secret_id: str, sealed: bytes) -> str:
    """A secret in the clear, for the answer to who made it. Raises `ValueError` if its key has left."""
    return signatures.as_text(sealing.open(signing.SECRET, sealed, owner=secret_id))


def known(events: Sequence[str]) -> list[str]:
    """The types, each once, in our order. Raises `Invalid` for one that we do not have."""
    for one in events:
        if one not in TYPES:
            raise Invalid.field("events", f"There is no such event. There are: {', '.join(TYPES)}.")
    if not events:
        raise Invalid.field("events", "Choose one event at least.")
    return [one for one in TYPES if one in events]


async def _new_secret(tx: Tx, sealing: Sealing, store_id: str, endpoint_id: str) -> tuple[str, bytes]:
    secret_id = new_id("whs", at=tx.now)
    sealed = sealing.seal(signing.SECRET, os.urandom(signatures.KEY_BYTES), owner=secret_id)
    await sql.add_secret(tx, store_id, endpoint_id, secret_id=secret_id, secret=sealed)
    return secret_id, sealed
