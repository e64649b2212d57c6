"""Signatures of Standard Webhooks 1.0 as their receiver sees them: HMAC-SHA256 over id, time and body."""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from services.connectors.platforms.domain.port import Asked
from services.connectors.platforms.domain.proof import same

MARK: Final = "whsec_"
TOLERANCE_S: Final = 300
"""How far the sender's clock may be from ours."""
MOST_SIGNATURES: Final = 10
_LENGTHS: Final = range(24, 65)
_LONGEST_ID: Final = 256


def authenticate(asked: Asked, secrets: Sequence[bytes], now: int) -> bool:
    """Whether one of the signatures is that of one of the secrets, over an id and a time that is near."""
    name, at = asked.headers.get("webhook-id", ""), asked.headers.get("webhook-timestamp", "")
    signed = b"%b.%b.%b" % (name.encode("latin-1", "replace"), at.encode("latin-1", "replace"), asked.body)
    signatures = [
        one.removeprefix("v1,")
        for one in asked.headers.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
        if one.startswith("v1,")
    ]
    matches = same(signatures or [""], [b64encode(hmac.digest(key_of(secret), signed, sha256)) for secret in secrets])
    return matches and 0 < len(name) <= _LONGEST_ID and name.isprintable() and near(at, now)


def near(at: str, now: int) -> bool:
    """Whether a moment, in digits of seconds since 1970, is near enough."""
    return at.isascii() and at.isdigit() and len(at) <= 12 and abs(int(at) - now) <= TOLERANCE_S


def key_of(secret: bytes) -> bytes:
    """The bytes that sign. What is no such secret signs as it stands, so that it costs the same."""
    try:
        return b64decode(secret.removeprefix(MARK.encode()), validate=True) or secret
    except binascii.Error:
        return secret


def as_text(key: bytes) -> str:
    """A key as its owner copies it into a program."""
    return MARK + b64encode(key).decode()


def problem_of(secret: str) -> str | None:
    """What is wrong with a secret that somebody gives; None if nothing is."""
    try:
        key = b64decode(secret.removeprefix(MARK), validate=True) if secret.startswith(MARK) else b""
    except binascii.Error:
        key = b""
    if len(key) not in _LENGTHS:
        return "Give whsec_ and base64 of 24 to 64 random bytes, or leave secret out: then one is made."
    return None
