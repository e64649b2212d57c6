"""How Shopify proves who it is, and how its deliveries are named."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

import orjson

from services.connectors.platforms.domain.bodies import without_odd_characters
from services.connectors.platforms.domain.port import POLLED, Asked, Named
from services.connectors.platforms.domain.proof import same

KINDS: Final[Mapping[str, Literal["order", "refund"]]] = {
    "orders/create": "order",
    "orders/paid": "order",
    "orders/updated": "order",
    "orders/cancelled": "order",
    "refunds/create": "refund",
}
"""What the body is, by topic. The topics of orders all carry the whole order, and say no more than their name."""

UNINSTALLED: Final = "app/uninstalled"
REDACT_CUSTOMER: Final = "customers/redact"
REDACT_SHOP: Final = "shop/redact"
DATA_REQUEST: Final = "customers/data_request"
FAREWELLS: Final = frozenset({UNINSTALLED, REDACT_CUSTOMER, REDACT_SHOP})
"""What is asked for when an app is removed from a shop, and when people are to be forgotten."""

CANCELLED: Final = "orders/cancelled"
LISTED: Final = "graphql"
"""The topic under which an order is read that the Admin API listed: no delivery has it, whatever its header says."""
_FAMILIES: Final = ("x-shopify-", "shopify-")
"""The platform is about to drop the X- of the older family."""


def authenticate(asked: Asked, secrets: Sequence[bytes], now: int) -> bool:
    """Whether the body is signed with the app's client secret."""
    return same([_header(asked, "hmac-sha256")], [signature(secret, asked.body) for secret in secrets])


def name_of(asked: Asked) -> Named:
    """The topic, which is not signed and says only how to read the body, and the kind of body."""
    topic = _header(asked, "topic")[:64]
    topic = "" if topic in (LISTED, POLLED) else topic
    return Named(topic, kind_of(topic, asked.body), _triggered_at(asked) if topic == UNINSTALLED else None)


def kind_of(topic: str, body: bytes) -> str:
    """What a delivery is named by beside its body: the same body under two topics of one kind is one delivery. One that
    says less than its topic needs must not stand in the way of the same body under another.
    """
    if topic == CANCELLED and not _has_field(body, "cancelled_at"):
        return topic
    return topic if topic in FAREWELLS else KINDS.get(topic, "other")


def signature(secret: bytes, body: bytes) -> bytes:
    """What `X-Shopify-Hmac-Sha256` must say for this body: base64 of HMAC-SHA256 under the app's client secret."""
    return b64encode(hmac.digest(secret, body, hashlib.sha256))


def _header(asked: Asked, name: str) -> str:
    for family in _FAMILIES:
        found = asked.headers.get(family + name)
        if found is not None:
            return found
    return ""


def _triggered_at(asked: Asked) -> datetime | None:
    """When it happened, which the body of a removed app does not say; None for what is no time."""
    try:
        at = datetime.fromisoformat(_header(asked, "triggered-at"))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _has_field(body: bytes, field: str) -> bool:
    """Whether the order itself has this field, not something within it: shops name a cart's attributes as they like."""
    try:
        reported = orjson.loads(without_odd_characters(body))
    except orjson.JSONDecodeError:
        return False
    return isinstance(reported, dict) and field in reported
