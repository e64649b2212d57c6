"""Credentials at rest: sealed under keys that one service alone is given, so that another's process opens none of them.

`s:kid.` nonce, ciphertext and tag: AES-256-GCM under a key that HKDF derives per purpose, bound to its owner. What was
encrypted under the product's key ring (`at_rest`), before services had keys of their own, opens as well.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from services.kernel.auth import at_rest
from services.kernel.auth.ring import KeyRing, parse_keys

_MARK: Final = b"s:"
_NONCE: Final = 12


class Sealing:
    """One service's sealing keys. The first of `keys` (`kid:secret,kid2:secret2`) seals, all of them open.

    Without keys nothing can be sealed. Raises `ValueError` for keys that are not written so, never showing one.
    """

    def __init__(self, keys: SecretStr | str, *, before: KeyRing) -> None:
        text = keys.get_secret_value() if isinstance(keys, SecretStr) else keys
        self._secrets = parse_keys(text, setting="sealing_keys") if text.strip() else {}
        self._ciphers: dict[tuple[str, str], AESGCM] = {}
        self._before = before

    def __bool__(self) -> bool:
        return bool(self._secrets)

    @property
    def newest(self) -> bytes:
        """How everything begins that the newest key sealed."""
        return b"%b%b." % (_MARK, self._newest_kid().encode())

    def seal(self, purpose: str, plain: bytes, *, owner: str) -> bytes:
        """Seals for one owner and purpose. Equal texts come out different."""
        nonce = os.urandom(_NONCE)
        cipher = self._cipher(self._newest_kid(), purpose)
        return b"%b%b%b" % (self.newest, nonce, cipher.encrypt(nonce, plain, owner.encode()))

    def open(self, purpose: str, sealed: bytes, *, owner: str) -> bytes:
        """What was sealed. Raises `ValueError` where it is another's, was changed, or its key is gone."""
        if not sealed.startswith(_MARK):
            return at_rest.decrypt(self._before, purpose, sealed, owner=owner)
        kid, _, rest = sealed[len(_MARK) :].partition(b".")
        try:
            cipher = self._cipher(kid.decode("ascii", "replace"), purpose)
            return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], owner.encode())
        except KeyError:
            raise ValueError("the key that this was sealed with is gone") from None
        except (InvalidTag, ValueError):
            raise ValueError("this was not sealed for its owner, or was changed") from None

    def _newest_kid(self) -> str:
        if not self._secrets:
            raise ValueError("this process was given no sealing keys")
        return next(iter(self._secrets))

    def _cipher(self, kid: str, purpose: str) -> AESGCM:
        cipher = self._ciphers.get((kid, purpose))
        if cipher is None:
            info = f"kith:sealing:{purpose}".encode()
            key = HKDF(SHA256(), length=32, salt=None, info=info).derive(self._secrets[kid])
            cipher = self._ciphers[kid, purpose] = AESGCM(key)
        return cipher
