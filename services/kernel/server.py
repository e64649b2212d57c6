"""The HTTP server inside our own event loop: uvicorn with httptools, without its access log and its signal handling.

A request that does not arrive within a limit costs its connection, and so do an answer that is not taken and a long
rest after a quick answer (`protocol`). The check is a look at all connections once a second, so that a quick request
pays almost nothing. Of more connections than there may be, those that rest are closed.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from functools import partial
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp

from services.kernel import vital
from services.kernel.protocol import Connection

KEEP_ALIVE_S = 75
"""Longer than a gateway keeps idle connections: so the gateway is who closes them, and no request falls between."""
FINISH_S = 25
"""How long requests in hand may take after the stop."""
ARRIVE_S = 10
"""How long a request may take to arrive, its body included."""
TAKE_S = 30
"""How long a client may take nothing of its answer."""
MOST_CONNECTIONS = 4096


_ONLY_TLS = ("strict-transport-security", "max-age=31536000")
"""For browsers: never again without TLS. Subdomains are left out, other people may serve them."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The runner handles signals."""
        yield


class Server:
    """Serves `app` on a socket that is bound when this is made: its port is known, a taken one refused at once."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        arrive_s: float = ARRIVE_S,
        keep_alive_s: int = KEEP_ALIVE_S,
        take_s: float = TAKE_S,
        most: int = MOST_CONNECTIONS,
        behind_tls: bool = False,
    ) -> None:
        self._arrive_s, self._keep_alive_s, self._take_s = arrive_s, keep_alive_s, take_s
        self._socket = socket.create_server((host, port), backlog=2048)
        # Connections inherit it. asyncio sets it only for sockets that say their protocol, and this one does not: an
        # answer's body would wait for the acknowledgement of its head, 40 ms of each.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                app,
                http=partial(Connection, most=most),  # type: ignore[arg-type]  # it is called, no more
                loop="none",
                interface="asgi3",
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                date_header=True,
                headers=[_ONLY_TLS] if behind_tls else [],
                timeout_keep_alive=keep_alive_s,
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
        self._guard = vital.start(self._close_idle_and_stuck(), name="http-guard")
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

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._server.server_state.connections)

    async def stop(self) -> None:
        """Accepts no more, finishes the requests in hand, ends."""
        self._server.should_exit = True
        if self._guard is not None:
            self._guard.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()

    async def _close_idle_and_stuck(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(1.0, self._arrive_s, self._take_s))
            now = loop.time()
            for connection in list(self._server.server_state.connections):
                if not isinstance(connection, Connection):
                    continue
                if (
                    0 < connection.arriving_since < now - self._arrive_s
                    or 0 < connection.stuck_since < now - self._take_s
                ):
                    connection.transport.abort()
                elif 0 < connection.idle_since < now - self._keep_alive_s:
                    connection.transport.close()
