"""What a shop sold before it was connected is imported: it says who has bought before, and counts for nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.connectors.history.domain import SIZE
from services.connectors.history.jobs import DUE_JOBS
from services.connectors.history.work import TASK_KINDS
from services.kernel.jobs import Jobs
from tests.integration.attribution.world import SECRET_KEY, SHOP
from tests.integration.connectors.test_connections import connect
from tests.support import deliveries
from tests.support.connectors import Pair
from tests.support.polling import make_due, polling
from tests.support.shops import insales, shopify
from tests.support.shops.base import HOST, PASSWORD, USER
from tests.support.shops.stripe import KEY, Stripe
from tests.support.shops.woocommerce import WooCommerce
from tests.support.wait import until

ACCESS = {"user": USER, "password": PASSWORD}
SECRET = "a-secret-of-the-platform"


def ago(**how: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(**how)


async def history_of(both: Pair, connection: dict[str, Any]) -> dict[str, Any]:
    answer = await both.http.get(f"/v1/connections/{connection['id']}/history", headers=SECRET_KEY)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ended(both: Pair, connection: dict[str, Any]) -> dict[str, Any]:
    """Waits until the import runs no more."""

    async def quiet() -> bool:
        await make_due(both, connection)
        return bool((await history_of(both, connection))["state"] != "running")

    await until(quiet, within=60, every=0.1, what="the import has ended")
    return await history_of(both, connection)


async def decision_of(both: Pair, order_id: str) -> dict[str, Any]:
    await both.pump([SHOP])
    answer = await both.http.get(f"/v1/orders/{order_id}", headers=SECRET_KEY)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["decision"]
    return found


async def test_what_was_sold_before_says_who_is_new_and_is_told_to_nobody(both: Pair) -> None:
    shop = WooCommerce()
    for number in range(60):
        shop.put(ago(days=90, minutes=-number), 1000 + number, customer_id=900 + number, billing={})
    shop.put(ago(days=80), 5, status="cancelled", customer_id=5, billing={})
    shop.put(ago(days=80), 6, total="much")  # which nobody can read
    shop.put(ago(days=1), 7, date_created_gmt=deliveries.gmt(ago(seconds=-60)))  # placed once it was connected
    connection = await connect(both.http, "woocommerce", secret=SECRET, order_prefix="w-", host=HOST, access=ACCESS)
    shop.holds_from = 2

    async def second_page() -> bool:
        await make_due(both, connection)
        return len(shop.asked) == 2

    async with polling(both, shop, kinds=TASK_KINDS, cut_off=True):
        await until(second_page, within=60, every=0.1, what="the second page is asked for")
    async with both.db.transaction() as tx:
        # Whoever was killed comes back no more: its lease is over.
        assert await tx.execute("update work_tasks set leased_until = now() where leased_until is not null") == 1
    async with polling(both, shop, kinds=TASK_KINDS):
        seen = await ended(both, connection)
    assert (seen["state"], seen["reason"], seen["unreadable"]) == ("done", None, 1)
    async with both.db.transaction(stores=[SHOP]) as tx:
        published = await tx.scalar("select count(distinct subject) from outbox where topic = 'kith.orders'")
        assert (published, await tx.scalar("select count(*) from deliveries")) == (61, 0)
    past = await decision_of(both, "w-1000")
    assert (past["status"], past["reason"], past["candidates"]) == ("unattributed", "before_connection", [])
    assert "before the store was connected" in past["explanation"]
    assert (await decision_of(both, "w-5"))["reason"] == "cancelled"
    # Who bought then is no new customer; of others nothing was said.
    for order_id, customer, number in ((2001, 900, 2), (2002, 5, 1), (2003, 8, 1)):
        bought = deliveries.woo_order(datetime.now(UTC), id=order_id, customer_id=customer, billing={})
        sent = deliveries.woocommerce(bought, SECRET)
        await both.http.post(f"/in/woocommerce/{connection['id']}", content=sent.body, headers=sent.headers)
        assert (await decision_of(both, f"w-{order_id}"))["order_number"] == number
    path = f"/v1/connections/{connection['id']}/history"
    async with polling(both, shop, kinds=TASK_KINDS):
        assert (await both.http.post(path, headers=SECRET_KEY, json={})).status_code == 202
        assert (await ended(both, connection))["state"] == "done"
    assert (await decision_of(both, "w-1001"))["revision"] == 1, "what was told again is known"


async def test_access_that_is_refused_stops_an_import_and_another_lets_it_go_on(both: Pair) -> None:
    shop = WooCommerce()
    shop.put(ago(days=3), 1)
    connection = await connect(both.http, "woocommerce", secret=SECRET)
    path = f"/v1/connections/{connection['id']}"
    assert (await history_of(both, connection))["state"] == "off"
    assert (await both.http.post(f"{path}/history", headers=SECRET_KEY, json={})).status_code == 409
    given = {"host": HOST, "access": {"user": "ck_of_nobody", "password": PASSWORD}}
    assert (await both.http.patch(path, headers=SECRET_KEY, json=given)).status_code == 200
    async with polling(both, shop, kinds=TASK_KINDS):
        stopped = await ended(both, connection)
        assert (stopped["state"], stopped["reason"]) == ("stopped", "refused")
        shop.busy, shop.away, shop.garbled = 1, 1, 1
        assert (await both.http.patch(path, headers=SECRET_KEY, json={"access": ACCESS})).status_code == 200
        assert (await ended(both, connection))["taken"] == 1


async def test_of_another_shop_all_is_history_that_was_sold_before_kith_was_led_there(both: Pair) -> None:
    """Nobody told of it: neither deliveries, nor polls, which begin with what changes from then on."""
    shop = WooCommerce()
    connection = await connect(both.http, "woocommerce", secret=SECRET)
    path = f"/v1/connections/{connection['id']}"
    async with both.db.transaction(stores=[SHOP]) as tx:
        await tx.execute("update hooks set created_at = created_at - interval '10 days'")
    await both.http.patch(path, headers=SECRET_KEY, json={"host": "other.example", "access": ACCESS})
    shop.put(ago(days=3), 1)
    await both.http.patch(path, headers=SECRET_KEY, json={"host": HOST, "access": ACCESS})
    async with polling(both, shop, kinds=TASK_KINDS):
        assert (await ended(both, connection))["taken"] == 1


async def test_every_platform_with_a_list_of_orders_has_its_past_imported(both: Pair) -> None:
    shops = (shopify.Shopify(), insales.InSales(), stripe := Stripe())
    for number in (1, 2, 3):
        for shop in shops[:2]:
            shop.put(ago(days=40, minutes=number), number)
        # Much longer ago than Stripe's events reach, and told by each of its lists.
        session = deliveries.stripe_session(ago(days=400), id=f"cs_{number}", payment_intent=f"pi_{number}")
        stripe.made("checkout/sessions", session | {"status": "complete"})
        stripe.made("payment_intents", deliveries.stripe_intent(ago(days=400), id=f"pi_{number}"))
    stripe.made("checkout/sessions", deliveries.stripe_session(ago(days=400), id="cs_4") | {"status": "expired"})
    stripe.made("payment_intents", deliveries.stripe_intent(ago(days=500), id="pi_5"))
    stripe.made("payment_intents", deliveries.stripe_intent(ago(days=500), id="pi_6", status="canceled"))
    for number in range(1, SIZE + 2):  # more than a page
        stripe.made("invoices", deliveries.stripe_invoice(ago(days=700 + number), id=f"in_{number}"))
    made: list[dict[str, Any]] = [
        {"platform": "shopify", "host": shopify.HOST, "access": {"password": shopify.TOKEN}, "secret": SECRET},
        {"platform": "insales", "host": insales.HOST, "access": ACCESS},
        {"platform": "stripe", "access": {"password": KEY}, "secret": "whsec_0123456789abcdefghij"},
    ]
    connections = [await connect(both.http, order_prefix=f"{number}-", **fields) for number, fields in enumerate(made)]
    async with polling(both, *shops, kinds=TASK_KINDS):
        # Of Stripe three sessions, all invoices and four payments, of which three paid the sessions.
        for connection, taken in zip(connections, (3, 3, SIZE + 8), strict=True):
            seen = await ended(both, connection)
            assert (seen["state"], seen["taken"], seen["unreadable"]) == ("done", taken, 0), connection
    later = [(page["of"], page["starting_after"]) for page in stripe.asked if "starting_after" in page]
    assert later == [("invoices", f"in_{SIZE}")]
    for order_id in ("0-1", "1-1", "2-pi_1", "2-pi_5", "2-in_1", f"2-in_{SIZE + 1}"):
        assert (await decision_of(both, order_id))["reason"] == "before_connection"


@pytest.mark.parametrize("state", ["done", "running", "stopped"])
async def test_an_import_that_looked_back_a_month_looks_back_to_the_beginning_once(both: Pair, state: str) -> None:
    stripe = Stripe()
    stripe.made("invoices", deliveries.stripe_invoice(ago(days=700)))
    secret = "whsec_0123456789abcdefghij"
    connection = await connect(both.http, "stripe", secret=secret, access={"password": KEY})
    async with both.db.transaction(stores=[SHOP]) as tx:
        # As the former version left it, and as the migration asks for it.
        former = "update histories set state = :state, since_at = now() - interval '29 days', cursor = 'invoices in_9'"
        await tx.execute(former, state=state)
        await tx.execute("insert into due (job, store_id, at) values ('connectors.history', :store, now())", store=SHOP)
    jobs = Jobs(both.contexts[0], jobs=[], due_jobs=DUE_JOBS)
    async with polling(both, stripe, kinds=TASK_KINDS):
        assert await jobs.run_due("connectors.history") == 1
        seen = await ended(both, connection)
        assert (seen["state"], seen["taken"]) == ("done", 1)
        await both.http.patch(
            f"/v1/connections/{connection['id']}", headers=SECRET_KEY, json={"access": {"password": KEY}}
        )
    assert await history_of(both, connection) == seen, "it has looked back to the beginning already"
