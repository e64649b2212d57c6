"""How what an account needs is sealed: a copy of the database alone signs nothing and opens nothing. Pure."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

import orjson

SECRET: Final = "hook-secret"  # noqa: S105  # the name of a purpose
"""Purpose of a platform's secret at rest; its owner is the account. It is needed in the clear, so it cannot be a hash.
"""
FORMER: Final = "hook-former-secret"
"""Purpose of the secret before, which holds on for a while."""
ACCESS: Final = "hook-access"
"""Purpose of what opens the platform's own API."""
PUBLISHED: Final = "opening-key"
"""Purpose of what workers publish to be sealed with; its owner is the key's name."""
LONGEST_OVERLAP: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Access:
    """What opens a platform's own API."""

    user: str | None = None
    """None where the password says all."""
    password: str | None = None
    app_secret: str | None = None
    """Of an app, which learns its password when it is installed."""


def packed(access: Access) -> bytes:
    """As it is sealed."""
    return orjson.dumps(asdict(access))


def unpacked(plain: bytes) -> Access:
    """What `packed` made."""
    return Access(**orjson.loads(plain))


def hint_of(plain: bytes) -> str | None:
    """What may be shown of a packed access: its password, masked; None where it has none yet."""
    password = unpacked(plain).password
    return masked(password) if password else None


def masked(secret: str) -> str:
    """A secret as its owner recognises it: its last characters, of one that is long enough to keep the rest."""
    return "•" * 8 + (secret[-4:] if len(secret) >= 16 else "")
