"""Every platform at the one door: its delivery is kept and decided, and what proves nothing is refused."""

import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.connectors.accounts import actions as accounts
from services.connectors.connections import work as app_calls
from services.connectors.connections.actions import APP_CALL
from services.connectors.inbox.actions import reconcile
from services.connectors.inbox.work import TASK_KINDS
from services.kernel.outbound import Answer, Outbound, OutboundError
from services.kernel.work.worker import Worker
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.integration.connectors.test_connections import connect
from tests.support import deliveries
from tests.support.connectors import Pair
from tests.support.deliveries import Sent
from tests.support.edge import OPENING, SEALING, make_context
from tests.support.wait import until

SECRET = "a-secret-of-the-platform"
STRIPE_SECRET = "whsec_0123456789abcdefghij"
ACCESS = {"user": "app", "password": "of the shop"}


async def put(http: httpx.AsyncClient, connection: Mapping[str, Any], sent: Sent) -> httpx.Response:
    return await http.post(httpx.URL(connection["url"]).path, content=sent.body, headers=sent.headers)


async def found(both: Pair, order_id: str) -> dict[str, Any]:
    await both.pump([SHOP])
    shown: dict[str, Any] = (await both.http.get(f"/v1/orders/{order_id}", headers=SECRET_KEY)).json()
    return shown


async def test_woocommerce_from_its_ping_to_a_refund(both: Pair) -> None:
    http = both.http
    shop = await connect(http, "woocommerce", secret=SECRET)
    path = httpx.URL(shop["url"]).path
    ping = await http.post(path, content=b"webhook_id=7", headers={"content-type": "application/x-www-form-urlencoded"})
    assert (ping.status_code, ping.json()) == (200, {"outcome": "ping"})
    unpaid = deliveries.woo_order(NOW, status="pending", date_paid_gmt=None, date_modified_gmt=deliveries.gmt(NOW))
    assert (await put(http, shop, deliveries.woocommerce(unpaid, SECRET, "order.created"))).json() == {
        "outcome": "taken"
    }
    assert (await found(both, "727"))["decision"]["status"] == "pending"
    paid = deliveries.woocommerce(deliveries.woo_order(NOW, date_modified_gmt=deliveries.gmt(NOW)), SECRET)
    answers = [(await put(http, shop, paid)).json()["outcome"] for _ in range(2)]
    assert answers == ["taken", "duplicate"]
    order = await found(both, "727")
    assert (order["decision"]["status"], order["decision"]["winner"]["kind"]) == ("attributed", "code")
    refunded = deliveries.woo_order(NOW, refunds=[{"id": 8, "reason": "", "total": "-10.00"}])
    # Deleted now, which is later than all that it said before.
    refunded["date_modified_gmt"] = deliveries.gmt(NOW)
    await put(http, shop, deliveries.woocommerce(refunded, SECRET))
    assert (await found(both, "727"))["refunded_minor"] == 1000
    await put(http, shop, deliveries.woocommerce({"id": 727}, SECRET, "order.deleted"))
    assert (await found(both, "727"))["cancelled"] is True
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert (await reconcile(tx, SHOP)).acked == 4, "a ping is no delivery"


