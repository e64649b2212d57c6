"""The gateway made from the manifests: the right service, every replica, no request lost when a replica goes away."""

import asyncio
import re
import resource
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from services.cli.local import process
from services.cli.local.caddy import MOST_OPEN, Caddy
from services.cli.local.caddyfile import Upstream, caddyfile
from tests.support.wait import until

ASKED = "/readyz?exclude=database"
"""What the gateway asks replicas about their health."""


class Replica:
    """A tiny HTTP server that answers with its name; it drains before it goes, as a service does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = process.free_port()
        self.ready = True
        self.gone = False
        self.asked: list[str] = []
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.ready, self.gone = True, False
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        self.gone = True  # also to a connection that was taken and is not served yet
        if self._server is not None:
            self._server.close()
            for writer in list(self._connections):
                writer.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
                await reader.readexactly(int(length.group(1)) if length else 0)
                if self.gone:
                    break
                path = head.split(" ", 2)[1]
                self.asked.append(path)
                status = "503 Unready" if path == ASKED and not self.ready else "200 OK"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(self.name)}\r\n\r\n{self.name}".encode())
                await writer.drain()
        self._connections.discard(writer)
        writer.close()


@pytest.fixture
async def replicas() -> AsyncIterator[dict[str, Replica]]:
    made = {name: Replica(name) for name in ("links-1", "links-2", "attribution-1", "whole")}
    for replica in made.values():
        await replica.start()
    yield made
    for replica in made.values():
        await replica.stop()


@pytest.fixture
async def gateway(tmp_path: Path, replicas: dict[str, Replica]) -> AsyncIterator[httpx.AsyncClient]:
    upstreams = [
        Upstream(
            name="links",
            routes=("/r/*", "/v1/codes*", "/kith.js", "/console/links*"),
            replicas=(replicas["links-1"].address, replicas["links-2"].address),
        ),
        Upstream(
            name="attribution",
            routes=("/v1/codes/*/check", "/v1/orders*"),
            replicas=(replicas["attribution-1"].address,),
        ),
    ]
    caddy = Caddy(tmp_path / "caddy", port=process.free_port())
    text = caddyfile(
        upstreams, address=f"http://:{caddy.port}", bind="127.0.0.1", whole=replicas["whole"].address, storage=tmp_path
    )
    await caddy.start(text)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{caddy.port}", timeout=15) as client:
        yield client
    await caddy.stop()


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/r/anna", "links"),
        ("/v1/codes", "links"),
        ("/v1/codes/batches/1", "links"),
        ("/v1/codes/ANNA10/check", "attribution"),
        ("/v1/orders/17/refunds", "attribution"),
        ("/console/links/programs", "links"),
        ("/kith.js", "links"),
        ("/readyz", "whole"),
        ("/openapi.json", "whole"),
    ],
)
async def test_a_path_goes_to_the_service_with_the_longest_match(
    gateway: httpx.AsyncClient, path: str, service: str
) -> None:
    answer = await gateway.get(path)
    assert answer.status_code == 200
    assert answer.text.split("-")[0] == service


async def test_an_unknown_path_is_a_problem_and_reaches_nobody(gateway: httpx.AsyncClient) -> None:
    answer = await gateway.get("/kithxjs")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


async def test_a_service_without_replicas_is_told_as_a_passing_fault(
    gateway: httpx.AsyncClient, replicas: dict[str, Replica]
) -> None:
    await replicas["attribution-1"].stop()
    answer = await gateway.post("/v1/orders", json={})
    assert answer.status_code in {502, 503}
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["status"] == answer.status_code


async def test_both_replicas_work(gateway: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(gateway.get("/r/anna") for _ in range(20)))
    assert {answer.text for answer in answers} == {"links-1", "links-2"}


async def test_a_rolling_restart_under_load_fails_no_request(
    gateway: httpx.AsyncClient, replicas: dict[str, Replica]
) -> None:
    statuses: list[int] = []
    going = True

    async def load() -> None:
        while going:
            statuses.append((await gateway.post("/v1/codes", json={"code": "ANNA10"})).status_code)

    clients = [asyncio.create_task(load()) for _ in range(4)]
    for name in ("links-1", "links-2"):
        replica = replicas[name]
        replica.ready = False
        await until(partial(_is_idle, replica), what="the gateway leaves the replica alone")
        await replica.stop()
        await until(partial(_has_grown, statuses, len(statuses) + 50), what="the other replica works on")
        await replica.start()
        await until(partial(_is_busy, replica), what="the replica is back")
    going = False
    await asyncio.gather(*clients)
    assert set(statuses) == {200}


def _is_idle(replica: Replica) -> bool:
    """Only health checks came in of late."""
    recent = replica.asked[-2:]
    return len(recent) == 2 and set(recent) == {ASKED}


def _is_busy(replica: Replica) -> bool:
    return "/v1/codes" in replica.asked[-20:]


def _has_grown(statuses: list[int], length: int) -> bool:
    return len(statuses) >= length


async def test_who_does_not_finish_a_head_is_hung_up_on(gateway: httpx.AsyncClient) -> None:
    reader, writer = await asyncio.open_connection(gateway.base_url.host, gateway.base_url.port)
    writer.write(b"GET /r/anna HTTP/1.1\r\nhost: x\r\nx-slow: ")
    with suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 90)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    assert (await gateway.get("/r/anna")).status_code == 200


async def test_the_gateway_refuses_large_heads(gateway: httpx.AsyncClient, replicas: dict[str, Replica]) -> None:
    answer = await gateway.get("/r/anna", headers={"x-large": "y" * 40_000})
    assert answer.status_code == 431
    assert "/r/anna" not in replicas["links-1"].asked + replicas["links-2"].asked


async def test_the_gateway_holds_a_bounded_number_of_connections(tmp_path: Path) -> None:
    caddy = Caddy(tmp_path / "caddy", port=process.free_port())
    await caddy.start(caddyfile([], address=f"http://:{caddy.port}", bind="127.0.0.1", storage=tmp_path))
    try:
        assert caddy.pid is not None
        _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MOST_OPEN if allowed == resource.RLIM_INFINITY else min(MOST_OPEN, allowed)
        assert resource.prlimit(caddy.pid, resource.RLIMIT_NOFILE) == (most, most)
    finally:
        await caddy.stop()
