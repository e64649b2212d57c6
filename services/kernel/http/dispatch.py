"""Several services behind one port: hot routes by one look-up, everything else by the manifests' path patterns."""

import re
from collections.abc import Awaitable, Mapping, Sequence
from functools import cached_property

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from services.kernel.http.app import Edge
from services.kernel.http.hot import HotRoute, HotTable, answer_json
from services.kernel.http.openapi import merge, openapi

_REMEMBERED = 4096
_MOST_LETTERS = 256
"""Longer paths are looked up each time: what strangers ask for must not fill the memory."""


class Dispatcher:
    """The application of a process. Of the patterns that match a path the longest decides; a star inside a pattern
    stands for one segment, at its end for anything.
    """

    def __init__(self, apps: Mapping[str, tuple[ASGIApp, Sequence[str]]]) -> None:
        self._edges = [app for app, _ in apps.values() if isinstance(app, Edge)]
        self._owners: dict[HotRoute, Edge] = {route: edge for edge in self._edges for route in edge.hot.routes}
        self.hot = HotTable(self._owners)
        patterns = [(pattern, app) for app, routes in apps.values() for pattern in routes]
        patterns.sort(key=lambda entry: (-len(entry[0]), entry[0]))
        self._patterns = [(_compile(pattern), app) for pattern, app in patterns]
        self._default = next((app for app, _ in apps.values()), _nobody)
        self._known: dict[str, ASGIApp] = {}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serves one connection. No coroutine itself: it hands on the one of who answers, a frame less on hot ways."""
        if scope["type"] != "http":
            return self._default(scope, receive, send)
        method, path = scope["method"], scope["path"]
        route = self.hot.find(method, path)
        if route is not None:
            return self._owners[route].serve_hot(route, scope, receive, send)
        if path == "/openapi.json" and method in {"GET", "HEAD"} and self._edges:
            return self._describe(method, send)
        return self.owner(path)(scope, receive, send)

    async def _describe(self, method: str, send: Send) -> None:
        await answer_json(send, 200, self._description if method == "GET" else b"")

    def owner(self, path: str) -> ASGIApp:
        """The application that answers this path; for one that nobody claims, the first, which knows how to say so."""
        known = self._known.get(path)
        if known is None:
            known = next((app for regex, app in self._patterns if regex.match(path)), self._default)
            if len(path) <= _MOST_LETTERS:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[path] = known
        return known

    @cached_property
    def _description(self) -> bytes:
        return orjson.dumps(merge([openapi(edge.service) for edge in self._edges]))


async def _nobody(scope: Scope, receive: Receive, send: Send) -> None:
    """The application of a process that serves no requests but those of `Front`."""
    if scope["type"] == "http":
        await answer_json(send, 404, b'{"detail":"This process serves no requests."}')


def _compile(pattern: str) -> re.Pattern[str]:
    body, star, _ = pattern.partition("*") if pattern.endswith("*") and pattern.count("*") == 1 else (pattern, "", "")
    if not star and pattern.endswith("*"):
        body, star = pattern[:-1], "*"
    return re.compile(
        "[^/]+".join(re.escape(part) for part in body.split("*")) + (".*" if star else "") + r"\Z", re.DOTALL
    )
