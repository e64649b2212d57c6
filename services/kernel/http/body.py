"""Reading a request's body: counted while it streams, under one deadline."""

import asyncio
from typing import Final

from starlette.types import Receive, Scope

from services.kernel.errors import BadRequest, TooLarge
from services.kernel.http.problems import HttpError

MAX_BODY: Final = 256 * 1024
DEADLINE_S: Final = 10.0
BUFFERED: Final = "kith.body"
"""Scope key of a body that the edge has read already."""


class ClientGone(Exception):  # nobody is left to whom it could be an error
    """The client hung up; there is nobody to answer."""


async def read_body(scope: Scope, receive: Receive, *, limit: int = MAX_BODY, deadline_s: float = DEADLINE_S) -> bytes:
    """The whole body. Raises 413 as soon as it is over `limit` bytes, 408 when it takes too long, `ClientGone`."""
    buffered = scope.get(BUFFERED)
    if buffered is not None:
        return bytes(buffered)
    declared = _declared_length(scope)
    if declared is not None and declared > limit:
        raise _too_large(limit)
    try:
        async with asyncio.timeout(deadline_s):
            message = await receive()
            body: bytes = message.get("body", b"")
            if message["type"] == "http.request" and not message.get("more_body", False):
                if len(body) > limit:
                    raise _too_large(limit)
                return body
            chunks, size = [body], len(body)
            while message["type"] == "http.request" and message.get("more_body", False):
                message = await receive()
                chunk: bytes = message.get("body", b"")
                chunks.append(chunk)
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise HttpError(
            408, f"The body did not arrive within {deadline_s:g} seconds.", headers={"Connection": "close"}
        ) from None
    if message["type"] == "http.disconnect":
        raise ClientGone
    return b"".join(chunks)


def _declared_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit() or len(value) > 18:
                raise BadRequest("Content-Length is not a number.")
            return int(value)
    return None


def _too_large(limit: int) -> TooLarge:
    # The rest of the body is never read, so the connection can serve no other request.
    return TooLarge(f"The body is over {limit // 1024} kB.", headers={"Connection": "close"})
