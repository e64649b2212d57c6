"""`Stripe-Signature: t=…,v1=…[,v1=…]`: hex of HMAC-SHA256 over time and body, under the secret as it is written."""

from collections.abc import Sequence
from hashlib import sha256
from hmac import new
from typing import Final

from services.connectors.platforms.domain.port import Asked, Named
from services.connectors.platforms.domain.proof import same

TOLERANCE_S: Final = 300
MOST_PARTS: Final = 20
_MARK: Final = "whsec_"


def authenticate(asked: Asked, secrets: Sequence[bytes], now: int) -> bool:
    """Whether one of the signatures is that of one of the secrets, at a time that is near."""
    pairs = [part.strip().partition("=") for part in asked.headers.get("stripe-signature", "").split(",")[:MOST_PARTS]]
    at = next((value for name, _, value in pairs if name == "t"), "")
    signatures = [value for name, _, value in pairs if name == "v1"] or [""]
    matches = same(signatures, [signature(secret, at, asked.body) for secret in secrets])
    near = at.isascii() and at.isdigit() and len(at) <= 12 and abs(int(at) - now) <= TOLERANCE_S
    return matches and near


def signature(secret: bytes, at: str, body: bytes) -> bytes:
    """What a `v1` must say."""
    signed = b"%b.%b" % (at.encode("utf-8", "surrogatepass"), body)
    return new(secret, signed, sha256).hexdigest().encode()


def name_of(asked: Asked) -> Named:
    """All that says anything is in the body, which is signed: the type of the event, and its id."""
    return Named("", "event")


def problem_of(secret: str) -> str | None:
    """What is wrong with a secret that somebody gives; None if nothing is."""
    if not secret.startswith(_MARK) or len(secret) < 20:
        return "Give the signing secret of the endpoint in Stripe's dashboard: it begins with whsec_."
    return None
