"""Errors as answers: every failure leaves as problem+json with the same members, whoever raised it.

Translates our errors, the framework's and its validation's into one `AppError`, and writes it. What is a bug answers
500 with nothing of its insides; the log gets the place in the code, never a value.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Scope

from services.kernel.db import holds_nul, is_transient
from services.kernel.errors import AppError, BadRequest, FieldError, Invalid, NotFound, Unavailable
from services.kernel.service import PageKit
from services.kernel.telemetry import describe

MEDIA_TYPE: Final = "application/problem+json"
MAX_ERRORS: Final = 50

_CODES: Final = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "timeout",
    409: "conflict",
    410: "gone",
    413: "too_large",
    414: "too_long",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    431: "head_too_large",
    503: "unavailable",
}
_PHRASES: Final = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
"""Where Python's versions differ."""
_FIELD_CODES: Final = {"missing": "required", "extra_forbidden": "unknown_field"}
_MENDS: Final = {
    "missing": "This field is required.",
    "extra_forbidden": "No such field here: remove it or check its spelling.",
}
_log = structlog.get_logger()


class HttpError(AppError):
    """An error known by its status alone, for statuses that no class of `kernel.errors` stands for."""

    def __init__(
        self, status: int, detail: str, *, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail, code=code or _CODES.get(status, "error"), headers=headers)
        self.status = status


def problem_answer(
    error: AppError, scope: Scope, request_id: str, pages: PageKit | None
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of the answer: a page for a person who followed a link, a problem document for all others."""
    if pages is None or error.status < 400 or not _is_navigation(scope):
        body = problem_body(error, request_id)
        return problem_headers(error, request_id, body), body
    home = next((one for one in ("/console", "/p") if f"{scope['path']}/".startswith(f"{one}/")), "")
    page = pages.error_page(
        Request(scope), status=error.status, code=error.code, detail=error.detail, request_id=request_id, home=home
    )
    added = ((name.lower().encode(), value.encode("latin-1")) for name, value in error.headers.items())
    return [*page.raw_headers, *added], bytes(page.body)


def _is_navigation(scope: Scope) -> bool:
    """Whether a browser loads a page: API calls and fragments say otherwise, whatever they accept."""
    headers = dict(scope["headers"])
    return (
        scope["method"] in {"GET", "HEAD", "POST"}
        and not scope["path"].startswith("/v1/")
        and headers.get(b"accept", b"").startswith(b"text/html")
        and b"hx-request" not in headers
    )


def new_request_id() -> str:
    """A name for a request whose sender gave it none."""
    return f"req_{os.urandom(10).hex()}"


def problem_body(error: AppError, request_id: str) -> bytes:
    """The problem document's bytes."""
    document: dict[str, object] = {
        "type": f"urn:kith:problem:{error.code}",
        "title": _phrase(error.status),
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "request_id": request_id,
        **error.members,
    }
    if error.errors:
        document["errors"] = [{"field": e.field, "code": e.code, "detail": e.detail} for e in error.errors[:MAX_ERRORS]]
    return orjson.dumps(document)


def problem_headers(error: AppError, request_id: str, body: bytes) -> list[tuple[bytes, bytes]]:
    """Headers of the answer, the error's own included."""
    return [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *((name.lower().encode(), value.encode("latin-1")) for name, value in error.headers.items()),
    ]


def unreadable_request(error: AppError) -> bytes:
    """A whole answer, as bytes, to what the server could not read as a request at all. The last on its connection."""
    request_id = new_request_id()
    body = problem_body(error, request_id)
    reported = [*problem_headers(error, request_id, body), (b"connection", b"close")]
    headers = b"".join(b"%s: %s\r\n" % header for header in reported)
    return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (error.status, _phrase(error.status).encode(), headers, body)


def as_app_error(error: Exception) -> AppError:
    """What the caller is told about any exception."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, RequestValidationError):
        return from_validation(error.errors())
    if isinstance(error, HTTPException):
        return HttpError(error.status_code, _http_detail(error), headers=error.headers)
    if is_transient(error):
        return Unavailable(
            "A part that this needs is away for the moment. Nothing was done; send the same request again."
        )
    if holds_nul(error):
        return Invalid.field("body", "Text may not contain the NUL character.", code="nul")
    return AppError("Something went wrong on our side. The request id helps us find out what.")


def from_validation(found: Sequence[Any]) -> AppError:
    """pydantic's findings as ours. A wrong path is an unknown address; unreadable JSON is a bad request."""
    if any(item["loc"] and item["loc"][0] == "path" for item in found):
        return NotFound("Nothing is at this address.")
    for item in found:
        if item["type"] == "json_invalid":
            return BadRequest(
                "The body is not JSON.", code="bad_json", errors=[FieldError("body", "bad_json", item["msg"])]
            )
    errors = field_errors(found)
    first = errors[0] if errors else FieldError("body", "invalid", "The request is not valid.")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Invalid(f"{first.field}: {first.detail}{more}", errors=errors)


def log_failure(error: Exception, shown: AppError, *, scope: Scope, route: str) -> None:
    """Logs what is our fault. The exception's text stays out: a database's messages quote rows."""
    if shown.status < 500:
        return
    write = _log.warning if shown.status == 503 else _log.error
    write(
        "http.failed",
        status=shown.status,
        request_id=scope.get("kith.request_id"),
        method=scope["method"],
        route=route,
        **describe(error),
    )


def field_path(loc: Iterable[object]) -> str:
    """`items.0.amount_minor` from pydantic's location, without the part of the request it starts with."""
    parts = [str(part) for part in loc]
    if parts and parts[0] in {"body", "query", "header", "cookie", "path"}:
        parts = parts[1:] or [parts[0]]
    return ".".join(parts) or "body"


def field_errors(found: Sequence[Any]) -> list[FieldError]:
    """pydantic's findings as fields with what is wrong and how to mend it."""
    return [_field_error(item) for item in found]


def _field_error(item: Mapping[str, Any]) -> FieldError:
    kind = str(item["type"])
    detail = _MENDS.get(kind) or str(item["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    code = kind
    if kind in {"value_error", "assertion_error"}:
        code = "invalid"
    return FieldError(field_path(item["loc"]), _FIELD_CODES.get(kind, code), detail)


def _http_detail(error: HTTPException) -> str:
    if error.status_code == 404:
        return "Nothing is at this address."
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        return f"This address does not take that method{f', only {allowed}' if allowed else ''}."
    return str(error.detail)


def _phrase(status: int) -> str:
    if status in _PHRASES:
        return _PHRASES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
