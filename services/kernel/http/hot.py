"""Hot routes: pure ASGI handlers that are found before the framework is asked, and what they need to read and answer.

A handler raises the same errors as everybody else; the edge writes the problem. What a hot route gives up is listed
here so that nobody is surprised: no request id on success, no trace unless it calls `begin`, no query under `/v1/`.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from services.kernel import trace
from services.kernel.http.body import read_body
from services.kernel.http.json_body import check_json
from services.kernel.http.problems import from_validation
from services.kernel.http.quick import Quick

Model = TypeVar("Model", bound=BaseModel)
Handle = Callable[[Scope, Receive, Send], Awaitable[int | None]]
"""Answers, and returns the status it answered with (None is 200), for the metrics."""

__all__ = [
    "Handle",
    "HotAnswer",
    "HotRoute",
    "HotTable",
    "answer",
    "answer_json",
    "begin",
    "check_json",
    "headers_of",
    "parse",
    "read_body",
    "start",
]

JSON_HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


@dataclass(frozen=True, slots=True, eq=False)
class HotRoute:
    """`pattern` is an exact path, or a prefix with a star at its end. `cors`: browsers of other origins may call it.
    `quick` answers the common case at once (`kernel.http.quick`).
    """

    method: str
    pattern: str
    handle: Handle
    cors: bool = False
    quick: Quick | None = None


class HotTable:
    """Finds a hot route by method and path: one regular expression over all patterns, whose groups are the routes."""

    __slots__ = ("_by_group", "_match", "routes")

    def __init__(self, routes: Iterable[HotRoute]) -> None:
        self.routes = tuple(routes)
        by_pattern: dict[str, dict[str, HotRoute]] = {}
        for route in self.routes:
            literal = route.pattern.removesuffix("*")
            if "*" in literal or (literal != route.pattern and "/" not in literal[1:]):
                raise ValueError(f"{route.pattern}: a star is allowed at the end only, after a whole segment")
            by_pattern.setdefault(route.pattern, {})[route.method] = route
        # Exact paths first, then the longest prefix; a path that several take, but not by this method, is rare enough
        # to be left to the framework.
        patterns = sorted(by_pattern, key=lambda pattern: (pattern.endswith("*"), -len(pattern)))
        # No database takes a NUL: such a path is left to the table, which knows it for an unknown one.
        groups = [f"({re.escape(p[:-1])}[^\\0]*\\Z)" if p.endswith("*") else f"({re.escape(p)}\\Z)" for p in patterns]
        self._by_group: list[dict[str, HotRoute]] = [{}, *(by_pattern[pattern] for pattern in patterns)]
        self._match = re.compile("|".join(groups) or r"(?!)").match

    def find(self, method: str, path: str) -> HotRoute | None:
        """The route, exact paths first, then the longest prefix; or None."""
        found = self._match(path)
        return None if found is None else self._by_group[found.lastindex or 0].get(method)


class HotAnswer(Response):
    """Lets a framework endpoint, declared for the API's description, answer by the hot handler itself."""

    def __init__(self, handle: Handle) -> None:
        super().__init__()
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs the handler; the body that the framework has read is still there for it."""
        await self._handle(scope, receive, send)


def parse(model: type[Model], body: bytes) -> Model:
    """A request's body as its model, with the checks that every JSON body gets. Raises `BadRequest` or `Invalid`."""
    check_json(body)
    try:
        return model.__pydantic_validator__.validate_json(body)  # type: ignore[no-any-return]  # of this very model
    except ValidationError as error:
        raise from_validation(error.errors(include_url=False, include_input=False)) from None


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The request's headers by lower-case name; of a repeated one the last."""
    return dict(scope["headers"])


def begin(headers: dict[bytes, bytes]) -> None:
    """Continues the caller's trace, or begins one: events of this request carry it to whoever works on them."""
    incoming = headers.get(b"traceparent")
    trace.start(incoming.decode("latin-1") if incoming is not None else None)


def start(status: int, headers: Sequence[tuple[bytes, bytes]] = ()) -> Message:
    """The first message of an answer, to be built once and sent often. The server adds nothing but `date`."""
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


async def answer(send: Send, first: Message, body: bytes = b"") -> int:
    """Sends a prebuilt first message and the body; returns the status."""
    await send(first)
    await send({"type": "http.response.body", "body": body})
    return int(first["status"])


async def answer_json(send: Send, status: int, body: bytes, *, headers: Sequence[tuple[bytes, bytes]] = ()) -> int:
    """Sends JSON that is bytes already; returns the status."""
    first: dict[str, Any] = {
        "type": "http.response.start",
        "status": status,
        "headers": [*JSON_HEADERS, (b"content-length", b"%d" % len(body)), *headers],
    }
    await send(first)
    await send({"type": "http.response.body", "body": body})
    return status
