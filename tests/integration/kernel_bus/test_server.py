"""The server's own defences: slow, endless and broken requests cost a connection and nothing else."""

import asyncio
from contextlib import suppress

import pytest

from services.kernel.server import Server

HEAD = b"GET / HTTP/1.1\r\nhost: x\r\n"


async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def closed(reader: asyncio.StreamReader) -> bytes:
    """Everything until the other side closes."""
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", HEAD, b"\r\n", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf"],
    ids=["nothing", "half a line", "half a head", "an empty line", "half a body"],
)
async def test_a_request_that_does_not_arrive_costs_its_connection(sent: bytes) -> None:
    async with Server(app, host="127.0.0.1", port=0, arrive_s=0.2) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(sent)
        assert b"200" not in await closed(reader)
        writer.close()


async def test_an_endless_head_is_refused() -> None:
    async with Server(app, host="127.0.0.1", port=0) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(HEAD)
        with suppress(ConnectionError):
            for n in range(2000):
                writer.write(b"x-%d: %s\r\n" % (n, b"y" * 1000))
                await writer.drain()
        assert b"200" not in await closed(reader)  # the 400 may be lost with what was not read
        writer.close()


async def test_a_connection_serves_many_requests_and_may_rest_between_them() -> None:
    async with Server(app, host="127.0.0.1", port=0, arrive_s=0.2) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        for _ in range(3):
            writer.write(HEAD + b"\r\n")
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.5)  # the rest is what is tested
        writer.close()


async def test_a_taken_port_is_refused_at_once() -> None:
    async with Server(app, host="127.0.0.1", port=0) as server:
        with pytest.raises(OSError, match="in use"):
            Server(app, host="127.0.0.1", port=server.port)


@pytest.mark.parametrize("before", [b"", HEAD + b"\r\n"], ids=["alone", "behind another"])
@pytest.mark.parametrize("size", [15_000, 17_000, 60_000])
async def test_a_head_may_have_16_kb_in_one_piece_too(before: bytes, size: int) -> None:
    async with Server(app, host="127.0.0.1", port=0) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(before + HEAD + b"x: %b\r\nconnection: close\r\n\r\n" % (b"y" * size))
        reported = (await closed(reader)).split(b"HTTP/1.1 ")[1:]
        assert [answer[:3] for answer in reported] == [b"200"] * (bool(before) and size < 16_000) + [
            b"200" if size < 16_000 else b"431"
        ]
        writer.close()


async def test_a_large_body_is_no_large_head() -> None:
    async with Server(app, host="127.0.0.1", port=0) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        for _ in range(3):
            writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n" + b"y" * 100_000)
            assert (await asyncio.wait_for(reader.readuntil(b"ok"), 10)).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_whoever_takes_nothing_of_an_answer_is_cut_off() -> None:
    ended = asyncio.Event()

    async def endless(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        with suppress(OSError):
            while (await asyncio.wait_for(_first_of(receive, send), 30)) != "http.disconnect":
                continue
        ended.set()

    async def _first_of(receive, send) -> str:  # type: ignore[no-untyped-def]
        sending = asyncio.ensure_future(send({"type": "http.response.body", "body": b"y" * 65_536, "more_body": True}))
        await asyncio.wait([sending], timeout=5)
        return "more" if sending.done() and server.connections else "http.disconnect"

    async with Server(endless, host="127.0.0.1", port=0, take_s=0.2) as server:
        _, writer = await asyncio.open_connection(server.host, server.port, limit=1024)
        writer.write(HEAD + b"\r\n")
        await asyncio.wait_for(ended.wait(), 20)
        assert server.connections == 0
        writer.close()


async def test_connections_that_rest_make_room_for_new_ones() -> None:
    async with Server(app, host="127.0.0.1", port=0, most=3) as server:
        lines = []
        for _ in range(6):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(HEAD + b"\r\n")
            assert (await asyncio.wait_for(reader.readuntil(b"ok"), 10)).startswith(b"HTTP/1.1 200")
            lines.append((reader, writer))
        assert server.connections <= 3
        slow = [await asyncio.open_connection(server.host, server.port) for _ in range(10)]
        refused = await asyncio.gather(*(closed(reader) for reader, _ in slow[3:]))
        assert set(refused) == {b""}
        for _, writer in (*lines, *slow):
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def test_behind_tls_browsers_are_told_to_come_by_tls_only() -> None:
    for behind_tls in (True, False):
        async with Server(app, host="127.0.0.1", port=0, behind_tls=behind_tls) as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(HEAD + b"\r\n")
            answer = await asyncio.wait_for(reader.readuntil(b"ok"), 10)
            assert (b"strict-transport-security: max-age=31536000\r\n" in answer) == behind_tls
            writer.close()
