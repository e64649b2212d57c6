"""Polls of InSales and Stripe: each as its platform pages, limits and words it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.integration.attribution.world import SECRET_KEY, SHOP
from tests.integration.connectors.test_connections import connect
from tests.support import deliveries
from tests.support.connectors import Pair
from tests.support.polling import ended, gaps_of, looked, polling
from tests.support.shops import insales, stripe
from tests.support.shops.base import PASSWORD, USER
from tests.support.shops.insales import InSales
from tests.support.shops.stripe import Stripe
from tests.support.wait import until

STRIPE_SECRET = "whsec_0123456789abcdefghij"


def ago(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


async def order_of(both: Pair, order_id: str) -> dict[str, Any]:
    await both.pump([SHOP])
    answer = await both.http.get(f"/v1/orders/{order_id}", headers=SECRET_KEY)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def insales_shop(both: Pair) -> dict[str, Any]:
    return await connect(both.http, "insales", host=insales.HOST, access={"user": USER, "password": PASSWORD})


async def test_insales_is_asked_by_time_and_id_and_what_was_read_back_is_known(both: Pair) -> None:
    shop, connection = InSales(), await insales_shop(both)
    eur = {"currency_code": "EUR", "total_price": 50.9, "full_delivery_price": 4.9}
    shop.put(ago(9), 1, **eur)
    async with polling(both, shop):
        path = httpx.URL(connection["url"]).path
        assert (await both.http.post(path, content=b'{"id": 1}')).status_code == 200

        async def read_back() -> bool:
            async with both.db.transaction(stores=[SHOP]) as tx:
                return bool(await tx.scalar("select count(*) from deliveries where topic = 'read-back'"))

        await until(read_back, within=60, what="the order was read back")
        at = ago(8)
        for number in range(2, 110):  # a bulk edit: all of one moment
            shop.put(at, number, **eur)
        shop.put(ago(7), 1, total_price=40.9, currency_code="EUR")
        seen = await looked(both, connection)
        assert (seen["reason"], seen["missed"], seen["changed"]) == (None, 108, 1)
        assert [one.get("from_id") for one in shop.asked[-3:]] == [None, "51", "101"]
        assert (await order_of(both, "1"))["total_minor"] == 4090
        shop.put(ago(6), 2, fulfillment_status="returned")
        seen = await looked(both, connection)
        assert (seen["missed"], seen["changed"]) == (0, 1)
        assert (await order_of(both, "2"))["cancelled"] is True


async def test_insales_calls_that_are_used_up_are_waited_for(both: Pair) -> None:
    shop, connection = InSales(), await insales_shop(both)
    shop.CALLS = 4
    for number in range(1, 250):
        shop.put(ago(9) + timedelta(seconds=number), number)
    async with polling(both, shop):
        await both.http.post(f"/v1/connections/{connection['id']}/poll", headers=SECRET_KEY, json={})

        async def waits() -> bool:
            async with both.db.transaction() as tx:
                await tx.execute(
                    "update work_tasks set due = now() where kind = 'poll' and reason = 'more' and leased_until is null"
                    " and due < now() + interval '3 seconds'"
                )
                due = "select due - now() > interval '30 seconds' from work_tasks where kind = 'poll'"
                return bool(await tx.scalar(due))

        await until(waits, within=60, what="the platform is left in peace before its calls are used up")
        assert shop.used == 4
        shop.used = 0
        assert (await ended(both, connection))["missed"] == 249


async def deliver(both: Pair, connection: dict[str, Any], event: dict[str, Any]) -> str:
    sent = deliveries.stripe(event, STRIPE_SECRET)
    answer = await both.http.post(httpx.URL(connection["url"]).path, content=sent.body, headers=sent.headers)
    assert answer.status_code == 200, answer.text
    await both.all_read([SHOP])  # the answer leaves before it is read
    return str(answer.json()["outcome"])


async def stripe_account(both: Pair) -> dict[str, Any]:
    return await connect(both.http, "stripe", secret=STRIPE_SECRET, access={"password": stripe.KEY})


async def test_stripe_events_that_no_endpoint_got_are_found_by_what_they_say(both: Pair) -> None:
    shop, connection = Stripe(), await stripe_account(both)
    at = ago(9)
    unpaid = deliveries.stripe_session(at, payment_status="unpaid")
    await deliver(both, connection, shop.happened("checkout.session.completed", unpaid, at))
    shop.happened("checkout.session.async_payment_succeeded", unpaid | {"payment_status": "paid"}, ago(8))
    other = deliveries.stripe_session(at, id="cs_live_2", payment_intent="pi_2")
    await deliver(both, connection, shop.happened("checkout.session.completed", other, at))
    refund = {"id": "re_1", "payment_intent": "pi_2", "amount": 1000, "currency": "eur", "status": "succeeded"}
    shop.happened("refund.created", refund, ago(7))
    third = deliveries.stripe_session(at, id="cs_live_3", payment_intent="pi_3")
    shop.happened("checkout.session.completed", third, at)
    shop.happened("checkout.session.completed", third | {"payment_intent": "pi_4"}, at, livemode=False)
    async with polling(both, shop):
        seen = await looked(both, connection)
        assert (seen["reason"], seen["missed"], seen["changed"]) == (None, 1, 2)
        assert await gaps_of(both, connection) == {"pi_1": "changed", "pi_2": "changed", "pi_3": "missed"}
        assert (await order_of(both, "pi_1"))["decision"]["status"] == "attributed"
        assert (await order_of(both, "pi_2"))["refunded_minor"] == 1000
        assert ((await looked(both, connection))["missed"], len(await gaps_of(both, connection))) == (0, 3)


@pytest.mark.parametrize("polled", ["2023-10-16", "2024-12-18.acacia"])
@pytest.mark.parametrize("poll_first", [False, True])
async def test_a_refund_counts_once_where_endpoint_and_account_have_two_versions_of_stripes_api(
    both: Pair, polled: str, poll_first: bool
) -> None:
    shop, connection, version = Stripe(), await stripe_account(both), "2025-09-30.clover"
    invoice = {"id": "in_1", "status": "paid", "currency": "eur", "total": 5090, "billing_reason": "subscription_cycle"}
    charge = {"id": "ch_1", "payment_intent": "pi_1", "invoice": "in_1", "currency": "eur"}

    async def delivered(type_: str, thing: dict[str, Any], at: datetime) -> None:
        await deliver(both, connection, deliveries.stripe_event(type_, thing, at, api_version=version))

    async def refunded(number: int, amount: int, of_all: int, at: datetime) -> None:
        """The account lists it in its own version, the endpoint is told in another."""
        one = {"id": f"re_{number}", "payment_intent": "pi_1", "charge": "ch_1", "amount": amount, "currency": "eur"}
        one |= {"status": "succeeded"}
        shop.happened("refund.created", one, at, api_version=polled)
        shop.happened("charge.refunded", charge | {"amount_refunded": of_all}, at, api_version=polled)
        if poll_first:
            await looked(both, connection)
        await delivered("refund.created", one, at)
        await delivered("charge.refunded", charge | {"invoice": None, "amount_refunded": of_all}, at)
        await looked(both, connection)

    pair = {"invoice": "in_1", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}
    await delivered("invoice.paid", invoice, ago(9))
    await delivered("invoice_payment.paid", pair, ago(9))
    async with polling(both, shop):
        await refunded(1, 1000, 1000, ago(8))
        assert (await order_of(both, "in_1"))["refunded_minor"] == 1000
        await refunded(2, 500, 1500, ago(7))
        assert (await order_of(both, "in_1"))["refunded_minor"] == 1500
        if not poll_first and polled < "2024-10-28":
            assert not await gaps_of(both, connection), "what the endpoint told in its words is no news"


async def test_stripes_pages_are_walked_and_a_key_that_opens_nothing_stops_the_poll(both: Pair) -> None:
    shop, connection = Stripe(), await stripe_account(both)
    for number in range(120):
        session = deliveries.stripe_session(ago(9), id=f"cs_live_{number}", payment_intent=f"pi_{number}")
        shop.happened("checkout.session.completed", session, ago(9) + timedelta(seconds=number))
    async with polling(both, shop):
        assert (await looked(both, connection))["missed"] == 120
        assert [one.get("starting_after") for one in shop.asked] == [None, "evt_70", "evt_20"]
        shop.forbidden = True
        seen = await looked(both, connection)
        assert (seen["state"], seen["reason"]) == ("stopped", "http_403")
        assert json.dumps(seen).count(stripe.KEY) == 0


async def test_stripe_is_asked_once_what_a_promotion_code_is_whoever_tells_of_it(both: Pair) -> None:
    shop = Stripe()
    shop.promotion_codes["promo_theirs"] = "ANNA10"
    connection = await connect(both.http, "stripe", secret=STRIPE_SECRET, access={"password": stripe.KEY})

    def bought(number: int, promotion_code: str) -> dict[str, Any]:
        return deliveries.stripe_session(
            ago(9),
            id=f"cs_{number}",
            payment_intent=f"pi_{number}",
            customer=f"cus_{number}",
            customer_details={"email": f"friend{number}@example.com"},
            metadata={},
            discounts=[{"coupon": None, "promotion_code": promotion_code}],
        )

    async def attributed(order_id: str) -> bool:
        return bool((await order_of(both, order_id))["decision"]["status"] == "attributed")

    async with polling(both, shop):
        event = deliveries.stripe_event("checkout.session.completed", bought(1, "promo_theirs"), ago(9))
        sent = deliveries.stripe(event, STRIPE_SECRET)
        await both.http.post(httpx.URL(connection["url"]).path, content=sent.body, headers=sent.headers)
        await until(lambda: attributed("pi_1"), within=60, what="the webhook's order is credited")
        shop.happened("checkout.session.completed", bought(2, "promo_theirs"), ago(8))
        shop.happened("checkout.session.completed", bought(3, "promo_of_nobody"), ago(7))
        assert (await looked(both, connection))["missed"] == 2
        await until(lambda: attributed("pi_2"), within=60, what="the order that a poll found is credited")

        async def nothing_waits() -> bool:
            async with both.db.transaction(stores=[SHOP]) as tx:
                return not await tx.scalar(
                    "select count(*) from work_tasks where kind = 'name-code' and state = 'waiting'"
                )

        await until(nothing_waits, within=60, what="all codes were asked for")
    assert sorted(shop.codes_asked) == ["promo_of_nobody", "promo_theirs"]
    assert (await order_of(both, "pi_3"))["decision"]["status"] == "unattributed"
