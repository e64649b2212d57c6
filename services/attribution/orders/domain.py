"""Names of facts: the same thing told twice has the same name, however long ago, on whichever way it came. Pure."""

import hashlib
import unicodedata
from collections.abc import Sequence

import orjson

CANCEL = "cancel"
"""An order can be cancelled once."""


def report_id(told: Sequence[object]) -> str:
    """The name of a report: a hash of everything that was told, in a fixed order. When it was told is no part of it.

    Moments must be in one zone: the same instant written otherwise would get another name.
    """
    return hashlib.blake2b(orjson.dumps(told), digest_size=12).hexdigest()


def refund_id(refund: str, amount_minor: int) -> str:
    """The name of a refund. The amount is part of it, so that a correction is seen and not lost."""
    mark = hashlib.blake2b(f"{refund}\x1f{amount_minor}".encode(), digest_size=12).hexdigest()
    return f"refund:{mark}"


def readable(code: str) -> str | None:
    """How a code that is none of ours is kept, to be shown: trimmed, upper case, short; None if nothing is left."""
    text = unicodedata.normalize("NFKC", code).strip().upper()
    text = "".join(letter for letter in text if letter.isprintable())[:64]
    return text or None
