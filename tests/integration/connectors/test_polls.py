"""Polls find what webhooks lost: against shops on this machine, which page, limit and fail as platforms say they do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.connectors.inbox.actions import reconcile
from services.connectors.polls import domain, work
from services.connectors.polls.actions import JOB
from tests.integration.attribution.world import SECRET_KEY, SHOP
from tests.integration.connectors.test_connections import connect
from tests.support import deliveries
from tests.support.connectors import Pair
from tests.support.polling import ended, gaps_of, looked, poll_of, polling
from tests.support.shops.base import HOST, PASSWORD, USER
from tests.support.shops.stripe import KEY as STRIPE_KEY
from tests.support.shops.stripe import Stripe
from tests.support.shops.woocommerce import WooCommerce
from tests.support.wait import until

SECRET = "a-secret-of-the-platform"
ACCESS = {"user": USER, "password": PASSWORD}


def ago(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


async def woocommerce(both: Pair, **fields: Any) -> dict[str, Any]:
    return await connect(both.http, "woocommerce", secret=SECRET, host=HOST, access=ACCESS, **fields)


async def deliver(both: Pair, connection: dict[str, Any], order: dict[str, Any]) -> str:
    """The shop's webhook."""
    sent = deliveries.woocommerce(order, SECRET)
    path = httpx.URL(connection["url"]).path
    answer = await both.http.post(path, content=sent.body, headers=sent.headers)
    assert answer.status_code == 200, answer.text
    await both.all_read([SHOP])  # the answer leaves before it is read
    return str(answer.json()["outcome"])


