"""What stands for nobody: ids, addresses and numbers that shops fill in where a buyer gave none.

Taken at its word, `anonymous@shop.example` would make one person of all who bought without an address. There is one
list, applied to whatever comes in; what of it can be spelled out is applied to what was kept as hashes, too.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

_IDS: Final = frozenset(
    {
        *("null", "none", "nil", "undefined", "nan", "na", "n/a", "false", "empty", "unknown", "-", "--", "not set"),
        *("(not set)", "guest", "anonymous", "anon", "anonymus", "nobody", "no-one", "noone", "visitor", "default"),
        *("гость", "аноним", "анонимный", "неизвестно", "нет", "гість", "анонім", "немає", "невідомо"),
        *("oaspete", "vizitator", "anonim", "necunoscut", "nespecificat"),
    }
)
_ZEROS = re.compile(r"-?0+(\.0+)?|-1|0{8}-0{4}-0{4}-0{4}-0{12}")

_WORDS: Final = (
    *("anonymous", "anonymus", "anon", "guest", "guest user", "guest checkout", "nobody", "no one", "none", "null"),
    *("undefined", "unknown", "no reply", "do not reply", "dont reply", "no mail", "no email", "no address", "email"),
    *("not provided", "not available", "not set", "not given", "without email", "fake", "fake email", "dummy", "test"),
    *("test test", "example", "placeholder", "invalid", "empty", "default", "customer", "walk in", "walk in customer"),
    *("cash customer", "bez pochty", "gost", "anonim"),
)
_LOCALS: Final = frozenset(words.replace(" ", "") for words in _WORDS)
"""What stands before the @, without dots, dashes and underscores."""
_BETWEEN = re.compile(r"[._-]+")
_DOMAINS: Final = (".invalid", ".localhost", ".local")
"""Domains that lead to nobody by their very rule."""
_SEQUENCES: Final = ("1234567890", "0123456789", "9876543210")
_CODES: Final = (
    *("1", "7", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48"),
    *("49", "52", "55", "61", "62", "81", "82", "86", "90", "91", "351", "353", "355", "358", "359", "370", "371"),
    *("372", "373", "374", "375", "376", "380", "381", "382", "385", "386", "389", "420", "421", "971", "972", "992"),
    *("993", "994", "995", "996", "998"),
)
"""Countries' codes before which the repeated digit of a number begins."""


_WELL_KNOWN: Final = (
    *("gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "live.com", "msn.com", "icloud.com", "me.com", "aol.com"),
    *("proton.me", "protonmail.com", "mail.com", "email.com", "gmx.com", "gmx.net", "gmx.de", "web.de", "t-online.de"),
    *(
        "yahoo.co.uk",
        "yahoo.de",
        "yahoo.fr",
        "yahoo.ro",
        "orange.fr",
        "free.fr",
        "libero.it",
        "wp.pl",
        "o2.pl",
        "abv.bg",
    ),
    *(
        "seznam.cz",
        "mail.ru",
        "yandex.ru",
        "yandex.com",
        "ya.ru",
        "bk.ru",
        "list.ru",
        "inbox.ru",
        "rambler.ru",
        "ukr.net",
    ),
    *("i.ua", "meta.ua", "mail.md", "example.com", "example.org", "example.net", "example.ru", "test.com", "test.ru"),
    *("domain.com", "none.com", "null.com", "nomail.com", "noemail.com", "no-email.com", "noreply.com", "nowhere.com"),
    *(
        "anonymous.com",
        "guest.com",
        "unknown.com",
        "fake.com",
        "email.ru",
        "a.com",
        "shop.com",
        "store.com",
        "company.com",
    ),
    *("localhost", "guest.local", "shop.local", "store.local", "example.local", "example.invalid", "guest.invalid"),
)
"""Domains at which placeholders are looked for among hashes, beside a store's own."""


def listed_emails(domains: Iterable[str]) -> Iterator[str]:
    """The listed addresses, as people spell them, at these domains and at those of the great providers."""
    for domain in dict.fromkeys((*_WELL_KNOWN, *domains)):
        for words in _WORDS:
            first, *rest = words.split(" ")
            for between in product(("", ".", "-", "_"), repeat=len(rest)):
                yield first + "".join(map("".join, zip(between, rest, strict=True))) + f"@{domain}"


def listed_phones() -> Iterator[str]:
    """Every number, folded, that is nobody's."""
    fillers = [digit * length for digit in "0123456789" for length in range(6, 16)]
    fillers += [counted[:length] for counted in _SEQUENCES for length in range(7, len(counted) + 1)]
    for code in ("", *_CODES):
        yield from (code + filler for filler in fillers if 7 <= len(code + filler) <= 15)


def is_nobodys_id(text: str) -> bool:
    """Whether this customer id stands for any guest."""
    plain = text.strip().casefold()
    return plain in _IDS or _ZEROS.fullmatch(plain) is not None


def is_nobodys_email(folded: str) -> bool:
    """Whether this folded address stands for nobody's."""
    local, _, domain = folded.rpartition("@")
    return _BETWEEN.sub("", local) in _LOCALS or f".{domain}".endswith(_DOMAINS)


def is_nobodys_phone(folded: str) -> bool:
    """Whether these digits are nobody's: one digit again and again, or counted up, also after a country's code."""
    rests = {folded} | {folded[len(code) :] for code in _CODES if folded.startswith(code)}
    return any(_is_filler(rest) for rest in rests)


def _is_filler(digits: str) -> bool:
    repeated = len(digits) >= 6 and len(set(digits)) == 1
    return repeated or (len(digits) >= 7 and any(counted.startswith(digits) for counted in _SEQUENCES))
