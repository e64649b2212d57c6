"""Stripe's lists: `GET /v1/events`, of 30 days, and of Checkout sessions, invoices and payment intents since ever.

Each the newest first, by `created`, `limit` and `starting_after`; events by `types[]`, others by `status`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support import deliveries
from tests.support.shops.base import Shop

HOST = "api.stripe.com"
KEY = "rk_live_of_the_tests"
STATUSES: dict[str, tuple[str, ...]] = {
    "checkout/sessions": ("status",),
    "invoices": ("status",),
    "payment_intents": (),
}
"""Lists, and what they are narrowed by beside the time."""


class Stripe(Shop):
    """An account's events, the oldest first."""

    HOSTS: ClassVar[tuple[str, ...]] = (HOST,)
    REMEMBERED = timedelta(days=30)

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.things: dict[str, list[dict[str, Any]]] = {path: [] for path in STATUSES}
        """Of each list, by its path, the newest first."""
        self.promotion_codes: dict[str, str] = {}
        """What a buyer types, by id."""
        self.codes_asked: list[str] = []

    def routes(self) -> list[Route]:
        return [
            Route("/v1/events", self.listed),
            Route("/v1/promotion_codes/{id}", self.promotion_code),
            *(Route(f"/v1/{path}", self.past) for path in STATUSES),
        ]

    def proved(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {KEY}"

    def refusal(self, status: int) -> Response:
        error = {"message": "Invalid API Key provided", "type": "invalid_request_error"}
        return JSONResponse({"error": error}, status_code=status)

    def happened(self, type_: str, thing: Mapping[str, Any], at: datetime, **fields: Any) -> dict[str, Any]:
        """Something that happened at a moment."""
        event = deliveries.stripe_event(type_, thing, at, id=f"evt_{len(self.events)}", **fields)
        self.events.append(event)
        self.events.sort(key=lambda one: one["created"])
        return event

    async def listed(self, request: Request) -> Response:
        if (trouble := self.trouble(request)) is not None:
            return trouble
        query, types = dict(request.query_params), request.query_params.getlist("types[]")
        limit = int(query["limit"])
        assert 1 <= limit <= 100
        assert 1 <= len(types) <= 20
        self.asked.append(query)
        begin = max(int(query["created[gte]"]), int((datetime.now(UTC) - self.REMEMBERED).timestamp()))
        found = [one for one in reversed(self.events) if begin <= one["created"] and one["type"] in types]
        return self.page("/v1/events", found, query)

    def made(self, path: str, thing: Mapping[str, Any]) -> None:
        """Something that a list has."""
        entry = {"livemode": True, **thing}
        self.things[path] = sorted([*self.things[path], entry], key=lambda one: -one["created"])

    async def past(self, request: Request) -> Response:
        """A page of sessions, invoices or payment intents."""
        if (trouble := self.trouble(request)) is not None:
            return trouble
        query, path = dict(request.query_params), request.url.path.removeprefix("/v1/")
        assert 1 <= int(query["limit"]) <= 100
        assert set(query) <= {"created[gte]", "created[lt]", "limit", "starting_after", *STATUSES[path]}
        self.asked.append(query | {"of": path})
        begin, status = int(query["created[gte]"]), query.get("status")
        found = [one for one in self.things[path] if one["created"] >= begin and status in {None, one["status"]}]
        return self.page(f"/v1/{path}", found, query)

    @staticmethod
    def page(url: str, found: list[dict[str, Any]], query: Mapping[str, str]) -> Response:
        """Of what there is from before a moment, those behind one."""
        limit = int(query["limit"])
        found = [one for one in found if one["created"] < int(query["created[lt]"])]
        if (after := query.get("starting_after")) is not None:
            ids = [one["id"] for one in found]
            if after not in ids:
                return JSONResponse({"error": {"code": "resource_missing"}}, status_code=400)
            found = found[ids.index(after) + 1 :]
        return JSONResponse({"object": "list", "url": url, "has_more": len(found) > limit, "data": found[:limit]})

    async def promotion_code(self, request: Request) -> Response:
        if (trouble := self.trouble(request)) is not None:
            return trouble
        name = request.path_params["id"]
        self.codes_asked.append(name)
        if name not in self.promotion_codes:
            return JSONResponse({"error": {"code": "resource_missing"}}, status_code=404)
        found = {"id": name, "object": "promotion_code", "active": False, "code": self.promotion_codes[name]}
        return JSONResponse(found)


def some(count: int = 100) -> Stripe:
    """An account with Checkout sessions of today."""
    shop = Stripe()
    for number in range(count):
        at = datetime.now(UTC)
        session = deliveries.stripe_session(at, id=f"cs_live_{number}", payment_intent=f"pi_{number}")
        shop.happened("checkout.session.completed", session, at)
    return shop
