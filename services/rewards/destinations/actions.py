"""Setting where money goes, and opening what was sealed of it."""

from collections.abc import Sequence
from hashlib import sha256

import orjson

from contracts.events.catalog import AmbassadorSaved
from contracts.events.payouts import DestinationChanged
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Tx
from services.kernel.ids import new_id
from services.kernel.revisions import newest
from services.rewards.destinations import sql
from services.rewards.destinations.domain import COOL_OFF, SEALED, Details, hint_of
from services.rewards.destinations.sql import Destination


async def set_destination(tx: Tx, sealing: Sealing, store_id: str, ambassador_id: str, details: Details) -> Destination:
    """Money goes there from now on, once the cool-off is over; what is prepared for the former one is not sent.

    The same again changes nothing. The caller has seen to it that the ambassador has signed in just now.
    """
    await tx.lock_stores([store_id])  # payouts are prepared and sent under it too
    before = await sql.current(tx, store_id, ambassador_id)
    if before is not None and opened(sealing, before) == details:
        return before
    destination_id = new_id("dst", at=tx.now)
    made = Destination(
        destination_id=destination_id,
        ambassador_id=ambassador_id,
        method=details.method,
        hint=hint_of(details),
        sealed=sealing.seal(SEALED, _packed(details), owner=destination_id),
        made_at=tx.now,
        usable_at=tx.now + COOL_OFF,
        ended_at=None,
    )
    await sql.end(tx, store_id, ambassador_id)
    if before is not None:
        await sql.forget(tx, store_id, [before.destination_id])
    await sql.add(tx, store_id, made)
    tx.note("destination.changed", on=ambassador_id, after={"method": details.method})
    tx.emit(
        DestinationChanged(
            store_id=store_id,
            ambassador_id=ambassador_id,
            destination_id=destination_id,
            method=details.method,
            is_first=before is None,
            usable_at=made.usable_at,
            changed_at=tx.now,
        )
    )
    return made


def opened(sealing: Sealing, destination: Destination) -> Details | None:
    """Holder and account; None where they were dropped, or their key is gone."""
    if destination.sealed is None:
        return None
    try:
        plain = sealing.open(SEALED, destination.sealed, owner=destination.destination_id)
    except ValueError:
        return None
    method, holder, value = orjson.loads(plain)
    return Details(method=method, holder=holder, value=value)


def _packed(details: Details) -> bytes:
    return orjson.dumps((details.method, details.holder, details.value))


async def receive(tx: Tx, saved: Sequence[AmbassadorSaved]) -> None:
    """Ambassadors as they are now: whose mail or phone changed waits for their money, and who is blocked until they are
    not; who was erased leaves nothing.
    """
    latest = newest(saved, key=lambda one: (one.store_id, one.ambassador_id))
    erased = [ref for ref, one in latest.items() if one.status == "erased"]
    if erased:
        await tx.lock_stores(store_id for store_id, _ in erased)  # one that is set at this moment goes too
        await sql.erase(tx, sorted(erased))
    there = [one for one in latest.values() if one.status != "erased"]
    seen = sorted((one.store_id, one.ambassador_id, _mark(one), one.revision, one.status == "blocked") for one in there)
    if seen and (changed := await sql.see_contacts(tx, seen)):
        await sql.cool_off(tx, changed, wait=COOL_OFF)


def _mark(one: AmbassadorSaved) -> bytes:
    return sha256("\n".join(sorted(one.contact_hashes)).encode()).digest()[:16]
