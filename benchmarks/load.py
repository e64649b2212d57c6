"""A load of HTTP/1.1 requests on keep-alive connections, from this process to one server on loopback.

Lean on purpose: raw bytes in, status and header end out, so that the generator does not become the thing measured.
Bounded in requests and in time.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast


@dataclass(slots=True)
class Answered:
    """What came back: answers by status, and each request's time in seconds."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    times_s: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """All answers."""
        return sum(self.statuses.values())

    def quantile_ms(self, share: float) -> float:
        """The time, in milliseconds, within which this share of the requests was answered."""
        ordered = sorted(self.times_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else float("nan")


class _Connection(asyncio.Protocol):
    """One connection: sends a request, reads one whole answer, sends the next."""

    def __init__(self, next_request: Callable[[], bytes | None], result: Answered) -> None:
        self._next_request = next_request
        self._result = result
        self._buffer = b""
        self._started = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        request = self._next_request()
        if request is None:
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._started = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0 or len(buffer) < end + 4 + _length(buffer[:end]):
            self._buffer = buffer
            return
        self._buffer = b""
        status = int(buffer[9:12])
        self._result.statuses[status] = self._result.statuses.get(status, 0) + 1
        self._result.times_s.append(time.perf_counter() - self._started)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server closed the connection"))


def _length(head: bytes) -> int:
    lowered = head.lower()
    start = lowered.find(b"content-length:")
    if start < 0:
        return 0
    stop = lowered.find(b"\r\n", start)
    return int(head[start + 15 : stop if stop > 0 else None])


async def drive(
    port: int, request: Callable[[int], bytes], *, connections: int, seconds: float, most: int = 10_000_000
) -> Answered:
    """Sends `request(0)`, `request(1)` … over so many connections until the time or the number is used up."""
    result = Answered()
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds
    sent = 0

    def following() -> bytes | None:
        nonlocal sent
        if sent >= most or time.perf_counter() >= until:
            return None
        sent += 1
        return request(sent - 1)

    started = time.perf_counter()
    pairs = [
        await loop.create_connection(lambda: _Connection(following, result), "127.0.0.1", port)
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*(protocol.done for _, protocol in pairs))
    result.seconds = time.perf_counter() - started
    return result


def get(path: str, headers: Sequence[str] = ()) -> bytes:
    """A GET request's bytes."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode()


def post(path: str, body: bytes, headers: Sequence[str] = ()) -> bytes:
    """A POST request's bytes, with a JSON body."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body
