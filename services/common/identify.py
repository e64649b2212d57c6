"""The identify secret: with it a store's server proves to us, through its page, which customer is signed in.

    proof = hex HMAC-SHA256 of the customer id, under the secret as text

A secret is derived from the key ring, the store and a generation, so nobody keeps one. Rotating hands out the next
generation and bars the one before the last, as a key is revoked: what bars it is in `LiveState.revoked`, and checking a
proof needs no database. A generation that was never handed out is as good as barred: nobody can guess it.
"""

import hmac
from collections.abc import Collection
from typing import Final

from services.kernel.auth.ring import KeyRing

_PURPOSE: Final = "identify-secret"
_VALID: Final = 2
"""Generations that are valid beside each other, so that a shop has time to change its own setting."""


def secret(ring: KeyRing, store_id: str, generation: int) -> str:
    """The secret that a store gets for a generation, from 0 up."""
    return _secret(ring, ring.signing_kid, store_id, generation)


def key_id(store_id: str, generation: int) -> str:
    """Under which name a generation is barred, beside API keys."""
    return f"idn_{store_id.removeprefix('str_')}_{generation}"


def barred_by(generation: int) -> int | None:
    """The generation that ends when this one is handed out."""
    return generation - _VALID if generation >= _VALID else None


def proves(ring: KeyRing, revoked: Collection[str], store_id: str, customer_id: str, proof: str) -> bool:
    """Whether the store's server made this proof for this customer id."""
    presented = proof.strip().lower().encode("utf-8", "replace")
    message = customer_id.encode("utf-8", "replace")
    oldest = 0
    while key_id(store_id, oldest) in revoked:
        oldest += 1
    # Every comparison is made, so that time tells nothing about which secret was right.
    found = False
    for kid in ring.kids:
        for generation in range(oldest, oldest + _VALID):
            key = _secret(ring, kid, store_id, generation).encode()
            expected = hmac.digest(key, message, "sha256").hex().encode()
            found |= hmac.compare_digest(expected, presented)
    return found


def _secret(ring: KeyRing, kid: str, store_id: str, generation: int) -> str:
    return f"kith_is_{ring.tag_by(kid, _PURPOSE, f'{store_id}:{generation}'.encode()).hex()}"
