"""Keeps what stores report of custom events, once, and passes it on."""

import hashlib
from collections.abc import Collection

from contracts.events.actions import ActionCancelled, ActionReported, CancelReason
from contracts.events.tracking import Customer, CustomerIdentified
from services.attribution.custom_events.domain import content_of
from services.attribution.custom_events.sql import events as sql
from services.attribution.custom_events.sql.events import EventRow
from services.attribution.decisions.domain.people import keys_of_customer
from services.attribution.tracking import sql as tracking_sql
from services.common.order import Event
from services.common.order_facts import Clock, check_time, evidence_in
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id


class EventNotFound(NotFound):
    """No event has this id in this store."""

    code = "event_not_found"

    def __init__(self, event_id: str) -> None:
        super().__init__(f"There is no event {event_id}.")


class EventReportedOtherwise(Conflict):
    """Another event was reported under this id."""

    code = "event_reported_otherwise"

    def __init__(self, event_id: str) -> None:
        super().__init__(
            f"Event {event_id} was reported before, and said something else. An event never changes: give another one"
            " an event_id of its own, and cancel the one that was wrong."
        )


def report_of(
    ring: KeyRing, store_id: str, event: Event, clock: Clock, nobody: Collection[str] = frozenset()
) -> ActionReported:
    """The fact in a report: tokens read, contacts hashed. `nobody`: names that stand for nobody at this store.

    Raises `Invalid` for an event of nobody, or of a moment more than a day ahead.
    """
    happened_at = clock.moved(event.happened_at)
    check_time("happened_at", happened_at, clock)
    evidence = evidence_in(ring, store_id, event, nobody)
    if evidence.customer_id is None and not evidence.hashes:
        raise Invalid.field(
            "customer",
            "This names nobody. Give the customer's id, email or phone: what stands for any guest is no name.",
        )
    return ActionReported(
        store_id=store_id,
        event_id=event.event_id,
        received_at=clock.now,
        name=event.name,
        happened_at=happened_at,
        customer=Customer(id=evidence.customer_id, contact_hashes=evidence.hashes),
        visitor_id=evidence.visitor_id,
        tokens=evidence.claims,
        token_problems=evidence.problems,
        codes=evidence.codes,
    )


async def report(tx: Tx, reported: ActionReported) -> bool:
    """Keeps an event and publishes it, and who is meant, as `identify` would: all names that it gives are one
    person's. False if the very same was reported before.

    Raises `EventReportedOtherwise` where another one was under this id.
    """
    body = reported.__pydantic_serializer__.to_json(reported, exclude_none=True)
    mark = hashlib.blake2b(content_of(reported), digest_size=16).digest()
    if await sql.add(tx, reported, mark=mark, body=body):
        await sql.tie(tx, {(reported.store_id, reported.event_id): keys_of_customer(reported.customer)})
        naming = CustomerIdentified(
            store_id=reported.store_id,
            track_id=new_id("trk", at=tx.now),
            at=reported.received_at,
            customer=reported.customer,
            vouched="server",
        )
        if await tracking_sql.insert(tx, [tracking_sql.stored(naming)]):
            tx.emit(naming)
        tx.emit(reported)
        return True
    known = await sql.one(tx, reported.store_id, reported.event_id)
    if known is None or known.mark != mark:
        raise EventReportedOtherwise(reported.event_id)
    return False


async def cancel(tx: Tx, store_id: str, event_id: str, *, reason: CancelReason) -> bool:
    """Calls an event off and publishes that; False if it was before, for whatever reason. Raises `EventNotFound`."""
    known = await sql.one(tx, store_id, event_id, lock=True)
    if known is None:
        raise EventNotFound(event_id)
    if known.cancelled_at is not None:
        return False
    await sql.call_off(tx, store_id, event_id, reason=reason)
    tx.emit(ActionCancelled(store_id=store_id, event_id=event_id, received_at=tx.now, reason=reason))
    return True


async def get(tx: Tx, store_id: str, event_id: str) -> EventRow:
    """One. Raises `EventNotFound`."""
    row = await sql.one(tx, store_id, event_id)
    if row is None:
        raise EventNotFound(event_id)
    return row
