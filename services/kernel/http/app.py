"""One service's HTTP: hot routes first, then the framework behind limits, request ids and security headers.

Everything is pure ASGI; nothing here wraps a request twice.
"""

import os
import re
from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel import trace
from services.kernel.context import Context
from services.kernel.errors import AppError
from services.kernel.http import problems
from services.kernel.http.body import BUFFERED, ClientGone, read_body
from services.kernel.http.call import CONTEXT, REQUEST_ID
from services.kernel.http.hot import HotTable
from services.kernel.http.json_body import check_json
from services.kernel.service import Service

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def build_app(service: Service, ctx: Context) -> "Edge":
    """The service as one ASGI application."""
    return Edge(service, ctx)


class Edge:
    """The outermost layer of one service."""

    def __init__(self, service: Service, ctx: Context) -> None:
        self.service = service
        self.ctx = ctx
        self.hot = HotTable(service.hot(ctx))
        self.app: ASGIApp = _framework(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        route = self.hot.find(scope["method"], scope["path"])
        try:
            if route is not None:
                await route.handle(scope, receive, send)
            else:
                await self._serve(scope, receive, send)
        except ClientGone:
            return
        except Exception as error:
            await self._fail(error, scope, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        scope[CONTEXT], scope[REQUEST_ID] = self.ctx, request_id
        incoming = headers.get(b"traceparent")
        trace.start(incoming.decode("latin-1") if incoming else None)
        if scope["method"] in _BODY_METHODS:
            body = await read_body(scope, receive)
            scope[BUFFERED] = body
            if body and b"json" in headers.get(b"content-type", b""):
                check_json(body)
            receive = _replay(body, receive)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        await self.app(scope, receive, answer)

    async def _fail(self, error: Exception, scope: Scope, send: Send) -> None:
        shown = problems.as_app_error(error)
        request_id = scope.get(REQUEST_ID) or _request_id(dict(scope["headers"]))
        problems.log_failure(error, shown, request_id=request_id, method=scope["method"], route="")
        body = problems.problem_body(shown, request_id)
        headers = problems.problem_headers(shown, request_id, body)
        await send({"type": "http.response.start", "status": shown.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _framework(service: Service) -> FastAPI:
    app = FastAPI(title=f"Kith {service.name}", openapi_url=None, docs_url=None, redoc_url=None)
    for kind in (AppError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _handle)
    for router in service.routers:
        app.include_router(router)
    return app


async def _handle(request: Request, error: Exception) -> Response:
    shown = problems.as_app_error(error)
    request_id = request.scope[REQUEST_ID]
    body = problems.problem_body(shown, request_id)
    headers: Mapping[str, str] = {
        name.decode(): value.decode("latin-1")
        for name, value in problems.problem_headers(shown, request_id, body)
        if name != b"x-request-id"
    }
    return Response(body, status_code=shown.status, headers=headers)


def _request_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id")
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode()
    return f"req_{os.urandom(10).hex()}"


def _replay(body: bytes, receive: Receive) -> Receive:
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def replay() -> Message:
        nonlocal message
        if message is not None:
            first, message = message, None
            return first
        return await receive()

    return replay


def dispatcher(apps: Mapping[str, tuple[ASGIApp, tuple[str, ...]]]) -> ASGIApp:
    """One port for several services: the longest matching pattern decides."""
    raise NotImplementedError
