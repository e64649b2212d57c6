"""The HTTP server inside our own event loop: uvicorn with httptools, without its access log and its signal handling."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp

KEEP_ALIVE_S = 75
"""Longer than a gateway keeps idle connections: so the gateway is who closes them, and no request falls between."""
FINISH_S = 25
"""How long requests in hand may take after the stop."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The runner handles signals."""
        yield


class Server:
    """Serves `app` on a socket that is bound when this is made: its port is known, a taken one refused at once."""

    def __init__(self, app: ASGIApp, *, host: str, port: int) -> None:
        self._socket = socket.create_server((host, port), backlog=2048)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                app,
                http="httptools",
                loop="none",
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

    async def __aenter__(self) -> "Server":
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="http-server")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise RuntimeError("the HTTP server ended while it started")
            await asyncio.sleep(0.005)
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
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()
