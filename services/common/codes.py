"""Promo codes and slugs as people type them, and their one folded form.

Folding makes one spelling of what looks and sounds like the same code; what is left after the allow-list is ASCII, so
look-alike letters of other alphabets are refused instead of guessed. What nobody sees (signs without width, which chats
and editors add) is nothing, and every dash that a keyboard makes of a hyphen is a hyphen. Whoever reads a code, making
it, at checkout or in an order, reads it here.
"""

import re
import unicodedata
from typing import Final

MAX_CODE: Final = 64
MAX_SLUG: Final = 64
MOST_EVERYWHERE: Final = 20
"""Signs of a code that every platform takes."""
_CODE = re.compile(r"[A-Z0-9_-]{1,64}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)

_DASHES: Final = "\u02d7\u058a\u05be\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2796\u2e3a\u2e3b"
_HYPHENS: Final = str.maketrans(dict.fromkeys(_DASHES, "-"))
"""Signs that look like a hyphen. The small and the wide one are made one with it by NFKC."""

_WIDTHLESS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00\ufe01\ufe0e\ufe0f\uffa0")
"""Signs without width that Unicode does not call format signs (those are of the category Cf)."""

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
    # Only ASCII is raised: upper() would turn a dotless ı into I and ß into SS, and that is somebody else's code.
    folded = seen(text)
    if not folded.isascii():
        return None
    folded = folded.upper()
    return folded if _CODE.fullmatch(folded) else None


def lives_everywhere(code: str) -> bool:
    """Whether every platform takes this folded code at its checkout."""
    return len(code) <= MOST_EVERYWHERE and code.isalnum()


def fold_slug(text: str) -> str | None:
    """A link's slug in its kept form: lower case, 1 to 64 of a-z, 0-9 and inner hyphens; None where that is no slug.

    Reserved words are slugs too: whether one may be taken is `is_reserved`.
    """
    if len(text) > 4 * MAX_SLUG:
        return None
    folded = seen(text)
    if not folded.isascii():
        return None
    folded = folded.lower()
    return folded if _SLUG.fullmatch(folded) else None


def seen(text: str) -> str:
    """The text as the eye has it: compatible letters made one, hyphens one sign, signs without width gone, trimmed."""
    if text.isascii():
        return text.strip()
    shown = unicodedata.normalize("NFKC", text).translate(_HYPHENS)
    return "".join(sign for sign in shown if unicodedata.category(sign) != "Cf" and sign not in _WIDTHLESS).strip()


def is_reserved(slug: str) -> bool:
    """Whether a folded slug reads as one of the product's own words."""
    return slug in RESERVED_SLUGS
