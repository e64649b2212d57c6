"""What a JSON body may look like before anybody reads a field of it: few levels, few thousand values, no NaN, no NUL,
no key twice.

Checked on the bytes of every JSON request, hot or not, so that no parser further in meets what it would choke on.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

import orjson

from services.kernel.errors import BadRequest, FieldError, Invalid

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 10_000
"""Of texts, numbers, lists and objects together. The largest body that anybody needs, an order of 500 lines with all
their fields, has half as many.
"""
_NOT_A_NUMBER = re.compile(r"\b(NaN|-?Infinity)\b")


def check_json(body: bytes) -> object:
    """The parsed body. Raises `BadRequest` where it is no JSON, `Invalid` where no honest sender writes such JSON."""
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _not_json(body, error) from None
    if len(body) > MAX_VALUES and _marks(body) > MAX_VALUES and _marks(_outside_texts(body)) > MAX_VALUES:
        raise Invalid.field(
            "body", f"More than {MAX_VALUES:,} values in one body: send it in several calls.", code="too_many_values"
        )
    # What comes back letter for letter has no key twice and nothing that JSON can say in two ways.
    flat = body.count(b"{") + body.count(b"[") <= MAX_DEPTH
    if flat and b"\\u0000" not in body and orjson.dumps(value) == body:
        return value
    keys = _count_keys(value, 1)
    if b"\\u0000" in body and (path := _find_nul(value, "")) is not None:
        raise Invalid.field(path or "body", "Text may not contain the NUL character.", code="nul")
    # Every key ends in a quote and a colon, so a body with as many of these pairs as keys has no key twice. A pair
    # inside a text, or space between the two, only makes us look closer.
    if body.count(b'":') != keys or b" :" in body or b"\n:" in body or b"\t:" in body or b"\r:" in body:
        _refuse_twins(body)
    return value


def _marks(body: bytes) -> int:
    """At least as many as there are values: what separates them, and what they are in."""
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def _outside_texts(body: bytes) -> bytes:
    """The body without what stands between quotes, as far as it can have few enough values at all."""
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(plain.split(b'"', 4 * MAX_VALUES)[::2])  # a value has four quotes at most, with its key


def _not_json(body: bytes, error: orjson.JSONDecodeError) -> BadRequest:
    try:
        text = body.decode()
    except UnicodeDecodeError as wrong:
        detail = f"The body is not UTF-8 at byte {wrong.start}."
        return BadRequest(detail, code="bad_encoding", errors=[FieldError("body", "bad_encoding", detail)])
    if not text.strip():
        return BadRequest("The body is empty: send a JSON object.", code="bad_json")
    detail = f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
    if _NOT_A_NUMBER.match(text, error.pos) or _NOT_A_NUMBER.match(text, max(0, error.pos - 1)):
        detail = f"NaN and Infinity are not JSON (line {error.lineno}, column {error.colno}): send a number."
    if "depth" in error.msg:
        detail = f"Nested deeper than {MAX_DEPTH} levels (line {error.lineno}, column {error.colno})."
        return BadRequest(detail, code="too_deep", errors=[FieldError("body", "too_deep", detail)])
    return BadRequest(detail, code="bad_json", errors=[FieldError("body", "bad_json", detail)])


def _find_nul(value: object, path: str) -> str | None:
    """The path of the first text or key with a NUL in it."""
    pairs: list[tuple[str, object]] = []
    if isinstance(value, str):
        return path if "\0" in value else None
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = [(str(place), inner) for place, inner in enumerate(value)]
    for name, inner in pairs:
        here = f"{path}.{name}" if path else name
        found = here.replace("\0", "\\u0000") if "\0" in name else _find_nul(inner, here)
        if found is not None:
            return found
    return None


def _count_keys(value: object, depth: int) -> int:
    """How many keys there are at all levels. Raises `Invalid` for too many levels."""
    children: Iterable[object]
    if type(value) is dict:
        count, children = len(value), value.values()
    elif type(value) is list:
        count, children = 0, value
    else:
        return 0
    if depth > MAX_DEPTH:
        raise Invalid.field("body", f"Nested deeper than {MAX_DEPTH} levels.", code="too_deep")
    for child in children:
        kind = type(child)
        if kind is dict or kind is list:
            count += _count_keys(child, depth + 1)
    return count


def _refuse_twins(body: bytes) -> None:
    """The slow and exact look: raises `Invalid` naming a key that comes twice."""

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice = next(key for key, count in counts.items() if count > 1)
            raise Invalid.field(twice, "This key comes twice: which one counts?", code="duplicate_key")
        return found

    json.loads(body, object_pairs_hook=unique)
