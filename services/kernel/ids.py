"""Identifiers: a prefix that names the kind, then 128 bits that sort by time.

The form is that of a ULID in lower case: 48 bits of milliseconds and 80 random bits in Crockford's base 32.
"""

import os
import time
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)


def new_id(prefix: str, *, at: datetime | None = None) -> str:
    """A fresh id such as `ord_01k3…`; `at` places it in time (the demo's history does), else it is now."""
    milliseconds = time.time_ns() // 1_000_000 if at is None else max(0, int(at.timestamp() * 1000))
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    pairs = _PAIRS
    return (
        f"{prefix}_{pairs[value >> 120 & 1023]}{pairs[value >> 110 & 1023]}{pairs[value >> 100 & 1023]}"
        f"{pairs[value >> 90 & 1023]}{pairs[value >> 80 & 1023]}{pairs[value >> 70 & 1023]}{pairs[value >> 60 & 1023]}"
        f"{pairs[value >> 50 & 1023]}{pairs[value >> 40 & 1023]}{pairs[value >> 30 & 1023]}{pairs[value >> 20 & 1023]}"
        f"{pairs[value >> 10 & 1023]}{pairs[value & 1023]}"
    )


def short_code(length: int) -> str:
    """Random text over 31 letters and digits that people do not confuse; five bits a character, unguessable."""
    alphabet = "23456789abcdefghjkmnpqrstuvwxyz"
    return "".join(alphabet[b % 31] for b in os.urandom(length * 2) if b < 248)[:length].ljust(length, "2")
