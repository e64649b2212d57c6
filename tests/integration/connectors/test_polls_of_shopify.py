"""Polls of Shopify: its Admin API lists what webhooks lost, in other words, and nothing is told twice for that."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.integration.attribution.world import SECRET_KEY, SHOP
from tests.integration.connectors.test_connections import connect
from tests.support.connectors import SECRET, Pair, signed
from tests.support.polling import ended, gaps_of, looked, poll_of, polling
from tests.support.shops.shopify import HOST, MOST, TOKEN, Shopify
from tests.support.shops.shopify_orders import as_webhook, refund
from tests.support.wait import until


def ago(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


async def shopify(both: Pair, token: str = TOKEN) -> dict[str, Any]:
    return await connect(both.http, "shopify", secret=SECRET, host=HOST, access={"password": token})


async def deliver(both: Pair, connection: dict[str, Any], order: dict[str, Any]) -> str:
    """The shop's webhook."""
    body = json.dumps(as_webhook(order)).encode()
    path = httpx.URL(connection["url"]).path
    answer = await both.http.post(path, content=body, headers=signed(body, "orders/updated"))
    assert answer.status_code == 200, answer.text
    await both.all_read([SHOP])  # the answer leaves before it is read
    return str(answer.json()["outcome"])


async def order_of(both: Pair, order_id: str) -> dict[str, Any]:
    await both.pump([SHOP])
    answer = await both.http.get(f"/v1/orders/{order_id}", headers=SECRET_KEY)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def deliveries(both: Pair) -> list[tuple[str, str | None]]:
    async with both.db.transaction(stores=[SHOP]) as tx:
        rows = await tx.all("select outcome, reason from deliveries order by 1, 2")
    return [(row.outcome, row.reason) for row in rows]


async def test_what_webhooks_lost_is_found_and_what_they_told_is_known(both: Pair) -> None:
    shop, connection = Shopify(), await shopify(both)
    delivered = [shop.put(ago(40 - number), number) for number in range(1, 7)]
    for order in delivered:
        await deliver(both, connection, order)
    lost = shop.put(ago(20), 10)
    shop.put(ago(19), 11, test=True)
    shop.put(ago(18), 2)  # somebody added a note: its date is another, and all else the same
    shop.put(ago(17), 3, refunds=[refund(8, ago(17), "10.00")], status="partially_refunded")
    shop.put(ago(16), 4, cancelled=ago(16))
    async with polling(both, shop):
        seen = await looked(both, connection, since=ago(60).isoformat())
        assert (seen["state"], seen["reason"], seen["missed"], seen["changed"]) == ("idle", None, 1, 2)
        assert await gaps_of(both, connection) == {"10": "missed", "3": "changed", "4": "changed"}
        found = await order_of(both, "10")
        assert (found["decision"]["status"], found["decision"]["winner"]["kind"]) == ("attributed", "code")
        assert (await order_of(both, "3"))["refunded_minor"] == 1000
        assert (await order_of(both, "4"))["cancelled"] is True
        assert await deliver(both, connection, lost) == "taken"
        again = await looked(both, connection, since=ago(60).isoformat())
        assert (again["missed"], again["changed"]) == (0, 0)
        assert (await gaps_of(both, connection))["10"] == "late"
    orders = (await both.http.get("/v1/orders", headers=SECRET_KEY)).json()["data"]
    assert sorted(one["order_id"] for one in orders) == ["1", "10", "2", "3", "4", "5", "6"]
    assert await deliveries(both) == [("taken", None)] * 10, "six and one were delivered, three were found"


async def test_all_pages_are_walked_whatever_moves_meanwhile(both: Pair) -> None:
    shop, connection = Shopify(), await shopify(both)
    for number in range(1, 40):
        shop.put(ago(50) + timedelta(minutes=number), number)
    for number in range(40, 60):  # a bulk edit: all of one second
        shop.put(ago(8), number)
    shop.holds_from = 3
    async with polling(both, shop):
        path = f"/v1/connections/{connection['id']}/poll"
        await both.http.post(path, headers=SECRET_KEY, json={"since": ago(60).isoformat()})

        async def third() -> bool:
            async with both.db.transaction() as tx:
                await tx.execute("update work_tasks set due = now() where kind = 'poll' and leased_until is null")
            return len(shop.asked) == 3

        await until(third, within=60, what="the third page is asked for")
        shop.put(ago(7), 1)
        shop.put(ago(7), 2)
        shop.holds_from = 0
        seen = await ended(both, connection)
    assert (seen["reason"], seen["missed"]) == (None, 59)
    begins = [one["query"] for one in shop.asked]
    assert len(set(begins)) > 2, "it begins anew at a time, again and again"
    assert max(shop.costs) < MOST