async def test_stripe_pays_an_order_later_a_refund_fails_and_a_chargeback_is_won(both: Pair) -> None:
    http = both.http
    shop = await connect(http, "stripe", secret=STRIPE_SECRET)

    async def deliver(type_: str, thing: Mapping[str, Any], hours: int = 0) -> str:
        event = deliveries.stripe_event(type_, thing, NOW + timedelta(hours=hours))
        answer = await put(http, shop, deliveries.stripe(event, STRIPE_SECRET))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["outcome"])

    session = deliveries.stripe_session(NOW, payment_status="unpaid")
    assert await deliver("checkout.session.completed", session) == "taken"
    assert (await found(both, "pi_1"))["decision"]["status"] == "pending"
    assert await deliver("checkout.session.async_payment_succeeded", session | {"payment_status": "paid"}, 1) == "taken"
    assert (await found(both, "pi_1"))["decision"]["status"] == "attributed"
    refund = {"id": "re_1", "payment_intent": "pi_1", "amount": 1000, "currency": "eur", "status": "succeeded"}
    await deliver("refund.created", refund, 2)
    assert (await found(both, "pi_1"))["refunded_minor"] == 1000
    await deliver("refund.failed", refund | {"status": "failed"}, 3)
    assert (await found(both, "pi_1"))["refunded_minor"] == 0
    dispute = {"id": "du_1", "payment_intent": "pi_1", "charge": "ch_1", "amount": 5090, "currency": "eur"}
    assert await deliver("charge.dispute.created", dispute | {"status": "needs_response"}, 4) == "ignored"
    await deliver("charge.dispute.funds_withdrawn", dispute | {"status": "needs_response"}, 4)
    assert (await found(both, "pi_1"))["refunded_minor"] == 5090
    await deliver("charge.dispute.funds_reinstated", dispute | {"status": "won"}, 5)
    assert (await found(both, "pi_1"))["refunded_minor"] == 0


@pytest.mark.parametrize("seed", range(4))
async def test_what_stripe_takes_back_of_a_payment_reaches_the_invoice_whichever_comes_first(
    both: Pair, seed: int
) -> None:
    shop = await connect(both.http, "stripe", secret=STRIPE_SECRET, order_prefix="s-")
    first = {"id": "in_1", "status": "paid", "currency": "eur", "total": 5090, "billing_reason": "subscription_cycle"}
    pair = {"id": "inpay_1", "invoice": "in_1", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}
    refund = {"id": "re_1", "payment_intent": "pi_1", "charge": "ch_1", "amount": 1000, "currency": "eur"}
    dispute = {"id": "du_1", "payment_intent": "pi_1", "charge": "ch_1", "amount": 2000, "currency": "eur"}
    events: list[tuple[str, dict[str, Any], int]] = [
        ("invoice.paid", first, 0),
        ("invoice_payment.paid", pair, 0),
        ("refund.created", refund | {"status": "succeeded"}, 1),
        ("charge.dispute.funds_withdrawn", dispute | {"status": "needs_response"}, 2),
        ("refund.created", refund | {"id": "re_2", "amount": 90, "status": "succeeded"}, 3),
        ("refund.failed", refund | {"id": "re_2", "amount": 90, "status": "failed"}, 4),
        ("refund.created", refund | {"id": "re_3", "payment_intent": "pi_9", "status": "succeeded"}, 5),
    ] * 2
    random.Random(seed).shuffle(events)
    for type_, thing, hours in events:
        event = deliveries.stripe_event(type_, thing, NOW + timedelta(hours=hours), api_version="2025-09-30.clover")
        assert (await put(both.http, shop, deliveries.stripe(event, STRIPE_SECRET))).status_code == 200
    order = await found(both, "s-in_1")
    assert order["refunded_minor"] == 3000


async def test_tilda_is_believed_by_its_address(both: Pair) -> None:
    http = both.http
    for body in ({"platform": "tilda"}, {"platform": "tilda", "secret": "short-one", "options": {"currency": "RUB"}}):
        assert (await http.post("/v1/connections", headers=SECRET_KEY, json=body)).status_code == 422
    shop = await connect(http, "tilda", options={"currency": "EUR", "paid_on_arrival": True})
    assert shop["url"].endswith(shop["secret"])
    shown = (await http.get(f"/v1/connections/{shop['id']}", headers=SECRET_KEY)).json()
    assert shown["url"].endswith(f"/in/tilda/{shop['id']}/…")
    assert (await put(http, shop, deliveries.tilda({"test": "test"}))).json() == {"outcome": "ignored"}
    form = deliveries.tilda(deliveries.tilda_form())
    assert (await put(http, shop, form)).json() == {"outcome": "taken"}
    order = await found(both, "1544278430")
    assert (order["decision"]["status"], order["total_minor"]) == ("attributed", 509_000)
    for behind in ("", "/", "/wrong", f"/{shop['secret']}x", "/%D0%B9" * 5, f"/{shop['secret']}/more"):
        path = f"/in/tilda/{shop['id']}{behind}"
        assert (await http.post(path, content=form.body, headers=form.headers)).status_code == 401, path


