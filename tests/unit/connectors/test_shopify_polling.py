"""Shopify's orders, by webhook and by poll: one order says one thing; and how pages, room and points are asked for."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.common.order_facts import Clock
from services.connectors.connections.domain import without_people
from services.connectors.inbox.domain.marks import ReportMarks, marked
from services.connectors.platforms.domain.port import (
    Asked,
    Busy,
    Delivered,
    Ignored,
    Page,
    Polling,
    Question,
    Refused,
    Report,
    Shop,
    TooDear,
    Window,
)
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.platforms.domain.shopify.graphql import CUT
from services.kernel.errors import Invalid
from tests.support.edge import RING
from tests.support.shops.shopify_orders import as_node, as_webhook, refund, sold

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(hours=1), NOW)
SHOP = Shop("zerno.myshopify.com", "", "shpat_1")


def at(minute: float) -> datetime:
    return NOW + timedelta(minutes=minute)


def polling() -> Polling:
    found = PLATFORMS["shopify"].polling
    assert found is not None
    return found


def reported(topic: str, body: dict[str, Any]) -> Report:
    return PLATFORMS["shopify"].read(Delivered(topic, json.dumps(body).encode(), Clock(NOW), NOW))


def both(**fields: Any) -> tuple[ReportMarks, ReportMarks]:
    """What the webhook and the list say of one order."""
    order = sold(at(-30), 5512345678901, **fields)
    webhook, listed = reported("orders/updated", as_webhook(order)), reported(polling().topic, as_node(order))
    assert webhook.orders == listed.orders
    assert webhook.cancels == listed.cancels
    assert sorted(webhook.refunds) == sorted(listed.refunds)
    return marked(RING, webhook), marked(RING, listed)


LINE: dict[str, Any] = {"id": 11, "sku": "YIRG", "product": 5, "quantity": 2, "price": "28.00", "discount": "10.00"}
GIFT: dict[str, Any] = {"id": 12, "sku": None, "product": None, "quantity": 1, "price": "20.00", "gift_card": True}
PLAIN: dict[str, Any] = {"total": "50.90", "subtotal": "46.00", "tax": "0.00", "discounts": "10.00", "shipping": "4.90"}
BACK: dict[str, Any] = {"id": 11, "subtotal": "23.00", "tax": "3.83"}


CASES: list[dict[str, Any]] = [
    {},
    {"status": "pending"},
    {"status": "partially_paid", "codes": [], "attributes": {}},
    {"codes": ["ANNA10", "FREE"], "attributes": {"kith": "k1.a k1.b", "kith_visitor": "v_9", "colour": "green"}},
    {"customer": None, "email": None, "phone": "+37360123456"},
    {"email": None, "customer": {"id": 7, "email": "eva@example.com", "phone": "+37360123456"}},
    {"cancelled": at(-5)},
    {"included": True, "lines": [{**LINE, "tax": "7.67"}], "amounts": {**PLAIN, "tax": "8.49"}},
    {"included": True, "lines": [{**LINE, "tax": "7.67"}], "shipping": [{"price": "4.90", "tax": "0.82"}]},
    {"lines": [LINE, GIFT], "amounts": {**PLAIN, "total": "70.90", "subtotal": "66.00"}},
    {"refunds": [refund(8, at(-9), "10.00")], "status": "partially_refunded"},
    {"refunds": [refund(8, at(-9), "10.00", status="pending"), refund(9, at(-8), "5.00", status="failure")]},
    {
        "refunds": [refund(8, at(-9), "31.73", lines=[BACK], shipping=[{"amount": "4.90", "tax": "0.00"}])],
        "now": {"total": "19.17", "subtotal": "23.00"},
    },
    {"refunds": [refund(8, at(-9), None, lines=[BACK])], "now": {"total": "27.90", "subtotal": "23.00"}},
    {"rate": ("USD", "1.0837")},
    {"rate": ("USD", "1.0837"), "refunds": [refund(8, at(-9), "29.08", lines=[BACK])]},
    {"rate": ("USD", "1.0837"), "refunds": [refund(8, at(-9), "10.00")], "status": "partially_refunded"},
]


@pytest.mark.parametrize("fields", CASES)
def test_a_webhook_and_a_poll_of_one_order_leave_equal_marks(fields: dict[str, Any]) -> None:
    webhook, listed = both(**fields)
    assert webhook == listed
    assert len(webhook.marks) == 1 + sum(
        one["amount"] is not None and one["status"] != "pending" for one in fields.get("refunds", [])
    )


def test_an_order_of_the_platforms_own_tests_is_passed_over() -> None:
    for topic, body in (("orders/updated", as_webhook), (polling().topic, as_node)):
        with pytest.raises(Ignored, match="test_order"):
            reported(topic, body(sold(NOW, 1, test=True)))


def test_no_delivery_is_read_as_what_a_poll_found() -> None:
    for topic in ("graphql", "poll"):
        named = PLATFORMS["shopify"].name_of(Asked({"x-shopify-topic": topic}, b"{}"))
        assert (named.topic, named.kind) == ("", "other")


def test_staff_see_figures_and_nobody() -> None:
    order = sold(
        NOW, 1, email="eva@example.com", customer={"id": 7, "email": "eva@example.com", "phone": "999 1234567"}
    )
    shown = without_people(json.dumps(as_node(order)).encode())
    assert '"amount": "50.9"' in shown
    assert '"displayFinancialStatus": "PAID"' in shown
    assert "ANNA10" in shown
    assert "eva@" not in shown
    assert "1234567" not in shown


def node(number: int, minute: float, *, more: bool = False, refunds: int = 0) -> dict[str, Any]:
    found = as_node(sold(at(minute), number, refunds=[refund(n, at(minute), "1.00") for n in range(refunds)]))
    found["lineItems"]["pageInfo"]["hasNextPage"] = more
    return found


def answer(*nodes: dict[str, Any], more: bool = True, left: float = 2000) -> bytes:
    edges = [{"cursor": f"c{one['legacyResourceId']}", "node": one} for one in nodes]
    status = {"maximumAvailable": 2000, "currentlyAvailable": left, "restoreRate": 100}
    cost = {"requestedQueryCost": 900, "actualQueryCost": 90, "throttleStatus": status}
    found = {"data": {"orders": {"edges": edges, "pageInfo": {"hasNextPage": more}}}, "extensions": {"cost": cost}}
    return json.dumps(found).encode()


def page(*nodes: dict[str, Any], cursor: str | None = None, **how: Any) -> Page:
    return polling().read({}, answer(*nodes, **how), WINDOW._replace(cursor=cursor))


def asked(cursor: str | None = None, size: int = 50) -> dict[str, Any]:
    question: Question = polling().ask(SHOP, WINDOW._replace(cursor=cursor, size=size))
    assert (question.method, question.url) == ("POST", "https://zerno.myshopify.com/admin/api/2026-10/graphql.json")
    assert question.headers["x-shopify-access-token"] == "shpat_1"
    found: dict[str, Any] = json.loads(question.content or b"")["variables"]
    return found


def test_a_page_goes_on_behind_the_last_order_and_at_a_time_once_some_minutes_are_behind() -> None:
    first = asked()
    assert (first["query"], first["after"], first["orders"]) == (
        "updated_at:>='2026-11-30T11:00:00Z' updated_at:<'2026-11-30T12:00:00Z'",
        None,
        4,
    )
    found = page(node(1, -59), node(2, -58))
    assert (len(found.bodies), found.cursor) == (2, "2026-11-30T11:00:00Z 0 c2")
    assert (asked(found.cursor)["after"], asked(found.cursor, size=1)["orders"]) == ("c2", 1)
    later = page(node(3, -30), cursor=found.cursor)
    assert later.cursor == "2026-11-30T11:30:00Z 0 "
    assert asked(later.cursor)["query"].startswith("updated_at:>='2026-11-30T11:30:00Z' ")
    assert asked(later.cursor)["after"] is None
    assert page(node(3, -30), cursor=found.cursor, more=False).cursor is None
    assert page(more=False) == Page([])


@pytest.mark.parametrize("large", [{"more": True}, {"refunds": 2}])
def test_an_order_that_is_larger_than_its_room_is_asked_for_by_itself(large: dict[str, Any]) -> None:
    found = page(node(1, -59), node(2, -58, **large), node(3, -57))
    assert (len(found.bodies), found.cursor) == (1, "2026-11-30T11:00:00Z 1 c1")
    alone = asked(found.cursor)
    assert (alone["orders"], alone["lines"], alone["after"]) == (1, 50, "c1")
    whole = page(node(2, -58, refunds=2), cursor=found.cursor)
    assert (len(whole.bodies), whole.cursor) == (1, "2026-11-30T11:00:00Z 0 c2"), "and then some at a time again"
    cursor: str | None = found.cursor
    for room in (2, 3):
        cursor = page(node(2, -58, more=True), cursor=cursor).cursor
        assert cursor == f"2026-11-30T11:00:00Z {room} c1"
    last = page(node(2, -58, more=True), cursor=cursor)
    assert last.cursor == "2026-11-30T11:00:00Z 0 c2"
    assert json.loads(last.bodies[0])[CUT] is True
    with pytest.raises(Invalid):
        reported(polling().topic, json.loads(last.bodies[0]))


def errors(code: str | None, **cost: Any) -> bytes:
    error = {"message": "no", **({"extensions": {"code": code}} if code else {})}
    return json.dumps({"errors": [error], "data": None, "extensions": {"cost": cost}}).encode()


def test_an_app_that_may_not_see_addresses_gets_the_orders_without_their_countries() -> None:
    seen = node(1, -59)
    denied = [
        {"message": "no", "extensions": {"code": "ACCESS_DENIED"}, "path": ["orders", "edges", 0, "node", name]}
        for name in ("shippingAddress", "billingAddress")
    ]
    listed = json.loads(answer({**seen, "shippingAddress": None, "billingAddress": None}, more=False))
    [body] = polling().read({}, json.dumps({**listed, "errors": denied}).encode(), WINDOW).bodies
    [order] = reported(polling().topic, json.loads(body)).orders
    assert (order.customer.email, order.country) == ("friend@example.com", None)
    other = {**denied[0], "path": ["orders", "edges", 0, "node", "email"]}
    with pytest.raises(Refused):
        polling().read({}, json.dumps({**listed, "errors": [*denied, other]}).encode(), WINDOW)


def test_points_that_are_used_up_are_waited_for() -> None:
    assert page(node(1, -59), left=1000).wait == timedelta()
    assert page(node(1, -59), left=400).wait == timedelta(seconds=5)
    status = {"currentlyAvailable": 100, "restoreRate": 50}
    with pytest.raises(Busy) as busy:
        polling().read({}, errors("THROTTLED", requestedQueryCost=900, throttleStatus=status), WINDOW)
    assert busy.value.wait == timedelta(seconds=16)
    with pytest.raises(Busy) as busy:
        polling().read({}, errors("THROTTLED"), WINDOW)
    assert busy.value.wait == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("code", "raised"),
    [("ACCESS_DENIED", Refused), ("MAX_COST_EXCEEDED", TooDear), ("undefinedField", Invalid), (None, Invalid)],
)
def test_an_answer_with_errors_is_no_page(code: str | None, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        polling().read({}, errors(code), WINDOW)
