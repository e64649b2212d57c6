"""Deliveries of all platforms, shuffled, each sent up to five times, come to what the clean run comes to: the same
decisions, the same rewards and the same ledger, byte for byte.

The usual dose is some three hundred of them, and five thousand and more in `make prove`.
"""

import asyncio
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from services.connectors.inbox.actions import reconcile
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.integration.connectors.test_connections import connect, saved
from tests.integration.connectors.test_platforms_in import SECRET, STRIPE_SECRET, put
from tests.support import deliveries
from tests.support.attribution import ambassador, arrive, code, program
from tests.support.chance import chance, examples, tally
from tests.support.connectors import Pair, paid_order, served, signed
from tests.support.deliveries import Sent
from tests.support.polling import polling
from tests.support.postgres import FreshDatabase
from tests.support.shops import insales as insales_shop
from tests.support.shops.base import PASSWORD, USER
from tests.support.shops.insales import InSales
from tests.support.wait import until
from tests.unit.rewards.build import configured

ORDERS = examples(6, proof=100)
"""Of each platform."""
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SHOPS: dict[str, dict[str, Any]] = {
    "woocommerce": {"secret": SECRET, "order_prefix": "w-"},
    "stripe": {"secret": STRIPE_SECRET, "order_prefix": "s-"},
    "shopify": {"secret": SECRET, "order_prefix": "y-"},
    "generic": {"secret": KEY, "order_prefix": ""},
    "bitrix": {"secret": KEY, "order_prefix": "b-"},
    "tilda": {"options": {"currency": "EUR", "paid_on_arrival": True}, "order_prefix": "t-"},
    "insales": {"host": insales_shop.HOST, "access": {"user": USER, "password": PASSWORD}, "order_prefix": "i-"},
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
    events = [
        ("checkout.session.completed", session, 0),
        ("checkout.session.async_payment_succeeded", session | {"payment_status": "paid"}, 1),
        ("refund.created", refund | {"status": "succeeded"}, 2),
    ]
    if number % 2 == 0:
        events.append(("refund.failed", refund | {"status": "failed"}, 3))
    for type_, thing, hours in events:
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
    refund = {"order_id": f"g-{number}", "refund_id": "1", "amount_minor": 700, "at": NOW.isoformat()}
    body = json.dumps({"type": "order.refunded", "data": refund}).encode()
    yield deliveries.generic(body, KEY, name=f"msg_{number}_refund")


def tilda(number: int) -> Iterator[Sent]:
    """Each of a person of their own: a form says no time, so that of one person's the first to come is the first."""
    who = {"Email": f"t{number}@example.com", "Phone": f"+7 (999) 123-{number:04}"}
    yield deliveries.tilda(deliveries.tilda_form(**{"payment[orderid]": str(number)}, **who))


def insales(number: int) -> Iterator[Sent]:
    """What a shop says of an order, and what somebody makes up: of either only the order's id counts."""
    for changes in ({"financial_status": "pending"}, {}, {"total_price": 1_000_000.0}):
        order = deliveries.insales_order(NOW, id=number, number=number, **changes)
        yield Sent({"content-type": "application/json"}, json.dumps(order).encode())
    xml = f'<?xml version="1.0"?><order><id type="integer">{number}</id></order>'
    yield Sent({"content-type": "application/xml"}, xml.encode())


class AnsweringShop(InSales):
    """A shop of InSales with these orders, whose calls are not counted; every third order has gone back."""

    CALLS = 1_000_000

    def __init__(self) -> None:
        super().__init__()
        money = {"total_price": 50.90, "items_price": 46.0, "full_delivery_price": 4.90, "currency_code": "EUR"}
        for number in range(1, ORDERS + 1):
            who = {"client": {"id": number, "email": f"i{number}@example.com"}}
            self.put(NOW, number, **money, **who, **({"fulfillment_status": "returned"} if number % 3 == 0 else {}))


STORIES = {
    "woocommerce": woocommerce,
    "stripe": stripe,
    "shopify": shopify,
    "generic": generic,
    "bitrix": generic,
    "tilda": tilda,
    "insales": insales,
}
NAMES_OF_ROWS = {"id", "reward_id", "number", "corrects", "hash"}
"""Made anew in each run: ids by chance, and places in a row of changes."""
MOMENTS = {"at", "settled_at", "granted_at", "available_at", "released_at", "changed_at"}
"""When it was done here, which is another moment in each run."""


def all_of_them() -> list[tuple[str, Sent]]:
    """What the shops send, signed now: a signature is good for five minutes."""
    return [(name, one) for name, story in STORIES.items() for number in range(1, ORDERS + 1) for one in story(number)]


class Sheets(NamedTuple):
    """What a store takes away of a run, and how many facts it came of."""

    orders: bytes
    rewards: bytes
    ledger: bytes
    facts: int


async def rows_of(both: Pair, path: str) -> list[dict[str, str]]:
    """A list as its CSV has it."""
    answer = await both.http.get(path, headers=SECRET_KEY, params={"format": "csv"})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def sheet(rows: Iterable[Mapping[str, str]]) -> bytes:
    """These rows, without what each run names and dates for itself, in an order of their own."""
    kept = [[(name, value) for name, value in row.items() if name not in NAMES_OF_ROWS | MOMENTS] for row in rows]
    return "\n".join(sorted(json.dumps(row) for row in kept)).encode()


async def exported(both: Pair) -> Sheets:
    """The three lists. A reward is named by its order, rule and side; a form of Tilda says not when it was placed."""
    orders, rewards, entries = [await rows_of(both, p) for p in ("/v1/orders", "/v1/rewards", "/v1/ledger/entries")]
    for row in (*orders, *rewards):
        row["placed_at"] = "" if row["order_id"].startswith("t-") else row["placed_at"]
    names = {row["id"]: f"{row['order_id']} {row['rule']} {row['beneficiary_kind']}" for row in rewards}
    named = [row | {"reward": names[row["reward_id"]]} for row in entries]
    async with both.attribution.transaction(stores=[SHOP]) as tx:
        facts = await tx.scalar("select count(*) from order_facts") or 0
    return Sheets(sheet(orders), sheet(rewards), sheet(named), facts)


async def all_read_back(both: Pair) -> None:
    """Waits until the shop was asked for everything that deliveries only named."""
    await both.all_read([SHOP])

    async def nothing_waits() -> bool:
        async with both.db.transaction(stores=[SHOP]) as tx:
            return not await tx.scalar("select count(*) from work_tasks where kind = 'read-back' and state = 'waiting'")

    await until(nothing_waits, what="the shop was asked for all orders", within=600)


async def outcome(both: Pair, sent: Sequence[tuple[str, Sent]], *, at_once: int) -> Sheets:
    """What all orders came to, once these were delivered and have settled."""
    set_up = (configured(store=SHOP), program(store=SHOP), ambassador(store=SHOP))
    await arrive(both.attribution, *set_up[1:], code(store=SHOP))
    await both.reward(*set_up)
    shops = {name: await connect(both.http, name, **fields) for name, fields in SHOPS.items()}
    async with polling(both, AnsweringShop(), kinds=()):
        for start in range(0, len(sent), at_once):
            answers = await asyncio.gather(
                *(put(both.http, shops[name], one) for name, one in sent[start : start + at_once])
            )
            assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        await all_read_back(both)
    await both.pump([SHOP])
    await both.later([SHOP], timedelta(days=20))
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert (await reconcile(tx, SHOP)).difference == 0
    return await exported(both)


async def test_shuffled_and_repeated_they_come_to_the_same_orders_rewards_and_ledger(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    sent = all_of_them()
    databases = [await fresh_database("connectors", "attribution", "rewards") for _ in range(2)]
    async with served(databases[0], tmp_path / "a", rewards=True) as clean:
        expected = await outcome(clean, sent, at_once=1)
    random = chance("deliveries of all platforms")
    many = [one for one in sent for _ in range(random.randint(1, 5))]
    random.shuffle(many)
    tally("deliveries of all platforms, shuffled and repeated", len(many))
    async with served(databases[1], tmp_path / "b", rewards=True) as mixed:
        found = await outcome(mixed, many, at_once=8)
        webhook = json.loads(saved(order_id="g-1", customer={"id": "g1"}, tokens=[]))["data"]
        assert (await mixed.http.post("/v1/orders", headers=SECRET_KEY, json=webhook)).status_code == 202
        await mixed.pump([SHOP])
        assert (await exported(mixed)) == found, "told by the API as well, one order"
    orders = [dict(json.loads(row)) for row in expected.orders.splitlines()]
    assert len(orders) == ORDERS * len(SHOPS)
    for prefix in (fields["order_prefix"] for fields in SHOPS.values() if fields["order_prefix"]):
        mine = {order["status"] for order in orders if order["order_id"].startswith(prefix)}
        assert prefix == "b-" or "attributed" in mine, prefix
    movements = {dict(json.loads(row))["movement"] for row in expected.ledger.splitlines()}
    assert movements >= {"grant", "release"}
    assert found == expected
