"""How a platform's secret is kept: sealed under the key ring, so that a copy of the database alone signs nothing.

A keystream of HMAC-SHA256 blocks over a random nonce and a counter, and a tag over everything, each under its own
derived key. The secret is needed in the clear for every delivery, so it cannot be a hash.
"""

import hashlib
import hmac

from services.kernel.auth.ring import KeyRing

_STREAM = "hook-secret-stream"
_TAG = "hook-secret-tag"
_NONCE = 16
_TAG_BYTES = 16


def seal(ring: KeyRing, secret: bytes, *, owner: str, nonce: bytes) -> bytes:
    """Seals a secret for one hook (`owner`). `nonce` is 16 fresh random bytes."""
    if len(nonce) != _NONCE:
        raise ValueError("a nonce has 16 bytes")
    kid = ring.signing_kid
    hidden = _mix(ring, kid, nonce, secret)
    return kid.encode() + b"." + nonce + hidden + _tag(ring, kid, owner, nonce, hidden)


def unseal(ring: KeyRing, sealed: bytes, *, owner: str) -> bytes:
    """The secret. Raises `ValueError` where it is not this hook's, was changed, or its key is gone."""
    kid_bytes, _, rest = sealed.partition(b".")
    kid = kid_bytes.decode("ascii", "replace")
    nonce, hidden, tag = rest[:_NONCE], rest[_NONCE:-_TAG_BYTES], rest[-_TAG_BYTES:]
    try:
        if len(rest) < _NONCE + _TAG_BYTES or not hmac.compare_digest(tag, _tag(ring, kid, owner, nonce, hidden)):
            raise ValueError("the sealed secret is not this hook's")
        return _mix(ring, kid, nonce, hidden)
    except KeyError:
        raise ValueError("the key that sealed this secret is gone") from None


def delivery_id(shop: str, topic: str, event: str) -> str:
    """The name of a delivery: the same one sent again has the same name."""
    return hashlib.blake2b(f"{shop}\x1f{topic}\x1f{event}".encode(), digest_size=16).hexdigest()


def _mix(ring: KeyRing, kid: str, nonce: bytes, data: bytes) -> bytes:
    blocks = (len(data) + 31) // 32
    stream = b"".join(ring.tag_by(kid, _STREAM, nonce + n.to_bytes(4, "big")) for n in range(blocks))
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def _tag(ring: KeyRing, kid: str, owner: str, nonce: bytes, hidden: bytes) -> bytes:
    return ring.tag_by(kid, _TAG, owner.encode() + b"\x1f" + nonce + hidden)[:_TAG_BYTES]
