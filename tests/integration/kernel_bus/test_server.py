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
