"""The outbound door against real sockets: partners that hang, drip, flood, redirect, and names that lead inside."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import cast

import dns.asyncresolver
import dns.message
import dns.rdatatype
import dns.rrset
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


def door(**settings: object) -> Outbound:
    return Outbound(**{"allow": LOOPBACK, **settings})  # type: ignore[arg-type]  # as the tests give them


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

    async with partner(serve) as port:
        answer = await door().send(
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
    ):
        answer = await door().send("GET", f"http://127.0.0.1:{port}/", purpose="test")
    assert (answer.status, answer.body) == (302, b"")


async def test_who_drips_bytes_is_cut_off_at_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with partner(drip) as port:
        began = time.monotonic()
        assert await refusal(door(), f"http://127.0.0.1:{port}/", deadline_s=0.5) == "timeout"
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

    async with partner(flood) as port:
        assert await refusal(door(), f"http://127.0.0.1:{port}/", most_bytes=1000) == "too_large"
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
    assert await refusal(door(), url) == "bad_url"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"],
)
async def test_no_spelling_of_this_machine_is_reached_unless_allowed(host: str) -> None:
    hits = 0

    async def canary(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hits
        hits += 1

    async with partner(canary) as port:
        assert await refusal(door(allow=()), f"http://{host}:{port}/") in {"address_refused", "unreachable", "bad_url"}
    assert hits == 0


async def test_the_products_own_ports_stay_shut_where_the_network_is_allowed() -> None:
    async with partner(answering("200 OK\r\nContent-Length: 0")) as port:
        assert await refusal(door(own_ports=frozenset({port})), f"http://127.0.0.1:{port}/") == "address_refused"


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

    outbound = door(allow=(), resolve=flipping)
    async with partner(canary) as port:
        reasons = [await refusal(outbound, f"http://rebind.example:{port}/", deadline_s=5) for _ in range(200)]
    assert (set(reasons), hits, answers) == ({"address_refused"}, 0, 200)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("Thu, 01 Jan 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Thu, 01 Jan 2026 11:00:00 GMT", timedelta()),
        ("Mon, 01 Jan 0001 00:00:00 +2359", timedelta()),
        ("Fri, 31 Dec 9999 23:59:59 -2359", timedelta(hours=24)),
        ("99999999999999999999", timedelta(hours=24)),
        ("9" * 5000, timedelta(hours=24)),
        ("99999999999999999999999999999999999 Jan 2026 12:05:00 GMT", None),
        ("Thu, 01 Jan 99999999999999999999 12:05:00 GMT", None),
        ("Thu, 01 Jan 2026 99999999999999999999:05:00 GMT", None),
        ("Thu, 01 Jan 2026 12:05:00 +99999999999999999999", None),
        *((text, None) for text in ("", "soon", "-5", "1.5", "٣", "²", "1e400")),
    ],
)
def test_retry_after_is_read_in_both_spellings_and_never_believed_for_long(text: str, wait: timedelta | None) -> None:
    assert Answer(429, {"retry-after": text}, b"").retry_after(datetime(2026, 1, 1, 12, 0, tzinfo=UTC)) == wait


async def test_a_cookie_of_one_answer_is_sent_with_no_other_call() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: who=another; Path=/\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    outbound = door()
    async with partner(serve) as port:
        for path in ("one", "other"):
            await outbound.send("POST", f"http://127.0.0.1:{port}/{path}", purpose="test")
    assert [b"cookie" in head.lower() for head in heads] == [False, False]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"Content-Length: 100\r\n\r\nshort", b"short"),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nnonsense\r\n", b"ok"),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", b"ok"),
        (b"Connection: close\r\n\r\n" + b"x" * 100_000, b"x" * 1000),
    ],
)
async def test_of_an_answer_that_need_not_be_whole_a_broken_body_is_given_as_far_as_it_came(
    body: bytes, kept: bytes
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + body)
        await writer.drain()

    async with partner(serve) as port:
        url = f"http://127.0.0.1:{port}/"
        answer = await door().send("POST", url, purpose="test", whole=False, most_bytes=1000)
        assert (answer.status, answer.body) == (200, kept)
        assert await refusal(door(), url, most_bytes=1000) in {"protocol", "too_large"}


async def test_a_status_is_an_answer_also_where_the_body_never_ends() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with partner(drip) as port:
        answer = await door().send("POST", f"http://127.0.0.1:{port}/", purpose="test", whole=False, deadline_s=30)
    assert answer.status == 200
    assert set(answer.body) == set(b".")


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000,
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"a%d:\r\n" % number for number in range(12_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 90_000,
    ],
    ids=["interim answers", "lines", "chunks", "an extension"],
)
async def test_what_costs_most_to_read_is_not_read_far(head: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        await writer.drain()

    turns = [time.monotonic()]

    async def others() -> None:
        while True:
            await asyncio.sleep(0)
            turns.append(time.monotonic())

    async with partner(serve) as port:
        beside = asyncio.create_task(others())
        assert await refusal(door(), f"http://127.0.0.1:{port}/", most_bytes=2048) == "too_large"
        beside.cancel()
    assert len(turns) > 5, "others had their turns between the steps"


async def test_a_connection_whose_handshake_hangs_is_closed_at_the_deadline() -> None:
    closed = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass
        closed.set()

    async with partner(silent) as port:
        assert await refusal(door(), f"https://127.0.0.1:{port}/", deadline_s=0.3) == "timeout"
        await asyncio.wait_for(closed.wait(), 30)


class NameServer(asyncio.DatagramProtocol):
    """Knows one address of each name, and is silent about those that begin with `silent`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)
        self.asked: list[str] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        name, kind = question.question[0].name, question.question[0].rdtype
        self.asked.append(name.to_text())
        if not name.to_text().startswith("silent"):
            answer = dns.message.make_response(question)
            if kind == dns.rdatatype.A:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "127.0.0.1"))
            self.transport.sendto(answer.to_wire(), addr)


async def test_names_whose_servers_are_silent_hold_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, ("127.0.0.1", 0))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
    monkeypatch.setattr("services.kernel.outbound.transport._resolver", lambda: resolver)
    outbound = door()
    async with partner(answering("204 No Content")) as port:
        silent = [
            asyncio.create_task(refusal(outbound, f"http://silent-{number}.example:{port}/", deadline_s=60))
            for number in range(200)
        ]
        while len(server.asked) < 400:
            await asyncio.sleep(0.01)
        for host in ("shop.example", "localhost"):
            answer = await outbound.send("POST", f"http://{host}:{port}/", purpose="test", deadline_s=30)
            assert answer.status == 204
        assert not any(one.done() for one in silent), "while all of them wait"
        for one in silent:
            one.cancel()
        await asyncio.gather(*silent, return_exceptions=True)
    transport.close()
