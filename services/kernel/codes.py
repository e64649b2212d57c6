"""Promo codes and slugs as people type them, and their one folded form.

Folding makes one spelling of what looks and sounds like the same code; what is left after the allow-list is ASCII, so
look-alike letters of other alphabets are refused instead of guessed.
"""

import re
import unicodedata
from typing import Final

MAX_CODE: Final = 64
MAX_SLUG: Final = 64
_CODE = re.compile(r"[A-Z0-9_-]{1,64}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)

RESERVED_SLUGS: Final = frozenset(
    {"about", "admin", "api", "app", "assets", "console", "demo", "docs", "health", "help", "join", "kith", "legal"}
    | {"livez", "login", "logout", "me", "metrics", "null", "openapi", "p", "ping", "portal", "privacy", "r", "readyz"}
    | {"robots", "root", "shop", "sign-in", "signin", "status", "support", "terms", "test", "undefined", "v1"}
    | {"well-known", "www"}
)
"""Words that a store may not take for a vanity link: they read as the product's own."""


def fold(text: str) -> str | None:
    """The form in which a promo code is kept and looked up: NFKC, trimmed, upper case; None where that is no code.

    A code has 1 to 64 of A-Z, 0-9, `-` and `_`. `fold(fold(x)) == fold(x)`.
    """
    if _CODE.fullmatch(text):  # folded already, as most are that a shop passes on
        return text
    if len(text) > 4 * MAX_CODE:
        return None
    # Only ASCII is raised: upper() would turn a dotless ı into I, and that is somebody else's code.
    folded = unicodedata.normalize("NFKC", text).strip()
    if not folded.isascii():
        return None
    folded = folded.upper()
    return folded if _CODE.fullmatch(folded) else None


def fold_slug(text: str) -> str | None:
    """A link's slug in its kept form: lower case, 1 to 64 of a-z, 0-9 and inner hyphens; None where that is no slug.

    Reserved words are slugs too: whether one may be taken is `is_reserved`.
    """
    if len(text) > 4 * MAX_SLUG:
        return None
    folded = unicodedata.normalize("NFKC", text).strip()
    if not folded.isascii():
        return None
    folded = folded.lower()
    return folded if _SLUG.fullmatch(folded) else None


def is_reserved(slug: str) -> bool:
    """Whether a folded slug reads as one of the product's own words."""
    return slug in RESERVED_SLUGS
