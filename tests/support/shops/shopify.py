"""A shop of Shopify: its Admin API's orders (GraphQL, the part of the schema that tells of orders), asked by time and
place, paid for in points; and the same orders as its webhooks tell them.

Each request costs what it could bring: an object one point, a list as many as it has room for. Points come back by the
second; a request that finds too few is not answered, nor is one that costs more than 1,000.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import orjson
from graphql import FieldNode, FragmentDefinitionNode, OperationDefinitionNode, build_schema, graphql_sync, parse
from graphql.language import FragmentSpreadNode, SelectionSetNode, VariableNode
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.shops.base import Shop
from tests.support.shops.shopify_orders import as_node, sold

HOST = "zerno.myshopify.com"
TOKEN = "shpat_of_the_tests"
MOST = 1000
SCHEMA = build_schema(Path(__file__).with_name("shopify.graphql").read_text())
_UPDATED = re.compile(r"updated_at:(>=|<)'([^']+)'")
_FREE = {"edges", "node", "nodes"}


class Shopify(Shop):
    """Orders by id, as `sold` makes them."""

    HOSTS: ClassVar[tuple[str, ...]] = (HOST,)

    def __init__(self) -> None:
        super().__init__()
        self.points = 1e9
        """What is left; a test gives more by hand."""
        self.back_a_second = 100.0
        self.unseen: set[str] = set()
        """Names of fields that the token may not see."""
        self.retired = False
        """Its version of the API has other fields."""
        self.costs: list[int] = []

    def routes(self) -> list[Route]:
        return [Route("/admin/api/2026-10/graphql.json", self.answer, methods=["POST"])]

    def proved(self, request: Request) -> bool:
        return request.headers.get("x-shopify-access-token") == TOKEN

    def refusal(self, status: int) -> Response:
        return JSONResponse({"errors": "[API] Invalid API key or access token"}, status_code=status)

    def put(self, at: datetime, order_id: int, **fields: Any) -> dict[str, Any]:
        """An order that is placed or changed at a moment."""
        order = self.orders.get(order_id) or sold(at, order_id)
        self.orders[order_id] = order | {"changed": at} | fields
        return self.orders[order_id]

    async def answer(self, request: Request) -> Response:
        if (trouble := self.trouble(request)) is not None:
            return trouble
        asked = await request.json()
        cost = _cost(asked["query"], asked["variables"])
        if cost > MOST:
            return self._error("MAX_COST_EXCEEDED", cost)
        if cost > self.points:
            return self._error("THROTTLED", cost)
        self.asked.append(asked["variables"])
        self.costs.append(cost)
        await self.held()
        self.points -= cost
        if self.unseen:
            return self._error("ACCESS_DENIED", cost)
        query = asked["query"].replace("isGiftCard", "giftCard") if self.retired else asked["query"]
        done = graphql_sync(SCHEMA, query, {"orders": self._orders}, None, asked["variables"], field_resolver=_resolved)
        found: dict[str, Any] = {"data": done.data, "extensions": self._extensions(cost)}
        if done.errors:
            found["errors"] = [
                {"message": one.message, "extensions": {"code": "undefinedField"}} for one in done.errors
            ]
        return JSONResponse(found)

    def _orders(self, info: Any, first: int, query: str, **given: Any) -> dict[str, Any]:
        bounds = {sign: datetime.fromisoformat(at) for sign, at in _UPDATED.findall(query)}
        places = sorted((one["changed"], one["id"]) for one in self.orders.values())
        behind = orjson.loads(b64decode(given["after"])) if given.get("after") else None
        begin = (datetime.fromisoformat(behind["last_value"]), behind["last_id"]) if behind else None
        left = [
            (at, number)
            for at, number in places
            if bounds[">="] <= at < bounds["<"] and (begin is None or (at, number) > begin)
        ]
        assert given["sortKey"] == "UPDATED_AT"
        page = left[:first]
        edges = [{"cursor": _cursor(at, number), "node": as_node(self.orders[number])} for at, number in page]
        return {"edges": edges, "nodes": [], "pageInfo": {"hasNextPage": len(left) > first}}

    def _error(self, code: str, cost: int) -> Response:
        error = {"message": code.capitalize(), "extensions": {"code": code}}
        return JSONResponse({"errors": [error], "data": None, "extensions": self._extensions(cost)})

    def _extensions(self, cost: int) -> dict[str, Any]:
        status = {"maximumAvailable": 2000.0, "currentlyAvailable": self.points, "restoreRate": self.back_a_second}
        return {"cost": {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": status}}


def _cursor(at: datetime, number: int) -> str:
    return b64encode(orjson.dumps({"last_id": number, "last_value": at})).decode()


def _resolved(source: Any, info: Any, **given: Any) -> Any:
    """A field of a mapping; of a list as much as there is room for."""
    value, first = source[info.field_name], given.get("first")
    if callable(value):
        return value(info, **given)
    if first is not None and isinstance(value, dict):
        nodes = value["nodes"]
        return {"nodes": nodes[:first], "pageInfo": {"hasNextPage": len(nodes) > first}}
    return value if first is None else value[:first]


def _cost(query: str, variables: Mapping[str, Any]) -> int:
    """What a request could bring, in points."""
    document = parse(query)
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))

    def of(selection: SelectionSetNode) -> tuple[int, int]:
        """(points of what is listed, points of all else)."""
        listed = rest = 0
        for one in selection.selections:
            if isinstance(one, FragmentSpreadNode):
                more, also = of(fragments[one.name.value].selection_set)
                listed, rest = listed + more, rest + also
            elif isinstance(one, FieldNode) and one.selection_set is not None:
                within, beside = of(one.selection_set)
                first = _first(one, variables)
                if one.name.value in _FREE:
                    listed += within + beside
                elif first is None:
                    rest += 1 + within + beside
                elif one.name.value == "refunds":  # a list, and no connection
                    rest += first * (1 + within + beside)
                else:
                    rest += 2 + first * (1 + within) + beside
        return listed, rest

    return sum(of(operation.selection_set))


def _first(field: FieldNode, variables: Mapping[str, Any]) -> int | None:
    for argument in field.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            return int(variables[value.name.value] if isinstance(value, VariableNode) else getattr(value, "value", 0))
    return None


def some(count: int = 100) -> Shopify:
    """A shop with orders of today."""
    shop = Shopify()
    for number in range(count):
        shop.put(datetime.now(UTC), 1000 + number)
    return shop
