"""A shop of WooCommerce: `GET /wp-json/wc/v3/orders` with the filters that polls use, pages by number or offset."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support import deliveries
from tests.support.shops.base import Shop, answered, basic, second


class WooCommerce(Shop):
    """Orders as its REST API has them; `date_modified_gmt` is when each changed."""

    MOST = 100

    def routes(self) -> list[Route]:
        return [Route("/wp-json/wc/v3/orders", self.listed)]

    def proved(self, request: Request) -> bool:
        return basic(request)

    def refusal(self, status: int) -> Response:
        error = {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources."}
        return JSONResponse(error | {"data": {"status": status}}, status_code=status)

    def put(self, at: datetime, order_id: int, **fields: Any) -> dict[str, Any]:
        """An order that is placed or changed at a moment."""
        moment = deliveries.gmt(second(at))
        order = self.orders.get(order_id) or deliveries.woo_order(second(at), id=order_id, number=str(order_id))
        self.orders[order_id] = order | {"date_modified_gmt": moment} | fields
        return self.orders[order_id]

    async def listed(self, request: Request) -> Response:
        if (trouble := self.trouble(request)) is not None:
            return trouble
        query = dict(request.query_params)
        if query.get("orderby") not in {"date", "modified", "id", "include", "title", "slug"}:
            return self.invalid("orderby")
        size = int(query.get("per_page", "10"))
        if not 1 <= size <= self.MOST:
            return self.invalid("per_page")
        self.asked.append(query)
        await self.held()
        assert query["dates_are_gmt"] == "true"
        after, before = (datetime.fromisoformat(query[name]) for name in ("modified_after", "modified_before"))
        found = [one for one in self.orders.values() if after < _changed(one) < before and one["status"] != "trash"]
        found.sort(key=lambda one: (_changed(one), one["id"]), reverse=query["order"] == "desc")
        offset = int(query.get("offset", 0)) or (int(query.get("page", "1")) - 1) * size
        headers = {"x-wp-total": str(len(found)), "x-wp-totalpages": str(-(-len(found) // size))}
        return answered(self.filled(found[offset : offset + size]), headers)

    def invalid(self, name: str) -> Response:
        return JSONResponse({"code": "rest_invalid_param", "data": {"params": {name: "Invalid"}}}, status_code=400)


def _changed(order: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(order["date_modified_gmt"])


def some(count: int = 100) -> WooCommerce:
    """A shop with orders of today."""
    shop = WooCommerce()
    for number in range(count):
        shop.put(datetime.now(UTC), 1000 + number)
    return shop
