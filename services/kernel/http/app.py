"""One service's HTTP: hot routes first, then the framework behind limits, request ids and security headers.

Everything is pure ASGI, and all errors end here: whatever is raised anywhere below becomes one kind of answer.
"""

import re
import time
from bisect import bisect_left
from dataclasses import replace
from functools import lru_cache, partial
from typing import Final
from urllib.parse import parse_qsl

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel import trace
from services.kernel.context import Context
from services.kernel.errors import FieldError, Invalid, NotFound
from services.kernel.http import cors, problems
from services.kernel.http.body import BUFFERED, MAX_STRANGERS_BODY, ClientGone, read_body
from services.kernel.http.call import CONTEXT, REQUEST_ID
from services.kernel.http.headers import complete
from services.kernel.http.hot import HotRoute, HotTable, headers_of
from services.kernel.http.json_body import check_json
from services.kernel.http.limits import HEADERS, LIMITERS, Limiter
from services.kernel.http.problems import HttpError
from services.kernel.http.quick import timed
from services.kernel.http.table import Known, RouteTable, allowed
from services.kernel.http.timing import BUCKETS, Timing
from services.kernel.service import Service

API: Final = "/v1/"
MAX_QUERY_FIELDS: Final = 100
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_JSON_TYPE = re.compile(rb"application/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)", re.IGNORECASE)
_FORM_TYPE: Final = b"application/x-www-form-urlencoded"


