"""Phone numbers as gateways take them, and to which a store sends. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from services.common import placeholders
from services.common.contacts import fold_phone

PREFIX: Final = re.compile(r"\+[1-9][0-9]{0,6}", re.ASCII)
"""How numbers begin that a store sends to: a country's calling code, or more of it."""
_LEAST: Final = 8


def number_of(text: str) -> str | None:
    """A number with its country's code, as in +37369123456; None for what is none, or is nobody's."""
    stripped = text.strip()
    digits = fold_phone(stripped) if stripped.startswith(("+", "00", "＋")) else None
    if digits is None or digits.startswith("0") or len(digits) < _LEAST or placeholders.is_nobodys_phone(digits):
        return None
    return f"+{digits}"


def is_allowed(number: str, prefixes: Iterable[str]) -> bool:
    """Whether a store sends there: without any prefix it sends nowhere."""
    return number.startswith(tuple(prefixes))


def masked(number: str) -> str:
    """Enough of a number for who has it, and too little for anybody else."""
    return f"{number[:4]}…{number[-2:]}"
