"""An OpenAPI document as it is read by people: groups of operations, and the shapes that they take and give. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Json = Mapping[str, Any]
Pieces = tuple[tuple[bool, str], ...]
"""A text in pieces: whether a piece is code, and what it says."""

_SCOPE: Final = re.compile(r"\n*Scope: `([\w:-]+)`\.$")
_BOUNDS: Final = {
    "minLength": "≥ {} characters",
    "maxLength": "≤ {} characters",
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "exclusiveMinimum": "> {}",
    "minItems": "≥ {} entries",
    "maxItems": "≤ {} entries",
    "pattern": "{}",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is: in words, and the shapes that they name."""

    words: str
    shapes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a member of a shape. `place` is where a parameter stands."""

    name: str
    kind: Kind
    required: bool
    text: Pieces
    limits: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One status. `kind` is absent where there is no body."""

    status: str
    text: Pieces
    kind: Kind | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    text: tuple[Pieces, ...]
    keys: tuple[str, ...]
    """By which credentials, as the document names them; none for everybody."""
    scope: str
    parameters: tuple[Field, ...]
    body: Kind | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object that operations take or give, or the words that a value may be."""

    name: str
    text: Pieces
    fields: tuple[Field, ...]
    kind: Kind | None = None
    """Of one that is no object."""


@dataclass(frozen=True, slots=True)
class Group:
    """Operations about one thing, with all shapes that they need."""

    name: str
    operations: tuple[Operation, ...]
    shapes: tuple[Shape, ...]


def groups(document: Json) -> dict[str, Group]:
    """By name, in the alphabet's order."""
    found: dict[str, list[Operation]] = {}
    for path, item in sorted(document["paths"].items()):
        for method, operation in item.items():
            name = (operation.get("tags") or ["other"])[0]
            found.setdefault(name, []).append(_operation(document, path, method, operation))
    return {name: Group(name, tuple(found[name]), tuple(_shapes(document, found[name]))) for name in sorted(found)}


def pieces_of(text: str) -> Pieces:
    """The text's pieces: what stands between backticks is code."""
    return tuple((at % 2 == 1, piece) for at, piece in enumerate(text.split("`")) if piece)


def _operation(document: Json, path: str, method: str, operation: Json) -> Operation:
    text = operation.get("description", "")
    scope = _SCOPE.search(text)
    paragraphs = _SCOPE.sub("", text).split("\n\n")
    body = operation.get("requestBody", {}).get("content", {})
    answers = [(status, _resolved(document, answer)) for status, answer in operation["responses"].items()]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        text=tuple(pieces_of(" ".join(part.split())) for part in paragraphs if part.strip()),
        keys=tuple(name for entry in operation.get("security", ()) for name in entry),
        scope=scope[1] if scope else "",
        parameters=tuple(_parameter(one) for one in operation.get("parameters", ())),
        body=_of_content(body),
        answers=tuple(
            Answer(status, pieces_of(one.get("description", "")), _of_content(one)) for status, one in answers
        ),
    )


def _resolved(document: Json, value: Json) -> Json:
    if "$ref" in value:
        found: Json = document["components"]["responses"][value["$ref"].rpartition("/")[2]]
        return found
    return value


def _of_content(value: Json) -> Kind | None:
    content = value.get("content", value)
    for media, entry in content.items() if isinstance(content, Mapping) else ():
        if "/" in media:
            kind = _kind(entry.get("schema", {}))
            return kind if media.endswith("json") else Kind(media)
    return None


def _parameter(one: Json) -> Field:
    schema = one.get("schema", {})
    text = one.get("description") or schema.get("description", "")
    return Field(one["name"], _kind(schema), one.get("required", False), pieces_of(text), _limits(schema), one["in"])


def _shapes(document: Json, operations: list[Operation]) -> Iterator[Shape]:
    """All that the operations mention, and what these mention in turn; not the problem, the same everywhere."""
    waiting = [name for one in operations for kind in _kinds(one) for name in kind.shapes]
    met = {"Problem"}
    while waiting:
        name = waiting.pop(0)
        if name not in met:
            met.add(name)
            shape = _shape(name, document["components"]["schemas"][name])
            yield shape
            waiting += [name for field in shape.fields for name in field.kind.shapes]
            waiting += shape.kind.shapes if shape.kind else ()


def _kinds(operation: Operation) -> Iterator[Kind]:
    kinds = [field.kind for field in operation.parameters] + [answer.kind for answer in operation.answers]
    yield from (kind for kind in [operation.body, *kinds] if kind is not None)


def _shape(name: str, schema: Json) -> Shape:
    required = schema.get("required", ())
    fields = tuple(
        Field(field, _kind(value), field in required, pieces_of(value.get("description", "")), _limits(value))
        for field, value in schema.get("properties", {}).items()
    )
    text = pieces_of(" ".join(schema.get("description", "").split()))
    return Shape(name, text, fields, None if fields else _kind(schema))


def _kind(schema: Json) -> Kind:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Kind(name, (name,))
    several = [one for one in schema.get("anyOf", schema.get("oneOf", ())) if one.get("type") != "null"]
    if several:
        kinds = [_kind(one) for one in several]
        words = " | ".join(dict.fromkeys(kind.words for kind in kinds))
        return Kind(words, tuple(dict.fromkeys(name for kind in kinds for name in kind.shapes)))
    if "enum" in schema or "const" in schema:
        return Kind(" | ".join(str(word) for word in schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        inner = _kind(schema.get("items", {}))
        return Kind(f"[{inner.words}]", inner.shapes)
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        inner = _kind(schema["additionalProperties"])
        return Kind(f"{{…: {inner.words}}}", inner.shapes)
    plain = schema.get("format") or schema.get("type") or "any"
    return Kind(plain if isinstance(plain, str) else " | ".join(plain))


def _limits(schema: Json) -> str:
    schemas = [schema, *schema.get("anyOf", ())]
    found = [words.format(_plain(one[name])) for one in schemas for name, words in _BOUNDS.items() if name in one]
    default = schema.get("default")
    if default is not None and not isinstance(default, dict | list):
        found.append(f"= {str(default).lower() if isinstance(default, bool) else default}")
    return ", ".join(dict.fromkeys(found))


def _plain(bound: object) -> object:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound
