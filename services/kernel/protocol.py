"""One connection of the HTTP server: uvicorn's protocol over httptools, and three things that it lacks.

It notes since when a request is on its way in, since when an answer is not taken, and how large a head is, so that the
server can end what is slow or endless. What it ends while a request still comes, it ends so that the client can read
why. And it answers quick routes (`kernel.http.quick`) at once, without the parser: the calls, the task, the objects and
the messages that an ASGI application needs cost more than a redirect itself.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from starlette.types import Scope
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from services.kernel.errors import BadRequest
from services.kernel.http import plain
from services.kernel.http.problems import HttpError, unreadable_request
from services.kernel.http.quick import DeferredAnswer, Quick, QuickAnswer, lines

HEAD_BYTES = 16 * 1024
"""How large a request's first line and headers may be together."""
_BULKY = 2048
"""A head is measured only if what came with it is longer than nearly all heads."""

LINGER_S = 2.0
LINGER_BYTES = 1024 * 1024
"""For how long, and how much of, what a refused client still sends is thrown away before its connection goes."""

Find = Callable[[str, str], Quick | None]
"""The quick route of a method and a path. An application that has any offers this as its attribute `quick`."""


class _PendingAnswer:
    """A request that is answered `later`, and what the application needs if it has to take it."""

    __slots__ = ("body", "cycle", "later", "scope")

    def __init__(self, later: DeferredAnswer, scope: Scope, body: bytes) -> None:
        self.later, self.scope, self.body = later, scope, body
        self.cycle: RequestResponseCycle | None = None


