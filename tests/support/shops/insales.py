"""A shop of InSales: `GET /admin/orders.json` by `updated_since` and `from_id`, always the first page; coupons made,
changed, and listed in pages, not by their text; so many calls in five minutes, and then 503 with `Retry-After`.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support import deliveries
from tests.support.shops.base import Shop, answered, basic

HOST = "shop.myinsales.ru"


class InSales(Shop):
    """Orders as its API has them; `updated_at` is when each changed."""

    HOSTS: ClassVar[tuple[str, ...]] = (HOST,)
    CALLS = 500

    def __init__(self) -> None:
        super().__init__()
        self.used = 0
        self.coupons: dict[int, dict[str, Any]] = {}
        self.currency = "EUR"
        self.loses = 0
        """So many of the next calls that write are done, and answered by 502."""
        self.calls: list[str] = []
        """Method and path of each call about coupons."""

    def routes(self) -> list[Route]:
        return [
            Route("/admin/orders.json", self.listed),
            Route("/admin/orders/{id}.json", self.one),
            Route("/admin/stock_currencies.json", self.currencies),
            Route("/admin/discount_codes.json", self.coupons_listed),
            Route("/admin/discount_codes.json", self.coupon_made, methods=["POST"]),
            Route("/admin/discount_codes/{id}.json", self.coupon_changed, methods=["PUT"]),
        ]

    def proved(self, request: Request) -> bool:
        return basic(request)

    def refusal(self, status: int) -> Response:
        return Response("HTTP Basic: Access denied.\n", status_code=status)

    def too_much(self) -> Response:
        return Response(status_code=503, headers={"retry-after": "7"})

    def put(self, at: datetime, order_id: int, **fields: Any) -> dict[str, Any]:
        """An order that is placed or changed at a moment."""
        order = self.orders.get(order_id) or deliveries.insales_order(at, id=order_id, number=order_id)
        self.orders[order_id] = order | {"updated_at": at.isoformat(timespec="milliseconds")} | fields
        return self.orders[order_id]

    async def listed(self, request: Request) -> Response:
        if (trouble := self.limited(request)) is not None:
            return trouble
        query = dict(request.query_params)
        self.asked.append(query)
        since, from_id = datetime.fromisoformat(query["updated_since"]), int(query.get("from_id", 0))
        found = [one for one in self.orders.values() if (_changed(one), one["id"]) > (since, from_id)]
        found.sort(key=lambda one: (_changed(one), one["id"]))
        return answered(self.filled(found[: int(query["per_page"])]), self.usage())

    async def one(self, request: Request) -> Response:
        if (trouble := self.limited(request)) is not None:
            return trouble
        found = self.orders.get(int(request.path_params["id"]))
        return Response(status_code=404) if found is None else answered(found, self.usage())

    def add(self, code: str, **values: Any) -> int:
        """Makes a coupon as its owner does in the back office."""
        number = 628 + len(self.coupons)
        made = {"id": number, "code": code, "created_at": "2025-03-21T18:23:00.000+03:00", "updated_at": None}
        terms = {"type_id": 1, "discount": "5.0", "min_price": None, "expired_at": None, "description": None}
        switches = {"act_once": False, "act_once_for_client": False, "disabled": False, "worked": False}
        self.coupons[number] = made | terms | switches | values
        return number

    def of(self, code: str) -> list[dict[str, Any]]:
        """All coupons of a code."""
        return [one for one in self.coupons.values() if one["code"].lower() == code.lower()]

    async def currencies(self, request: Request) -> Response:
        if (trouble := self.limited(request)) is not None:
            return trouble
        others = [{"id": 2, "code": "KZT", "is_default": False}]
        return answered([{"id": 1, "code": self.currency, "is_default": True}, *others], self.usage())

    async def coupons_listed(self, request: Request) -> Response:
        if (trouble := self.limited(request)) is not None:
            return trouble
        self.calls.append("GET list")
        page, size = int(request.query_params["page"]), min(100, int(request.query_params["per_page"]))
        return answered(list(self.coupons.values())[(page - 1) * size : page * size], self.usage())

    async def coupon_made(self, request: Request) -> Response:
        if (trouble := self.limited(request)) is not None:
            return trouble
        given = (await request.json())["discount_code"]
        self.calls.append(f"POST {given['code']}")
        if self.of(given["code"]):
            return JSONResponse({"errors": {"code": ["уже существует"]}}, status_code=422)
        if float(given["discount"]) <= 0:
            return JSONResponse({"errors": {"discount": ["должно быть больше нуля"]}}, status_code=422)
        number = self.add(**given)
        return self.lost() or JSONResponse(self.coupons[number], status_code=201, headers=self.usage())

    async def coupon_changed(self, request: Request) -> Response:
        if (trouble := self.limited(request)) is not None:
            return trouble
        number = int(request.path_params["id"])
        self.calls.append(f"PUT {number}")
        if number not in self.coupons:
            return Response(status_code=404)
        self.coupons[number] |= (await request.json())["discount_code"]
        return self.lost() or Response(status_code=200, headers=self.usage())

    def lost(self) -> Response | None:
        """No answer to what was done, if it is told to lose some."""
        if not self.loses:
            return None
        self.loses -= 1
        return Response(status_code=502)

    def limited(self, request: Request) -> Response | None:
        """What it answers instead, once its calls are used up, or when it is told to."""
        if (trouble := self.trouble(request)) is not None:
            return trouble
        self.used += 1
        return self.too_much() if self.used > self.CALLS else None

    def usage(self) -> dict[str, str]:
        """How many of its calls are used up."""
        return {"api-usage-limit": f"{self.used}/{self.CALLS}"}


def _changed(order: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(order["updated_at"])


def some(count: int = 100) -> InSales:
    """A shop with orders of today."""
    shop = InSales()
    for number in range(count):
        shop.put(datetime.now(UTC), 1000 + number)
    return shop
