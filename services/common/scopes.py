"""What a caller may do: the closed list of scopes. The order is part of the API keys' format: only ever append."""

from typing import Final

from services.kernel.auth.scopes import Scopes

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
    "audit:read",
    "webhooks:read",
    "webhooks:write",
    "payouts:read",
    "payouts:write",
    "goodwill:write",
    "credit:write",
    "pools:read",
    "pools:write",
)

NAMED_ONLY: Final = frozenset(
    scope for scope in ALL if scope.startswith(("domains:", "payouts:", "goodwill:", "credit:"))
)
"""Where share links may lead, where money goes, money that nobody earned, and what customers have left. Who holds them
could send friends, or money, anywhere, or use up others' credit, so a key has them only if they were named when it was
made: a key that was made for something else does not.
"""

SECRET: Final = frozenset(ALL) - {TRACK}
"""All that a secret key may ever do."""

USUAL: Final = SECRET - NAMED_ONLY
"""What a secret key may do if nobody said anything when it was made."""

FIRST: Final = frozenset(ALL[:16]) - {TRACK}
"""What a secret key was given whose scopes were never written down: all that there was at that time. Never grows."""

LATER: Final = USUAL - FIRST
"""What a key that holds all of `FIRST` holds too, whenever it was made. Grows with `ALL`."""

PUBLISHABLE: Final = frozenset({TRACK})
"""All that a publishable key may ever do."""

SCOPES: Final = Scopes(ALL, usual=USUAL, publishable=PUBLISHABLE, whole=FIRST, later=LATER)
"""All of it as the runtime reads it."""
