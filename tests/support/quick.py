"""Asks a hot route for its quick answer, as the server's connection would."""

import httpx
from starlette.types import Scope

from services.kernel.http.app import Edge
from services.kernel.http.quick import DeferredAnswer


def quickly(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    content: str | bytes | None = None,
) -> httpx.Response | None:
    """The quick answer to what this client would send; None where the usual way has to answer."""
    request = http.build_request(method, url, headers=headers, content=content)
    edge = http._transport.app  # type: ignore[attr-defined]  # an ASGITransport
    assert isinstance(edge, Edge)
    route = edge.hot.find(method, request.url.path)
    assert route is not None
    assert route.quick is not None
    scope: Scope = {
        "method": method,
        "path": request.url.path,
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
    }
    found = route.quick(scope, request.content)
    if found is None:
        return None
    assert not isinstance(found, DeferredAnswer)
    status, lines, body = found
    pairs = [line.partition(b": ") for line in (lines + b"content-length: %d\r\n" % len(body)).split(b"\r\n")[:-1]]
    return httpx.Response(status, headers=[(name, value) for name, _, value in pairs], content=body)
