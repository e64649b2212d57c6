"""How WooCommerce proves who it is, and how its deliveries are named."""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from hmac import digest
from typing import Final

from services.connectors.platforms.domain.port import Asked, Named
from services.connectors.platforms.domain.proof import same

TOPICS: Final = ("order.created", "order.updated", "order.deleted", "order.restored")
DELETED: Final = "order.deleted"
_PING: Final = re.compile(rb"webhook_id=[0-9]{1,20}")


def ping(asked: Asked) -> bool:
    """Whether a webhook was made just now: a form that names it and nothing else, unsigned. Without a 200 the shop
    shows an error.
    """
    return len(asked.body) < 64 and _PING.fullmatch(asked.body) is not None


def authenticate(asked: Asked, secrets: Sequence[bytes], now: int) -> bool:
    """Whether the body is signed with the webhook's secret."""
    given = asked.headers.get("x-wc-webhook-signature", "")
    return same([given], [signature(secret, asked.body) for secret in secrets])


def signature(secret: bytes, body: bytes) -> bytes:
    """What `X-WC-Webhook-Signature` must say for this body: base64 of HMAC-SHA256."""
    return b64encode(digest(secret, body, sha256))


def name_of(asked: Asked) -> Named:
    """The topic, and whether it is the one whose body is no order. `X-WC-Webhook-Delivery-ID` is not used: two
    deliveries of one second share it, and a resent one has another.
    """
    topic = asked.headers.get("x-wc-webhook-topic", "")[:64]
    return Named(topic, "deleted" if topic == DELETED else "order" if topic in TOPICS else "other")
