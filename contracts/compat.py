"""What "compatible" means for an event's JSON Schema: only optional properties may be added.

Pure. `problems(old, new)` compares two exported schemas of one type; anything else than an addition needs a new type
with the next version number, sent beside the old one until its last reader has moved.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_WORDS = frozenset({"title", "description", "default", "examples"})
"""Keywords that say nothing about which documents are valid."""


def problems(old: Schema, new: Schema) -> list[str]:
    """Everything in `new` that a reader of `old`, or an old document, would stumble over; empty when compatible."""
    return list(_compare(old, new, old, new, "$"))


def _resolve(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def _compare(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    nested = {"properties", "required", "items", "prefixItems", "anyOf", "oneOf", "$defs", "discriminator"}
    for keyword in sorted((old.keys() | new.keys()) - nested - _WORDS):
        if old.get(keyword) != new.get(keyword):
            yield f"{path}: {keyword} was {old.get(keyword)!r}, is {new.get(keyword)!r}"
    old_properties, new_properties = old.get("properties", {}), new.get("properties", {})
    for name in sorted(old_properties.keys() - new_properties.keys()):
        yield f"{path}.{name}: removed"
    required = set(new.get("required", ())) - set(old.get("required", ()))
    for name in sorted(required):
        yield f"{path}.{name}: now required"
    for name in sorted(set(old.get("required", ())) - set(new.get("required", ()))):
        yield f"{path}.{name}: no longer required, so readers may miss it"
    for name in sorted(old_properties.keys() & new_properties.keys()):
        yield from _compare(old_properties[name], new_properties[name], old_root, new_root, f"{path}.{name}")
    if "items" in old or "items" in new:
        yield from _compare(old.get("items", {}), new.get("items", {}), old_root, new_root, f"{path}[]")
    for union in ("anyOf", "oneOf", "prefixItems"):
        was, is_now = old.get(union, ()), new.get(union, ())
        if len(was) != len(is_now):
            yield f"{path}: {union} had {len(was)} branches, has {len(is_now)}"
            continue
        for position, (before, after) in enumerate(zip(was, is_now, strict=True)):
            yield from _compare(before, after, old_root, new_root, f"{path}<{position}>")
