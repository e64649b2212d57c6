"""Deliveries as platforms send them, of an order that nobody placed, signed as each signs."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import digest
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from services.connectors.platforms.domain.generic.signing import key_of
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.platforms.domain.shopify import naming as shopify
from services.connectors.platforms.domain.stripe.signing import signature as stripe_signature
from services.connectors.platforms.domain.woocommerce.naming import signature as woocommerce_signature

REFUNDED: Final = "order.updated:refunded"
CANCELLED: Final = "order.updated:cancelled"
"""WooCommerce reports both by `order.updated`."""
BY_NAME_ALONE: Final = frozenset({*shopify.FAREWELLS, shopify.DATA_REQUEST})
"""What takes access away, or has something forgotten: no part of `all`."""


class Purchase(NamedTuple):
    """What is reported: goods for 46.00, shipping 4.90, of a buyer of its own."""

    order_id: str
    at: datetime
    code: str = ""
    token: str = ""
    currency: str = "EUR"
    host: str = ""
    """Whose shop it is, where the platform says so."""


class Simulated(NamedTuple):
    """One delivery."""

    headers: dict[str, str]
    body: bytes


def simulate(platform: str, topic: str, bought: Purchase, secret: str, *, now: int) -> Simulated:
    """A delivery of a platform. `now` is in seconds since 1970, by the receiver's clock. Raises `KeyError` for a
    platform that there is not.
    """
    return _PLATFORMS[platform](topic, bought, secret.encode(), now)


def _json(body: Mapping[str, Any], headers: Mapping[str, str]) -> Simulated:
    return Simulated({"content-type": "application/json", **headers}, json.dumps(body).encode())


def _mail(bought: Purchase) -> str:
    return f"simulated-{bought.order_id}@example.com"


def _farewell(topic: str, bought: Purchase) -> dict[str, Any]:
    """What Shopify says when an app is removed, and when somebody is to be forgotten or told what is kept."""
    if topic == shopify.UNINSTALLED:
        return {"id": 7, "myshopify_domain": bought.host}
    about: dict[str, Any] = {"shop_id": 7, "shop_domain": bought.host}
    if topic == shopify.REDACT_SHOP:
        return about
    about["customer"] = {"id": 207, "email": _mail(bought)}
    orders = "orders_to_redact" if topic == shopify.REDACT_CUSTOMER else "orders_requested"
    return about | {orders: [int(bought.order_id)]}


def _shopify(topic: str, bought: Purchase, secret: bytes, now: int) -> Simulated:
    at = bought.at.isoformat()
    money = {"kind": "refund", "status": "success", "amount": "10.00", "currency": bought.currency}
    refund = {
        "id": int(bought.order_id) + 1,
        "order_id": int(bought.order_id),
        "created_at": at,
        "transactions": [money],
    }
    order = {
        "id": int(bought.order_id),
        "created_at": at,
        "updated_at": at,
        "cancelled_at": at if topic == "orders/cancelled" else None,
        "currency": bought.currency,
        "financial_status": "pending" if topic == "orders/create" else "paid",
        "subtotal_price": "46.00",
        "total_price": "50.90",
        "email": _mail(bought),
        "discount_codes": [{"code": bought.code}] if bought.code else [],
        "note_attributes": [{"name": "kith", "value": bought.token}] if bought.token else [],
    }
    payload = refund if topic == "refunds/create" else _farewell(topic, bought) if topic in BY_NAME_ALONE else order
    sent = _json(payload, {"X-Shopify-Topic": topic})
    sent.headers["X-Shopify-Hmac-Sha256"] = shopify.signature(secret, sent.body).decode()
    return sent


def _woocommerce(topic: str, bought: Purchase, secret: bytes, now: int) -> Simulated:
    at = bought.at.replace(tzinfo=None).isoformat(timespec="seconds")
    changed = bought.at + timedelta(seconds={REFUNDED: 1, CANCELLED: 2}.get(topic, 0))
    back = {"id": int(bought.order_id) + 1, "reason": "", "total": "-10.00"}
    order: dict[str, Any] = {"id": int(bought.order_id)}
    if topic != "order.deleted":
        order |= {
            "status": {"order.created": "pending", CANCELLED: "cancelled"}.get(topic, "processing"),
            "currency": bought.currency,
            "date_created_gmt": at,
            "date_modified_gmt": changed.replace(tzinfo=None).isoformat(timespec="seconds"),
            "date_paid_gmt": None if topic == "order.created" else at,
            "total": "50.90",
            "total_tax": "0.00",
            "shipping_total": "4.90",
            "billing": {"email": _mail(bought)},
            "line_items": [{"id": 1, "product_id": 1, "quantity": 1, "total": "46.00"}],
            "coupon_lines": [{"code": bought.code}] if bought.code else [],
            "meta_data": [{"key": "kith", "value": bought.token}] if bought.token else [],
            "refunds": [back] if topic in (REFUNDED, CANCELLED) else [],
        }
    sent = _json(order, {"X-WC-Webhook-Topic": topic.partition(":")[0]})
    sent.headers["X-WC-Webhook-Signature"] = woocommerce_signature(secret, sent.body).decode()
    return sent


_DISPUTES: Final = {
    "charge.dispute.funds_withdrawn": "needs_response",
    "charge.dispute.funds_reinstated": "won",
    "charge.dispute.closed": "lost",
}
"""How a chargeback stands in the events that report one."""


def _stripe(topic: str, bought: Purchase, secret: bytes, now: int) -> Simulated:
    created, intent = int(bought.at.timestamp()), f"pi_{bought.order_id}"
    evidence = {"kith": bought.token, "kith_codes": bought.code}
    found: dict[str, Any] = {
        "currency": bought.currency.lower(),
        "created": created,
        "metadata": {"kith_simulated": "1", **{name: value for name, value in evidence.items() if value}},
    }
    if topic.startswith("checkout."):
        status = "unpaid" if topic.endswith("failed") else "paid"
        found |= {"id": f"cs_{bought.order_id}", "mode": "payment", "payment_intent": intent, "payment_status": status}
        found |= {"amount_total": 5090, "total_details": {"amount_shipping": 490}}
        found |= {"customer_details": {"email": _mail(bought)}}
    elif topic.startswith("payment_intent."):
        found |= {"id": intent, "status": "succeeded", "amount_received": 5090, "receipt_email": _mail(bought)}
    elif topic.startswith("invoice_payment."):
        found |= {"id": f"inpay_{bought.order_id}", "invoice": f"in_{bought.order_id}", "status": "paid"}
        found |= {"amount_paid": 5090, "payment": {"type": "payment_intent", "payment_intent": intent}}
    elif topic.startswith("invoice."):
        found |= {
            "id": f"in_{bought.order_id}",
            "status": "paid",
            "total": 5090,
            "billing_reason": "subscription_cycle",
        }
        found |= {"customer_email": _mail(bought), "shipping_cost": {"amount_subtotal": 490}}
    elif topic in _DISPUTES:
        found |= {"id": f"du_{bought.order_id}", "payment_intent": intent, "charge": f"ch_{bought.order_id}"}
        found |= {"amount": 5090, "status": _DISPUTES[topic]}
    else:
        status = "failed" if topic == "refund.failed" else "succeeded"
        refund = {"id": f"re_{bought.order_id}", "amount": 1000, "currency": bought.currency.lower(), "status": status}
        found |= {"payment_intent": intent, "refunds": {"data": [refund]}, **refund}
    event = {"id": f"evt_{topic}_{bought.order_id}", "created": created, "livemode": True, "type": topic}
    sent = _json({**event, "api_version": "2025-09-30.clover", "data": {"object": found}}, {})
    sent.headers["Stripe-Signature"] = f"t={now},v1={stripe_signature(secret, str(now), sent.body).decode()}"
    return sent


def _tilda(topic: str, bought: Purchase, secret: bytes, now: int) -> Simulated:
    form = {
        "Email": _mail(bought),
        "payment[orderid]": bought.order_id,
        "payment[amount]": "50.90",
        "payment[delivery_price]": "4.90",
        "payment[promocode]": bought.code,
        "kith_tokens": bought.token,
    }
    body = {"test": "test"} if topic == "test" else {name: value for name, value in form.items() if value}
    return Simulated({"content-type": "application/x-www-form-urlencoded"}, urlencode(body).encode())


def _insales(topic: str, bought: Purchase, secret: bytes, now: int) -> Simulated:
    return _json({"id": int(bought.order_id)}, {})


def _generic(topic: str, bought: Purchase, secret: bytes, now: int) -> Simulated:
    at = bought.at.isoformat()
    data: dict[str, Any] = {"order_id": bought.order_id}
    if topic == "order.refunded":
        data |= {"refund_id": "1", "amount_minor": 1000, "at": at}
    elif topic == "order.cancelled":
        data |= {"at": at}
    else:
        data |= {"placed_at": at, "updated_at": at, "status": "paid", "currency": bought.currency}
        data |= {"total_minor": 5090, "subtotal_minor": 4600, "shipping_minor": 490}
        data |= {"customer": {"email": _mail(bought)}, "codes": [bought.code], "tokens": [bought.token]}
    name = f"msg_{topic}_{bought.order_id}"
    sent = _json({"type": topic, "timestamp": at, "data": data}, {"webhook-id": name, "webhook-timestamp": str(now)})
    signed = b"%b.%d.%b" % (name.encode(), now, sent.body)
    sent.headers["webhook-signature"] = "v1," + b64encode(digest(key_of(secret), signed, sha256)).decode()
    return sent


_PLATFORMS = {
    "shopify": _shopify,
    "woocommerce": _woocommerce,
    "stripe": _stripe,
    "tilda": _tilda,
    "insales": _insales,
    "bitrix": _generic,
    "generic": _generic,
}
EXTRA: Mapping[str, tuple[str, ...]] = {
    "tilda": ("order", "test"),
    "woocommerce": (REFUNDED, CANCELLED),
    "shopify": (shopify.UNINSTALLED, shopify.REDACT_CUSTOMER, shopify.REDACT_SHOP, shopify.DATA_REQUEST),
}
"""What is reported beside the topics that a store subscribes to, or under one of them."""


def topics_of(platform: str) -> tuple[str, ...]:
    """All that can be reported by a platform. Raises `KeyError` for one that there is not."""
    return (*PLATFORMS[platform].topics, *EXTRA.get(platform, ()))
