"""How deliveries are named and sealed, and what reading may find: a copy of the database alone names nobody. Pure."""

import hashlib
from typing import Final, Literal

BODY: Final = "delivery-body"
"""Purpose of a delivery's body at rest; its owner is the delivery."""

Outcome = Literal["waiting", "taken", "ignored", "failed"]
"""`waiting`: kept, and not read yet."""


def delivery_id(kind: str, body: bytes) -> str:
    """The name of a delivery: what an address is sent again has the same name.

    It is made from what is signed. Headers are not, so nothing of theirs may make an old delivery look new.
    """
    return hashlib.blake2b(kind.encode() + b"\x1f" + body, digest_size=16).hexdigest()
