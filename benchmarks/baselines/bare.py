"""Bare ASGI on the same server: a redirect that records nothing, and a route that parses a JSON body and forgets it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

_FOUND = {
    "type": "http.response.start",
    "status": 302,
    "headers": [(b"location", b"https://shop.example/?kith=0123456789abcdef"), (b"content-length", b"0")],
}
_ACCEPTED = {"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]}


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """`GET` answers 302, `POST` parses the body as JSON and answers 202."""
    if scope["type"] != "http":
        return
    if scope["method"] == "GET":
        await send(_FOUND)
        await send({"type": "http.response.body", "body": b""})
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    json.loads(body)
    await send(_ACCEPTED)
    await send({"type": "http.response.body", "body": b"{}"})
