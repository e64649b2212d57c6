"""Reading a request's body: counted while it streams, under one deadline."""

import asyncio
from collections.abc import Callable
from typing import Final, NoReturn, TypeVar

from starlette.types import Receive, Scope

from services.kernel.errors import BadRequest, TooLarge
from services.kernel.http.problems import HttpError

MAX_BODY: Final = 256 * 1024
MAX_STRANGERS_BODY: Final = 16 * 1024
"""Of whoever shows no key."""
DEADLINE_S = 8.0
"""Before the server gives the whole connection up, so that who is slow hears why."""
PATIENCE: Final = 4 * MAX_BODY
"""Up to how many bytes over its limit a body that is too long is read and thrown away."""
E = TypeVar("E")
_MARK: Final = "kith_most_bytes"
BUFFERED: Final = "kith.body"
"""Scope key of a body that the edge has read already."""


class ClientGone(Exception):  # nobody is left to whom it could be an error
    """The client hung up; there is nobody to answer."""


def takes_up_to(size: int) -> Callable[[E], E]:
    """Marks an endpoint whose bodies may be larger (or must be smaller) than `MAX_BODY`."""

    def mark(endpoint: E) -> E:
        setattr(endpoint, _MARK, size)
        return endpoint

    return mark


def most_bytes(endpoint: object) -> int:
    """How large a body the endpoint takes."""
    return int(getattr(endpoint, _MARK, MAX_BODY))


async def read_body(scope: Scope, receive: Receive, *, limit: int = MAX_BODY, deadline_s: float | None = None) -> bytes:
    """The whole body. Raises 413 as soon as it is over `limit` bytes, 408 when it takes too long, `ClientGone`.

    `deadline_s` is `DEADLINE_S` unless given.
    """
    buffered = scope.get(BUFFERED)
    if buffered is not None:
        return bytes(buffered)
    wait_s = DEADLINE_S if deadline_s is None else deadline_s
    # What asyncio.timeout does, without its objects: this is on the way of every order and every tracked visit.
    loop = asyncio.get_running_loop()
    task = asyncio.current_task(loop)
    assert task is not None
    expired = False

    def expire() -> None:
        nonlocal expired
        expired = True
        task.cancel()

    timer = loop.call_later(wait_s, expire)
    try:
        return await _read(scope, receive, limit)
    except asyncio.CancelledError:
        if expired and task.uncancel() == 0:
            detail = f"The body did not arrive within {wait_s:g} seconds."
            raise HttpError(408, detail, headers={"Connection": "close"}) from None
        raise
    finally:
        timer.cancel()


async def _read(scope: Scope, receive: Receive, limit: int) -> bytes:
    declared = _declared_length(scope)
    if declared is not None and declared > limit:
        await _refuse(receive, declared, limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            chunks.clear()
            await _refuse(receive, size if message.get("more_body", False) else limit + PATIENCE + 1, limit)
        if not message.get("more_body", False):
            return b"".join(chunks) + chunk if chunks else chunk
        chunks.append(chunk)


async def _refuse(receive: Receive, size: int, limit: int) -> NoReturn:
    """Raises 413. What a moderate excess still sends is thrown away first: a client that is cut off while it sends
    would often never see the answer.
    """
    seen = 0
    most = limit + PATIENCE
    while size <= most and seen <= most:
        message = await receive()
        seen += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            break
    raise TooLarge(
        f"The body is over {limit // 1024} kB: leave out what is not asked for, or send it in several calls.",
        headers={"Connection": "close"},
    )


def _declared_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit() or len(value) > 18:
                raise BadRequest("Content-Length is not a number.")
            return int(value)
    return None
