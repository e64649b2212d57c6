"""What a process answers before any service is asked: `/livez`, `/readyz`, `/metrics`; and the server's life cycle."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import Message, Receive, Scope, Send

from services.kernel.health import Health
from services.kernel.http.dispatch import Dispatcher
from services.kernel.http.quick import Quick

Answer = tuple[int, bytes, bytes]


class Front:
    """The application that the server runs; everything else goes to `app`."""

    def __init__(self, app: Dispatcher, health: Health) -> None:
        self._app = app
        self._hot = app.hot
        self._health = health
        self._own: dict[str, Callable[[bytes], Awaitable[Answer]]] = {
            "/livez": self._livez,
            "/readyz": self._readyz,
            "/metrics": self._metrics,
        }

    def quick(self, method: str, path: str) -> Quick | None:
        """The quick route for this, if there is one; none while the process goes away, see `_closing`."""
        route = self._hot.find(method, path)
        return None if route is None or self._health.draining else route.quick

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serves one connection. No coroutine itself: it hands on the one of who answers, a frame less on hot ways."""
        if scope["type"] == "lifespan":
            return _live(receive, send)
        own = self._own.get(scope["path"]) if scope["type"] == "http" else None
        if own is not None:
            return self._answer_own(own, scope, send)
        return self._app(scope, receive, self._closing(send) if self._health.draining else send)

    @staticmethod
    async def _answer_own(own: Callable[[bytes], Awaitable[Answer]], scope: Scope, send: Send) -> None:
        if scope["method"] in {"GET", "HEAD"}:
            await _answer(send, *await own(scope["query_string"]))
        else:
            await _answer(send, 405, b"application/json", b'{"detail":"GET only"}')

    @staticmethod
    def _closing(send: Send) -> Send:
        """While the process goes away each answer is its connection's last, so that gateways open none anew to it."""

        async def last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        return last

    async def _livez(self, _query: bytes) -> Answer:
        stuck = self._health.stuck()
        body = orjson.dumps({"status": "stuck" if stuck else "ok", "stuck": stuck})
        return (503 if stuck else 200), b"application/json", body

    async def _readyz(self, query: bytes) -> Answer:
        checks = await self._health.ready(exclude=parse_qs(query.decode("latin-1")).get("exclude", ()))
        ok = all(check.ok for check in checks)
        body = orjson.dumps(
            {
                "status": "ready" if ok else "not ready",
                "checks": [check.as_json() for check in checks],
                "clocks": [{"service": n, "clock_offset_seconds": read()} for n, read in self._health.clocks.items()],
            }
        )
        return (200 if ok else 503), b"application/json", body

    async def _metrics(self, _query: bytes) -> Answer:
        return 200, CONTENT_TYPE_LATEST.encode(), generate_latest()


async def _answer(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    headers = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    """The runner opens and closes what the applications need, so the server's life cycle has nothing to do."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
