"""How hooks and deliveries are named and hidden: a copy of the database alone signs nothing and names nobody."""

import hashlib
from typing import Final

SECRET: Final = "hook-secret"  # noqa: S105  # the name of a purpose
"""Purpose of a platform's secret at rest; its owner is the hook. It is needed in the clear, so it cannot be a hash."""
BODY: Final = "delivery-body"
"""Purpose of a delivery's body at rest; its owner is the delivery."""


def delivery_id(kind: str, body: bytes) -> str:
    """The name of a delivery: whatever a hook is told again has the same name.

    It is made from what is signed. Headers are not, so nothing of theirs may make an old delivery look new.
    """
    return hashlib.blake2b(kind.encode() + b"\x1f" + body, digest_size=16).hexdigest()
