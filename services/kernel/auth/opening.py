"""Credentials that workers alone open: whoever answers requests seals them, and cannot open what they sealed.

`b:kid.` key of the moment, ciphertext and tag: X25519 with a pair made for this text alone, HKDF per purpose,
ChaCha20-Poly1305, bound to its owner. What was sealed under the service's own keys before opens as well.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from services.kernel.auth.ring import parse_keys
from services.kernel.auth.sealing import Sealing

MARK: Final = b"b:"
"""How everything begins that was sealed for workers alone."""
_KEY: Final = 32
_NONCE: Final = bytes(12)
"""Each text has a key of its own, so one nonce does for all."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Seals, and opens nothing."""

    kid: str
    raw: bytes

    @property
    def mark(self) -> bytes:
        """How everything begins that this key sealed."""
        return b"%b%b." % (MARK, self.kid.encode())

    def seal(self, purpose: str, plain: bytes, *, owner: str) -> bytes:
        """Seals for one owner and purpose. Equal texts come out different."""
        moment = X25519PrivateKey.generate()
        shared = moment.exchange(X25519PublicKey.from_public_bytes(self.raw))
        passing = moment.public_key().public_bytes_raw()
        cipher = _cipher(shared, purpose, passing + self.raw)
        return b"%b%b%b" % (self.mark, passing, cipher.encrypt(_NONCE, plain, owner.encode()))


class Opening:
    """The keys of one service's workers. The first of `keys` (`kid:secret,kid2:secret2`) seals, all of them open.

    `before`: the service's own keys, for what they sealed. Raises `ValueError` for keys that are not written so, never
    showing one.
    """

    def __init__(self, keys: SecretStr | str, *, before: Sealing) -> None:
        text = keys.get_secret_value() if isinstance(keys, SecretStr) else keys
        secrets = parse_keys(text, setting="opening_keys") if text.strip() else {}
        self._pairs = {kid: _pair(secret) for kid, secret in secrets.items()}
        self._before = before

    def __bool__(self) -> bool:
        return bool(self._pairs)

    @property
    def public(self) -> PublicKey:
        """What others seal with. Raises `ValueError` without keys."""
        if not self._pairs:
            raise ValueError("this process was given no opening keys")
        kid, pair = next(iter(self._pairs.items()))
        return PublicKey(kid, pair.public_key().public_bytes_raw())

    @property
    def newest(self) -> bytes:
        """How everything begins that the newest key sealed."""
        return self.public.mark

    def has(self, key: PublicKey) -> bool:
        """Whether what this key seals can be opened here."""
        pair = self._pairs.get(key.kid)
        return pair is not None and pair.public_key().public_bytes_raw() == key.raw

    def seal(self, purpose: str, plain: bytes, *, owner: str) -> bytes:
        """As `PublicKey.seal`, with the newest key."""
        return self.public.seal(purpose, plain, owner=owner)

    def open(self, purpose: str, sealed: bytes, *, owner: str) -> bytes:
        """What was sealed. Raises `ValueError` where it is another's, was changed, or its key is gone."""
        if not sealed.startswith(MARK):
            return self._before.open(purpose, sealed, owner=owner)
        kid, _, rest = sealed[len(MARK) :].partition(b".")
        pair = self._pairs.get(kid.decode("ascii", "replace"))
        if pair is None:
            raise ValueError("the key that this was sealed for is gone")
        passing = rest[:_KEY]
        try:
            shared = pair.exchange(X25519PublicKey.from_public_bytes(passing))
            cipher = _cipher(shared, purpose, passing + pair.public_key().public_bytes_raw())
            return cipher.decrypt(_NONCE, rest[_KEY:], owner.encode())
        except (InvalidTag, ValueError):
            raise ValueError("this was not sealed for its owner, or was changed") from None


def _pair(secret: bytes) -> X25519PrivateKey:
    key = HKDF(SHA256(), length=_KEY, salt=None, info=b"kith:opening").derive(secret)
    return X25519PrivateKey.from_private_bytes(key)


def _cipher(shared: bytes, purpose: str, keys: bytes) -> ChaCha20Poly1305:
    info = f"kith:opening:{purpose}:".encode() + keys
    return ChaCha20Poly1305(HKDF(SHA256(), length=_KEY, salt=None, info=info).derive(shared))
