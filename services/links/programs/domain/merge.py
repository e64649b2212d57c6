"""How a change meets a program: a merge by RFC 7396. Pure."""

from collections.abc import Mapping
from typing import Any


def merged(definition: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with the patch's fields: objects merge, lists are replaced, null restores a field's default.

    The outcome is unchecked: it has to be read as a program again.
    """
    result = dict(definition)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            before = result.get(name)
            result[name] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            result[name] = value
    return result
