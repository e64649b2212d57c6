"""What a mail holds that proves whose address it is: a token for the browser that asked, six digits for it. Pure.

Both are derived from the proof's id under the key ring, so that no table holds what opens anything.
"""

import hashlib
import hmac
from datetime import datetime

from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sessions import seal_until, unseal

_IN_ADDRESS = "mail-proof"
_IN_DIGITS = "mail-proof-code"


def token_of(ring: KeyRing, store_id: str, proof_id: str, *, end: datetime) -> str:
    """What stands in the mail's address, good until `end`."""
    return seal_until(ring, _IN_ADDRESS, (store_id, proof_id), end=end)


def read_token(ring: KeyRing, text: str) -> tuple[str, str]:
    """Store and id of the proof. Raises `Unauthorized` for what is not ours, or is over."""
    (store_id, proof_id), _ = unseal(ring, _IN_ADDRESS, text, fields=2)
    return store_id, proof_id


def code_of(ring: KeyRing, proof_id: str) -> str:
    """The six digits in the mail."""
    return _digits(ring, ring.signing_kid, proof_id)


def is_code(ring: KeyRing, proof_id: str, typed: str) -> bool:
    """Whether these are the digits, also where the ring's first key changed since the mail was written."""
    return any(hmac.compare_digest(_digits(ring, kid, proof_id).encode(), typed.encode()) for kid in ring.kids)


def browser_hash(nonce: str) -> str:
    """What is kept of a browser's cookie."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def _digits(ring: KeyRing, kid: str, proof_id: str) -> str:
    tag = ring.tag_by(kid, _IN_DIGITS, proof_id.encode())
    return f"{int.from_bytes(tag[:8], 'big') % 1_000_000:06d}"