async def lines_reported(both: Pair, order_id: str) -> int:
    async with both.db.transaction(stores=[SHOP]) as tx:
        data = await tx.all("select data from outbox where topic = 'kith.orders'")
    reports = [json.loads(bytes(row.data)) for row in data]
    return next(len(one["figures"]["items"]) for one in reports if one["order_id"] == order_id)


async def test_a_large_order_is_asked_for_by_itself_and_a_larger_one_is_named(both: Pair) -> None:
    shop, connection = Shopify(), await shopify(both)

    def lines(count: int) -> list[dict[str, Any]]:
        price = {"sku": "S", "product": 5, "quantity": 1, "price": "1.00"}
        return [price | {"id": 100 + number} for number in range(count)]

    shop.put(ago(30), 1)
    shop.put(ago(29), 2, lines=lines(45))
    shop.put(ago(28), 3, refunds=[refund(number, ago(28), "1.00") for number in range(5)])
    shop.put(ago(27), 4, lines=lines(60))
    shop.put(ago(26), 5)
    async with polling(both, shop):
        seen = await looked(both, connection, since=ago(60).isoformat())
        assert (seen["reason"], seen["missed"]) == (None, 4)
        assert await deliveries(both) == [("failed", "unreadable: lineItems"), *[("taken", None)] * 4]
        assert await lines_reported(both, "2") == 45
        assert (await order_of(both, "3"))["refunded_minor"] == 500
        assert max(shop.costs) < MOST
        await looked(both, connection, since=ago(60).isoformat())
    assert len(await deliveries(both)) == 5, "what cannot be read lies there once"


async def test_points_that_are_used_up_are_waited_for(both: Pair) -> None:
    shop, connection = Shopify(), await shopify(both)
    for number in range(1, 13):
        shop.put(ago(30), number)
    shop.points = 2000
    async with polling(both, shop):
        path = f"/v1/connections/{connection['id']}/poll"
        await both.http.post(path, headers=SECRET_KEY, json={"since": ago(60).isoformat()})

        async def waits() -> bool:
            async with both.db.transaction() as tx:
                await tx.execute(
                    "update work_tasks set due = now() where kind = 'poll' and leased_until is null"
                    " and due < now() + interval '1500 milliseconds'"
                )
                due = "select due - now() > interval '2 seconds' from work_tasks where kind = 'poll'"
                return bool(await tx.scalar(due))

        await until(waits, within=60, what="the shop is left in peace until there are points again")
        assert len(shop.asked) == 2, "nobody asked for what there were no points for"
        shop.points = 0
        async with both.db.transaction() as tx:
            await tx.execute("update work_tasks set due = now() where kind = 'poll' and leased_until is null")

        async def refused() -> bool:
            async with both.db.transaction() as tx:
                found = await tx.scalar("select reason from work_tasks where kind = 'poll'")
            return bool(found == "busy")

        await until(refused, within=60, what="a request found no points")
        shop.points = 1e9
        seen = await ended(both, connection)
    assert (seen["reason"], seen["missed"]) == (None, 12)


async def test_a_token_that_may_not_see_all_of_an_order_stops_the_poll(both: Pair) -> None:
    shop, connection = Shopify(), await shopify(both)
    shop.put(ago(30), 1)
    shop.unseen = {"customer"}
    async with polling(both, shop):
        seen = await looked(both, connection, since=ago(60).isoformat())
        assert (seen["state"], seen["reason"], seen["missed"]) == ("stopped", "refused", 0)
        shop.unseen, shop.forbidden = set(), True
        seen = await looked(both, connection)
        assert (seen["state"], seen["reason"]) == ("stopped", "http_403")
        shop.forbidden = False
        changed = await both.http.patch(
            f"/v1/connections/{connection['id']}", headers=SECRET_KEY, json={"access": {"password": "shpat_other"}}
        )
        assert changed.status_code == 200, changed.text
        seen = await looked(both, connection)
        assert (seen["state"], seen["reason"]) == ("stopped", "http_401")
        assert json.dumps(seen).count(TOKEN) == 0


async def test_a_shop_that_is_away_or_speaks_otherwise_is_asked_again(both: Pair) -> None:
    shop, connection = Shopify(), await shopify(both)
    shop.put(ago(30), 1)
    shop.busy, shop.away, shop.garbled = 1, 1, 1
    async with polling(both, shop):
        seen = await looked(both, connection, since=ago(60).isoformat())
        assert (seen["reason"], seen["missed"]) == (None, 1)
        shop.retired = True  # a version of the API that is there no more
        seen = await looked(both, connection)
        assert (seen["state"], seen["reason"]) == ("idle", "unreadable")
        assert (await poll_of(both, connection))["next_at"] is not None
        shop.retired = False
        shop.put(ago(20), 2)
        assert (await looked(both, connection, since=ago(60).isoformat()))["missed"] == 1
