"""The mark of a friend's order: by it two services speak of it in an ambassador's browser, without its number."""

from base64 import urlsafe_b64encode
from typing import Final

from services.kernel.auth.ring import KeyRing

_PURPOSE: Final = "friend-mark"
_BYTES: Final = 12


def mark_of(ring: KeyRing, store_id: str, ambassador_id: str, order_id: str) -> str:
    """The order's mark for this ambassador: it says nothing, and another ambassador's of the same order is another."""
    _, tag = ring.tag(_PURPOSE, "\x1f".join((store_id, ambassador_id, order_id)).encode())
    return urlsafe_b64encode(tag[:_BYTES]).decode()
