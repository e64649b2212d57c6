"""A Shopify shop's Admin API (GraphQL) as far as code discounts go, and the address by which its buyers apply one: run
it by hand with `python -m tests.support.shopify_shop 8092`.

Parts of a request are answered under their aliases, each with its own user errors; codes are unique whatever their
case; an array has 250 entries at most; points are used up and come back; too little of them, and nothing is done.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.wait import until
from tests.support.woo_shop import Fault

TOKEN = "shpat_of_the_tests"
PATH: Final = "/admin/api/2026-10/graphql.json"
_PART: Final = re.compile(r"(\w+): (codeDiscountNodeByCode|discountCode\w+)\(([^)]*)\)")


@dataclass(slots=True)
class ShopifyShop:
    """The shop: its discounts by id, what was asked, and how it behaves."""

    discounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    currency: str = "EUR"
    domain: str = "zerno.myshopify.com"
    """The primary one."""
    domain_asked: int = 0
    calls: list[list[str]] = field(default_factory=list)
    """What each request asked for, part by part; those for the domain are counted alone."""
    throttled: int = 0
    """How many of the next requests find no points."""
    denied: bool = False
    faults: list[Fault] = field(default_factory=list)
    """Of the next mutations, in their order."""
    silent: set[str] = field(default_factory=set)
    """Codes for which a part of an answer is null although it was done."""
    url: str = ""

    def add(self, code: str, **values: Any) -> str:
        """Makes a discount, as its owner does in the admin."""
        name = f"gid://shopify/DiscountCodeNode/{206265824 + len(self.discounts)}"
        self.discounts[name] = {"title": code, "code": code, "endsAt": None, "active": True, **values}
        return name

    def of(self, code: str) -> list[dict[str, Any]]:
        """The discounts of a code."""
        return [one for one in self.discounts.values() if one["code"].lower() == code.lower()]

    async def answer(self, request: Request) -> Response:
        if request.headers.get("x-shopify-access-token") != TOKEN or request.url.path != PATH:
            return JSONResponse({"errors": "[API] Invalid API key or access token"}, status_code=401)
        asked = await request.json()
        query, variables = str(asked["query"]), asked["variables"]
        parts = _PART.findall(query)
        if "primaryDomain" in query:
            self.domain_asked += 1
            return JSONResponse({"data": {"shop": {"primaryDomain": {"host": self.domain}}}})
        self.calls.append([part[1] for part in parts] or ["shop"])
        cost = {"requestedQueryCost": 10 * len(parts), "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 100}}
        if self.throttled:
            self.throttled -= 1
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return JSONResponse({"errors": [error], "extensions": {"cost": cost}})
        if self.denied:
            error = {"message": "Access denied", "extensions": {"code": "ACCESS_DENIED"}, "path": [parts[0][0]]}
            return JSONResponse({"errors": [error], "data": {part[0]: None for part in parts}})
        fault = self.faults.pop(0) if query.startswith("mutation") and self.faults else None
        if fault is not None and not fault.after:
            return Response("away", status_code=fault.status)
        if not parts:
            return JSONResponse({"data": {"shop": {"currencyCode": self.currency}}})
        data = {}
        for alias, name, given in parts:
            arguments = {key: variables[place] for key, place in re.findall(r"(\w+): \$(\w+)", given)}
            data[alias] = getattr(self, f"_{name}")(**arguments)
            if str(arguments.get("basicCodeDiscount", {}).get("code")) in self.silent:
                data[alias] = None
        return JSONResponse({"data": data}) if fault is None else Response("away", status_code=fault.status)

    async def apply(self, request: Request) -> Response:
        """`/discount/CODE?redirect=PATH`: the code is kept for the checkout if it stands, and the buyer goes on."""
        answer = RedirectResponse(request.query_params.get("redirect", "/"), status_code=302)
        if any(one["active"] for one in self.of(request.path_params["code"])):
            answer.set_cookie("discount_code", request.path_params["code"])
        return answer

    def _codeDiscountNodeByCode(self, code: str) -> dict[str, Any] | None:  # the API's own name
        for name, one in self.discounts.items():
            if one["code"].lower() == code.lower():
                return {"id": name, "codeDiscount": {"title": one["title"]}}
        return None

    def _discountCodeBasicCreate(self, basicCodeDiscount: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        given = basicCodeDiscount
        for needed in ("title", "code", "startsAt", "context", "customerGets"):
            assert needed in given, needed
        if self.of(given["code"]):
            return _refused("TAKEN", "basicCodeDiscount", "code")
        if len(given["code"]) > 255:
            return _refused("TOO_LONG", "basicCodeDiscount", "code")
        return _done(self.add(given["code"], **{key: value for key, value in given.items() if key != "code"}))

    def _discountCodeBasicUpdate(self, id: str, basicCodeDiscount: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        if id not in self.discounts:
            return _refused("INVALID", "id")
        assert "startsAt" not in basicCodeDiscount, "when it began stays"
        self.discounts[id].update(basicCodeDiscount, active=basicCodeDiscount["endsAt"] is None)
        return _done(id)

    def _discountCodeDeactivate(self, id: str) -> dict[str, Any]:
        if id not in self.discounts:
            return _refused("INVALID", "id")
        self.discounts[id].update(active=False, endsAt="2026-11-30T12:00:00Z")
        return _done(id)


def _done(name: str) -> dict[str, Any]:
    return {"codeDiscountNode": {"id": name}, "userErrors": []}


def _refused(code: str, *place: str) -> dict[str, Any]:
    return {"codeDiscountNode": None, "userErrors": [{"field": list(place), "code": code, "message": code}]}


def app(shop: ShopifyShop) -> Starlette:
    """The shop as an ASGI application."""
    return Starlette(
        routes=[
            Route("/discount/{code}", shop.apply, methods=["GET"]),
            Route("/{path:path}", shop.answer, methods=["POST"]),
        ]
    )


@asynccontextmanager
async def shopify_shop() -> AsyncIterator[ShopifyShop]:
    """Runs a shop until the block ends."""
    shop = ShopifyShop()
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
    uvicorn.run(app(ShopifyShop()), port=int(sys.argv[1]))
