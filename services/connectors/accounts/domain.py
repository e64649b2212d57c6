"""How what an account needs is sealed: a copy of the database alone signs nothing and opens nothing. Pure."""

from datetime import timedelta
from typing import Final

SECRET: Final = "hook-secret"  # noqa: S105  # the name of a purpose
"""Purpose of a platform's secret at rest; its owner is the account. It is needed in the clear, so it cannot be a hash.
"""
FORMER: Final = "hook-former-secret"
"""Purpose of the secret before, which holds on for a while."""
ACCESS: Final = "hook-access"
"""Purpose of what opens the platform's own API."""
LONGEST_OVERLAP: Final = timedelta(days=7)


def masked(secret: str) -> str:
    """A secret as its owner recognises it: its last characters, of one that is long enough to keep the rest."""
    return "•" * 8 + (secret[-4:] if len(secret) >= 16 else "")
