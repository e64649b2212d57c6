"""Identifiers: a prefix that names the kind, then 128 bits that sort by time.

The form is that of a ULID in lower case: 48 bits of milliseconds and 80 random bits in Crockford's base 32.
"""

import os
import time
from datetime import datetime
from functools import lru_cache

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LETTER_OF_BYTE = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
_DIGIT_OF_BYTE = bytes(b"0123456789abcdefghijklmnopqrstuv"[byte & 31] for byte in range(256))
"""The same five bits as Python reads a number to the base of 32."""
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)


def new_id(prefix: str, *, at: datetime | None = None) -> str:
    """A fresh id such as `ord_01k3…`; `at` places it in time (the demo's history does), else it is now."""
    milliseconds = time.time_ns() // 1_000_000 if at is None else max(0, int(at.timestamp() * 1000))
    letters, _ = _drawn.pop() if _drawn else _draw()
    return f"{prefix}_{_encode_time(milliseconds)}{letters}"


def earliest_id(prefix: str, at: datetime) -> str:
    """What stands before all ids of that kind from this moment on, and behind those from before it."""
    return f"{prefix}_{_encode_time(max(0, int(at.timestamp() * 1000)))}"


def named_id(prefix: str, *, milliseconds: int, name: bytes) -> str:
    """The id of something that its content names: equal for an equal moment and name, a digest of 16 bytes, of each of
    which five bits are taken.
    """
    return f"{prefix}_{_encode_time(milliseconds)}{name.translate(_LETTER_OF_BYTE).decode()}"


def new_packed_id(prefix: str, *, milliseconds: int) -> tuple[str, bytes]:
    """A fresh id of a moment since 1970, and its 16 bytes for what packs ids instead of writing them out."""
    letters, packed = _drawn.pop() if _drawn else _draw()
    return f"{prefix}_{_encode_time(milliseconds)}{letters}", milliseconds.to_bytes(6, "big") + packed


_drawn: list[tuple[str, bytes]] = []
"""Randomness drawn ahead, as letters and as bytes: asking the system for it costs as much as an id."""
os.register_at_fork(after_in_child=_drawn.clear)


def _draw() -> tuple[str, bytes]:
    """80 random bits as 16 letters and as 10 bytes: five bits of each of sixteen bytes."""
    drawn = os.urandom(16 * 256)
    letters = drawn.translate(_LETTER_OF_BYTE).decode()
    packed = int(drawn.translate(_DIGIT_OF_BYTE), 32).to_bytes(10 * 256, "big")
    _drawn.extend([(letters[16 * n : 16 * n + 16], packed[10 * n : 10 * n + 10]) for n in range(256)])
    return _drawn.pop()


@lru_cache(maxsize=64)
def _encode_time(milliseconds: int) -> str:
    return "".join(_PAIRS[milliseconds >> shift & 1023] for shift in (40, 30, 20, 10, 0))


def short_code(length: int) -> str:
    """Random text over 31 letters and digits that people do not confuse; five bits a character, unguessable."""
    alphabet = "23456789abcdefghjkmnpqrstuvwxyz"
    return "".join(alphabet[b % 31] for b in os.urandom(length * 2) if b < 248)[:length].ljust(length, "2")


_LOOK_NO_ALIKE = b"23456789abcdefghjkmnpqrstuvwxyz"
_SIGN_OF_BYTE = bytes(_LOOK_NO_ALIKE[byte % 31] for byte in range(256))
_UNEVEN = bytes(range(248, 256))
"""Bytes that would make some of the 31 signs likelier than others."""


def short_codes(count: int, length: int) -> list[str]:
    """Many at once of what `short_code` gives, at a fraction of its cost. They may repeat, as all chance may."""
    wanted, signs = count * length, b""
    while len(signs) < wanted:
        signs += os.urandom((wanted - len(signs)) * 33 // 32 + 64).translate(_SIGN_OF_BYTE, _UNEVEN)
    text = signs.decode()
    return [text[at : at + length] for at in range(0, wanted, length)]