class Edge:
    """The outermost layer of one service."""

    def __init__(self, service: Service, ctx: Context) -> None:
        self.service = service
        self.ctx = ctx
        self.framework, self.table = _routed(service)
        self._limiters: dict[str, Limiter] = {}
        self._timing = Timing(service.name)
        self._page_policy = service.pages.policy.encode() if service.pages is not None else b""
        routes = list(service.hot(ctx))
        self._cors = HotTable(HotRoute("OPTIONS", r.pattern, r.handle) for r in routes if r.cors)
        self.hot = HotTable(self._counted(cors.readable(route) if route.cors else route) for route in routes)
        self._hot_series: dict[HotRoute, dict[int, list[float]]] = {route: {} for route in self.hot.routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        kind = scope["type"]
        if kind == "http":
            route = self.hot.find(scope["method"], scope["path"])
            if route is not None:
                await self.serve_hot(route, scope, receive, send)
            else:
                await self.serve(scope, receive, send)
        elif kind == "lifespan":
            await _live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def serve_hot(self, route: HotRoute, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs a hot handler; what it raises becomes a problem."""
        began = time.perf_counter()
        try:
            if scope["query_string"] and route.pattern.startswith(API):
                check_query(scope["query_string"], frozenset())
            status = await route.handle(scope, receive, send) or 200
        except ClientGone:
            return
        except Exception as error:
            scope.setdefault(REQUEST_ID, _request_id(headers_of(scope)))
            added = [*scope.get(HEADERS, ()), *(cors.cors_headers(headers_of(scope)) if route.cors else ())]
            status = await self._fail(error, scope, send, template=route.pattern, added=added)
        seconds = time.perf_counter() - began
        series = self._hot_series[route].get(status)
        if series is None:
            series = self._hot_series[route][status] = self._timing.series(route.method, route.pattern, status)
        series[bisect_left(BUCKETS, seconds)] += 1
        series[-1] += seconds

    def _counted(self, route: HotRoute) -> HotRoute:
        """The route, its quick answers counted like all others."""
        if route.quick is None:
            return route
        series_of = partial(self._timing.series, route.method, route.pattern)
        return replace(route, quick=timed(route.quick, series_of, takes_query=not route.pattern.startswith(API)))

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves what is not hot."""
        began = time.perf_counter()
        headers = headers_of(scope)
        request_id = _request_id(headers)
        scope[CONTEXT], scope[REQUEST_ID], scope[LIMITERS] = self.ctx, request_id, self._limiters
        incoming = headers.get(b"traceparent")
        trace.start(incoming.decode("latin-1") if incoming else None)
        method, path = scope["method"], scope["path"]
        found = self.table.find(path) if "\0" not in path else []
        known = _choose(found, method)
        answer = _Answer(send, scope, request_id=request_id, page_policy=self._page_policy)
        status = 0
        try:
            if known is None:
                status = await self._refuse(scope, headers, found, answer)
            else:
                scope, receive = await self._prepare(known, scope, headers, receive)
                await self.framework(scope, receive, answer)
        except ClientGone:
            return
        except Exception as error:
            if answer.status:
                # Half an answer is out: breaking the connection is the only way left to say that it is wrong.
                problems.log_failure(error, problems.as_app_error(error), scope=scope, route=_template(known))
                raise
            status = await self._fail(error, scope, answer, template=_template(known))
        self._timing.observe(method, _template(known), answer.status or status, time.perf_counter() - began)

    async def _prepare(
        self, known: Known, scope: Scope, headers: dict[bytes, bytes], receive: Receive
    ) -> tuple[Scope, Receive]:
        """Everything that is checked before the framework sees a request."""
        method = scope["method"]
        if scope["query_string"]:
            check_query(scope["query_string"], known.query if scope["path"].startswith(API) else None)
        if method == "HEAD" and "HEAD" not in known.methods:
            return {**scope, "method": "GET"}, receive
        if method not in _BODY_METHODS:
            return scope, receive
        if known.guard is not None:
            known.guard.admit(Request(scope))  # before its body costs anything
        most = known.most_bytes if known.guard is not None else MAX_STRANGERS_BODY
        body = await read_body(scope, receive, limit=most)
        scope[BUFFERED] = body
        if body:
            content_type = headers.get(b"content-type", b"")
            if _JSON_TYPE.match(content_type):
                check_json(body)
            elif known.takes_json:
                raise HttpError(415, "Send JSON, with the header Content-Type: application/json.")
            elif content_type.startswith(_FORM_TYPE) and b"%00" in body:
                raise Invalid.field("body", "Text may not contain the NUL character.", code="nul")
        return scope, _replay(body, receive)

    async def _refuse(self, scope: Scope, headers: dict[bytes, bytes], found: list[Known], send: Send) -> int:
        """Answers OPTIONS; refuses unknown addresses and methods."""
        method, path = scope["method"], scope["path"]
        is_cors = self._cors.find("OPTIONS", path) is not None
        if not found and not is_cors:
            raise NotFound("Nothing is at this address.")
        methods = allowed(found) if found else ["OPTIONS", "POST"]
        if method == "OPTIONS":
            extra = cors.preflight_headers(headers, methods) if is_cors else []
            allow = (b"allow", ", ".join(methods).encode())
            await send({"type": "http.response.start", "status": 204, "headers": [allow, *extra]})
            await send({"type": "http.response.body", "body": b""})
            return 204
        shown = method if method in _METHODS else "this method"
        raise HttpError(
            405, f"This address does not take {shown}: use {', '.join(methods)}.", headers={"Allow": ", ".join(methods)}
        )

    async def _fail(
        self,
        error: Exception,
        scope: Scope,
        send: Send,
        *,
        template: str,
        added: list[tuple[bytes, bytes]] | None = None,
    ) -> int:
        shown = problems.as_app_error(error)
        problems.log_failure(error, shown, scope=scope, route=template)
        headers, body = problems.problem_answer(shown, scope, scope[REQUEST_ID], self.service.pages)
        if added:
            headers += added
        await send({"type": "http.response.start", "status": shown.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return shown.status


class _Answer:
    """The way back: completes the headers, remembers the status, drops a HEAD's body."""

    __slots__ = ("_head", "_is_api", "_page_policy", "_request_id", "_scope", "_send", "status")

    def __init__(self, send: Send, scope: Scope, *, request_id: str, page_policy: bytes) -> None:
        self._send = send
        self._scope = scope
        self._request_id = request_id
        self._page_policy = page_policy
        self._is_api = scope["path"].startswith(API)
        self._head = scope["method"] == "HEAD"
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = complete(
                message,
                request_id=self._request_id,
                is_api=self._is_api,
                page_policy=self._page_policy,
                extra=self._scope.get(HEADERS),
            )
        elif self._head:
            message = {**message, "body": b""}
        await self._send(message)


class _Framework(FastAPI):
    """FastAPI without its own error pages: errors travel on to the edge."""

    def build_middleware_stack(self) -> ASGIApp:
        return AsyncExitStackMiddleware(self.router)


def framework(service: Service) -> FastAPI:
    """The service's routes in the framework, without the edge around them."""
    app = _Framework(title=f"Kith {service.name}", openapi_url=None, docs_url=None, redoc_url=None)
    for router in service.routers:
        app.include_router(router)
    if service.pages is not None:
        app.router.routes.extend(service.pages.routes())
    app.router.redirect_slashes = False
    return app


@lru_cache(maxsize=16)
def _routed(service: Service) -> tuple[FastAPI, RouteTable]:
    """The routes, which know nothing of who serves them: a quarter of a second's work, done once for all edges."""
    routed = framework(service)
    return routed, RouteTable(routed.router.routes)


def check_query(raw: bytes, known: frozenset[str] | None) -> None:
    """Raises `Invalid` naming query fields that the route does not know (None: it may know any), or that hold a NUL."""
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        raise Invalid.field("query", f"More than {MAX_QUERY_FIELDS} query fields.", code="too_many") from None
    errors = []
    for name, value in pairs:
        if known is not None and name not in known:
            listed = ", ".join(sorted(known)) or "none"
            shown = name.replace("\0", "").encode("ascii", "replace").decode()[:100]
            errors.append(FieldError(shown, "unknown_field", f"No such query field; known here: {listed}."))
        elif "\0" in value:
            errors.append(FieldError(name[:100], "nul", "Text may not contain the NUL character."))
    if errors:
        raise Invalid(f"{errors[0].field}: {errors[0].detail}", errors=errors)


def _choose(found: list[Known], method: str) -> Known | None:
    for route in found:
        if method in route.methods:
            return route
    if method == "HEAD":
        return _choose(found, "GET")
    return None


def _template(known: Known | None) -> str:
    return known.template if known is not None else "-"


def _request_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id")
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode()
    return problems.new_request_id()


def _replay(body: bytes, receive: Receive) -> Receive:
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def replay() -> Message:
        nonlocal message
        if message is not None:
            first, message = message, None
            return first
        return await receive()

    return replay


async def _live(receive: Receive, send: Send) -> None:
    """The runner opens and closes what an application needs, so the server's life cycle has nothing to do."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
