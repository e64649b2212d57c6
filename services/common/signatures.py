"""Signatures as Standard Webhooks 1.0 wants them: HMAC-SHA256 over id, time and body, under one or several secrets."""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

MARK: Final = "whsec_"
KEY_BYTES: Final = 32
TOLERANCE_S: Final = 300
"""A signature of longer ago, or of so much later, is somebody's recording or a clock that is wrong."""
_ID, _AT, _SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def as_text(key: bytes) -> str:
    """A key as its owner copies it into a program."""
    return MARK + b64encode(key).decode()


def key_of(secret: str) -> bytes:
    """The bytes that sign. Raises `ValueError` for what is no such secret."""
    try:
        return b64decode(secret.removeprefix(MARK), validate=True)
    except binascii.Error:
        raise ValueError("a secret is whsec_ and base64") from None


def sign(keys: Sequence[bytes], message_id: str, at: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each key, so that old and new secrets hold side by side.
    `at` is the moment of the try, in seconds since 1970.
    """
    signed = b"%b.%d.%b" % (message_id.encode(), at, body)
    return " ".join("v1," + b64encode(hmac.digest(key, signed, sha256)).decode() for key in keys)


def signed_headers(keys: Sequence[bytes], message_id: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers of a message."""
    return {_ID: message_id, _AT: str(at), _SIGNATURE: sign(keys, message_id, at, body)}


def is_signed(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, *, now: int) -> bool:
    """Whether a message was signed under one of the keys, lately; in constant time. Headers by their small names."""
    message_id, at, given = (headers.get(name, "") for name in (_ID, _AT, _SIGNATURE))
    if not (at.isascii() and at.isdigit() and len(at) <= 12 and abs(int(at) - now) <= TOLERANCE_S):
        return False
    wanted = [one.encode() for one in sign(keys, message_id, int(at), body).split()]
    shown = [one.encode("utf-8", "replace") for one in given.split()[:10]]
    return any(hmac.compare_digest(one, other) for one in wanted for other in shown)
