"""Cursors: where a page of a list ended, as opaque URL-safe text. They hold sort keys, so nothing that is secret.

A cursor that somebody made up is harmless: its values are checked here for kind and go into SQL as parameters.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any, TypeVar, overload

import orjson

from services.kernel.errors import Invalid

Value = str | int | datetime
A = TypeVar("A", str, int, datetime)
B = TypeVar("B", str, int, datetime)
C = TypeVar("C", str, int, datetime)

_MAX_LENGTH = 1024


def encode(*values: Value) -> str:
    """The cursor after a row with these sort keys."""
    raw = orjson.dumps([value.isoformat() if isinstance(value, datetime) else value for value in values])
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@overload
def decode(text: None, *kinds: type[Value]) -> None: ...
@overload
def decode(text: str | None, first: type[A], /) -> tuple[A] | None: ...
@overload
def decode(text: str | None, first: type[A], second: type[B], /) -> tuple[A, B] | None: ...
@overload
def decode(text: str | None, first: type[A], second: type[B], third: type[C], /) -> tuple[A, B, C] | None: ...
def decode(text: str | None, *kinds: Any) -> tuple[Any, ...] | None:
    """The sort keys of a cursor, each of its kind (str, int or datetime); None for the first page.

    Raises `Invalid` naming `cursor` for text that `encode` did not make of such values.
    """
    if text is None:
        return None
    try:
        if len(text) > _MAX_LENGTH:
            raise ValueError("too long")
        found = orjson.loads(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
        if not isinstance(found, list) or len(found) != len(kinds):
            raise ValueError("another shape")
        return tuple(_typed(value, kind) for value, kind in zip(found, kinds, strict=True))
    except (ValueError, OverflowError):
        raise Invalid.field("cursor", "This cursor is not one of this list's: start again without it.") from None


def _typed(value: object, kind: type[Value]) -> Value:
    if kind is datetime and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("without a zone")
        return moment
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    if kind is str and isinstance(value, str) and "\0" not in value:
        return value
    raise ValueError("another kind")
