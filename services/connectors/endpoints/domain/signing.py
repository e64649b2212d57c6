"""Signatures as Standard Webhooks 1.0 wants them: HMAC-SHA256 over id, time and body, under one or several secrets."""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

MARK: Final = "whsec_"
KEY_BYTES: Final = 32
SECRET: Final = "endpoint-secret"  # noqa: S105  # the name of a purpose
"""Purpose of an endpoint's secret at rest; its owner is the secret's id. It signs, so it cannot be a hash."""


def as_text(key: bytes) -> str:
    """A key as its owner copies it into a program."""
    return MARK + b64encode(key).decode()


def sign(keys: Sequence[bytes], message_id: str, at: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each key, so that old and new secrets hold side by side.
    `at` is the moment of the try, in seconds since 1970.
    """
    signed = b"%b.%d.%b" % (message_id.encode(), at, body)
    return " ".join("v1," + b64encode(hmac.digest(key, signed, sha256)).decode() for key in keys)
