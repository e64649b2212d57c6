"""Reads shops' answers: JSON that may be anything. Pure."""

from collections.abc import Mapping
from typing import Any

import orjson

from services.connectors.platforms.domain.bodies import without_odd_characters
from services.connectors.store_codes.domain.port import Unreadable


def json(body: bytes) -> Any:
    """What the body says. Raises `Unreadable`."""
    try:
        return orjson.loads(without_odd_characters(body))
    except orjson.JSONDecodeError as error:
        raise Unreadable from error


def object_of(value: Any) -> Mapping[str, Any]:
    """The value, which has to be an object. Raises `Unreadable`."""
    if not isinstance(value, Mapping):
        raise Unreadable
    return value


def list_of(value: Any) -> list[Any]:
    """The value, which has to be a list. Raises `Unreadable`."""
    if not isinstance(value, list):
        raise Unreadable
    return value
