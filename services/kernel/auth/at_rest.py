"""What the database keeps and a copy of it must not tell: encrypted under the key ring, bound to its owner.

AES-256-GCM with a random nonce and a key derived per purpose: `kid . nonce ciphertext-and-tag`. The owner's name is
authenticated along, so that a row put in another's place does not open.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.kernel.auth.ring import KeyRing

_NONCE: Final = 12


def encrypt(ring: KeyRing, purpose: str, plain: bytes, *, owner: str) -> bytes:
    """Encrypts for one owner and purpose. Equal texts come out different."""
    kid, nonce = ring.signing_kid, os.urandom(_NONCE)
    return b"%b.%b%b" % (kid.encode(), nonce, _cipher(ring, kid, purpose).encrypt(nonce, plain, owner.encode()))


def decrypt(ring: KeyRing, purpose: str, hidden: bytes, *, owner: str) -> bytes:
    """What was encrypted. Raises `ValueError` where it is another's, was changed, or its key has left the ring."""
    kid, _, rest = hidden.partition(b".")
    try:
        cipher = _cipher(ring, kid.decode("ascii", "replace"), purpose)
        return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], owner.encode())
    except KeyError:
        raise ValueError("the key that this was encrypted with is gone") from None
    except (InvalidTag, ValueError):
        raise ValueError("this was not encrypted for its owner, or was changed") from None


def _cipher(ring: KeyRing, kid: str, purpose: str) -> AESGCM:
    return AESGCM(ring.tag_by(kid, f"at-rest:{purpose}", b"aes-256-gcm"))
