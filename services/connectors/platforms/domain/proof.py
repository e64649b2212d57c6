"""Comparing what a request says with what it had to say, so that the time that it takes tells nothing."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import Final

from services.connectors.platforms.domain.port import Asked


def same(given: Iterable[str], expected: Iterable[bytes]) -> bool:
    """Whether one of the texts is one of those that were expected. All are compared, whatever came before; any
    characters may come, and ours are ASCII.
    """
    wanted = list(expected)
    found = False
    for text in given:
        for one in wanted:
            found |= hmac.compare_digest(text.encode("utf-8", "surrogatepass"), one)
    return found


LEAST_IN_ADDRESS: Final = 24
"""Characters of a secret that stands in an address: more than anybody tries."""


def as_text(key: bytes) -> str:
    """A secret as it may stand in an address."""
    return urlsafe_b64encode(key).decode().rstrip("=")


def problem_of_key(secret: str) -> str | None:
    """What is wrong with a secret that somebody gives for an address; None if nothing is."""
    plain = secret.replace("-", "").replace("_", "")
    if len(secret) < LEAST_IN_ADDRESS or not (plain.isascii() and plain.isalnum()):
        return f"Leave secret out: then one is made. Else it has {LEAST_IN_ADDRESS} letters and digits at least."
    return None


def by_address(asked: Asked, secrets: Sequence[bytes], now: int) -> bool:
    """Whether the address holds one of the secrets: all that a platform has which signs nothing."""
    return same([asked.key], secrets)
