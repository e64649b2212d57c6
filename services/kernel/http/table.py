"""What a service answers at all: every path with its methods, its query fields, and whether it takes JSON.

Read once from the framework's own routes, so that unknown addresses, methods and query fields are refused in one place,
each with everything that would have been right.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import BaseModel
from starlette.routing import BaseRoute

from services.kernel.http.body import MAX_BODY, most_bytes
from services.kernel.http.call import Guard

_LITERAL = re.compile(r"/[^/{]*")
_PARAMETER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Known:
    """One route. `query` None means that the endpoint reads the query by itself."""

    template: str
    methods: frozenset[str]
    regex: re.Pattern[str]
    query: frozenset[str] | None
    takes_json: bool
    guard: Guard | None = None
    """Who may call; None where nobody is asked for a key."""
    most_bytes: int = MAX_BODY


class RouteTable:
    """Finds the routes of a path, in the order in which the framework tries them."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self.routes = tuple(_known(list(routes)))
        self._groups: dict[str, list[Known]] = {}
        for route in self.routes:
            self._groups.setdefault(_group(route.template), []).append(route)

    def find(self, path: str) -> list[Known]:
        """All routes of this path, whatever their method: of several patterns that take it, those of the closest one.

        An address that is written out is not also an id of its neighbours, as in any reading of an API's description.
        """
        first, second = _segments(path)
        found = []
        for group in dict.fromkeys((second, first, "")):
            found += [route for route in self._groups.get(group, ()) if route.regex.match(path)]
        if len(found) > 1:
            closest = min(_looseness(route.template) for route in found)
            found = [route for route in found if _looseness(route.template) == closest]
        return found


def allowed(found: Iterable[Known]) -> list[str]:
    """The methods that these routes take, as an `Allow` header lists them."""
    methods = {method for route in found for method in route.methods}
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods | {"OPTIONS"})


def _known(routes: list[BaseRoute]) -> Iterator[Known]:
    for context in iter_route_contexts(routes):
        regex = getattr(context, "path_regex", None)
        methods = context.methods
        if context.path is None or regex is None or not methods:
            continue
        dependant = getattr(context, "dependant", None)
        yield Known(
            template=context.path,
            methods=frozenset(methods),
            regex=regex,
            query=_query_fields(dependant) if dependant is not None else None,
            takes_json=_takes_json(context),
            guard=_guard(dependant) if dependant is not None else None,
            most_bytes=most_bytes(getattr(context, "endpoint", None)),
        )


def _query_fields(dependant: Any) -> frozenset[str]:
    names: set[str] = set()
    for inner in dependant.dependencies:
        names |= _query_fields(inner)
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names.update(part.alias or name for name, part in annotation.model_fields.items())
        else:
            names.add(field.alias)
    return frozenset(names)


def _guard(dependant: Any) -> Guard | None:
    calls = (inner.call for inner in dependant.dependencies)
    return next((call for call in calls if isinstance(call, Guard)), None)


def _takes_json(context: RouteContext) -> bool:
    body = getattr(context, "body_field", None)
    return body is not None and "json" in str(getattr(body.field_info, "media_type", "application/json"))


@cache
def _looseness(template: str) -> tuple[int, ...]:
    """How little a pattern says of each segment: written out, in part, a parameter, or a parameter for all the rest."""
    found = []
    for segment in template.split("/"):
        literal = _PARAMETER.sub("", segment)
        found.append(0 if literal == segment else 3 if ":path}" in segment else 1 if literal else 2)
    return tuple(found)


def _segments(path: str) -> tuple[str, str]:
    end = path.find("/", 1)
    if end < 0:
        return path, path
    second = path.find("/", end + 1)
    return path[:end], path if second < 0 else path[:second]


def _group(template: str) -> str:
    literals = _LITERAL.findall(template.partition("{")[0])
    whole = [part for part in literals if len(part) > 1]
    if "{" in template and whole and not template.partition("{")[0].endswith("/"):
        whole = whole[:-1]  # a parameter that begins inside a segment makes that segment no literal
    return "".join(whole[:2])
