"""What all shops share: orders that change, what they were asked, and how they fail when they are told to."""

import asyncio
import json
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.kernel.outbound import Answer, Outbound, OutboundError
from services.kernel.outbound.transport import resolve
from tests.support.wait import until

HOST = "shop.example"
USER, PASSWORD = "ck_of_the_tests", "cs_of_the_tests"


class Shop(ABC):
    """A shop with an API. What it has is `orders`, by id, as the API shows them."""

    HOSTS: ClassVar[tuple[str, ...]] = (HOST,)
    """Names that lead to it."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}
        self.asked: list[dict[str, str]] = []
        """What it was asked for, by the parameters of each call that it answered."""
        self.forbidden = False
        self.away = 0
        """How many calls are answered by 502."""
        self.busy = 0
        """How many calls are answered by a wish to wait, of seven seconds."""
        self.garbled = 0
        """How many calls are answered by a page for people."""
        self.hangs_up = 0
        """How many calls get no answer."""
        self.holds_from = 0
        """From this call on it gives no answer, until this is 0 again."""
        self.most_bytes = 0
        """Answers are filled up to so many bytes for each entry."""
        self.url = ""

    @abstractmethod
    def routes(self) -> list[Route]:
        """Where its API answers."""

    @abstractmethod
    def proved(self, request: Request) -> bool:
        """Whether the request knows what opens the API."""

    @abstractmethod
    def refusal(self, status: int) -> Response:
        """How it says no."""

    def too_much(self) -> Response:
        """How it asks to be left in peace."""
        return Response(status_code=429, headers={"retry-after": "7"})

    def trouble(self, request: Request) -> Response | None:
        """An answer that brings nothing, if it is told to give one."""
        if not self.proved(request):
            return self.refusal(401)
        if self.forbidden:
            return self.refusal(403)
        if self.hangs_up:
            self.hangs_up -= 1
            raise ConnectionAbortedError
        if self.busy:
            self.busy -= 1
            return self.too_much()
        if self.away:
            self.away -= 1
            return Response(status_code=502)
        if self.garbled:
            self.garbled -= 1
            return Response("<h1>We are renovating</h1>", media_type="text/html")
        return None

    async def held(self) -> None:
        """Waits for as long as it is told to give no answer."""
        while 0 < self.holds_from <= len(self.asked):
            await asyncio.sleep(0.02)

    async def behave(self, request: Request) -> Response:
        """Lets a person say how it is to behave."""
        for name, value in (await request.json()).items():
            setattr(self, name, value)
        return Response(status_code=204)

    def app(self) -> Starlette:
        """The server."""
        return Starlette(routes=[*self.routes(), Route("/_behave", self.behave, methods=["POST"])])

    def filled(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The entries, as large as they are to be."""
        return [one | {"note": "x" * self.most_bytes} for one in entries] if self.most_bytes else entries

    @asynccontextmanager
    async def served(self) -> AsyncIterator["Shop"]:
        """Answers on a port of its own until the end."""
        config = uvicorn.Config(self.app(), host="127.0.0.1", port=0, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        await until(lambda: asyncio.sleep(0, server.started), within=30, every=0.02, what="the shop is open")
        self.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self.holds_from = 0
            server.should_exit = True
            await serving


class ToShop(Outbound):
    """The outbound door of a process for which a shop's names lead to a server on this machine."""

    def __init__(self, *shops: Shop) -> None:
        from ipaddress import ip_network

        super().__init__(allow=[ip_network("127.0.0.0/8")], resolve=resolve)
        self.shops = {host: shop for shop in shops for host in shop.HOSTS}

    async def send(self, method: str, url: str, **how: Any) -> Answer:
        scheme, _, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        assert scheme == "https", "what opens an API never leaves in the clear"
        if host not in self.shops:
            raise OutboundError("unreachable")
        return await super().send(method, self.shops[host].url + slash + path, **how)


def basic(request: Request, user: str = USER, password: str = PASSWORD) -> bool:
    """Whether a request is opened by name and password."""
    proof = b64encode(f"{user}:{password}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {proof}"


def answered(found: Any, headers: Mapping[str, str] | None = None) -> Response:
    """JSON, as PHP and others write it."""
    body = json.dumps(found, ensure_ascii=True).replace("/", "\\/")
    return Response(body, media_type="application/json", headers=dict(headers or {}))


def second(at: datetime) -> datetime:
    """A moment as shops keep it."""
    return at.replace(microsecond=0)


__all__ = ["HOST", "PASSWORD", "USER", "JSONResponse", "Shop", "ToShop", "answered", "basic", "second"]
