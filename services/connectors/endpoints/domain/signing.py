"""Endpoints' secrets: they sign as `services.common.signatures` says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SIGNATURE: Final = "webhook-signature"
_SHOWN: Final = 6

SECRET: Final = "endpoint-secret"  # noqa: S105  # the name of a purpose
"""Purpose of an endpoint's secret at rest; its owner is the secret's id. It signs, so it cannot be a hash."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a try was sent with, as the log keeps it."""

    url: str
    headers: Mapping[str, str]
    """Of the signatures the beginning only: whoever reads the log must not be able to send the message as Kith does."""


def logged(url: str, headers: Mapping[str, str]) -> Request:
    """A request as the log keeps it."""
    return Request(url, {name: _cut(value) if name == SIGNATURE else value for name, value in headers.items()})


def _cut(signatures: str) -> str:
    """Each with its version and a few characters, so that a receiver can tell which secret signed."""
    cut = []
    for one in signatures.split(" "):
        version, _, signed = one.partition(",")
        cut.append(f"{version},{signed[:_SHOWN]}…")
    return " ".join(cut)
