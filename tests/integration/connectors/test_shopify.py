"""Shopify over HTTP: what is signed is kept and counted once, what is not is refused, and nothing is an accident."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.cli.commands import deliveries as command
from services.common.order_facts import Clock
from services.connectors.inbox import sql as deliveries
from services.connectors.inbox.actions import Readings, read_again, reconcile
from services.connectors.inbox.domain import BODY
from services.connectors.inbox.hot.door import WRONG_A_MINUTE
from services.connectors.inbox.work import TASK_KINDS
from services.connectors.platforms.domain.registry import PLATFORMS
from services.kernel.work.worker import Worker
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP, token
from tests.support.connectors import SECRET, Pair, paid_order, signed
from tests.support.edge import OTHER_STORE, RING, SEALING, key, make_context
from tests.support.wait import until


def delivery(**fields: Any) -> bytes:
    reported = {
        "created_at": NOW.isoformat(),
        "updated_at": NOW.isoformat(),
        "note_attributes": [{"name": "kith", "value": token()}],
    }
    return paid_order(**(reported | fields))


async def hook(http: httpx.AsyncClient) -> str:
    made = await http.post("/v1/hooks", headers=SECRET_KEY, json={"platform": "shopify", "secret": SECRET})
    assert made.status_code == 201, made.text
    assert SECRET not in made.text
    return str(httpx.URL(made.json()["url"]).path)


async def test_an_app_that_is_removed_loses_its_access_and_what_is_to_be_forgotten_is(both: Pair) -> None:
    host, access = "zerno.myshopify.com", {"password": "shpat_of_the_tests"}
    body = {"platform": "shopify", "secret": SECRET, "host": host, "access": access, "order_prefix": "y-"}
    made = (await both.http.post("/v1/connections", headers=SECRET_KEY, json=body)).json()
    path = httpx.URL(made["url"]).path

    async def deliver(topic: str, body: bytes) -> str:
        answer = await both.http.post(path, content=body, headers=signed(body, topic))
        await both.all_read([SHOP])
        return str(answer.json()["outcome"])

    async def requests() -> list[dict[str, Any]]:
        path = f"/v1/connections/{made['id']}/privacy-requests"
        assert (await both.http.get(path, headers=key(store=OTHER_STORE))).status_code == 404
        found: list[dict[str, Any]] = (await both.http.get(path, headers=SECRET_KEY)).json()["data"]
        return found

    async def kept() -> Counter[str]:
        async with both.db.transaction(stores=[SHOP]) as tx:
            assert (await reconcile(tx, SHOP)).difference == 0
            return Counter(str(row.topic) for row in await tx.all("select topic from deliveries"))

    for number in (1, 2, 3):
        assert await deliver("orders/paid", delivery(id=number)) == "taken"
    about = {"shop_id": 7, "shop_domain": host, "customer": {"id": 207, "email": "friend@example.com"}}
    assert await deliver("customers/data_request", json.dumps(about | {"orders_requested": [1]}).encode()) == "ignored"
    [asked] = await requests()
    assert (asked["kind"], [(one["order_id"], one["deliveries"]) for one in asked["orders"]]) == (
        "data_request",
        [("y-1", 1)],
    )
    assert asked["orders"][0]["kept_until"] is not None
    forget = json.dumps(about | {"orders_to_redact": [1, 2]}).encode()
    elsewhere = json.dumps(about | {"orders_to_redact": [3], "shop_domain": "other.myshopify.com"}).encode()
    assert (await deliver("customers/redact", forget), await deliver("customers/redact", elsewhere)) == (
        "taken",
        "taken",
    )
    assert (await kept())["orders/paid"] == 1
    newest, before = await requests()
    assert (newest["kind"], [one["deliveries"] for one in newest["orders"]]) == ("customer_redact", [0, 0])
    assert [one["deliveries"] for one in before["orders"]] == [0], "what is kept now, not then"
    # Only the body is signed: one about a customer redacts no shop, whatever its topic says.
    assert await deliver("shop/redact", forget) == "failed"
    assert await deliver("app/uninstalled", json.dumps({"id": 7, "myshopify_domain": "other.myshopify.com"}).encode())
    shown = (await both.http.get(f"/v1/connections/{made['id']}", headers=SECRET_KEY)).json()
    assert shown["access_hint"] is not None
    assert await deliver("app/uninstalled", json.dumps({"id": 7, "myshopify_domain": host}).encode()) == "taken"
    shown = (await both.http.get(f"/v1/connections/{made['id']}", headers=SECRET_KEY)).json()
    assert shown["access_hint"] is None
    assert await deliver("shop/redact", json.dumps({"shop_id": 7, "shop_domain": host}).encode()) == "taken"
    worker = Worker(make_context(both.db, name="connectors", sealing=SEALING), TASK_KINDS)
    worker.start()

    async def forgotten() -> bool:
        return await kept() == Counter({"shop/redact": 1})

    await until(forgotten, within=60, what="all of the shop is forgotten")
    await worker.stop()
    [last] = await requests()
    assert (last["kind"], last["orders"], last["done_at"]) == ("shop_redact", None, None)
    done = f"/v1/connections/{made['id']}/privacy-requests/{last['id']}/done"
    assert (await both.http.post(done, headers=key(store=OTHER_STORE))).status_code == 404
    for _ in range(2):
        assert (await both.http.post(done, headers=SECRET_KEY)).status_code == 204
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert await tx.scalar("select count(*) from audit where action = 'privacy.done'") == 1
    [last] = await requests()
    assert last["done_at"] is not None
    assert (await both.http.post(done.replace(last["id"], "0"), headers=SECRET_KEY)).status_code == 404
    await both.pump([SHOP])
    assert (await both.http.get("/v1/orders/y-1", headers=SECRET_KEY)).json()["decision"]["status"] == "attributed"


async def test_shopify_delivers_orders_refunds_and_cancellations(both: Pair) -> None:
    http = both.http
    path = await hook(http)
    paid = delivery()
    first = await http.post(path, content=paid, headers=signed(paid, "orders/paid"))
    again = await http.post(path, content=paid, headers=signed(paid, "orders/paid", family=""))
    other_event = await http.post(path, content=paid, headers=signed(paid, "orders/paid", event="e2"))
    assert [a.json()["outcome"] for a in (first, again, other_event)] == ["taken", "duplicate", "duplicate"]
    money = {"kind": "refund", "status": "success", "amount": "10.00", "currency": "EUR"}
    refund = json.dumps(
        {"id": 9, "order_id": 450789469, "created_at": NOW.isoformat(), "transactions": [money]}
    ).encode()
    await http.post(path, content=refund, headers=signed(refund, "refunds/create", event="e3"))
    await both.pump([SHOP])
    found = (await http.get("/v1/orders/450789469", headers=SECRET_KEY)).json()["decision"]
    assert (found["status"], found["winner"]["kind"]) == ("attributed", "code")
    assert (await http.get("/v1/orders/450789469", headers=SECRET_KEY)).json()["refunded_minor"] == 1000
    over = delivery(cancelled_at=NOW.isoformat())
    await http.post(path, content=over, headers=signed(over, "orders/cancelled", event="e4"))
    await both.pump([SHOP])
    assert (await http.get("/v1/orders/450789469", headers=SECRET_KEY)).json()["cancelled"] is True


async def test_shopify_tests_and_unreadable_deliveries_are_kept_with_their_reason(both: Pair) -> None:
    http, db = both.http, both.db
    path = await hook(http)
    for number, (body, topic) in enumerate(
        [
            (delivery(test=True), "orders/create"),
            (b"not json", "orders/paid"),
            (delivery(created_at="0001-01-01T00:00:00+10:00"), "orders/paid"),
            (delivery(email="a\0b@example.com"), "orders/updated"),
            (delivery(), "products/update"),
        ]
    ):
        answer = await http.post(path, content=body, headers=signed(body, topic, event=f"e{number}"))
        assert answer.status_code == 200
    await both.all_read([SHOP])
    async with db.transaction(stores=[SHOP]) as tx:
        rows = await tx.all("select outcome, reason from deliveries order by topic, outcome")
    assert {tuple(row) for row in rows} == {
        ("ignored", "test_order"),
        ("failed", "unreadable: body"),
        ("failed", "unreadable: OverflowError"),
        ("ignored", "other_topic"),
        ("taken", None),
    }


async def test_every_failed_delivery_is_walked_through_however_many(
    both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    http, db = both.http, both.db
    monkeypatch.setattr(command, "AT_ONCE", 2)
    path = await hook(http)
    for number in range(5):
        body = b"not json" + str(number).encode()
        await http.post(path, content=body, headers=signed(body, "orders/paid", event=f"e{number}"))
    await both.all_read([SHOP])
    found = [one async for one in command.walk(db, SHOP, ("failed",))]
    assert len({one.delivery_id for one in found}) == 5
    assert [one.received_at for one in found] == sorted(one.received_at for one in found)


async def test_what_an_order_carries_of_its_refunds_stands_for_lost_deliveries_and_corrects_told_ones(
    both: Pair,
) -> None:
    http = both.http
    path = await hook(http)

    async def send(body: bytes, topic: str) -> dict[str, Any]:
        answer = await http.post(path, content=body, headers=signed(body, topic))
        assert answer.json()["outcome"] == "taken"
        await both.pump([SHOP])
        shown: dict[str, Any] = (await http.get("/v1/orders/450789469", headers=SECRET_KEY)).json()
        return shown

    def refund(status: str, amount: str = "10.00", currency: str = "EUR") -> dict[str, Any]:
        money = {"kind": "refund", "status": status, "amount": amount, "currency": currency}
        line = {"line_item_id": 1, "quantity": 1, "subtotal": "10.00", "total_tax": "0.00"}
        reported = {"id": 9, "order_id": 450789469, "created_at": NOW.isoformat()}
        return reported | {"transactions": [money], "refund_line_items": [line]}

    def order(minutes: int, *refunds: dict[str, Any]) -> bytes:
        updated_at = (NOW + timedelta(minutes=minutes)).isoformat()
        lines = [{"id": 1, "quantity": 1, "price": "10.00"}, {"id": 2, "quantity": 1, "price": "36.00"}]
        return delivery(updated_at=updated_at, refunds=refunds, line_items=lines)

    assert (await send(order(0, refund("pending")), "orders/paid"))["refunded_minor"] == 0
    found = await send(order(1, refund("success")), "orders/updated")
    assert (found["refunded_minor"], found["returned"]["lines"]) == (1000, [{"line_id": "1", "amount_minor": 1000}])
    late = json.dumps(refund("success")).encode()
    assert (await send(late, "refunds/create"))["refunded_minor"] == 1000, "it counts once, by its id"
    assert (await send(order(2, refund("failure")), "orders/updated"))["refunded_minor"] == 0
    yen = json.dumps(refund("success", "8000", "JPY") | {"id": 10, "refund_line_items": []}).encode()
    found = await send(yen, "refunds/create")
    assert (found["refunded_minor"], found["foreign_refunds"]) == (0, [{"currency": "JPY", "amount_minor": 8000}])


async def test_an_old_delivery_sent_again_under_another_topic_changes_nothing(both: Pair) -> None:
    http = both.http
    path = await hook(http)
    paid = delivery(cancelled_at=None)
    topics = ("orders/paid", "orders/cancelled", "orders/updated", "refunds/create", "orders/paid ", "products/update")
    outcomes = []
    for number, topic in enumerate(topics):
        answer = await http.post(path, content=paid, headers=signed(paid, topic, event=f"e{number}"))
        outcomes.append(answer.json()["outcome"])
    # Read as a refund it names no order; the other topics are none of ours.
    assert outcomes == ["taken", "duplicate", "duplicate", "failed", "ignored", "duplicate"]
    trimmed = delivery(note_attributes=[{"name": "source", "cancelled_at": "never"}])
    answer = await http.post(path, content=trimmed, headers=signed(trimmed, "orders/cancelled"))
    assert answer.json()["outcome"] == "failed", "whether it is cancelled, the order itself must say"
    answer = await http.post(path, content=trimmed, headers=signed(trimmed, "orders/updated"))
    assert answer.json()["outcome"] == "taken", "and it does not stand in the way of what needs to say less"
    await both.pump([SHOP])
    order = (await http.get("/v1/orders/450789469", headers=SECRET_KEY)).json()
    assert (order["cancelled"], order["refunded_minor"]) == (False, 0)


async def test_a_delivery_is_kept_so_that_a_copy_of_the_database_names_nobody_and_can_be_read_again(both: Pair) -> None:
    http, db = both.http, both.db
    path = await hook(http)
    unreadable = delivery(total_price="50,90")
    answer = await http.post(path, content=unreadable, headers=signed(unreadable, "orders/paid"))
    assert answer.json()["outcome"] == "failed"
    await both.all_read([SHOP])
    async with db.transaction(stores=[SHOP]) as tx:
        [kept] = await deliveries.some(tx, SHOP, outcomes=("failed",), after=None, most=10)
        secret = await tx.scalar("select secret from hooks")
    assert (kept.reason, kept.order_id) == ("unreadable: total_price", None)
    assert b"friend" not in kept.body
    assert b"shpss" not in secret
    mended = replace(kept, body=SEALING.seal(BODY, unreadable.replace(b"50,90", b"50.90"), owner=kept.delivery_id))
    readings = Readings(PLATFORMS, RING, SEALING)
    for body, outcome in ((kept, "failed"), (mended, "taken"), (replace(mended, outcome="taken"), "taken")):
        async with db.transaction(stores=[SHOP]) as tx:
            assert (await read_again(tx, readings, body, Clock(tx.now))).outcome == outcome
    await both.pump([SHOP])
    assert (await http.get("/v1/orders/450789469", headers=SECRET_KEY)).json()["total_minor"] == 5090
    async with db.transaction(stores=[SHOP]) as tx:
        assert await deliveries.some(tx, SHOP, outcomes=("failed",), after=None, most=10) == []
    async with both.attribution.transaction(stores=[SHOP]) as tx:
        assert await tx.scalar("select count(*) from order_facts") == 1


async def test_what_shopify_did_not_sign_is_refused_alike(both: Pair) -> None:
    http = both.http
    path = await hook(http)
    body = delivery()
    wrong = [
        signed(body, "orders/paid", secret="another"),
        {"X-Shopify-Topic": "orders/paid"},
        signed(body, "orders/paid") | {"X-Shopify-Hmac-Sha256": "ÿþ".encode("latin-1").decode("latin-1")},
        signed(body, "orders/paid") | {"X-Shopify-Hmac-Sha256": "=" * 5000},
    ]
    answers = [
        await http.post(path, content=body, headers=[(k.encode(), v.encode("latin-1")) for k, v in h.items()])
        for h in wrong
    ]
    unknown = await http.post("/v1/hooks/shopify/hok_nobody", content=body, headers=signed(body, "orders/paid"))
    assert {(a.status_code, a.json()["code"], a.json()["detail"]) for a in (*answers, unknown)} == {
        (401, "bad_signature", "This delivery is not signed with the connection's secret.")
    }
    hook_id = path.rpartition("/")[2]
    listed = await http.get("/v1/hooks", headers=SECRET_KEY)
    assert [h["id"] for h in listed.json()["data"]] == [hook_id]
    assert (await http.delete(f"/v1/hooks/{hook_id}", headers=key(store=OTHER_STORE))).status_code == 404
    assert (await http.delete(f"/v1/hooks/{hook_id}", headers=SECRET_KEY)).status_code == 204


@pytest.mark.usefixtures("no_refill")
async def test_signatures_can_be_guessed_so_often_and_what_is_signed_always_passes(both: Pair) -> None:
    http = both.http
    path = await hook(http)
    body = delivery()
    wrong = signed(body, "orders/paid", secret="another")
    refused = [await http.post(path, content=body, headers=wrong) for _ in range(WRONG_A_MINUTE + 3)]
    assert [a.status_code for a in refused[:WRONG_A_MINUTE]] == [401] * WRONG_A_MINUTE
    first, last = refused[0].headers, refused[-1]
    assert first["ratelimit-policy"] == last.headers["ratelimit-policy"] == f'"hook-signatures";q={WRONG_A_MINUTE};w=60'
    assert first["ratelimit"] == f'"hook-signatures";r={WRONG_A_MINUTE - 1};t=1'
    assert last.headers["ratelimit"].startswith('"hook-signatures";r=0;')
    assert (last.status_code, last.json()["code"]) == (429, "rate_limited")
    assert last.headers["content-type"] == "application/problem+json"
    assert int(last.headers["retry-after"]) >= 1
    unknown = await http.post("/v1/hooks/shopify/hok_nobody", content=body, headers=signed(body, "orders/paid"))
    assert (unknown.status_code, unknown.json()["code"]) == (429, "rate_limited")
    good = [await http.post(path, content=body, headers=signed(body, "orders/paid", event=f"e{n}")) for n in range(5)]
    assert {a.status_code for a in good} == {200}
    assert not any("ratelimit" in a.headers for a in good)