async def order_of(both: Pair, order_id: str) -> dict[str, Any]:
    await both.pump([SHOP])
    answer = await both.http.get(f"/v1/orders/{order_id}", headers=SECRET_KEY)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_poll_finds_what_webhooks_lost_and_nothing_twice(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    for order_id in (1, 3, 4):
        await deliver(both, connection, shop.put(ago(9), order_id))
    lost = shop.put(ago(8), 2)
    shop.put(ago(7), 3, refunds=[{"id": 8, "reason": "", "total": "-10.00"}])
    shop.put(ago(7), 4)  # somebody looked at it: its date is another, and all else the same
    async with polling(both, shop):
        seen = await looked(both, connection)
        assert (seen["state"], seen["reason"], seen["found"], seen["missed"], seen["changed"]) == (
            "idle",
            None,
            4,
            1,
            1,
        )
        assert await gaps_of(both, connection) == {"2": "missed", "3": "changed"}
        found = await order_of(both, "2")
        assert (found["decision"]["status"], found["decision"]["winner"]["kind"]) == ("attributed", "code")
        assert (await order_of(both, "3"))["refunded_minor"] == 1000
        # The shop's own server reports it, too: three sources of one order.
        order = {"order_id": "2", "placed_at": ago(20).isoformat(), "status": "paid", "currency": "EUR"}
        reported = await both.http.post("/v1/orders", headers=SECRET_KEY, json=order | {"total_minor": 5090})
        assert reported.status_code == 202, reported.text
        assert await deliver(both, connection, lost) == "taken"
        again = await looked(both, connection)
        assert (again["missed"], again["changed"]) == (0, 0)
        assert await gaps_of(both, connection) == {"2": "late", "3": "changed"}
    orders = (await both.http.get("/v1/orders", headers=SECRET_KEY)).json()["data"]
    assert sorted(one["order_id"] for one in orders) == ["1", "2", "3", "4"]
    days = (await both.http.get(f"/v1/connections/{connection['id']}/gap-days", headers=SECRET_KEY)).json()["data"]
    assert [(one["missed"], one["changed"], one["late"]) for one in days] == [(0, 1, 1)]
    async with both.db.transaction(stores=[SHOP]) as tx:
        account = await reconcile(tx, SHOP)
    assert (account.acked, account.difference, account.outcomes["taken"]) == (6, 0, 6)


async def test_an_order_that_went_back_to_what_it_was_is_told_as_what_it_is(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    await deliver(both, connection, shop.put(ago(9), 1))
    await deliver(both, connection, shop.put(ago(8), 1, status="cancelled"))
    shop.put(ago(7), 1, status="processing")  # and this was lost
    async with polling(both, shop):
        await looked(both, connection)
    assert await gaps_of(both, connection) == {"1": "changed"}
    assert (await order_of(both, "1"))["cancelled"] is False


async def test_the_clock_begins_a_round_every_hour_and_each_page_is_asked_for_once(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    for number in range(130):
        shop.put(ago(10) + timedelta(seconds=number // 2), number + 1)
    async with polling(both, shop) as jobs:
        assert await jobs.run_due(JOB) == 1, "access was given, so the first comes at once"
        seen = await ended(both, connection)
        assert (seen["missed"], await jobs.run_due(JOB)) == (130, 0)
        assert seen["next_at"] > (datetime.now(UTC) + timedelta(minutes=50)).isoformat()
        assert [one["offset"] for one in shop.asked] == ["0", "0", "0"]
        async with both.db.transaction(stores=[SHOP]) as tx:
            await tx.execute("update polls set next_at = now()")
            await tx.execute("update due set at = now() where job = :job", job=JOB)
        assert await jobs.run_due(JOB) == 1
        assert (await ended(both, connection))["missed"] == 0
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert await tx.scalar("select count(distinct subject) from outbox where topic = 'kith.orders'") == 130


async def test_a_round_that_was_killed_goes_on_where_it_was(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    for number in range(120):
        shop.put(ago(10) + timedelta(seconds=number), number + 1)
    shop.holds_from = 2
    path = f"/v1/connections/{connection['id']}/poll"
    async with polling(both, shop, cut_off=True):
        await both.http.post(path, headers=SECRET_KEY, json={})
        await until(lambda: len(shop.asked) == 2, within=60, what="the second page is asked for")
    async with both.db.transaction() as tx:
        # Whoever was killed comes back no more: its lease is over.
        assert await tx.execute("update work_tasks set leased_until = now() where leased_until is not null") == 1
    async with polling(both, shop):
        seen = await ended(both, connection)
    assert (seen["reason"], seen["missed"]) == (None, 120)
    assert [one["modified_after"] for one in shop.asked[1:3]] == [shop.asked[1]["modified_after"]] * 2
    async with both.db.transaction(stores=[SHOP]) as tx:
        counted = await tx.one(
            "select count(*) as n, count(distinct subject) as orders from outbox where topic = 'kith.orders'"
        )
    assert tuple(counted) == (120, 120)


async def test_more_orders_of_one_second_than_a_page_holds_are_all_found(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    at = ago(6)
    for number in range(120):
        shop.put(at, number + 1)
    async with polling(both, shop):
        assert (await looked(both, connection))["missed"] == 120


async def test_a_shop_that_is_busy_or_away_is_left_in_peace_and_asked_again(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    shop.put(ago(6), 1)
    shop.busy, shop.away, shop.garbled = 2, 1, 1
    async with polling(both, shop):
        seen = await looked(both, connection)
        assert (seen["reason"], seen["missed"]) == (None, 1)
        shop.away = 99
        seen = await looked(both, connection)
        assert (seen["state"], seen["reason"]) == ("idle", "http_502"), "the next round goes on"
        assert seen["next_at"] is not None
        shop.away = 0
        shop.put(ago(5), 2)
        assert (await looked(both, connection))["missed"] == 1


async def test_wrong_credentials_stop_a_poll_until_somebody_gives_others(both: Pair) -> None:
    shop = WooCommerce()
    connection = await connect(
        both.http, "woocommerce", secret=SECRET, host=HOST, access={"user": USER, "password": "another"}
    )
    shop.put(ago(6), 1)
    async with polling(both, shop) as jobs:
        await jobs.run_due(JOB)
        seen = await ended(both, connection)
        assert (seen["state"], seen["reason"], seen["next_at"]) == ("stopped", "http_401", None)
        assert await jobs.run_due(JOB) == 0
        path = f"/v1/connections/{connection['id']}"
        changed = await both.http.patch(path, headers=SECRET_KEY, json={"access": ACCESS})
        assert changed.status_code == 200, changed.text
        await jobs.run_due(JOB)
        seen = await ended(both, connection)
        assert (seen["state"], seen["reason"], seen["missed"]) == ("idle", None, 1)
    refused = await both.http.get("/v1/connections/con_nobody/poll", headers=SECRET_KEY)
    assert refused.status_code == 404


async def test_pages_that_are_too_large_become_smaller(both: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.connectors.polls.work.MOST_BYTES", 40_000)
    shop, connection = WooCommerce(), await woocommerce(both)
    for number in range(12):
        shop.put(ago(6) + timedelta(seconds=number), number + 1)
    shop.most_bytes = 9_000
    async with polling(both, shop):
        assert (await looked(both, connection))["missed"] == 12
    assert min(int(one["per_page"]) for one in shop.asked) == 3


async def test_what_cannot_be_read_lies_among_the_deliveries_and_stops_nothing(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    shop.put(ago(6), 1, total="odd")
    shop.put(ago(6), 2, status="draft")
    shop.put(ago(5), 3)
    async with polling(both, shop):
        seen = await looked(both, connection)
    assert (seen["found"], seen["missed"]) == (3, 1)
    async with both.db.transaction(stores=[SHOP]) as tx:
        rows = await tx.all("select outcome, reason from deliveries order by 1")
    assert [tuple(row) for row in rows] == [("failed", "unreadable: total"), ("taken", None)]


async def test_a_round_looks_back_as_far_as_somebody_says_and_one_runs_at_a_time(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    shop.put(ago(60 * 24 * 3), 1)
    path = f"/v1/connections/{connection['id']}/poll"
    for since in (ago(60 * 24 * 20), ago(-60)):
        wrong = await both.http.post(path, headers=SECRET_KEY, json={"since": since.isoformat()})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "since")
    first = await both.http.post(path, headers=SECRET_KEY, json={"since": ago(60 * 24 * 4).isoformat()})
    second = await both.http.post(path, headers=SECRET_KEY, json={})
    assert (first.json()["state"], first.json()["began_at"]) == ("running", second.json()["began_at"])
    async with polling(both, shop):
        assert (await ended(both, connection))["missed"] == 1
    assert len(shop.asked) == 1


async def test_a_connection_without_access_is_not_polled(both: Pair) -> None:
    connection = await connect(both.http, "woocommerce", secret=SECRET)
    path = f"/v1/connections/{connection['id']}/poll"
    refused = await both.http.post(path, headers=SECRET_KEY, json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_access")
    assert (await poll_of(both, connection))["state"] == "off"
    signed = await connect(both.http, "generic", order_prefix="g-")
    refused = await both.http.post(f"/v1/connections/{signed['id']}/poll", headers=SECRET_KEY, json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_poll")


async def test_an_ended_connection_is_asked_no_more(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    await both.http.post(f"/v1/connections/{connection['id']}/poll", headers=SECRET_KEY, json={})
    assert (await both.http.delete(f"/v1/connections/{connection['id']}", headers=SECRET_KEY)).status_code == 204
    async with polling(both, shop) as jobs:
        await jobs.run_due(JOB)
        async with both.db.transaction(stores=[SHOP]) as tx:
            assert await tx.scalar("select count(*) from polls") == 0
    assert shop.asked == []


async def test_a_page_that_comes_after_its_connection_ended_brings_nothing(
    both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    shop.put(ago(10), 1)
    reads = work._read

    async def ended_meanwhile(*args: Any) -> Any:
        await both.http.delete(f"/v1/connections/{connection['id']}", headers=SECRET_KEY)
        return await reads(*args)

    monkeypatch.setattr(work, "_read", ended_meanwhile)
    await both.http.post(f"/v1/connections/{connection['id']}/poll", headers=SECRET_KEY, json={})
    async with polling(both, shop):
        await until(lambda: _nothing_runs(both), what="the page was read")
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert await tx.scalar("select count(*) from deliveries") == 0
        assert await tx.scalar("select count(*) from gaps") == 0
    assert len(shop.asked) == 1


async def _nothing_runs(both: Pair) -> bool:
    async with both.db.transaction(stores=[SHOP]) as tx:
        return not await tx.scalar("select count(*) from work_tasks where kind = 'poll' and state = 'waiting'")


async def _reached(both: Pair, days: float) -> None:
    async with both.db.transaction(stores=[SHOP]) as tx:
        await tx.execute("update polls set reached_at = now() - make_interval(hours => :hours)", hours=int(days * 24))


async def test_a_poll_that_stood_still_for_too_long_claims_nothing_of_what_nobody_can_know(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    shop.put(ago(60 * 24 * 16), 1)  # its webhook may have come: what was told so long ago is not kept
    shop.put(ago(60 * 24 * 2), 2)
    async with polling(both, shop) as jobs:
        await _reached(both, 20)
        assert await jobs.run_due(JOB) == 1
        assert (await ended(both, connection))["reason"] == "stood_still"
        assert await gaps_of(both, connection) == {"2": "missed"}
        assert (await looked(both, connection))["reason"] is None, "somebody has seen it"


async def test_a_poll_whose_access_is_gone_says_that_it_stands_still(both: Pair) -> None:
    connection = await woocommerce(both)
    asked = f"/v1/connections/{connection['id']}"
    assert (await poll_of(both, connection))["state"] in {"idle", "running"}
    await both.http.patch(asked, headers=SECRET_KEY, json={"host": "other.example"})
    left = await poll_of(both, connection)
    assert (left["state"], left["reason"], left["next_at"]) == ("stopped", "no_access", None)
    await both.http.patch(asked, headers=SECRET_KEY, json={"host": HOST, "access": ACCESS})
    assert (await poll_of(both, connection))["reason"] is None


async def test_of_another_shop_nothing_was_missed_before_kith_was_led_there(both: Pair) -> None:
    shop, connection = WooCommerce(), await woocommerce(both)
    await _reached(both, 2)
    shop.put(ago(60), 1)  # at the shop where it leads to now
    asked = f"/v1/connections/{connection['id']}"
    for host in ("other.example", HOST):
        await both.http.patch(asked, headers=SECRET_KEY, json={"host": host, "access": ACCESS})
    async with polling(both, shop):
        assert (await looked(both, connection))["missed"] == 0


async def test_orders_of_a_connection_with_a_prefix_are_known_under_it(both: Pair) -> None:
    await connect(both.http, "woocommerce", secret=SECRET)
    shop, connection = WooCommerce(), await woocommerce(both, order_prefix="b-")
    await deliver(both, connection, shop.put(ago(6), 1))
    shop.put(ago(6), 2)
    async with polling(both, shop):
        await looked(both, connection)
    assert await gaps_of(both, connection) == {"b-2": "missed"}
    assert (await poll_of(both, connection))["found"] == 2


class Endless(WooCommerce):
    """A shop that shows a full page whatever it is asked for, and no number of them."""

    async def listed(self, request: Request) -> Response:
        self.asked.append(dict(request.query_params))
        return JSONResponse(list(self.orders.values()))


async def test_a_list_without_an_end_is_left_to_the_next_round(both: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "MOST_PAGES", 3)
    shop, connection = Endless(), await woocommerce(both)
    for order_id in range(domain.SIZE):
        shop.put(ago(8), order_id + 1)
    async with polling(both, shop):
        seen = await looked(both, connection)
        assert (seen["state"], seen["reason"], len(shop.asked)) == ("idle", "long", 3)
        await looked(both, connection)
    assert int(shop.asked[3]["offset"]) > int(shop.asked[2]["offset"]), "it goes on where the round before was"


class Standing(Stripe):
    """An account whose list leads from its end back to its end."""

    async def listed(self, request: Request) -> Response:
        self.asked.append(dict(request.query_params))
        return JSONResponse({"object": "list", "has_more": True, "data": [{"id": "evt_1", "object": "event"}]})


async def test_a_page_that_leads_to_itself_is_no_page(both: Pair) -> None:
    shop = Standing()
    connection = await connect(
        both.http, "stripe", secret="whsec_0123456789abcdefghij", access={"password": STRIPE_KEY}
    )
    async with polling(both, shop):
        seen = await looked(both, connection)
    assert (seen["state"], seen["reason"]) == ("idle", "unreadable")
