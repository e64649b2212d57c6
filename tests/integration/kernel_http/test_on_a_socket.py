"""The edge behind the real server: bodies that drip, lie or never end, and requests that are hardly HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from services.kernel.http import body as body_module
from services.kernel.http.app import Edge
from services.kernel.server import Server
from tests.support import edge
from tests.support.wait import until

AUTH = f"authorization: {edge.key()['authorization']}\r\n".encode()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = Edge(edge.SERVICE, edge.make_context(edge.no_database()))
    async with Server(app, host="127.0.0.1", port=0) as server:
        yield server.port


async def talk(port: int, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Sends the pieces and reads one answer, or until the server closes or says nothing more for a moment."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_s)

    sending = asyncio.create_task(send())
    received = b""
    try:
        while not _complete(received):
            chunk = await asyncio.wait_for(reader.read(65536), 2.0)
            if not chunk:
                break
            received += chunk
    except (ConnectionError, TimeoutError):
        pass
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
    return received


def _complete(received: bytes) -> bool:
    head, _, rest = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(rest) >= int(lengths[0].split(b":")[1])


def request(path: str, *headers: bytes, method: str = "POST") -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return f"{method} {path} HTTP/1.1\r\nhost: kith.example\r\n".encode() + AUTH + lines + b"\r\n"


JSON = b"content-type: application/json"


async def test_an_answers_body_does_not_wait_for_the_word_that_its_head_has_come() -> None:
    app = Edge(edge.SERVICE, edge.make_context(edge.no_database()))
    async with Server(app, host="127.0.0.1", port=0) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        connections = server._server.server_state.connections
        await until(lambda: connections, what="the connection")
        (held,) = (one.transport.get_extra_info("socket") for one in connections)
        assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        writer.close()


@pytest.mark.parametrize("path", ["/v1/notes", "/v1/hot"])
async def test_a_body_that_never_comes_is_given_up(port: int, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "DEADLINE_S", 0.2)
    answer = await talk(port, request(path, JSON, b"content-length: 50"), b'{"note":')
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"code":"timeout"' in answer


async def test_a_body_that_drips_has_one_deadline_for_the_whole(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "DEADLINE_S", 0.3)
    pieces = [request("/v1/notes", JSON, b"content-length: 50"), *(b" " for _ in range(10))]
    answer = await talk(port, *pieces, pause_s=0.1)
    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("path", ["/v1/notes", "/v1/hot"])
async def test_a_body_without_a_length_is_counted_as_it_comes(port: int, path: str) -> None:
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    head = request(path, JSON, b"transfer-encoding: chunked")
    assert (await talk(port, head, *([chunk] * 20), b"0\r\n\r\n")).startswith(b"HTTP/1.1 413")
    endless = await talk(port, head, *([chunk] * 2000))
    assert endless == b"" or endless.startswith(b"HTTP/1.1 413")
    assert (await talk(port, GOOD)).startswith(b"HTTP/1.1 202")


async def test_a_body_that_says_it_is_too_long_is_refused_before_it_comes(port: int) -> None:
    answer = await talk(port, request("/v1/notes", JSON, b"content-length: 999999999999"))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


async def test_chunks_are_put_together(port: int) -> None:
    pieces = [b'5\r\n{"not\r\n', b'6\r\ne":"a"\r\n', b"1\r\n}\r\n", b"0\r\n\r\n"]
    answer = await talk(port, request("/v1/hot", JSON, b"transfer-encoding: chunked"), *pieces, pause_s=0.01)
    assert answer.startswith(b"HTTP/1.1 202")
    assert answer.endswith(b'{"note":"a"}')


def raw(method: str, path: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    lines = [method.encode() + b" " + path + b" HTTP/1.1", b"host: x", *headers]
    return b"\r\n".join(lines) + b"\r\n" + AUTH + b"content-length: %d\r\n\r\n" % len(body) + body


FORM = b"content-type: application/x-www-form-urlencoded"
PARTS = b"content-type: multipart/form-data"
ODD = {
    "nul in the path": raw("GET", b"/v1/notes/%00"),
    "bytes in the path": raw("GET", b"/v1/notes/\xff\xfe"),
    "bytes in the query": raw("GET", b"/v1/notes/x?\xff=\xfe"),
    "escaped bytes in the query": raw("GET", b"/v1/notes/x?limit=%ff"),
    "half an absolute address": raw("GET", b"http://[/"),
    "two slashes": raw("GET", b"//evil.example/"),
    "a star": raw("GET", b"*"),
    "a long path": raw("GET", b"/" + b"a" * 60_000),
    "bytes in every header": raw(
        "GET", b"/v1/limited", *(n + b": \xff\xfe" for n in (b"x-request-id", b"traceparent", b"accept"))
    ),
    "bytes in a key": b"GET /v1/notes/x HTTP/1.1\r\nhost: \xff\r\nauthorization: Bearer \xff\xfe\r\n\r\n",
    "bytes in the session": b"GET /console/toy/notes HTTP/1.1\r\nhost: x\r\ncookie: kith_session=\xff\r\n\r\n",
    "a negative length": b"POST /v1/notes HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    "two lengths": b"POST /v1/notes HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
    "an odd charset": raw("POST", b"/v1/notes", b"content-type: application/json; charset=\xff", body=b"{}"),
    "an odd content type": raw("POST", b"/v1/notes", b"content-type: application/json;;;=", body=b"{}"),
    "parts without a boundary": raw("POST", b"/console/toy/notes", PARTS, body=b"{}"),
    "parts with an odd boundary": raw(
        "POST", b"/console/toy/notes", PARTS + b"; boundary=\xff", body=b"--\xff\r\n\r\n\r\n"
    ),
    "parts cut off": raw(
        "POST",
        b"/console/toy/notes",
        PARTS + b"; boundary=x",
        body=b"--x\r\ncontent-disposition: form-data; name=note\r\n\r\na",
    ),
    "bytes in a form": raw("POST", b"/console/toy/notes", FORM, body=b"note=%ff"),
    "a form with many fields": raw("POST", b"/console/toy/notes", FORM, body=b"&".join([b"note=a"] * 5000)),
    "a page at an odd path": raw("GET", b"/console/%00%ff%0d%0a", b"accept: text/html"),
    "a page with an odd query": raw("GET", b"/console/nothing?lang=%00&theme=\xff&%ff", b"accept: text/html"),
    "a page with odd headers": raw(
        *("GET", b"/nothing", b"accept: text/html;q=\xff"),
        *(b"accept-language: \xff,;q=x", b"cookie: kith_lang=\xff; kith_theme=\0x; =", b"host: \xff[::"),
    ),
    "the start of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "nonsense": b"nonsense\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}
GOOD = request("/v1/hot", JSON, b"content-length: 12") + b'{"note":"a"}'


@pytest.mark.parametrize("sent", ODD.values(), ids=ODD.keys())
async def test_what_is_hardly_a_request_is_never_a_500(port: int, sent: bytes) -> None:
    answer = await talk(port, sent)
    assert answer[9:10] in {b"", b"2", b"4"}, answer
    if answer[9:10] == b"4" and b"accept: text/html" not in sent:
        assert b"application/problem+json" in answer
    assert (await talk(port, GOOD)).startswith(b"HTTP/1.1 202")


LONG_HEAD = b"GET /v1/notes/x HTTP/1.1\r\nhost: x\r\nx-long: "
TOO_LONG = request("/v1/notes", JSON, b"content-length: 9000000")
REFUSED = {
    "431": LONG_HEAD + b"a" * 700_000,
    "400": b"nonsense\r\n\r\n" + b"a" * 700_000,
    "413": TOO_LONG + b"a" * 700_000,
}


@pytest.mark.parametrize(("status", "sent"), REFUSED.items(), ids=REFUSED.keys())
async def test_who_is_refused_while_still_sending_can_read_why(port: int, status: str, sent: bytes) -> None:
    def reported() -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(sent)
            received = b""
            while chunk := client.recv(65536):  # a reset would raise
                received += chunk
            client.sendall(b"a")  # the other half is still open
            return received

    answer = await asyncio.to_thread(reported)
    assert answer.startswith(b"HTTP/1.1 " + status.encode()), answer[:200]
    assert answer.rstrip().endswith(b"}"), "the whole of it"


async def test_who_never_stops_sending_is_cut_off(port: int) -> None:
    def sent() -> int:
        count = 0
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(LONG_HEAD)
            with suppress(ConnectionError):
                while count < 64:
                    client.sendall(b"a" * 1_000_000)
                    count += 1
        return count

    assert await asyncio.to_thread(sent) < 64


async def test_a_client_that_hangs_up_leaves_nothing_behind(port: int) -> None:
    for piece in (b"", b'{"note":'):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("/v1/notes", JSON, b"content-length: 50") + piece)
        await writer.drain()
        writer.transport.abort()
    assert (await talk(port, request("/v1/hot", JSON, b"content-length: 12") + b'{"note":"a"}')).startswith(
        b"HTTP/1.1 202"
    )
