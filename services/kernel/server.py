"""The HTTP server inside our own event loop: uvicorn with httptools, without its access log and its signal handling.

What the server lacks stands here too: a request that does not arrive within a limit, or whose head is too large, costs
its connection. The check is a look at all connections once a second, so that a quick request pays almost nothing.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.kernel.http.problems import unreadable_request

KEEP_ALIVE_S = 75
"""Longer than a gateway keeps idle connections: so the gateway is who closes them, and no request falls between."""
FINISH_S = 25
"""How long requests in hand may take after the stop."""
ARRIVE_S = 10
"""How long a request may take to arrive, its body included."""
HEAD_BYTES = 64 * 1024
"""How large a request's first line and headers may be together."""


class _Guarded(HttpToolsProtocol):
    """Notes since when a request is on its way in, and how large its head has become."""

    arriving_since = 0.0
    _head_bytes = 0
    _head_open = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the parent says
        super().connection_made(transport)
        self.arriving_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        if not self.arriving_since:
            self.arriving_since = self.loop.time()
        if self._head_open:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_open and self._head_bytes > HEAD_BYTES:
            self.send_400_response("Request head too large.")

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed is answered as every other refusal is."""
        if self.transport.is_closing():
            return
        self.transport.write(unreadable_request(msg))
        self.transport.close()

    def on_headers_complete(self) -> None:
        self._head_open = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head_open, self._head_bytes, self.arriving_since = True, 0, 0.0
        super().on_message_complete()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The runner handles signals."""
        yield


class Server:
    """Serves `app` on a socket that is bound when this is made: its port is known, a taken one refused at once."""

    def __init__(self, app: ASGIApp, *, host: str, port: int, arrive_s: float = ARRIVE_S) -> None:
        self._arrive_s = arrive_s
        self._socket = socket.create_server((host, port), backlog=2048)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_Guarded,
                loop="none",
                interface="asgi3",
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                date_header=True,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=FINISH_S,
                backlog=2048,
            )
        )
        self._task: asyncio.Task[None] | None = None
        self._guard: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Server":
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="http-server")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise RuntimeError("the HTTP server ended while it started")
            await asyncio.sleep(0.005)
        self._guard = asyncio.create_task(self._cut_slow(), name="http-guard")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def task(self) -> asyncio.Task[None]:
        """Ends when the server does."""
        if self._task is None:
            raise RuntimeError("the server was not started")
        return self._task

    async def stop(self) -> None:
        """Accepts no more, finishes the requests in hand, ends."""
        self._server.should_exit = True
        if self._guard is not None:
            self._guard.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()

    async def _cut_slow(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(1.0, self._arrive_s))
            before = loop.time() - self._arrive_s
            for connection in list(self._server.server_state.connections):
                if isinstance(connection, _Guarded) and 0 < connection.arriving_since < before:
                    connection.transport.abort()
