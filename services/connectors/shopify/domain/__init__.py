"""Shopify's deliveries, read into what we call an order, a refund and a cancellation. Pure.

Every field of theirs may be absent: a subscription can trim the payload. Amounts are decimal strings, taken in the
shop's own currency, whatever the buyer paid in.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Final, Literal

import orjson

from services.connectors.inbox.domain import without_odd_characters
from services.connectors.shopify.domain.order import LONGEST_ID, ShopifyOrder, read_order
from services.connectors.shopify.domain.refund import ShopifyRefund, read_refund, refunds_in

KINDS: Final[Mapping[str, Literal["order", "refund"]]] = {
    "orders/create": "order",
    "orders/paid": "order",
    "orders/updated": "order",
    "orders/cancelled": "order",
    "refunds/create": "refund",
}
"""What the body is, by topic. The topics of orders all carry the whole order, and say no more than their name."""


CANCELLED: Final = "orders/cancelled"


def kind_of(topic: str, body: bytes) -> str:
    """What a delivery is named by beside its body: the same body under two topics of one kind is one delivery. One that
    says less than its topic needs must not stand in the way of the same body under another.
    """
    if topic == CANCELLED and not _tells(body, "cancelled_at"):
        return topic
    return KINDS.get(topic, "other")


def _tells(body: bytes, field: str) -> bool:
    """Whether the order itself has this field, not something within it: shops name a cart's attributes as they like."""
    try:
        reported = orjson.loads(without_odd_characters(body))
    except orjson.JSONDecodeError:
        return False
    return isinstance(reported, dict) and field in reported


def signature(secret: bytes, body: bytes) -> bytes:
    """What `X-Shopify-Hmac-Sha256` must say for this body: base64 of HMAC-SHA256 under the app's client secret."""
    return b64encode(hmac.digest(secret, body, hashlib.sha256))


__all__ = [
    "CANCELLED",
    "KINDS",
    "LONGEST_ID",
    "ShopifyOrder",
    "ShopifyRefund",
    "kind_of",
    "read_order",
    "read_refund",
    "refunds_in",
    "signature",
]