class _Transport:
    """A connection's transport, but for its end: `close` is what `end` says. What is called often costs no more."""

    def __init__(self, transport: asyncio.Transport, end: Callable[[], None]) -> None:
        self._transport = transport
        self.write = transport.write
        self.close = end
        self.abort = transport.abort
        self.ended = False

    def is_closing(self) -> bool:
        """Whether nothing may be written any more."""
        return self.ended or self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Connection(HttpToolsProtocol):
    """What a client is connected to."""

    arriving_since = 0.0
    """When the first byte of the request in hand came, by the loop's clock; 0 between requests."""
    idle_since = 0.0
    """Since when, after a quick answer, nothing has come: the server closes what rests too long. It costs less than a
    timer per answer, which is uvicorn's way after its own.
    """
    stuck_since = 0.0
    """Since when the client takes nothing of its answer, by the loop's clock; 0 while it does."""
    _chunk = 0
    _bulky = False
    _head_bytes = 0
    _head_open = True
    _between = True
    """No request has begun that is not whole yet: the parser has nothing in hand."""
    _usual: list[tuple[bytes, bytes]] | None = None
    _usual_lines = b""
    """The headers that every answer has, and their lines."""
    _pending: "_PendingAnswer | None" = None
    """The request that waits for its answer, as long as it has this connection to itself."""
    _thrown_away = -1
    """Bytes that came after the end; -1 as long as the connection has not ended."""

    def __init__(self, *args: Any, most: int = 1 << 30, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._most = most
        """How many connections the server may have. Beyond, one that rests is closed for this one, or this one is."""
        self._find: Find | None = getattr(self.app, "quick", None)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the parent says
        super().connection_made(transport)
        self._raw, self._way = transport, _Transport(transport, self._end)
        self.transport = cast(asyncio.Transport, self._way)
        self.arriving_since = self.loop.time()
        if len(self.connections) > self._most:
            resting = next((one for one in self.connections if isinstance(one, Connection) and one.idle), self)
            resting.transport.abort()

    def _end(self) -> None:
        """Closes the connection. While a request still comes only the way back is closed at first: a socket that goes
        with bytes unread resets the connection, and the client may never see its answer.
        """
        if not self.arriving_since or self._raw.is_closing() or not self._raw.can_write_eof():
            self._raw.close()
        elif self._thrown_away < 0:
            self._thrown_away, self._way.ended = 0, True
            self._raw.write_eof()
            self.flow.resume_reading()
            self.loop.call_later(LINGER_S, self._raw.close)

    def data_received(self, data: bytes) -> None:
        if self._thrown_away >= 0:
            self._thrown_away += len(data)
            if self._thrown_away > LINGER_BYTES:
                self._raw.close()
            return
        if self._pending is not None:
            self._hold_place(self._pending)
        if self._between and self._find is not None and self._answer_at_once(data, self._find):
            return
        if not self.arriving_since:
            self.arriving_since = self.loop.time()
        self.idle_since = 0.0
        self._chunk = len(data)
        self._bulky = self._bulky or self._chunk > _BULKY
        if self._head_open:
            self._head_bytes += self._chunk
        super().data_received(data)
        if self._head_open and self._head_bytes > HEAD_BYTES:
            self._refuse_head()

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed is answered as every other refusal is."""
        if self.transport.is_closing():
            return
        self.transport.write(unreadable_request(BadRequest(msg, code="bad_http")))
        self.transport.close()

    def _refuse_head(self) -> None:
        if self.transport.is_closing():
            return
        detail = f"The address and the headers are over {HEAD_BYTES // 1024} kB together: send shorter or fewer."
        self.transport.write(unreadable_request(HttpError(431, detail)))
        self.transport.close()

    @property
    def idle(self) -> bool:
        """Whether no request and no answer is pending: closing it harms nobody."""
        cycle: RequestResponseCycle | None = self.cycle
        done = cycle is None or cycle.response_complete
        return not self.arriving_since and self._pending is None and not self.pipeline and done

    def pause_writing(self) -> None:
        self.stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.stuck_since = 0.0
        super().resume_writing()

    def on_message_begin(self) -> None:
        self._between = False
        if not self.arriving_since:  # it came behind another one
            self.arriving_since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_open = False
        if (self._bulky or self._head_bytes > HEAD_BYTES) and self._head_size() > HEAD_BYTES:
            self._refuse_head()
            raise ValueError("the head is too large")  # the parser goes no further
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._between = self._head_open = True
        self._head_bytes, self.arriving_since = 0, 0.0
        self._bulky = self._chunk > _BULKY
        super().on_message_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _answer_at_once(self, data: bytes, find: Find) -> bool:
        """Whether this is a request, whole and in its turn, that a quick route has taken. If not, nothing is done."""
        cycle: RequestResponseCycle | None = self.cycle
        if not (cycle is None or cycle.response_complete) or self.pipeline or self.flow.write_paused:
            return False
        request = plain.read(data)
        if request is None:
            return False
        method, path, query, headers, body = request
        quick = find(method, path)
        if quick is None or len(data) - len(body) > HEAD_BYTES:
            return False
        scope = {"method": method, "path": path, "query_string": query, "headers": headers, "client": self.client}
        answer = quick(scope, body)
        if answer is None:
            return False
        self._unset_keepalive_if_required()
        self.arriving_since = 0.0
        if isinstance(answer, DeferredAnswer):
            self.idle_since = 0.0
            self._pending = _PendingAnswer(answer, scope, body)
            answer.future.add_done_callback(partial(self._send_answer, self._pending))
        else:
            self.idle_since = self.loop.time()
            self._write(answer)
        return True

    def _hold_place(self, pending: "_PendingAnswer") -> None:
        """Gives the waiting request its place among others, as if the application had it in hand: something else
        happens on the connection, or the application must take it after all.
        """
        super().on_message_begin()  # makes what all scopes share
        scope = {**self.scope, **pending.scope, "raw_path": pending.scope["path"].encode()}
        cycle = pending.cycle = self.cycle = RequestResponseCycle(
            scope=scope,  # type: ignore[arg-type]  # what the parent makes
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )
        cycle.body += pending.body
        cycle.more_body = False
        cycle.message_event.set()
        self._pending = None

    def _send_answer(self, pending: "_PendingAnswer", future: asyncio.Future[Any]) -> None:
        failed = future.cancelled() or future.exception() is not None
        cycle = pending.cycle
        if self.transport.is_closing() if cycle is None else cycle.disconnected:
            return
        if failed:
            if cycle is None:
                self._hold_place(pending)
            self._start_asgi_task(cast(RequestResponseCycle, pending.cycle), cast(ASGI3Application, self.app))
            return
        status, headers, body = pending.later.answer(future.result())
        if cycle is None:
            self._pending = None
            self._write((status, headers, body))
            self.idle_since = self.loop.time()
            return
        self._write((status, headers if cycle.keep_alive else headers + b"connection: close\r\n", body))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        elif self.pipeline or self.flow.read_paused:
            self.on_response_complete()
        else:
            self.idle_since = self.loop.time()

    def shutdown(self) -> None:
        """The server stops: what is pending is still answered."""
        if self._pending is not None:
            self._hold_place(self._pending)
        super().shutdown()

    def _write(self, answer: QuickAnswer) -> None:
        status, headers, body = answer
        usual = self.server_state.default_headers
        if usual is not self._usual:  # the server makes them anew each second
            self._usual, self._usual_lines = usual, lines(usual)
        parts = (STATUS_LINE[status], self._usual_lines, headers, len(body), body)
        self.transport.write(b"%b%b%bcontent-length: %d\r\n\r\n%b" % parts)
