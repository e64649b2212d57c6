"""Answers that the connection gives by itself: only to what is whole and simple, and in the order of the questions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from starlette.types import Receive, Scope, Send

from services.kernel.front import Front
from services.kernel.health import Health
from services.kernel.http import body as body_module
from services.kernel.http.app import Edge
from services.kernel.http.dispatch import Dispatcher
from services.kernel.http.hot import HotRoute, answer, read_body, start
from services.kernel.http.quick import DeferredAnswer, QuickAnswer
from services.kernel.server import Server
from tests.support import edge
from tests.support.wait import until


@dataclass
class World:
    """A served route that says which way it answered, and what a test may do to it."""

    port: int
    health: Health
    go_on: asyncio.Event
    later: list["asyncio.Future[bytes]"]
    server: Server | None = None
    writers: list[asyncio.StreamWriter] = field(default_factory=list)


async def _serve(health: Health, go_on: asyncio.Event, later: list["asyncio.Future[bytes]"]) -> Front:
    async def usual(scope: Scope, receive: Receive, send: Send) -> int:
        reported = await read_body(scope, receive)
        if reported == b"wait":
            await go_on.wait()
        body = b"usual " + reported
        head = start(200, ((b"content-length", b"%d" % len(body)), (b"x-is", b"same")))
        return await answer(send, head, body)

    def quick(scope: Scope, body: bytes) -> QuickAnswer | DeferredAnswer | None:
        if body == b"later":
            later.append(asyncio.get_running_loop().create_future())
            return DeferredAnswer(later[-1], lambda reported: (200, b"x-is: same\r\n", b"later " + reported))
        if body == b"raise":
            raise ValueError("what only the handler knows how to say")
        return None if body == b"wait" else (200, b"x-is: same\r\n", b"quick " + body)

    service = replace(edge.SERVICE, hot=lambda _: (HotRoute("POST", "/v1/hot*", usual, quick=quick),))
    app = Edge(service, edge.make_context(edge.no_database()))
    return Front(Dispatcher({service.name: (app, service.routes)}), health)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World(0, Health(), asyncio.Event(), [])
    front = await _serve(made.health, made.go_on, made.later)
    async with Server(front, host="127.0.0.1", port=0, keep_alive_s=1, arrive_s=2) as server:
        made.port, made.server = server.port, server
        yield made
        for writer in made.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def ask(body: bytes, *headers: bytes, path: bytes = b"/v1/hot", version: bytes = b"1.1") -> bytes:
    lines = [b"POST " + path + b" HTTP/" + version, b"host: x", *headers, b"content-length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, world: World) -> "Client":
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        world.writers.append(writer)
        return cls(reader, writer)

    async def receive(self) -> tuple[bytes, bytes]:
        """The next answer: its head in lower case, and its body."""
        head = b"http/1.1 100"
        while head.startswith(b"http/1.1 100"):
            head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return head, await self.reader.readexactly(length)

    async def send(self, *pieces: bytes) -> tuple[bytes, bytes]:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            if piece is not pieces[-1]:
                await asyncio.sleep(0.02)  # so that the pieces arrive apart
        return await self.receive()

    async def closed(self) -> bool:
        with suppress(ConnectionError):
            return await asyncio.wait_for(self.reader.read(), 10) == b""
        return True


async def test_what_is_whole_is_answered_at_once_and_the_connection_goes_on(world: World) -> None:
    client = await Client.open(world)
    for text in (b"a", b"b"):
        head, body = await client.send(ask(text))
        assert body == b"quick " + text
        assert head.startswith(b"http/1.1 200 ok\r\n")
        assert b"x-is: same\r\n" in head
        assert head.count(b"date: ") == 1


@pytest.mark.parametrize(
    "sent",
    [
        (ask(b"a", b"connection: close"),),
        (ask(b"a", version=b"1.0"),),
        (ask(b"a", b"expect: 100-continue"),),
        (ask(b"a", path=b"/v1/hot%2F"),),
        (ask(b"ab")[:-2], b"a", b"b"),
        (ask(b"ab")[:-1], b"b"),
        (ask(b"raise"),),
        (
            ask(b"")[: -len(b"content-length: 0\r\n\r\n")] + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n",
            b"0\r\n\r\n",
        ),
    ],
    ids=["closing", "old", "expecting", "escaped", "drips", "in halves", "unsayable", "chunks"],
)
async def test_what_is_not_simple_goes_the_usual_way_and_nothing_of_it_is_lost(
    world: World, sent: tuple[bytes, ...]
) -> None:
    client = await Client.open(world)
    _, body = await client.send(*sent)
    whole = sent[0].partition(b"\r\n\r\n")[2] + b"".join(sent[1:])
    assert body == b"usual " + (b"a" if b"chunked" in sent[0] else whole)


async def test_questions_in_one_packet_are_answered_in_their_order(world: World) -> None:
    client = await Client.open(world)
    client.writer.write(b"".join(ask(text) for text in (b"a", b"wait", b"b", b"c")))
    assert (await client.receive())[1] == b"usual a"
    world.go_on.set()
    assert [(await client.receive())[1] for _ in range(3)] == [b"usual wait", b"usual b", b"usual c"]
    assert (await client.send(ask(b"d")))[1] == b"quick d"


async def test_a_query_that_the_route_does_not_take_is_refused_as_ever(world: World) -> None:
    head, body = await (await Client.open(world)).send(ask(b"a", path=b"/v1/hot?x=1"))
    assert head.startswith(b"http/1.1 4")
    assert b'"field":"x"' in body


async def test_while_the_process_goes_away_each_answer_is_the_last_of_its_connection(world: World) -> None:
    client = await Client.open(world)
    await client.send(ask(b"a"))
    world.health.draining = True
    head, body = await client.send(ask(b"b"))
    assert body == b"usual b"
    assert b"connection: close" in head
    assert await client.closed()


async def test_a_body_that_never_comes_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "DEADLINE_S", 0.2)
    head, _ = await (await Client.open(world)).send(ask(b"abc")[:-2])
    assert head.startswith(b"http/1.1 408")


async def test_a_connection_that_rests_after_its_answer_is_closed(world: World) -> None:
    client = await Client.open(world)
    await client.send(ask(b"a"))
    assert await client.closed()


async def test_a_head_without_end_is_refused_after_a_quick_answer_too(world: World) -> None:
    client = await Client.open(world)
    await client.send(ask(b"a"))
    head, _ = await client.send(b"POST /v1/hot HTTP/1.1\r\nx: " + b"a" * 20_000)
    assert head.startswith(b"http/1.1 4")


async def _asked(world: World, count: int = 1) -> None:
    async def there() -> bool:
        return len(world.later) >= count

    await until(there)


async def test_an_answer_to_come_keeps_its_turn(world: World) -> None:
    client = await Client.open(world)
    client.writer.write(ask(b"later"))
    await _asked(world)
    client.writer.write(ask(b"a") + ask(b"b"))
    await (await Client.open(world)).send(ask(b"x"))  # the server has read the others by then
    world.later[0].set_result(b"1")
    head, body = await client.receive()
    assert body == b"later 1"
    assert b"x-is: same\r\n" in head
    assert [(await client.receive())[1] for _ in range(2)] == [b"usual a", b"usual b"]
    assert (await client.send(ask(b"c")))[1] == b"quick c"


@pytest.mark.parametrize("how", ["fails", "is dropped"])
async def test_what_fails_later_is_done_again_the_usual_way(world: World, how: str) -> None:
    client = await Client.open(world)
    client.writer.write(ask(b"later"))
    await _asked(world)
    if how == "fails":
        world.later[0].set_exception(ConnectionError())
    else:
        world.later[0].cancel()
    assert (await client.receive())[1] == b"usual later"
    assert (await client.send(ask(b"c")))[1] == b"quick c"


async def test_nobody_is_answered_who_has_gone(world: World) -> None:
    client = await Client.open(world)
    client.writer.write(ask(b"later"))
    await _asked(world)
    client.writer.transport.abort()
    other = await Client.open(world)
    assert (await other.send(ask(b"a")))[1] == b"quick a"
    world.later[0].set_result(b"1")
    assert (await other.send(ask(b"b")))[1] == b"quick b"


async def test_a_server_that_stops_gives_the_answer_it_owes(world: World) -> None:
    client = await Client.open(world)
    client.writer.write(ask(b"later"))
    await _asked(world)
    assert world.server is not None
    stopping = asyncio.create_task(world.server.stop())
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(stopping), 0.3)  # it has begun to close what is idle
    world.later[0].set_result(b"1")
    head, body = await client.receive()
    assert body == b"later 1"
    assert b"connection: close" in head
    assert await client.closed()
    await stopping
