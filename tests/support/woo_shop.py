"""A WooCommerce shop's REST API v3 as far as coupons go, by what its own code does: run it by hand with
`python -m tests.support.woo_shop 8090` and point a connection's host at it.

Codes are kept in lower case; a null changes nothing, 0 takes a limit away and "" an end; a batch has 100 items at most
and answers 200 with an error for each item that failed; `date_expires_gmt` cannot be written; a code is looked up among
what is published only.
"""

import asyncio
import re
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.kernel.outbound import Answer, Outbound
from tests.support.wait import until

KEY, SECRET = "ck_of_the_tests", "cs_of_the_tests"
MOST = 100


@dataclass(slots=True)
class Fault:
    """How a call goes wrong. `after`: once all of it is done."""

    status: int
    after: bool = False
    retry_after: str | None = None


@dataclass(slots=True)
class WooShop:
    """The shop: its coupons by id, what was asked, and how it behaves."""

    coupons: dict[int, dict[str, Any]] = field(default_factory=dict)
    currency: str = "EUR"
    calls: list[str] = field(default_factory=list)
    """Method and path of each call, without the query."""
    faults: list[Fault] = field(default_factory=list)
    """Of the next calls that write, in their order."""
    refuse: Mapping[str, str] = field(default_factory=dict)
    """Codes that it will not have, with its error."""
    closed: bool = False
    gate: asyncio.Event | None = None
    """What is written is answered once this is set."""
    url: str = ""

    def add(self, code: str, **values: Any) -> int:
        """Makes a coupon as its owner does in the back office."""
        number = 700 + len(self.coupons)
        self.coupons[number] = {
            "id": number,
            "code": code.lower(),
            "amount": "5.00",
            "discount_type": "percent",
            "date_created_gmt": "2025-03-21T18:23:00",
            "date_expires": None,
            "status": "publish",
            "meta_data": [],
            **values,
        }
        return number

    def of(self, code: str) -> list[dict[str, Any]]:
        """All coupons of a code."""
        return [one for one in self.coupons.values() if one["code"] == code.lower()]

    def written(self) -> int:
        """Calls that could change something."""
        return sum(call.startswith("POST") for call in self.calls)

    async def answer(self, request: Request) -> Response:
        self.calls.append(f"{request.method} {request.url.path}")
        if self.closed or request.headers.get("authorization") != _basic():
            return _error(401, "woocommerce_rest_cannot_view")
        writes = request.method != "GET"
        fault = self.faults.pop(0) if writes and self.faults else None
        if fault is not None and not fault.after:
            return _failed(fault)
        answered = await self._answer(request)
        if writes and self.gate is not None:
            await self.gate.wait()
        return answered if fault is None else _failed(fault)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/wp-json/wc/v3")
        if path == "/data/currencies/current":
            return JSONResponse({"code": self.currency, "name": "", "symbol": ""})
        if path == "/coupons" and request.method == "GET":
            wanted = request.query_params.get("code", "").lower()
            found = [one for one in self.of(wanted) if one["status"] == "publish"]
            return JSONResponse(found[:1])
        body = await request.json()
        create, update = body.get("create", []), body.get("update", [])
        if len(create) + len(update) + len(body.get("delete", [])) > MOST:
            return _error(413, "woocommerce_rest_request_entity_too_large")
        return JSONResponse(
            {"create": [self._create(item) for item in create], "update": [self._update(item) for item in update]}
        )

    def _create(self, item: dict[str, Any]) -> dict[str, Any]:
        code = str(item.get("code", "")).lower()
        if not code:
            return _item_error(0, "woocommerce_rest_empty_coupon_code")
        if code in self.refuse:
            return _item_error(0, self.refuse[code])
        if any(one["status"] == "publish" for one in self.of(code)):
            return _item_error(0, "woocommerce_rest_coupon_code_already_exists")
        number = self.add(code, usage_limit=None, usage_limit_per_user=None)
        self._write(number, item)
        return self.coupons[number]

    def _update(self, item: dict[str, Any]) -> dict[str, Any]:
        number = int(item["id"])
        if number not in self.coupons:
            return _item_error(number, "woocommerce_rest_shop_coupon_invalid_id")
        self._write(number, item)
        return self.coupons[number]

    def _write(self, number: int, item: dict[str, Any]) -> None:
        coupon = self.coupons[number]
        for name, value in item.items():
            if value is None or name in {"id", "date_expires_gmt"}:
                continue
            if name == "meta_data":
                kept = {entry["key"]: entry for entry in coupon["meta_data"]}
                coupon[name] = list((kept | {entry["key"]: entry for entry in value}).values())
            elif name in {"usage_limit", "usage_limit_per_user"}:
                coupon[name] = int(value) or None
            elif name == "date_expires":
                assert value == "" or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)
                coupon[name] = value or None
            else:
                coupon[name] = value.lower() if name == "code" else value


class Door(Outbound):
    """An outbound door through which hosts lead to stand-ins on this machine: the rest of each call is as it is."""

    def __init__(self, hosts: Mapping[str, str]) -> None:
        from tests.support.webhooks import LOOPBACK

        super().__init__(allow=LOOPBACK)
        self.hosts = hosts

    async def send(self, method: str, url: str, **how: Any) -> Answer:
        scheme, _, rest = url.partition("://")
        assert scheme == "https", "what opens a shop's API travels encrypted"
        host, slash, path = rest.partition("/")
        return await super().send(method, self.hosts[host] + slash + path, **how)


def _basic() -> str:
    return f"Basic {b64encode(f'{KEY}:{SECRET}'.encode()).decode()}"


def _error(status: int, code: str) -> Response:
    return JSONResponse({"code": code, "message": code, "data": {"status": status}}, status_code=status)


def _item_error(number: int, code: str) -> dict[str, Any]:
    return {"id": number, "error": {"code": code, "message": code, "data": {"status": 400}}}


def _failed(fault: Fault) -> Response:
    headers = {"retry-after": fault.retry_after} if fault.retry_after else {}
    return Response("<h1>Sorry</h1>", status_code=fault.status, headers=headers)


def app(shop: WooShop) -> Starlette:
    """The shop as an ASGI application."""
    return Starlette(routes=[Route("/{path:path}", shop.answer, methods=["GET", "POST", "PUT", "DELETE"])])


@asynccontextmanager
async def woo_shop() -> AsyncIterator[WooShop]:
    """Runs a shop until the block ends."""
    shop = WooShop()
    server = uvicorn.Server(uvicorn.Config(app(shop), port=0, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started, what="the stand-in for a shop")
    shop.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield shop
    finally:
        server.should_exit = True
        await running


if __name__ == "__main__":
    uvicorn.run(app(WooShop()), port=int(sys.argv[1]))
