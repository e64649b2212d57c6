"""Reads Shopify's deliveries."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from services.common.order_facts import Refund
from services.connectors.platforms.domain.bodies import json_object
from services.connectors.platforms.domain.port import (
    Delivered,
    Farewell,
    Ignored,
    PrivacyKind,
    PrivacyRequest,
    Report,
    ReportedCancel,
    ReportedRefund,
)
from services.connectors.platforms.domain.shopify import naming
from services.connectors.platforms.domain.shopify.graphql import as_webhook
from services.connectors.platforms.domain.shopify.order import read_order
from services.connectors.platforms.domain.shopify.refund import ShopifyRefund, read_refund, refunds_in
from services.connectors.platforms.domain.values import Reported, id_of, missing, text
from services.kernel.errors import Invalid


def read(delivered: Delivered) -> Report:
    """What a delivery reports. Raises `Ignored` and `Invalid`, and for impossible figures others."""
    listed = delivered.topic == naming.LISTED
    if delivered.topic in naming.FAREWELLS:
        return Report(farewell=_farewell(delivered.topic, json_object(delivered.body)))
    if delivered.topic == naming.DATA_REQUEST:
        raise Ignored("data_request")
    kind = "order" if listed else naming.KINDS.get(delivered.topic)
    if kind is None:
        raise Ignored("other_topic")
    reported = as_webhook(json_object(delivered.body)) if listed else json_object(delivered.body)
    if kind == "refund":
        refund = read_refund(reported)
        if refund.status == "none":
            raise Ignored("no_money_went_back")
        return Report(refunds=_refunds(refund, refund.order_id, None))
    read = read_order(reported)
    if read.test:
        raise Ignored("test_order")
    order = read.order
    if delivered.topic == naming.CANCELLED and "cancelled_at" not in reported:
        raise Invalid.field("cancelled_at", "The delivery has no cancelled_at; subscribe without trimming fields.")
    # Only the body is signed: an old one that comes again under another topic must not cancel anything.
    cancels = [ReportedCancel(order.order_id, order.cancelled_at)] if order.cancelled_at is not None else []
    # What the order carries of its refunds stands for deliveries that were lost, or came before the money had moved.
    refunds: list[ReportedRefund] = []
    for refund in refunds_in(reported):
        if refund.status != "none":
            carried = replace(refund, at=min(refund.at, delivered.clock.now))
            refunds += _refunds(carried, order.order_id, order.updated_at)
    return Report(orders=[order], cancels=cancels, refunds=refunds)


def _farewell(topic: str, reported: Reported) -> Farewell:
    """Only the body is signed: one of another topic lacks what this one is about, or has more than it."""
    if topic == naming.UNINSTALLED:
        return Farewell(text(reported, "myshopify_domain") or missing("myshopify_domain"), removed=True)
    host = text(reported, "shop_domain") or missing("shop_domain")
    if topic == naming.REDACT_SHOP:
        if "customer" in reported:
            raise Invalid.field("customer", "The body is about a customer, not the whole shop.")
        return Farewell(host, orders=None)
    listed = reported.get("orders_to_redact")
    if not isinstance(listed, list):
        raise Invalid.field("orders_to_redact", "The body has no list of orders.")
    return Farewell(host, orders=[order_id for one in listed if (order_id := id_of(one)) is not None])


_PRIVACY: Final[Mapping[str, tuple[PrivacyKind, str]]] = {
    naming.DATA_REQUEST: ("data_request", "orders_requested"),
    naming.REDACT_CUSTOMER: ("customer_redact", "orders_to_redact"),
    naming.REDACT_SHOP: ("shop_redact", ""),
}


def privacy(topic: str, body: bytes) -> PrivacyRequest | None:
    """What a delivery asks in people's name. Raises `Invalid`."""
    if topic not in _PRIVACY:
        return None
    kind, listed = _PRIVACY[topic]
    reported = json_object(body)
    host = text(reported, "shop_domain") or missing("shop_domain")
    if not listed:
        return PrivacyRequest(kind, host, None)
    named = reported.get(listed)
    if not isinstance(named, list):
        raise Invalid.field(listed, "The body has no list of orders.")
    return PrivacyRequest(kind, host, [order_id for one in named if (order_id := id_of(one)) is not None])


def _refunds(reported: ShopifyRefund, order_id: str, updated_at: datetime | None) -> list[ReportedRefund]:
    """A refund; and what it moved in other currencies, which nobody can set beside the rest."""
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
    return [ReportedRefund(order_id, one) for one in (refund, *others)]
