"""Makes facts of Shopify's deliveries. The delivery itself is kept first, whatever becomes of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
import orjson

from services.attribution.hooks import actions as hooks
from services.attribution.hooks import domain as hooks_domain
from services.attribution.hooks import sql
from services.attribution.hooks.sql import Delivery
from services.attribution.orders import actions as orders
from services.attribution.orders.actions import Clock, Refund
from services.attribution.orders.schemas import CancelIn
from services.attribution.orders.sql import ReportedFact
from services.attribution.shopify import domain
from services.attribution.slices import sql as slices
from services.kernel.auth import at_rest
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Tx
from services.kernel.errors import AppError, Invalid


@dataclass(frozen=True, slots=True)
class Received:
    """One delivery, read: what is kept of it, and the facts that it tells (none if it is ignored or unreadable)."""

    delivery: Delivery
    facts: tuple[ReportedFact, ...]


def receive(
    ring: KeyRing,
    *,
    store_id: str,
    hook_id: str,
    headers: Mapping[str, str],
    body: bytes,
    clock: Clock,
    nobody: Collection[str] = frozenset(),
) -> Received:
    """Reads a delivery whose signature was good. Never raises on what it says: that is noted with the delivery.

    `nobody`: names that stand for nobody at this store by its own word.
    """
    topic = headers.get("topic", "")[:64]
    facts, outcome, reason = _read(ring, store_id, topic, body, clock, nobody)
    # What could not be read under one topic must not stand in the way of the same body under another.
    kind = topic if outcome == "failed" else domain.KINDS.get(topic, "other")
    delivery_id = hooks_domain.delivery_id(f"{hook_id} {kind}", body)
    delivery = Delivery(
        store_id=store_id,
        delivery_id=delivery_id,
        hook_id=hook_id,
        topic=topic,
        received_at=clock.now,
        outcome=outcome,
        reason=reason,
        order_id=_order_of(facts),
        body=at_rest.encrypt(ring, hooks_domain.BODY, body, owner=delivery_id),
    )
    return Received(delivery, facts)


async def read_again(tx: Tx, ring: KeyRing, kept: Delivery, clock: Clock) -> Delivery:
    """Reads a delivery that was kept once more, and keeps the facts that it tells now: those known stay as they are.

    Raises `ValueError` if its key has left the ring.
    """
    body = at_rest.decrypt(ring, hooks_domain.BODY, kept.body, owner=kept.delivery_id)
    nobody = await slices.own_placeholders(tx, kept.store_id)
    facts, outcome, reason = _read(ring, kept.store_id, kept.topic, body, clock, nobody)
    await orders.keep(tx, facts)
    read = replace(kept, outcome=outcome, reason=reason, order_id=_order_of(facts))
    await sql.note_outcome(tx, read)
    return read


async def keep(tx: Tx, received: Sequence[Received]) -> list[str]:
    """Keeps deliveries, and the facts of those that did not come before. Says what became of each."""
    new = await hooks.keep(tx, [one.delivery for one in received])
    await orders.keep(tx, [fact for one, first in zip(received, new, strict=True) if first for fact in one.facts])
    return [one.delivery.outcome if first else "duplicate" for one, first in zip(received, new, strict=True)]


class _Ignored(Exception):
    """A delivery that tells nothing for us; the text says why."""


def _read(
    ring: KeyRing, store_id: str, topic: str, body: bytes, clock: Clock, nobody: Collection[str]
) -> tuple[tuple[ReportedFact, ...], str, str | None]:
    """The facts, the outcome, and its reason."""
    try:
        return _facts(ring, store_id, topic, body, clock, nobody), "taken", None
    except _Ignored as ignored:
        return (), "ignored", str(ignored)
    except AppError as error:
        return (), "failed", f"unreadable: {error.errors[0].field if error.errors else error.code}"
    except (ValueError, OverflowError, msgspec.ValidationError) as error:
        # A field that no order of ours can hold: a negative figure, a time outside of all calendars.
        return (), "failed", f"unreadable: {type(error).__name__}"


def _order_of(facts: Sequence[ReportedFact]) -> str | None:
    return facts[0].order_id if facts else None


def _facts(
    ring: KeyRing, store_id: str, topic: str, body: bytes, clock: Clock, nobody: Collection[str]
) -> tuple[ReportedFact, ...]:
    kind = domain.KINDS.get(topic)
    if kind is None:
        raise _Ignored("other_topic")
    reported = _object(body)
    if kind == "refund":
        refund = domain.read_refund(reported)
        if refund.status == "none":
            raise _Ignored("no_money_went_back")
        _check_id(refund.order_id)
        return _refunds(store_id, refund, None, clock)
    read = domain.read_order(reported)
    if read.test:
        raise _Ignored("test_order")
    order = read.order
    _check_id(order.order_id)
    facts = [orders.report(ring, store_id, order, clock, nobody, source="shopify")]
    if topic == "orders/cancelled" and "cancelled_at" not in reported:
        raise Invalid.field("cancelled_at", "The delivery has no cancelled_at; subscribe without trimming fields.")
    # Only the body is signed: an old one that comes again under another topic must not cancel anything.
    if order.cancelled_at is not None:
        facts.append(orders.cancel(store_id, order.order_id, CancelIn(at=order.cancelled_at), clock))
    # What the order carries of its refunds stands for deliveries that were lost, or came before the money had moved.
    for refund in domain.refunds_in(reported):
        if refund.status != "none":
            carried = replace(refund, order_id=order.order_id, at=min(refund.at, clock.now))
            facts += _refunds(store_id, carried, order.updated_at, clock)
    return tuple(facts)


def _refunds(
    store_id: str, reported: domain.ShopifyRefund, updated_at: datetime | None, clock: Clock
) -> tuple[ReportedFact, ...]:
    """The fact of a refund; and of what it moved in other currencies, which nobody can set beside the rest."""
    refund = Refund(
        refund_id=reported.refund_id,
        amount_minor=reported.amount_minor,
        at=reported.at,
        currency=reported.currency,
        lines=reported.lines,
        shipping_minor=reported.shipping_minor,
        updated_at=updated_at,
        status="failed" if reported.status == "failed" else "succeeded",
    )
    others = [
        refund._replace(
            refund_id=f"{reported.refund_id}:{currency}",
            amount_minor=amount,
            currency=currency,
            lines=(),
            shipping_minor=None,
        )
        for currency, amount in reported.foreign
    ]
    return tuple(orders.refund(store_id, reported.order_id, one, clock) for one in (refund, *others))


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        reported = orjson.loads(hooks_domain.without_odd_characters(body))
    except orjson.JSONDecodeError:
        raise Invalid.field("body", "The delivery is not JSON.") from None
    if not isinstance(reported, dict):
        raise Invalid.field("body", "The delivery is not a JSON object.")
    return reported


def _check_id(order_id: str) -> None:
    if len(order_id) > domain.LONGEST_ID or not order_id.isprintable():
        raise Invalid.field("id", "The order's id cannot be kept.")
