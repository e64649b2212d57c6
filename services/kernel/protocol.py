"""One connection of the HTTP server: uvicorn's protocol over httptools, and two things that it lacks.

It notes since when a request is on its way in and how large its head is, so that the server can end what is slow or
endless. And it answers quick routes (`kernel.http.quick`) at once, out of the parser's callback: the task, the objects
and the messages that an ASGI application needs cost more than a redirect itself.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from starlette.types import Scope
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from services.kernel.http.problems import unreadable_request
from services.kernel.http.quick import Later, Quick, QuickAnswer, lines

HEAD_BYTES = 64 * 1024
"""How large a request's first line and headers may be together."""

Find = Callable[[str, str], Quick | None]
"""The quick route of a method and a path. An application that has any offers this as its attribute `quick`."""


class Connection(HttpToolsProtocol):
    """What a client is connected to."""

    arriving_since = 0.0
    """When the first byte of the request in hand came, by the loop's clock; 0 between requests."""
    idle_since = 0.0
    """Since when, after a quick answer, nothing has come: the server closes what rests too long. It costs less than a
    timer per answer, which is uvicorn's way after its own.
    """
    _head_bytes = 0
    _head_open = True
    _quick: Quick | None = None
    _body = b""
    _usual: list[tuple[bytes, bytes]] | None = None
    _usual_lines = b""
    """The headers that every answer has, and their lines."""
    _waits = False
    """Whether the request in hand is one that is answered later: its application is not started."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._find: Find | None = getattr(self.app, "quick", None)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the parent says
        super().connection_made(transport)
        self.arriving_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        if not self.arriving_since:
            self.arriving_since = self.loop.time()
        self.idle_since = 0.0
        if self._head_open:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._quick is not None:
            # Its body is still on the way, and how long one may wait for a body is the application's business.
            self._take_usual_way()
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
        self._quick = self._quick_route()
        if self._quick is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._quick is not None:
            self._body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_open, self._head_bytes, self.arriving_since = True, 0, 0.0
        if self._quick is not None:
            answer = self._quick(cast(Scope, self.scope), self._body)
            if isinstance(answer, Later):
                self._answer_later(answer)
                return
            if answer is not None:
                self._quick, self._body = None, b""
                self._write(answer)
                self.idle_since = self.loop.time()
                return
            self._take_usual_way()
        super().on_message_complete()

    def _quick_route(self) -> Quick | None:
        """The quick route of the request whose head is complete, if an answer from it can be whole and in its turn."""
        if self._find is None:
            return None
        parser, method = self.parser, self.parser.get_method().decode("ascii")
        path, _, query = self.url.partition(b"?")
        text = path.decode("latin-1")
        found = self._find(method, text)
        if found is None:
            return None
        cycle: RequestResponseCycle | None = self.cycle
        if (
            not (cycle is None or cycle.response_complete)
            or self.pipeline
            or self.flow.write_paused
            or self.expect_100_continue
            or b"%" in path
            or b"#" in self.url
            or not parser.should_keep_alive()
            or parser.should_upgrade()
            or parser.get_http_version() != "1.1"
        ):
            return None
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]  # what the parent sets in the same place
        scope["method"], scope["path"], scope["query_string"] = method, text, query
        return found

    def _answer_later(self, later: Later) -> None:
        """The request takes its place as if the application had it in hand, for what follows on the connection, and for
        the case that the application has to take it after all.
        """
        self._waits = True
        self._take_usual_way()
        self._waits = False
        super().on_message_complete()
        later.future.add_done_callback(partial(self._answer_now, self.cycle, later))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if not self._waits:
            super()._start_asgi_task(cycle, app)

    def _answer_now(self, cycle: RequestResponseCycle, later: Later, future: asyncio.Future[Any]) -> None:
        failed = future.cancelled() or future.exception() is not None
        if cycle.disconnected:
            return
        if failed:
            self._start_asgi_task(cycle, cast(ASGI3Application, self.app))
            return
        status, headers, body = later.said(future.result())
        self._write((status, headers if cycle.keep_alive else headers + b"connection: close\r\n", body))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        elif self.pipeline or self.flow.read_paused:
            self.on_response_complete()
        else:
            self.idle_since = self.loop.time()

    def _take_usual_way(self) -> None:
        """Gives the request in hand to the application, as if nobody had looked at it before."""
        body, self._quick, self._body = self._body, None, b""
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def _write(self, answer: QuickAnswer) -> None:
        status, headers, body = answer
        usual = self.server_state.default_headers
        if usual is not self._usual:  # the server makes them anew each second
            self._usual, self._usual_lines = usual, lines(usual)
        said = (STATUS_LINE[status], self._usual_lines, headers, len(body), body)
        self.transport.write(b"%b%b%bcontent-length: %d\r\n\r\n%b" % said)
