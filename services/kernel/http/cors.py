"""Calls from a store's own pages, another origin: allowed for the few routes that say so, without credentials.

An origin is echoed, never trusted: what a publishable key may do is so little that anybody may ask for it.
"""

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from services.kernel.http.hot import Handle, HotRoute, headers_of
from services.kernel.http.quick import DeferredAnswer, Quick, QuickAnswer, lines

_ORIGIN = re.compile(rb"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
_LONGEST: Final = 267
"""As long as such an origin can be."""
_ALLOWED_HEADERS: Final = b"authorization, content-type, idempotency-key, traceparent, x-request-id"
_VARY: Final = (b"vary", b"Origin")


def cors_headers(headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """What an answer to this request must carry for the page to read it. `null` and odd origins get nothing."""
    origin = headers.get(b"origin")
    if origin is None or _ORIGIN.fullmatch(origin) is None:
        return [_VARY]
    return [(b"access-control-allow-origin", origin), _VARY]


def preflight_headers(headers: dict[bytes, bytes], methods: list[str]) -> list[tuple[bytes, bytes]]:
    """The answer to a browser that asks before it sends."""
    found = cors_headers(headers)
    if len(found) > 1:
        found += [
            (b"access-control-allow-methods", ", ".join(methods).encode()),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", b"86400"),
        ]
    return found


def readable(route: HotRoute) -> HotRoute:
    """The same route; its answers can be read from other origins."""
    quick = with_quick_cors(route.quick) if route.quick is not None else None
    return replace(route, handle=with_cors(route.handle), quick=quick)


def with_quick_cors(quick: Quick) -> Quick:
    """What `with_cors` is for handlers, for a quick function."""

    def answered(scope: Scope, body: bytes) -> QuickAnswer | DeferredAnswer | None:
        found = quick(scope, body)
        if found is None:
            return None
        origin = headers_of(scope).get(b"origin")
        # One that is longer is no origin, and what strangers send must not fill the memory.
        more = _cors_lines(origin if origin is None or len(origin) <= _LONGEST else None)
        if isinstance(found, DeferredAnswer):
            later = found
            return DeferredAnswer(later.future, lambda result: _with(later.answer(result), more))
        return _with(found, more)

    return answered


@lru_cache(maxsize=1024)
def _cors_lines(origin: bytes | None) -> bytes:
    return lines(cors_headers({} if origin is None else {b"origin": origin}))


def _with(answer: QuickAnswer, more: bytes) -> QuickAnswer:
    status, headers, body = answer
    return status, headers + more, body


def with_cors(handle: Handle) -> Handle:
    """The same handler; its answers can be read from other origins."""

    async def handled(scope: Scope, receive: Receive, send: Send) -> int | None:
        added = cors_headers(headers_of(scope))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The first message may be prebuilt and shared: never change it.
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        return await handle(scope, receive, answer)

    return handled
