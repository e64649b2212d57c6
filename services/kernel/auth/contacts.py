"""Keyed hashes of folded contacts: how services that may not know an address still know that two are the same person's.

The key is `KITH_CONTACT_KEY` and never rotates. What a hash came from is known to links alone.
"""

import re
import unicodedata
from typing import Final

from services.kernel.auth.ring import KeyRing

_GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})
_HASH_BYTES: Final = 16
_NOT_DIGIT = re.compile(r"[^0-9]+")
_BLANK = re.compile(r"[\s\x00-\x1f]")


def contact_hashes(ring: KeyRing, *, email: str | None = None, phone: str | None = None) -> tuple[str, ...]:
    """The hashes of what is given and makes sense, the address's first; equal for spellings that reach one person."""
    folded = (("e", fold_email(email) if email else None), ("p", fold_phone(phone) if phone else None))
    return tuple(
        f"{kind}_{ring.contact_tag(f'{kind}:{value}'.encode())[:_HASH_BYTES].hex()}" for kind, value in folded if value
    )


def contact_in(ring: KeyRing, identifier: str) -> str | None:
    """The hash of an id that is itself an address or a number, as some stores have them; None for any other id.

    Ids travel as they are. This is asked first, so that no contact does.
    """
    if "@" in identifier:
        found = contact_hashes(ring, email=identifier)
        # No address that we can fold, but perhaps one that somebody can read.
        return found[0] if found else f"i_{ring.contact_tag(f'i:{identifier}'.encode())[:_HASH_BYTES].hex()}"
    if identifier[0] == "+":
        found = contact_hashes(ring, phone=identifier)
        return found[0] if found else None
    return None


def fold_email(text: str) -> str | None:
    """One spelling per mailbox: case, what follows a plus, Gmail's dots and its other domain are dropped; None if it is
    no address.
    """
    local, at, domain = _plain(text).lower().rpartition("@")
    local = local.partition("+")[0] or local
    domain = domain.rstrip(".")
    if not at or not local or not domain or _BLANK.search(local) or _BLANK.search(domain):
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            return None
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if local else None


def fold_phone(text: str) -> str | None:
    """Digits with the country's code where it can be told; None under 7 or over 15 digits."""
    normal = _plain(text)
    digits = _NOT_DIGIT.sub("", normal)
    if not normal.startswith("+"):
        if digits.startswith("00"):
            digits = digits[2:]
        elif len(digits) == 11 and digits.startswith("89"):
            # Dialled inside Russia and Kazakhstan; no country has the code 89.
            digits = "7" + digits[1:]
    return digits if 7 <= len(digits) <= 15 else None


def _plain(text: str) -> str:
    """Without blanks around and without the letters' other widths and forms, of which ASCII has none."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()
