"""Names of facts: the same thing told twice has the same name, however long ago, on whichever way it came. Pure."""

import hashlib
import unicodedata
from datetime import UTC, datetime

import orjson

CANCEL = "cancel"
"""An order can be cancelled once."""


def report_id(told: dict[str, object]) -> str:
    """The name of a report: a hash of everything that was told. When it was told is no part of it."""
    return hashlib.blake2b(orjson.dumps(_plain(told), option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


def refund_id(refund: str, amount_minor: int) -> str:
    """The name of a refund. The amount is part of it, so that a correction is seen and not lost."""
    mark = hashlib.blake2b(f"{refund}\x1f{amount_minor}".encode(), digest_size=12).hexdigest()
    return f"refund:{mark}"


def readable(code: str) -> str | None:
    """How a code that is none of ours is kept, to be shown: trimmed, upper case, short; None if nothing is left."""
    text = unicodedata.normalize("NFKC", code).strip().upper()
    text = "".join(letter for letter in text if letter.isprintable())[:64]
    return text or None


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value
