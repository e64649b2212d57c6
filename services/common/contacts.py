"""Keyed hashes of folded contacts: how services that may not know an address still know that two are the same person's.

The key is `KITH_CONTACT_KEY` and never rotates. What a hash came from is known to links alone.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

from services.common import placeholders
from services.kernel.auth.ring import KeyRing

_GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})
_HASH_BYTES: Final = 16
_SHAPE: Final = re.compile(rf"[epi]_[0-9a-f]{{{2 * _HASH_BYTES}}}")
_NOT_DIGIT = re.compile(r"[^0-9]+")
_ESCAPED = re.compile(r"\\(.)")
_COMMENT = re.compile(r"\([^()\\]*\)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_LOCAL = re.compile(r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,\"]+")
_DOMAIN = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*")


def contact_hashes(ring: KeyRing, *, email: str | None = None, phone: str | None = None) -> tuple[str, ...]:
    """The hashes of what is given and is somebody's, the address's first; equal for spellings that reach one person."""
    found = []
    if email and (address := fold_email(email)) is not None and not placeholders.is_nobodys_email(address):
        found.append(_hash(ring, "e", address))
    if phone and (number := fold_phone(phone)) is not None and not placeholders.is_nobodys_phone(number):
        found.append(_hash(ring, "p", number))
    return tuple(found)


def nobodys_hashes(ring: KeyRing, domains: Iterable[str] = ()) -> frozenset[str]:
    """The hashes of all listed placeholders that can be spelled out, some ten thousand: every number, and the listed
    addresses at the great providers and at these domains.
    """
    addresses = filter(None, map(fold_email, placeholders.listed_emails(domains)))
    return frozenset(
        {
            *(_hash(ring, "e", address) for address in addresses),
            *(_hash(ring, "p", number) for number in placeholders.listed_phones()),
        }
    )


def own_placeholders(
    ring: KeyRing, *, customer_ids: Iterable[str] = (), emails: Iterable[str] = (), phones: Iterable[str] = ()
) -> tuple[str, ...]:
    """What a store calls nobody, as it travels: keyed hashes of ids, addresses and numbers in their folded spelling."""
    hashes = [_hash_of_id(ring, one) for one in customer_ids]
    hashes += [found for email in emails for found in contact_hashes(ring, email=email)]
    hashes += [found for phone in phones for found in contact_hashes(ring, phone=phone)]
    return tuple(dict.fromkeys(hashes))


def without_nobodys(
    ring: KeyRing, nobody: Collection[str], customer_id: str | None, hashes: tuple[str, ...]
) -> tuple[str | None, tuple[str, ...]]:
    """The names of a customer without those that the store itself calls nobody (`own_placeholders`)."""
    if not nobody:
        return customer_id, hashes
    known = None if customer_id is not None and _hash_of_id(ring, customer_id) in nobody else customer_id
    return known, tuple(found for found in hashes if found not in nobody)


def _hash_of_id(ring: KeyRing, customer_id: str) -> str:
    return _hash(ring, "c", customer_id.strip().casefold())


def names_nobody(identifier: str) -> bool:
    """Whether a customer id stands for any guest: by itself, or as an address or number that does."""
    if "@" in identifier:
        address = fold_email(identifier)
        return address is not None and placeholders.is_nobodys_email(address)
    if identifier.lstrip()[:1] == "+":
        number = fold_phone(identifier)
        return number is not None and placeholders.is_nobodys_phone(number)
    return placeholders.is_nobodys_id(identifier)


def _hash(ring: KeyRing, kind: str, folded: str) -> str:
    return f"{kind}_{ring.contact_tag(f'{kind}:{folded}'.encode())[:_HASH_BYTES].hex()}"


def is_hash(identifier: str) -> bool:
    """Whether it has the shape of what `contact_hashes` and `contact_in` give."""
    return _SHAPE.fullmatch(identifier) is not None


def contact_in(ring: KeyRing, identifier: str) -> str | None:
    """The hash of an id that is itself an address or a number, as some stores have them; None for any other id.

    Ids travel as they are. This is asked first, so that no contact does.
    """
    if "@" in identifier:
        found = contact_hashes(ring, email=identifier)
        # No address that we can fold, but perhaps one that somebody can read.
        return found[0] if found else _hash(ring, "i", identifier)
    if identifier[0] == "+":
        found = contact_hashes(ring, phone=identifier)
        return found[0] if found else None
    return None


def fold_email(text: str) -> str | None:
    """One spelling per mailbox: case, quotes, comments, what follows a plus, Gmail's dots and its other domain are
    dropped; None if it is no address.
    """
    local, at, domain = _uncommented(_plain(text).lower()).rpartition("@")
    if (quoted := _QUOTED.fullmatch(local)) is not None:
        local = _ESCAPED.sub(r"\1", quoted[1])
    local = local.partition("+")[0] or local
    domain = domain.rstrip(".")
    if not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
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
    """Digits with the country's code where it can be found; None under 7 or over 15 digits."""
    normal = _plain(text)
    digits = _NOT_DIGIT.sub("", normal)
    if not normal.startswith("+"):
        if digits.startswith("00"):
            digits = digits[2:]
        elif len(digits) == 11 and digits.startswith("89"):
            # Dialled inside Russia and Kazakhstan; no country has the code 89.
            digits = "7" + digits[1:]
    return digits if 7 <= len(digits) <= 15 else None


def _uncommented(text: str) -> str:
    """Without comments, which may stand in one another. Beside quotes they are left, and make it no address."""
    while "(" in text and '"' not in text and (shorter := _COMMENT.sub("", text)) != text:
        text = shorter
    return text.strip()


def _plain(text: str) -> str:
    """Without blanks around, signs that nobody sees, and the letters' other widths and forms; of the last two ASCII has
    none.
    """
    if text.isascii():
        return text.strip()
    normal = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in normal if unicodedata.category(sign) != "Cf").strip()
