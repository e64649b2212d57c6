"""The key ring: one set of secrets, a derived key per purpose, HMAC-SHA256 over everything that leaves us signed.

Purposes never share a key, so a signed thing of one kind can not pass for another. What is signed lives beside this
file, one subject each; nothing here knows what a message means.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final

from pydantic import SecretStr

from services.kernel.auth.scopes import NONE, Scopes

_KID = re.compile(r"^[a-z0-9]{1,12}$")
_BLOCK: Final = 64
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))


class _Mac:
    """HMAC-SHA256 under one key whose blocks are hashed already: twice as fast as `hmac.digest` on short messages."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def digest(self, message: bytes) -> bytes:
        """The 32 bytes of the tag."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()


class KeyRing:
    """The process's secrets. The first of `secret_keys` signs, all of them verify, so that keys can be rotated.

    `secret_keys` is `kid:secret,kid2:secret2`; a kid is up to 12 lower-case letters and digits. `contact_key` and
    `operator_key` are plain secrets. `scopes` are what its keys and sessions can allow. Raises `ValueError` on anything
    else, never showing a secret.
    """

    def __init__(
        self,
        *,
        secret_keys: SecretStr | str,
        contact_key: SecretStr | str,
        operator_key: SecretStr | str,
        scopes: Scopes = NONE,
    ) -> None:
        self.scopes = scopes
        self._secrets = parse_keys(_reveal(secret_keys), setting="secret_keys")
        self._macs: dict[tuple[str, str], _Mac] = {}
        self._contacts = _Mac(_required("contact_key", contact_key))
        # Comparing tags, not keys, hides the length too and takes any bytes.
        self._operator = hashlib.sha256(_required("operator_key", operator_key)).digest()
        self.signing_kid: str = next(iter(self._secrets))
        self.verified: dict[str, object] = {}
        """Room for `api_keys` to remember keys that it has verified; holds no failures."""

    @property
    def kids(self) -> tuple[str, ...]:
        """The names of all keys, the one that signs first."""
        return tuple(self._secrets)

    def tag(self, purpose: str, message: bytes) -> tuple[str, bytes]:
        """Signs with the newest key: its kid and 32 bytes."""
        return self.signing_kid, self._mac(purpose, self.signing_kid).digest(message)

    def signer(self, purpose: str) -> tuple[str, Callable[[bytes], bytes]]:
        """`tag` for many messages of one purpose: the kid, and what gives the 32 bytes."""
        return self.signing_kid, self._mac(purpose, self.signing_kid).digest

    def tag_by(self, kid: str, purpose: str, message: bytes) -> bytes:
        """The 32 bytes that the key `kid` gives, also an old one. Raises `KeyError` if it is gone."""
        if kid not in self._secrets:
            raise KeyError(kid)
        return self._mac(purpose, kid).digest(message)

    def verify(self, purpose: str, kid: str, message: bytes, tag: bytes) -> bool:
        """Whether `tag`, or a truncation of it to no less than 12 bytes, is ours. An unknown kid is just a no."""
        if kid not in self._secrets or not 12 <= len(tag) <= 32:
            return False
        return hmac.compare_digest(self._mac(purpose, kid).digest(message)[: len(tag)], tag)

    def contact_tag(self, message: bytes) -> bytes:
        """A keyed hash under the key that never rotates: equal contacts stay equal for ever."""
        return self._contacts.digest(message)

    def is_operator(self, presented: bytes) -> bool:
        """Whether these bytes are the operator's key, in constant time."""
        return hmac.compare_digest(hashlib.sha256(presented).digest(), self._operator)

    def _mac(self, purpose: str, kid: str) -> _Mac:
        mac = self._macs.get((purpose, kid))
        if mac is None:
            derived = hmac.digest(self._secrets[kid], b"kith:" + purpose.encode(), "sha256")
            mac = self._macs[purpose, kid] = _Mac(derived)
        return mac


def _reveal(value: SecretStr | str) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _required(name: str, value: SecretStr | str) -> bytes:
    secret = _reveal(value).encode()
    if not secret:
        raise ValueError(f"{name} is empty")
    return secret


def parse_keys(text: str, *, setting: str) -> dict[str, bytes]:
    """Secrets by their names, in their order. Raises `ValueError` naming the setting, never showing a secret."""
    secrets: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        kid, separator, secret = entry.partition(":")
        if not separator or not _KID.match(kid) or len(secret) < 16:
            raise ValueError(f"{setting} must look like kid:secret,kid2:secret2 with secrets of 16 characters or more")
        if kid in secrets:
            raise ValueError(f"{setting} names {kid} twice")
        secrets[kid] = secret.encode()
    if not secrets:
        raise ValueError(f"{setting} is empty")
    return secrets
