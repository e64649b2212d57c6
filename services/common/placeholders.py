"""What stands for nobody: ids, addresses and numbers that shops fill in where a buyer gave none.

Taken at its word, `anonymous@shop.example` would make one person of all who bought without an address. There is one
list, applied to whatever comes in.
"""

import re
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

_LOCALS: Final = frozenset(
    {
        *("anonymous", "anonymus", "anon", "guest", "guestuser", "guestcheckout", "nobody", "noone", "none", "null"),
        *("undefined", "unknown", "noreply", "donotreply", "dontreply", "nomail", "noemail", "noaddress", "email"),
        *("notprovided", "notavailable", "notset", "notgiven", "withoutemail", "fake", "fakeemail", "dummy", "test"),
        *("testtest", "example", "placeholder", "invalid", "empty", "default", "customer", "walkin", "walkincustomer"),
        *("cashcustomer", "bezpochty", "gost", "anonim"),
    }
)
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
