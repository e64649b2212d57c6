"""Statements as text with `:named` parameters, and as the driver takes them. Pure.

A condition that is only sometimes asked for is written `(cast(:name as type) is null or …)`. It is left out when its
argument is None, and is the rest alone otherwise: PostgreSQL plans what is run often once for all arguments, and could
use no index for a condition that may be void.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

_NAMED = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_OPTIONAL = re.compile(r"\(\s*cast\(:(\w+) as [\w\[\]]+\) is null\s+or\s+")


def numbered(sql: str, arguments: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
    """The statement with numbers instead of names, and the names in the order of their numbers."""
    optional = _optional(sql)
    return _numbered(sql, frozenset(name for name in optional if arguments[name] is None) if optional else None)


@lru_cache(maxsize=4096)
def _optional(sql: str) -> frozenset[str]:
    return frozenset(_OPTIONAL.findall(sql))


@lru_cache(maxsize=4096)
def _numbered(sql: str, absent: frozenset[str] | None) -> tuple[str, tuple[str, ...]]:
    text = sql if absent is None else _without(sql, absent)
    numbers: dict[str, int] = {}
    text = _NAMED.sub(lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", text)
    return text, tuple(numbers)


def _without(sql: str, absent: frozenset[str]) -> str:
    found = _OPTIONAL.search(sql)
    if found is None:
        return sql
    end = _closing(sql, found.end())
    kept = "true" if found[1] in absent else f"({sql[found.end() : end]})"
    return sql[: found.start()] + kept + _without(sql[end + 1 :], absent)


def _closing(sql: str, start: int) -> int:
    """Where the parenthesis that was opened before `start` ends. Text in quotes holds none that counts."""
    depth, quoted = 1, False
    for place in range(start, len(sql)):
        sign = sql[place]
        if sign == "'":
            quoted = not quoted
        elif not quoted:
            depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place
    raise ValueError("a statement opens a condition and does not close it")
