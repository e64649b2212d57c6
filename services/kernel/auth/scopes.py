"""What a caller may do: the closed list of scopes. The order is part of the API keys' format: only ever append."""

from collections.abc import Iterable
from typing import Final

TRACK: Final = "track"

ALL: Final = (
    TRACK,
    "programs:read",
    "programs:write",
    "ambassadors:read",
    "ambassadors:write",
    "links:read",
    "links:write",
    "codes:read",
    "codes:write",
    "keys:read",
    "keys:write",
    "orders:read",
    "orders:write",
    "rewards:read",
    "rewards:write",
    "metrics:read",
    "domains:read",
    "domains:write",
)

DOMAINS: Final = frozenset({"domains:read", "domains:write"})
"""Where share links may lead. Who holds them could send friends anywhere, so a key has them only if they were named
when it was made: the key in a shop's server does not.
"""

SECRET: Final = frozenset(ALL) - {TRACK}
"""All that a secret key may ever do."""

USUAL: Final = SECRET - DOMAINS
"""What a secret key may do if nobody said anything when it was made."""

FIRST: Final = frozenset(ALL[:16]) - {TRACK}
"""What a secret key may do whose scopes were never written down: all that there was at that time. Never grows."""

PUBLISHABLE: Final = frozenset({TRACK})
"""All that a publishable key may ever do."""

_BITS = {scope: 1 << place for place, scope in enumerate(ALL)}


def to_mask(scopes: Iterable[str]) -> int:
    """Scopes as bits. `links:*` stands for both of links. Raises `ValueError` naming an unknown scope."""
    mask = 0
    for scope in scopes:
        if scope.endswith(":*"):
            matching = [bit for name, bit in _BITS.items() if name.startswith(scope[:-1])]
            if not matching:
                raise ValueError(f"unknown scope {scope}")
            mask |= sum(matching)
        elif scope in _BITS:
            mask |= _BITS[scope]
        else:
            raise ValueError(f"unknown scope {scope}")
    return mask


def from_mask(mask: int) -> frozenset[str]:
    """The scopes of a mask; bits of a newer version are ignored."""
    return frozenset(scope for scope, bit in _BITS.items() if mask & bit)
