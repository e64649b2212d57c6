"""Webhooks out, as a store's developer meets them: an API, a worker that sends, and receivers that do as they like."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import orjson

import contracts
from contracts.events import EVENTS
from services.connectors.endpoints.actions.notify import take
from services.connectors.endpoints.work import TASK_KINDS
from services.connectors.main import SERVICE, open_resources
from services.kernel.bus.port import Event
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.http.app import Edge
from services.kernel.outbound import Outbound
from services.kernel.outbound.transport import Resolve, resolve
from services.kernel.work.worker import Worker
from tests.support.edge import SEALING, STORE, key, make_context
from tests.support.wait import until

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
KEY = key("webhooks:read", "webhooks:write", store=STORE)


@dataclass(frozen=True, slots=True)
class Call:
    """What a receiver was sent."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def type(self) -> str:
        return str(orjson.loads(self.body)["type"])

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass(slots=True)
class Answer:
    """What a receiver answers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"


class Receiver:
    """Somebody's server: keeps what came and answers as `answer` says; who asks for /hang… is never answered."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answer: Callable[[Call], Answer | Awaitable[Answer]] = lambda call: Answer()
        self.port = 0
        self.hanging = 0

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def ids(self, path: str = "/hook") -> list[str]:
        return [call.id for call in self.calls if call.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            call = Call(
                head[0].split(" ")[1], headers, await reader.readexactly(int(headers.get("content-length", "0")))
            )
            self.calls.append(call)
            if call.path.startswith("/hang"):
                self.hanging += 1
                await reader.read()
                self.hanging -= 1
                return
            given = self.answer(call)
            found = given if isinstance(given, Answer) else await given
            lines = [f"HTTP/1.1 {found.status} Answer", f"content-length: {len(found.body)}"]
            lines += [f"{name}: {value}" for name, value in found.headers.items()]
            writer.write("\r\n".join(lines).encode() + b"\r\nconnection: close\r\n\r\n" + found.body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a port of loopback."""
    found = Receiver()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The service with its worker, and a client of its API."""

    db: Database
    ctx: Context
    http: httpx.AsyncClient

    async def endpoint(self, url: str, *events: str, headers: Mapping[str, str] = KEY) -> dict[str, Any]:
        """Makes an endpoint that hears of these, or of all."""
        body = {"url": url, "events": list(events) or ALL}
        made = await self.http.post("/v1/webhook-endpoints", headers=headers, json=body)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found

    async def arrive(self, *events: "Made", ago: timedelta = timedelta()) -> None:
        """The consumer takes these events, recorded so long ago, in one transaction."""
        async with self.db.transaction(sorted({event.store_id for event in events})) as tx:
            placed = [
                Event(event.id, event.type, tx.now - ago, event.store_id, event.payload(tx.now - ago))
                for event in events
            ]
            await take(tx, placed)

    async def move(self, by: timedelta) -> None:
        """Sets the world's clock ahead."""
        async with self.db.transaction() as tx:
            await tx.execute(
                "insert into clock (offset_seconds, revision) values (:by, 1) on conflict (one) do update"
                " set offset_seconds = clock.offset_seconds + excluded.offset_seconds",
                by=int(by.total_seconds()),
            )

    async def deliveries(self, endpoint: Mapping[str, Any], **params: str) -> list[dict[str, Any]]:
        """The endpoint's log, the newest first."""
        answer = await self.http.get(f"/v1/webhook-endpoints/{endpoint['id']}/deliveries", headers=KEY, params=params)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    async def once(self, endpoint: Mapping[str, Any], **wanted: Any) -> dict[str, Any]:
        """The newest delivery of the endpoint, once it is as wanted."""

        async def look() -> dict[str, Any] | None:
            found = await self.deliveries(endpoint)
            return found[0] if found and {name: found[0][name] for name in wanted} == wanted else None

        return await until(look, what=f"a delivery is {wanted}") or {}

    async def all_once(self, endpoint: Mapping[str, Any], **wanted: Any) -> list[dict[str, Any]]:
        """The endpoint's log, once every delivery in it is as wanted: an arrival is noted a moment after it."""

        async def look() -> list[dict[str, Any]] | None:
            found = await self.deliveries(endpoint)
            return found if all({name: one[name] for name in wanted} == wanted for one in found) else None

        return await until(look, what=f"all deliveries are {wanted}") or []

    async def show(self, endpoint: Mapping[str, Any]) -> dict[str, Any]:
        """The endpoint as the API shows it."""
        found: dict[str, Any] = (await self.http.get(f"/v1/webhook-endpoints/{endpoint['id']}", headers=KEY)).json()
        return found


ALL = [
    *("ambassador.joined", "link.created"),
    *(f"order.{one}" for one in ("attributed", "rejected", "unattributed", "reversed", "settled")),
    *(f"reward.{one}" for one in ("granted", "adjusted", "released", "reversed")),
]


@asynccontextmanager
async def sending(url: str, folder: Path, *, resolver: Resolve = resolve, own_port: int = 1) -> AsyncIterator[Outgoing]:
    """The service on this database, with one worker that sends, also to this machine but for one port."""
    db = Database(url, schema="connectors")
    ctx = make_context(db, name="connectors", data_dir=folder, sealing=SEALING, outbound_allow="127.0.0.0/8,::1/128")
    ctx.outbound = Outbound(allow=LOOPBACK, resolve=resolver, own_ports=frozenset({own_port}))
    async with open_resources(ctx) as resources:
        ctx.resources = resources
        worker, transport = Worker(ctx, TASK_KINDS), httpx.ASGITransport(app=Edge(SERVICE, ctx))
        client = httpx.AsyncClient(transport=transport, base_url="https://kith.example")
        worker.start()
        try:
            yield Outgoing(db, ctx, client)
        finally:
            await worker.stop(within_s=0.2)
            await client.aclose()
    await db.close()


@dataclass(frozen=True, slots=True)
class Made:
    """An event of the contract's own example, of a store, with these fields changed."""

    type: str
    id: str
    store_id: str = STORE
    fields: Mapping[str, Any] = field(default_factory=dict)

    def payload(self, at: datetime) -> Any:
        """Its data, as if made at a moment."""
        example = orjson.loads((Path(contracts.__file__).parent / "examples" / self.type / "first.json").read_bytes())
        moments = {"created_at": at.isoformat()} if "created_at" in example else {}
        return EVENTS[self.type].model_validate({**example, **moments, "store_id": self.store_id, **self.fields})


def order(order_id: str, *, what: str = "attributed", revision: int = 1, store: str = STORE) -> Made:
    """What was decided on an order."""
    fields = {"order_id": order_id, "revision": revision}
    return Made(f"kith.conversion.{what}.v1", f"evt_{what}_{order_id}_{revision}", store, fields)


def every_kind() -> Sequence[Made]:
    """One event of each kind that stores are told of."""
    return [
        Made("kith.ambassador.saved.v1", "evt_a", fields={"ambassador_id": "amb_new"}),
        Made("kith.link.saved.v1", "evt_l", fields={"ambassador_id": "amb_new"}),
        *(order("1001", what=one) for one in ("attributed", "rejected", "unattributed", "reversed", "settled")),
        *(Made(f"kith.reward.{one}.v1", f"evt_{one}") for one in ("granted", "adjusted", "released", "reversed")),
    ]


def given_by_hand() -> Sequence[Made]:
    """What is told of a reward that is of no order, from its granting to its end."""
    names = ("granted", "released", "adjusted", "reversed")
    return [Made(f"kith.reward.{one}.v2", f"evt_given_{one}") for one in names]
