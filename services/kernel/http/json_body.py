"""What a JSON body may look like before anybody reads a field of it: bounded depth, no NaN, no NUL, no key twice.

Checked on the bytes of every JSON request, hot or not, so that no parser further in meets what it would choke on.
"""

import json
import re
from typing import Final

import orjson

from services.kernel.errors import BadRequest, FieldError, Invalid

MAX_DEPTH: Final = 32
MAX_DIGITS: Final = 400

_SPACE_BEFORE_COLON = re.compile(rb'"[ \t\r\n]+:')
_LONG_NUMBER = re.compile(rb"[0-9]{%d}" % MAX_DIGITS)
_NOT_A_NUMBER = re.compile(r"\b(NaN|-?Infinity)\b")


def check_json(body: bytes) -> object:
    """The parsed body. Raises `BadRequest` where it is no JSON, `Invalid` where no honest sender writes such JSON."""
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _not_json(body, error) from None
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _check_depth(value)
    if b"\\u0000" in body and (path := _find_nul(value, "")) is not None:
        raise Invalid.field(path or "body", "Text may not contain the NUL character.", code="nul")
    if len(body) > MAX_DIGITS and _LONG_NUMBER.search(body):
        _reparse(body)
    # Every key ends in a quote and a colon, so a body with as many of these pairs as keys has no key twice; a pair
    # inside a text only makes us look closer.
    if body.count(b'":') != _count_keys(value) or _SPACE_BEFORE_COLON.search(body):
        _reparse(body)
    return value


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


def _check_depth(value: object) -> None:
    level = [("body", value)]
    for _ in range(MAX_DEPTH):
        deeper: list[tuple[str, object]] = []
        for path, item in level:
            if isinstance(item, dict):
                deeper.extend((key, inner) for key, inner in item.items() if isinstance(inner, dict | list))
            elif isinstance(item, list):
                deeper.extend((path, inner) for inner in item if isinstance(inner, dict | list))
        if not deeper:
            return
        level = deeper
    raise Invalid.field(level[0][0], f"Nested deeper than {MAX_DEPTH} levels.", code="too_deep")


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


def _count_keys(value: object) -> int:
    if type(value) is dict:
        count, children = len(value), value.values()
    elif type(value) is list:
        count, children = 0, value  # type: ignore[assignment]  # both are iterated in the same way
    else:
        return 0
    for child in children:
        kind = type(child)
        if kind is dict or kind is list:
            count += _count_keys(child)
    return count


def _reparse(body: bytes) -> None:
    """The slow and exact look: names a key that comes twice, and refuses numbers that no field can hold."""

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise Invalid.field(twice, "This key comes twice: which one counts?", code="duplicate_key")
        return found

    try:
        json.loads(body, object_pairs_hook=unique)
    except ValueError as error:
        detail = "A number has more digits than any field can hold."
        raise BadRequest(detail, code="bad_json", errors=[FieldError("body", "bad_json", detail)]) from error
