"""Makes facts of orders of Shopify's deliveries."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from services.common import order_facts
from services.common.order_facts import Clock, Refund, ReportedFact
from services.connectors.inbox.actions import Message
from services.connectors.inbox.domain import Ignored, without_odd_characters
from services.connectors.shopify import domain
from services.kernel.auth.ring import KeyRing
from services.kernel.errors import Invalid


def read(ring: KeyRing, message: Message) -> Sequence[ReportedFact]:
    """The facts that a delivery reports. Raises `Ignored` and `Invalid`, and for impossible figures others."""
    kind = domain.KINDS.get(message.topic)
    if kind is None:
        raise Ignored("other_topic")
    store_id, clock, reported = message.store_id, message.clock, _object(message.body)
    if kind == "refund":
        refund = domain.read_refund(reported)
        if refund.status == "none":
            raise Ignored("no_money_went_back")
        _check_id(refund.order_id)
        return _refunds(store_id, refund, None, clock)
    read = domain.read_order(reported)
    if read.test:
        raise Ignored("test_order")
    order = read.order
    _check_id(order.order_id)
    facts = [order_facts.report(ring, store_id, order, clock, message.nobody, source="shopify")]
    if message.topic == domain.CANCELLED and "cancelled_at" not in reported:
        raise Invalid.field("cancelled_at", "The delivery has no cancelled_at; subscribe without trimming fields.")
    # Only the body is signed: an old one that comes again under another topic must not cancel anything.
    if order.cancelled_at is not None:
        facts.append(order_facts.cancel(store_id, order.order_id, order.cancelled_at, clock))
    # What the order carries of its refunds stands for deliveries that were lost, or came before the money had moved.
    for refund in domain.refunds_in(reported):
        if refund.status != "none":
            carried = replace(refund, order_id=order.order_id, at=min(refund.at, clock.now))
            facts += _refunds(store_id, carried, order.updated_at, clock)
    return facts


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
    return tuple(order_facts.refund(store_id, reported.order_id, one, clock) for one in (refund, *others))


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        reported = orjson.loads(without_odd_characters(body))
    except orjson.JSONDecodeError:
        raise Invalid.field("body", "The delivery is not JSON.") from None
    if not isinstance(reported, dict):
        raise Invalid.field("body", "The delivery is not a JSON object.")
    return reported


def _check_id(order_id: str) -> None:
    if len(order_id) > domain.LONGEST_ID or not order_id.isprintable():
        raise Invalid.field("id", "The order's id cannot be kept.")
