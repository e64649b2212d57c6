"""Deliveries of six platforms, shuffled, each sent up to five times, come to what the clean run comes to.

The usual dose is some three hundred of them; sixteen times that are five thousand.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.connectors.inbox.actions import reconcile
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.integration.connectors.test_connections import connect, saved
from tests.integration.connectors.test_platforms_in import SECRET, STRIPE_SECRET, put
from tests.support import deliveries
from tests.support.attribution import ambassador, arrive, code, program
from tests.support.chance import chance, examples, tally
from tests.support.connectors import Pair, paid_order, served, signed
from tests.support.deliveries import Sent
from tests.support.postgres import FreshDatabase

ORDERS = examples(6)
"""Of each platform."""
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SHOPS: dict[str, dict[str, Any]] = {
    "woocommerce": {"secret": SECRET, "order_prefix": "w-"},
    "stripe": {"secret": STRIPE_SECRET, "order_prefix": "s-"},
    "shopify": {"secret": SECRET, "order_prefix": "y-"},
    "generic": {"secret": KEY, "order_prefix": ""},
    "bitrix": {"secret": KEY, "order_prefix": "b-"},
    "tilda": {"options": {"currency": "EUR", "paid_on_arrival": True}, "order_prefix": "t-"},
}


def woocommerce(number: int) -> Iterator[Sent]:
    who = {"customer_id": 100 + number, "billing": {"email": f"w{number}@example.com"}, "id": number}
    yield deliveries.woocommerce(
        deliveries.woo_order(NOW, **who, status="pending", date_paid_gmt=None, date_modified_gmt=deliveries.gmt(NOW)),
        SECRET,
        "order.created",
    )
    yield deliveries.woocommerce(deliveries.woo_order(NOW, **who), SECRET)
    later = deliveries.gmt(NOW + timedelta(hours=1))
    refunds = [{"id": 10 * number, "total": "-10.00"}]
    yield deliveries.woocommerce(deliveries.woo_order(NOW, **who, refunds=refunds, date_modified_gmt=later), SECRET)
    if number % 3 == 0:
        last = deliveries.gmt(NOW + timedelta(hours=2))
        over = deliveries.woo_order(NOW, **who, refunds=refunds, date_modified_gmt=last, status="cancelled")
        yield deliveries.woocommerce(over, SECRET)


def stripe(number: int) -> Iterator[Sent]:
    session = deliveries.stripe_session(
        NOW,
        id=f"cs_{number}",
        payment_intent=f"pi_{number}",
        customer=f"cus_{number}",
        customer_details={"email": f"s{number}@example.com"},
        payment_status="unpaid",
    )
    refund = {"id": f"re_{number}", "payment_intent": f"pi_{number}", "amount": 900, "currency": "eur"}
    told = [
        ("checkout.session.completed", session, 0),
        ("checkout.session.async_payment_succeeded", session | {"payment_status": "paid"}, 1),
        ("refund.created", refund | {"status": "succeeded"}, 2),
    ]
    if number % 2 == 0:
        told.append(("refund.failed", refund | {"status": "failed"}, 3))
    for type_, thing, hours in told:
        yield deliveries.stripe(deliveries.stripe_event(type_, thing, NOW + timedelta(hours=hours)), STRIPE_SECRET)


def shopify(number: int) -> Iterator[Sent]:
    who = {"email": f"y{number}@example.com", "customer": {"id": 300 + number}, "created_at": NOW.isoformat()}
    money = [{"kind": "refund", "status": "success", "amount": "5.00", "currency": "EUR"}]
    refund = {"id": number, "order_id": number, "created_at": NOW.isoformat(), "transactions": money}
    bodies = [
        (paid_order(number, **who, financial_status="pending", updated_at=NOW.isoformat()), "orders/create"),
        (paid_order(number, **who, updated_at=(NOW + timedelta(minutes=1)).isoformat()), "orders/paid"),
        (json.dumps(refund).encode(), "refunds/create"),
    ]
    for body, topic in bodies:
        yield Sent(signed(body, topic, secret=SECRET), body)


def generic(number: int) -> Iterator[Sent]:
    who = {"order_id": f"g-{number}", "customer": {"id": f"g{number}"}, "tokens": []}
    yield deliveries.generic(saved(**who), KEY, name=f"msg_{number}")
    told = {"order_id": f"g-{number}", "refund_id": "1", "amount_minor": 700, "at": NOW.isoformat()}
    body = json.dumps({"type": "order.refunded", "data": told}).encode()
    yield deliveries.generic(body, KEY, name=f"msg_{number}_refund")


def tilda(number: int) -> Iterator[Sent]:
    yield deliveries.tilda(
        deliveries.tilda_form(**{"payment[orderid]": str(number), "Email": f"t{number}@example.com"})
    )


STORIES = {
    "woocommerce": woocommerce,
    "stripe": stripe,
    "shopify": shopify,
    "generic": generic,
    "bitrix": generic,
    "tilda": tilda,
}


def all_of_them() -> list[tuple[str, Sent]]:
    """What the shops send, signed now: a signature is good for five minutes."""
    return [(name, one) for name, story in STORIES.items() for number in range(1, ORDERS + 1) for one in story(number)]


async def order_ids(both: Pair) -> list[str]:
    """Of all orders that are known."""
    found: list[str] = []
    more: dict[str, Any] = {"limit": 100}
    while True:
        page = (await both.http.get("/v1/orders", headers=SECRET_KEY, params=more)).json()
        found += [str(one["order_id"]) for one in page["data"]]
        if page["next_cursor"] is None:
            return found
        more["cursor"] = page["next_cursor"]


async def outcome(both: Pair, sent: Sequence[tuple[str, Sent]], *, at_once: int) -> tuple[list[Any], int]:
    """What all orders came to, and how many facts are known, once these were delivered."""
    await arrive(both.attribution, program(store=SHOP), ambassador(store=SHOP), code(store=SHOP))
    shops = {name: await connect(both.http, name, **fields) for name, fields in SHOPS.items()}
    for start in range(0, len(sent), at_once):
        answers = await asyncio.gather(
            *(put(both.http, shops[name], one) for name, one in sent[start : start + at_once])
        )
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    await both.pump([SHOP])
    orders = []
    for order_id in sorted(await order_ids(both)):
        one = (await both.http.get(f"/v1/orders/{order_id}", headers=SECRET_KEY)).json()
        decision = one["decision"]
        orders.append(
            {
                **{name: one[name] for name in ("order_id", "total_minor", "refunded_minor", "cancelled", "currency")},
                **{name: decision.get(name) for name in ("status", "reason", "ambassador_id", "program_id")},
            }
        )
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert (await reconcile(tx, SHOP)).difference == 0
    async with both.attribution.transaction(stores=[SHOP]) as tx:
        return orders, await tx.scalar("select count(*) from order_facts") or 0


async def test_shuffled_and_repeated_they_come_to_the_same_orders(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    sent = all_of_them()
    async with served(await fresh_database("connectors", "attribution"), tmp_path / "a") as clean:
        expected, facts = await outcome(clean, sent, at_once=1)
    random = chance("deliveries of six platforms")
    many = [one for one in sent for _ in range(random.randint(1, 5))]
    random.shuffle(many)
    tally("deliveries of six platforms, shuffled and repeated", len(many))
    async with served(await fresh_database("connectors", "attribution"), tmp_path / "b") as mixed:
        found, known = await outcome(mixed, many, at_once=8)
        webhook = json.loads(saved(order_id="g-1", customer={"id": "g1"}, tokens=[]))["data"]
        assert (await mixed.http.post("/v1/orders", headers=SECRET_KEY, json=webhook)).status_code == 202
        await mixed.pump([SHOP])
        async with mixed.attribution.transaction(stores=[SHOP]) as tx:
            assert await tx.scalar("select count(*) from order_facts") == known, "told by the API as well, one order"
    assert len(expected) == ORDERS * len(SHOPS)
    assert {one["status"] for one in expected} >= {"attributed"}
    assert found == expected
    assert known == facts
