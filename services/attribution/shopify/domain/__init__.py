"""Shopify's deliveries, read into what we call an order, a refund and a cancellation. Pure.

Every field of theirs may be absent: a subscription can trim the payload. Amounts are decimal strings, taken in the
shop's own currency, whatever the buyer paid in.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Final, Literal

from services.attribution.shopify.domain.order import LONGEST_ID, ShopifyOrder, read_order
from services.attribution.shopify.domain.refund import ShopifyRefund, read_refund, refunds_in

KINDS: Final[Mapping[str, Literal["order", "refund"]]] = {
    "orders/create": "order",
    "orders/paid": "order",
    "orders/updated": "order",
    "orders/cancelled": "order",
    "refunds/create": "refund",
}
"""What the body is, by topic. The topics of orders all carry the whole order, and say no more than their name."""


def signature(secret: bytes, body: bytes) -> bytes:
    """What `X-Shopify-Hmac-Sha256` must say for this body: base64 of HMAC-SHA256 under the app's client secret."""
    return b64encode(hmac.digest(secret, body, hashlib.sha256))


__all__ = [
    "KINDS",
    "LONGEST_ID",
    "ShopifyOrder",
    "ShopifyRefund",
    "read_order",
    "read_refund",
    "refunds_in",
    "signature",
]
