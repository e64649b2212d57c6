"""The outbound door against real sockets: partners that hang, drip, flood, redirect, and names that lead inside."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from services.kernel.outbound import Answer, Outbound, OutboundError

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def partner(serve: Serve) -> AsyncIterator[int]:
    """Somebody outside, on a port of loopback."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def answering(head: str, body: bytes = b"") -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {head}\r\n\r\n".encode() + body)
        await writer.drain()

    return serve


@asynccontextmanager
async def door(**settings: object) -> AsyncIterator[Outbound]:
    outbound = Outbound(**{"allow": LOOPBACK, **settings})  # type: ignore[arg-type]  # as the tests give them
    try:
        yield outbound
    finally:
        await outbound.close()


async def refusal(outbound: Outbound, url: str, **arguments: object) -> str:
    with pytest.raises(OutboundError) as refused:
        await outbound.send("POST", url, purpose="test", **arguments)  # type: ignore[arg-type]  # as the tests give them
    return refused.value.reason


async def test_an_answer_comes_back_with_status_headers_and_body() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
        writer.write(b"HTTP/1.1 429 Slow down\r\nRetry-After: 120\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()

    async with partner(serve) as port, door() as outbound:
        answer = await outbound.send(
            "POST", f"http://localhost:{port}/hook?a=1", purpose="test", headers={"X-Kith": "1"}, content=b"{}"
        )
    assert (answer.status, answer.body, answer.ok) == (429, b"no", False)
    assert answer.retry_after(datetime.now(UTC)) == timedelta(seconds=120)
    head = seen[0].lower()
    assert head.startswith(b"post /hook?a=1 http/1.1\r\n")
    assert f"host: localhost:{port}".encode() in head
    assert b"accept-encoding: identity" in head
    assert head.endswith(b"{}")


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with (
        partner(answering("200 OK\r\nContent-Length: 6", b"inside")) as inside,
        partner(answering(f"302 Found\r\nLocation: http://127.0.0.1:{inside}/\r\nContent-Length: 0")) as port,
        door() as outbound,
    ):
        answer = await outbound.send("GET", f"http://127.0.0.1:{port}/", purpose="test")
    assert (answer.status, answer.body) == (302, b"")


async def test_who_drips_bytes_is_cut_off_at_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with partner(drip) as port, door() as outbound:
        began = time.monotonic()
        assert await refusal(outbound, f"http://127.0.0.1:{port}/", deadline_s=0.5) == "timeout"
        assert time.monotonic() - began < 30


async def test_an_answer_without_an_end_is_read_no_further_than_its_bound() -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async with partner(flood) as port, door() as outbound:
        assert await refusal(outbound, f"http://127.0.0.1:{port}/", most_bytes=1000) == "too_large"
    assert sent < 64 * 1024 * 1024


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com/",
        "http://",
        "http://user:pw@example.com/",
        "gopher://x/",
    ],
)
async def test_what_is_no_web_address_is_refused(url: str) -> None:
    async with door() as outbound:
        assert await refusal(outbound, url) == "bad_url"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"],
)
async def test_no_spelling_of_this_machine_is_reached_unless_allowed(host: str) -> None:
    hits = 0

    async def canary(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hits
        hits += 1

    async with partner(canary) as port, door(allow=()) as outbound:
        assert await refusal(outbound, f"http://{host}:{port}/") in {"address_refused", "unreachable", "bad_url"}
    assert hits == 0


async def test_the_products_own_ports_stay_shut_where_the_network_is_allowed() -> None:
    async with partner(answering("200 OK\r\nContent-Length: 0")) as port, door(own_ports=frozenset({port})) as outbound:
        assert await refusal(outbound, f"http://127.0.0.1:{port}/") == "address_refused"


async def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    """Rebinding: public when asked first, this machine the next time. What was checked is what is connected to."""
    answers = 0

    async def flipping(host: str, port: int) -> Sequence[str]:
        nonlocal answers
        answers += 1
        return ["127.0.0.1"] if answers % 2 == 0 else ["192.0.2.1", "127.0.0.1"]

    hits = 0

    async def canary(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hits
        hits += 1

    async with partner(canary) as port, door(allow=(), resolve=flipping) as outbound:
        reasons = [await refusal(outbound, f"http://rebind.example:{port}/", deadline_s=5) for _ in range(200)]
    assert (set(reasons), hits, answers) == ({"address_refused"}, 0, 200)


def test_retry_after_is_read_in_both_spellings_and_never_believed_for_long() -> None:
    now = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

    def wait(text: str) -> timedelta | None:
        return Answer(429, {"retry-after": text}, b"").retry_after(now)

    assert wait("7") == timedelta(seconds=7)
    assert wait("Thu, 01 Jan 2026 12:05:00 GMT") == timedelta(minutes=5)
    assert wait("Thu, 01 Jan 2026 11:00:00 GMT") == timedelta()
    assert wait("99999999999999999999") == timedelta(hours=24)
    assert [wait(text) for text in ("", "soon", "-5", "1.5")] == [None] * 4
