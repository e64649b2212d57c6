"""A shop of InSales: `GET /admin/orders.json` by `updated_since` and `from_id`, always the first page; so many calls in
five minutes, and then 503 with `Retry-After`.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
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

    def routes(self) -> list[Route]:
        return [Route("/admin/orders.json", self.listed), Route("/admin/orders/{id}.json", self.one)]

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
        said = dict(request.query_params)
        self.asked.append(said)
        since, from_id = datetime.fromisoformat(said["updated_since"]), int(said.get("from_id", 0))
        found = [one for one in self.orders.values() if (_changed(one), one["id"]) > (since, from_id)]
        found.sort(key=lambda one: (_changed(one), one["id"]))
        return answered(self.filled(found[: int(said["per_page"])]), self.usage())

    async def one(self, request: Request) -> Response:
        if (trouble := self.limited(request)) is not None:
            return trouble
        found = self.orders.get(int(request.path_params["id"]))
        return Response(status_code=404) if found is None else answered(found, self.usage())

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
