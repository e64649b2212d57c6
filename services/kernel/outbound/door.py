"""Calls to anybody outside, each with an end: a total deadline, a bounded answer, no redirects, no proxy.

Nothing here runs inside a transaction: whoever calls has committed what made it call.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property

import httpcore
import httpx
import structlog
from msgspec import Struct
from prometheus_client import Counter, Histogram

from services.kernel.outbound.addresses import Network
from services.kernel.outbound.transport import AddressRefused, Calls, CheckedNetwork, Resolve, TooLarge, resolve

DEADLINE_S = 10.0
REST_S = 2.0
"""For the beginning of a body that need not be whole, once the status is known."""
MOST_BYTES = 64 * 1024
LONGEST_WAIT = timedelta(hours=24)
"""No partner's `Retry-After` puts a call off for longer."""

_CALLS = Counter("kith_outbound_calls_total", "Calls to others, by what came of them.", ("purpose", "outcome"))
_SECONDS = Histogram(
    "kith_outbound_seconds",
    "How long calls to others took.",
    ("purpose",),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_HEADERS = {"user-agent": "Kith", "accept": "*/*", "accept-encoding": "identity", "connection": "close"}


class OutboundError(Exception):
    """No usable answer. `reason` is one of `bad_url`, `address_refused`, `unreachable`, `tls`, `timeout`, `too_large`,
    `protocol`; it names no value, so it may be logged and shown.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def passing(self) -> bool:
        """Whether the same call may well succeed later. A name may lead elsewhere tomorrow, a bad address may not."""
        return self.reason != "bad_url"


class Answer(Struct, frozen=True):
    """What somebody answered. The body is as it came: it was asked for uncompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300

    def retry_after(self, now: datetime) -> timedelta | None:
        """How long the partner asked us to wait, in seconds or as a date (RFC 9110, 10.2.3); None if it did not."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, OverflowError):  # a partner writes what they like
            return None
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return min(max(at - now, timedelta()), LONGEST_WAIT)


class Outbound:
    """The door. One for each process; `allow` are networks beside the public internet, `own_ports` stay shut there."""

    def __init__(
        self, *, allow: Sequence[Network] = (), own_ports: frozenset[int] = frozenset(), resolve: Resolve = resolve
    ) -> None:
        self._network = CheckedNetwork(allow=allow, own_ports=own_ports, resolve=resolve)
        self._log = structlog.get_logger()

    @cached_property
    def _calls(self) -> Calls:
        """Made when first used: reading the machine's certificates takes a moment, and most processes call nobody."""
        return Calls(self._network)

    async def send(
        self,
        method: str,
        url: str,
        *,
        purpose: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        deadline_s: float = DEADLINE_S,
        most_bytes: int = MOST_BYTES,
        whole: bool = True,
    ) -> Answer:
        """One call. `purpose` is a constant word for logs and metrics. Any status is an answer. Where the answer need
        not be `whole`, its beginning is enough: a longer one is cut off, and one that breaks off, or has no end two
        seconds after the status, is given as far as it came.

        Raises `OutboundError` where there is no answer within `deadline_s` seconds and `most_bytes` bytes.
        """
        began, outcome, host = time.perf_counter(), "cancelled", ""
        try:
            request = self._request(method, url, headers=headers, content=content)
            host = request.url.host
            answer = await self._answer(request, deadline_s, most_bytes, whole=whole)
            outcome = str(answer.status)
            return answer
        except Exception as error:
            outcome = "error"  # unless it is one of those that have a name
            outcome = _reason(error)
            raise OutboundError(outcome) from error
        finally:
            took = time.perf_counter() - began
            _CALLS.labels(purpose, outcome).inc()
            _SECONDS.labels(purpose).observe(took)
            self._log.info("outbound.called", name=purpose, host=host, status=outcome, seconds=round(took, 3))

    def _request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None, content: bytes | None
    ) -> httpx.Request:
        request = httpx.Request(method, url, headers=self.headers(headers or {}), content=content)
        if request.url.scheme not in {"http", "https"} or not request.url.host or request.url.userinfo:
            raise httpx.InvalidURL("an address must be http or https, with a host and without a user")
        return request

    @staticmethod
    def headers(given: Mapping[str, str]) -> dict[str, str]:
        """What a call with these has, but for its host and length, which follow from it."""
        return {**_HEADERS, **given}

    def refusal(self, url: str) -> str | None:
        """Why an address could never be called, as far as its text says: `bad_url` or `address_refused`; None for one
        that may. Nothing is looked up: what a name leads to is checked at each call.
        """
        try:
            request = self._request("GET", url, headers=None, content=None)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ValueError, TypeError):
            return "bad_url"
        port = request.url.port
        port = (443 if request.url.scheme == "https" else 80) if port is None else port
        if not 0 < port < 65536:
            return "bad_url"
        return None if self._network.allows(request.url.host, port) else "address_refused"

    async def _answer(self, request: httpx.Request, deadline_s: float, most_bytes: int, *, whole: bool) -> Answer:
        async with (
            asyncio.timeout(deadline_s) as deadline,
            self._calls.answer(request, most_bytes=most_bytes) as response,
        ):
            if whole:
                body = await _whole(response, most_bytes)
            else:
                deadline.reschedule(None)
                body = await _beginning(response, most_bytes)
        return Answer(response.status, _headers(response), body)


async def _whole(response: httpcore.Response, most_bytes: int) -> bytes:
    body = bytearray()
    async for part in response.aiter_stream():
        body += part
        if len(body) > most_bytes:
            raise TooLarge
    return bytes(body)


async def _beginning(response: httpcore.Response, most_bytes: int) -> bytes:
    body = bytearray()
    # What is wrong with the rest does not make the status another.
    with suppress(TimeoutError, TooLarge, OSError, httpcore.NetworkError, httpcore.ProtocolError):
        async with asyncio.timeout(REST_S):
            async for part in response.aiter_stream():
                body += part
                if len(body) >= most_bytes:
                    break
    return bytes(body[:most_bytes])


def _headers(response: httpcore.Response) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in response.headers:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return {name: ", ".join(values) for name, values in found.items()}


def _reason(error: Exception) -> str:
    if isinstance(error, AddressRefused):
        return "address_refused"
    if isinstance(error, TooLarge):
        return "too_large"
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | UnicodeError):
        return "bad_url"
    if isinstance(error, TimeoutError | httpcore.TimeoutException):
        return "timeout"
    if _has(error, ssl.SSLError):
        return "tls"
    if isinstance(error, httpcore.ConnectError | OSError):
        return "unreachable"
    if isinstance(error, httpcore.NetworkError | httpcore.ProtocolError):
        return "protocol"
    raise error


def _has(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