class Shop(Outbound):
    """A shop that answers with its orders, to who knows its password."""

    def __init__(self, orders: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        self.orders = orders
        self.asked: list[str] = []
        self.away = 0

    async def send(self, method: str, url: str, **how: Any) -> Answer:
        self.asked.append(url)
        if self.away:
            self.away -= 1
            raise OutboundError("unreachable")
        if how["headers"]["authorization"] != "Basic YXBwOm9mIHRoZSBzaG9w":
            return Answer(401, {}, b"")
        order = self.orders.get(url.rpartition("/")[2].removesuffix(".json"))
        return Answer(404, {}, b"") if order is None else Answer(200, {}, json.dumps(order).encode())


@asynccontextmanager
async def working(both: Pair, shop: Shop) -> AsyncIterator[None]:
    context = make_context(both.db, name="connectors", sealing=SEALING, opening=OPENING)
    context.outbound = shop
    worker = Worker(context, [*TASK_KINDS, *app_calls.TASK_KINDS])
    worker.start()
    try:
        yield
    finally:
        await worker.stop()


async def test_insales_counts_what_the_shop_answers_and_nothing_that_somebody_wrote(both: Pair) -> None:
    http = both.http
    no_access = await http.post(
        "/v1/connections", headers=SECRET_KEY, json={"platform": "insales", "host": "a.example"}
    )
    assert no_access.status_code == 422
    shop = await connect(http, "insales", host="Shop.MyInSales.ru", access=ACCESS)
    real = deliveries.insales_order(
        NOW, total_price=50.90, items_price=46.0, full_delivery_price=4.90, currency_code="EUR"
    )
    answering = Shop({"4432": real})
    answering.away = 1
    forged = json.dumps(real | {"total_price": 1_000_000}).encode()
    assert (await put(http, shop, Sent({}, forged))).json() == {"outcome": "taken"}
    assert (await put(http, shop, Sent({}, b'<order><id type="integer">99</id></order>'))).status_code == 200
    await both.all_read([SHOP])
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert await tx.scalar("select count(*) from outbox where topic = 'kith.orders'") == 0
    async with working(both, answering):

        async def read_back() -> bool:
            async with both.db.transaction(stores=[SHOP]) as tx:
                return bool(await tx.scalar("select count(*) from outbox where topic = 'kith.orders'"))

        await until(read_back, what="the order was read back", within=60)

        async def unanswered() -> dict[str, str | None]:
            # Asked for a second time at once: no test waits until a shop may have it.
            async with both.db.transaction(stores=[SHOP]) as tx:
                await tx.execute("update work_tasks set due = now() where reason = 'http_404' and state = 'waiting'")
                rows = await tx.all("select order_id, reason from deliveries where outcome = 'failed'")
            return {row.order_id: row.reason for row in rows}

        assert await until(unanswered, what="an order that nobody has is told", within=60) == {"99": "http_404"}
    assert sum(url.endswith("/99.json") for url in answering.asked) == 2
    assert set(answering.asked) == {f"https://shop.myinsales.ru/admin/orders/{n}.json" for n in ("4432", "99")}
    order = await found(both, "4432")
    assert (order["total_minor"], order["decision"]["status"]) == (5090, "attributed")
    async with both.db.transaction(stores=[SHOP]) as tx:
        account = await reconcile(tx, SHOP)
    assert (account.acked, account.difference, account.outcomes["taken"], account.outcomes["failed"]) == (3, 0, 2, 1)


async def test_what_an_ended_connection_was_to_be_asked_is_no_order_and_its_password_leaves(both: Pair) -> None:
    http = both.http
    shop = await connect(http, "insales", host="shop.myinsales.ru", access=ACCESS)
    assert (await put(http, shop, Sent({}, b'{"id": 4432}'))).json() == {"outcome": "taken"}
    await both.all_read([SHOP])
    assert (await http.delete(f"/v1/connections/{shop['id']}", headers=SECRET_KEY)).status_code == 204
    answering = Shop({"4432": deliveries.insales_order(NOW)})
    async with working(both, answering):

        async def outcome() -> str:
            async with both.db.transaction(stores=[SHOP]) as tx:
                assert await tx.scalar("select access is null and former_secret is null from hooks")
                found: str = await tx.scalar("select outcome || ' ' || coalesce(reason, '') from deliveries")
            return found if "taken" not in found else ""

        assert await until(outcome, what="nobody is asked") == "ignored connection_ended"
    assert answering.asked == []


async def test_what_no_shop_answered_has_failed_and_can_be_asked_again(both: Pair) -> None:
    http = both.http
    shop = await connect(http, "insales", host="shop.myinsales.ru", access=ACCESS | {"password": "a wrong one"})
    await put(http, shop, Sent({}, b'{"id": 4432}'))
    await both.all_read([SHOP])
    kind = replace(TASK_KINDS[0], retries=())
    context = make_context(both.db, name="connectors", sealing=SEALING)
    context.outbound = Shop({})
    worker = Worker(context, [kind])
    worker.start()
    try:

        async def failed() -> bool:
            async with both.db.transaction(stores=[SHOP]) as tx:
                return bool(await tx.scalar("select reason = 'http_401' from deliveries where outcome = 'failed'"))

        await until(failed, what="the delivery has failed", within=60)
    finally:
        await worker.stop()


async def test_an_installed_app_learns_its_password_and_another_host_drops_it(both: Pair) -> None:
    http = both.http
    shop = await connect(http, "insales", host="shop.myinsales.ru", access={"user": "app", "app_secret": "mysecret"})
    path = httpx.URL(shop["url"]).path
    assert not shop["has_access"]
    query = {"shop": "shop.myinsales.ru", "token": "token123", "insales_id": "5"}
    for wrong in (
        {"url": path + "x/install", "params": query},
        {"url": path + "/install", "params": query | {"shop": "evil.example"}},
        {"url": path + "/install", "params": query | {"token": ""}},
        {"url": f"/in/insales/con_nobody/{shop['secret']}/install", "params": query},
    ):
        assert (await http.get(**wrong)).status_code == 401  # type: ignore[arg-type]

    async def has_access() -> bool:
        shown = await http.get(f"/v1/connections/{shop['id']}", headers=SECRET_KEY)
        return bool(shown.json()["has_access"])

    async def taken() -> bool:
        async with both.db.transaction(stores=[SHOP]) as tx:
            waits = "select count(*) from work_tasks where kind = :kind and state = 'waiting'"
            return not await tx.scalar(waits, kind=APP_CALL)

    async def call(what: str, params: dict[str, str]) -> bool:
        """Whether the shop's orders can be read once the platform's call was worked out."""
        assert (await http.get(f"{path}/{what}", params=params)).status_code == 200
        await until(taken, within=60, what="the call was worked out")
        return await has_access()

    # MD5 of the token and the secret, as the platform's own example has it.
    removed = query | {"token": "4c3f4c197336eb97475506e71c839c71"}
    await accounts.publish(make_context(both.db, name="connectors", sealing=SEALING, opening=OPENING))
    async with working(both, Shop({})):
        assert await call("install", query)
        assert await call("uninstall", query), "another token ends nothing"
        assert not await call("uninstall", removed)
        assert await call("install", query)
    moved = await http.patch(f"/v1/connections/{shop['id']}", headers=SECRET_KEY, json={"host": "other.example"})
    assert (moved.status_code, moved.json()["has_access"]) == (200, False)
    refused = await http.patch(f"/v1/connections/{shop['id']}", headers=SECRET_KEY, json={"host": "127.0.0.1"})
    assert refused.status_code == 422
    assert (await http.get(path + "/install", params=query | {"shop": "other.example"})).status_code == 401
