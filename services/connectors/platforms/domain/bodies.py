"""Bodies as platforms send them: JSON and forms, without what no database keeps."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from services.kernel.errors import Invalid

_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: one character
    rb"|(?P<odd>\\u0000|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\."
)
MOST_FIELDS: Final = 2_000
"""Of a form. An order of some hundred lines has fewer."""


def without_odd_characters(body: bytes) -> bytes:
    """A platform's JSON without NULs, halves of surrogate pairs and bytes that are no UTF-8.

    Shoppers paste anything into a note. No database keeps these, and no parser reads them: the character is lost, not
    the order.
    """
    if b"\\u" in body:
        body = _ESCAPE.sub(lambda found: b"" if found["odd"] else found[0], body)
    try:
        body.decode()
    except UnicodeDecodeError:
        body = body.decode(errors="ignore").encode()
    return body.replace(b"\0", b"") if b"\0" in body else body


def json_object(body: bytes) -> Mapping[str, Any]:
    """The object that a body is. Raises `Invalid`."""
    try:
        reported = orjson.loads(without_odd_characters(body))
    except orjson.JSONDecodeError:
        raise Invalid.field("body", "The delivery is not JSON.") from None
    if not isinstance(reported, dict):
        raise Invalid.field("body", "The delivery is not a JSON object.")
    return reported


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form, of a repeated one the last. Raises `Invalid`."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "ignore"), keep_blank_values=True, errors="ignore", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise Invalid.field("body", "The delivery has too many fields.") from None
    return {name.replace("\0", ""): value.replace("\0", "") for name, value in pairs}
