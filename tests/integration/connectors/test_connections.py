"""Connections over HTTP: set up, rotated, ended; and signed JSON, which is the API's own words in a delivery."""

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from services.connectors.platforms.domain.generic import signing
from services.connectors.platforms.domain.port import Asked
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP, token
from tests.support.connectors import SECRET, Pair, paid_order, served, signed
from tests.support.deliveries import generic
from tests.support.edge import OTHER_STORE, key
from tests.support.postgres import FreshDatabase
from tests.support.wait import until


async def connect(http: httpx.AsyncClient, platform: str = "generic", **fields: Any) -> dict[str, Any]:
    made = await http.post("/v1/connections", headers=SECRET_KEY, json={"platform": platform, **fields})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def saved(**fields: Any) -> bytes:
    order = {
        "order_id": "1001",
        "placed_at": NOW.isoformat(),
        "updated_at": NOW.isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 5090,
        "subtotal_minor": 4600,
        "customer": {"id": 207, "email": "friend@example.com"},
        "tokens": [token(), " "],
        "codes": ["ANNA10"],
    }
    return json.dumps({"type": "order.saved", "timestamp": NOW.isoformat(), "data": order | fields}).encode()


async def deliver(http: httpx.AsyncClient, connection: dict[str, Any], body: bytes, **how: Any) -> httpx.Response:
    sent = generic(body, connection["secret"], **how)
    return await http.post(httpx.URL(connection["url"]).path, content=sent.body, headers=sent.headers)


async def test_a_connection_is_made_shown_and_ended_and_its_secret_shown_once(both: Pair) -> None:
    http = both.http
    once = SECRET_KEY | {"idempotency-key": "k1"}
    made = [await http.post("/v1/connections", headers=once, json={"platform": "generic"}) for _ in range(2)]
    assert made[0].json() == made[1].json(), "who repeats the request gets the same secret"
    connection = made[0].json()
    assert connection["secret"].startswith("whsec_")
    assert connection["url"] == f"https://kith.example/in/generic/{connection['id']}"
    shown = (await http.get(f"/v1/connections/{connection['id']}", headers=SECRET_KEY)).json()
    assert connection["secret"] not in json.dumps(shown)
    assert shown["secret_hint"] == "•" * 8 + connection["secret"][-4:]
    listed = (await http.get("/v1/connections", headers=SECRET_KEY)).json()["data"]
    assert listed == [shown]
    assert shown["last_delivery"] is None
    other = key(store=OTHER_STORE)
    path = f"/v1/connections/{connection['id']}"
    for answer in (
        await http.get(path, headers=other),
        await http.patch(path, headers=other, json={}),
        await http.post(path + "/secret", headers=other, json={}),
        await http.delete(path, headers=other),
    ):
        assert answer.status_code == 404
    assert (await http.delete(path, headers=SECRET_KEY)).status_code == 204
    assert (await deliver(http, connection, saved())).status_code == 401


WOO_ACCESS = {"user": "ck_0123456789abcdef", "password": "cs_0123456789abcdef"}
API_ACCESS = [
    ("woocommerce", {"host": "Shop.Example", "access": WOO_ACCESS}, "•" * 8 + "cdef"),
    ("shopify", {"host": "zerno.myshopify.com", "access": {"password": "shpat_0123456789abcdef"}}, "•" * 8 + "cdef"),
    ("stripe", {"access": {"password": "rk_live_0123456789abcdef"}}, "•" * 8 + "cdef"),
]
NO_API_ACCESS = [
    ("woocommerce", {"access": {"password": "cs_0123456789abcdef"}}, "access.user"),
    ("woocommerce", {"access": {"user": "ck", "app_secret": "of an app"}}, "access.app_secret"),
    ("shopify", {"host": "zerno.example"}, "host"),
    ("shopify", {"access": WOO_ACCESS}, "access.user"),
    ("shopify", {"access": {"password": "shpat\r\nx: y"}}, "access.password"),
    ("stripe", {"host": "api.stripe.example"}, "host"),
    ("generic", {"access": WOO_ACCESS}, "access"),
]
SIGNED_WITH = {"woocommerce": SECRET, "shopify": SECRET, "stripe": "whsec_" + "a" * 32, "generic": None}


@pytest.mark.parametrize(("platform", "given", "hint"), API_ACCESS)
async def test_access_to_a_platform_is_given_later_sealed_masked_and_dropped_with_the_host(
    both: Pair, platform: str, given: dict[str, Any], hint: str
) -> None:
    http = both.http
    made = await connect(http, platform, secret=SIGNED_WITH[platform])
    assert (made["has_access"], made["access_hint"]) == (False, None), "the secret alone makes a connection"
    path = f"/v1/connections/{made['id']}"
    opened = await http.patch(path, headers=SECRET_KEY, json=given)
    assert (opened.status_code, opened.json()["has_access"], opened.json()["access_hint"]) == (200, True, hint)
    assert "0123456789" not in opened.text
    assert opened.json()["host"] == (given["host"].lower() if "host" in given else None)
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert b"0123456789" not in await tx.scalar("select access from hooks")
    if "host" in given:
        moved = await http.patch(path, headers=SECRET_KEY, json={"host": "other-" + given["host"]})
        assert (moved.json()["has_access"], moved.json()["access_hint"]) == (False, None)


@pytest.mark.parametrize(("platform", "given", "field"), NO_API_ACCESS)
async def test_what_opens_no_api_of_a_platform_is_refused_by_name(
    both: Pair, platform: str, given: dict[str, Any], field: str
) -> None:
    made = await connect(both.http, platform, **({"secret": text} if (text := SIGNED_WITH[platform]) else {}))
    refused = await both.http.patch(f"/v1/connections/{made['id']}", headers=SECRET_KEY, json=given)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_a_second_connection_says_whether_its_ids_mean_the_same_orders(both: Pair) -> None:
    http = both.http
    first = await connect(http)
    refused = await http.post("/v1/connections", headers=SECRET_KEY, json={"platform": "generic"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "order_prefix")
    second, third = await connect(http, order_prefix="b-"), await connect(http, order_prefix="")
    for number, connection in enumerate((first, second, third)):
        answer = await deliver(http, connection, saved(), name=f"msg_{number}")
        assert answer.json() == {"outcome": "taken"}
    await both.pump([SHOP])
    for order_id in ("1001", "b-1001"):
        found = (await http.get(f"/v1/orders/{order_id}", headers=SECRET_KEY)).json()
        assert found["decision"]["status"] == "attributed"
    async with both.attribution.transaction(stores=[SHOP]) as tx:
        assert await tx.scalar("select count(*) from order_facts") == 2, "two shops' order 1001, one told twice"
    for connection in (first, second, third):
        await http.delete(f"/v1/connections/{connection['id']}", headers=SECRET_KEY)
    refused = await http.post("/v1/connections", headers=SECRET_KEY, json={"platform": "generic"})
    assert refused.status_code == 422, "orders of a shop that was connected before go on under their ids"


async def test_signed_json_and_the_api_tell_of_one_order(both: Pair) -> None:
    http = both.http
    connection = await connect(http)
    body = json.loads(saved())
    assert (await http.post("/v1/orders", headers=SECRET_KEY, json=body["data"])).status_code == 202
    assert (await deliver(http, connection, saved())).json() == {"outcome": "taken"}
    refund = {"order_id": "1001", "refund_id": 9, "amount_minor": 1000, "at": NOW.isoformat()}
    content = json.dumps({"type": "order.refunded", "data": refund}).encode()
    assert (await deliver(http, connection, content, name="msg_2")).json() == {"outcome": "taken"}
    in_path = {name: value for name, value in refund.items() if name != "order_id"}
    await http.post("/v1/orders/1001/refunds", headers=SECRET_KEY, json=in_path)
    await both.pump([SHOP])
    async with both.attribution.transaction(stores=[SHOP]) as tx:
        kinds = [row.kind for row in await tx.all("select kind from order_facts order by kind")]
    assert kinds == ["refund", "report"]
    found = (await http.get("/v1/orders/1001", headers=SECRET_KEY)).json()
    assert (found["refunded_minor"], found["decision"]["status"]) == (1000, "attributed")
    over = json.dumps({"type": "order.cancelled", "data": {"order_id": 1001}}).encode()
    assert (await deliver(http, connection, over, name="msg_3")).json() == {"outcome": "taken"}
    await both.pump([SHOP])
    assert (await http.get("/v1/orders/1001", headers=SECRET_KEY)).json()["cancelled"] is True


async def test_what_cannot_be_read_names_its_field(both: Pair) -> None:
    http = both.http
    connection = await connect(http)
    line = {"amount_minor": 5, "quantity": 0}
    wrong = [
        (saved(total_minor=-1), "unreadable: total_minor"),
        (saved(items=[line]), "unreadable: items[0].quantity"),
        (saved(colour="red"), "unreadable: colour"),
        (saved(currency="ABC"), "unreadable: currency"),
        (saved(order_id="a/b"), "unreadable: order_id"),
        (saved(placed_at="1677-01-01T00:00:00Z"), "unreadable: placed_at"),
        (b"[]", "unreadable: body"),
        (json.dumps({"type": "order.saved", "data": {}, "more": 1}).encode(), "unreadable: more"),
    ]
    for number, (body, _) in enumerate(wrong):
        answer = await deliver(http, connection, body, name=f"msg_{number}")
        assert answer.json() == {"outcome": "failed"}, body
    await both.all_read([SHOP])
    async with both.db.transaction(stores=[SHOP]) as tx:
        found = {row.reason for row in await tx.all("select reason from deliveries")}
    assert found == {reason for _, reason in wrong}
    last = (await http.get(f"/v1/connections/{connection['id']}", headers=SECRET_KEY)).json()["last_delivery"]
    assert (last["outcome"], last["reason"]) == ("failed", wrong[-1][1])


async def test_what_is_sent_again_counts_once_and_what_is_old_is_refused(both: Pair) -> None:
    """One second later, at the end of the tolerance, beyond it, and two days later."""
    http = both.http
    connection = await connect(http)
    now = int(time.time())
    answers = [await deliver(http, connection, saved(), at=now - age) for age in (0, 1, 295, 305, 172_800, -305)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 401, 401, 401]
    assert [answer.json()["outcome"] for answer in answers[:3]] == ["taken", "duplicate", "duplicate"]


async def test_both_secrets_are_believed_until_the_former_ends(both: Pair) -> None:
    http = both.http
    connection = await connect(http, "shopify", secret=SECRET)
    path, body = httpx.URL(connection["url"]).path, paid_order(created_at=NOW.isoformat())
    assert connection["secret"] is None, "the store knows it"
    changed = await http.post(
        f"/v1/connections/{connection['id']}/secret", headers=SECRET_KEY, json={"secret": "shpss_another"}
    )
    assert changed.status_code == 201, changed.text
    assert changed.json()["former_secret_until"] is not None
    for secret, status in ((SECRET, 200), ("shpss_another", 200), ("shpss_wrong", 401)):
        answer = await http.post(path, content=body, headers=signed(body, "orders/paid", secret=secret))
        assert answer.status_code == status, secret
    async with both.db.transaction(stores=[SHOP]) as tx:
        await tx.execute("update hooks set former_ends_at = now() - cast(:s as interval)", s=timedelta(seconds=1))
    again = await connect(http, "shopify", secret=SECRET, order_prefix="x-")
    await http.post(
        f"/v1/connections/{again['id']}/secret",
        headers=SECRET_KEY,
        json={"secret": "shpss_another", "overlap_hours": 0},
    )
    late = await http.post(
        httpx.URL(again["url"]).path, content=body, headers=signed(body, "orders/paid", secret=SECRET)
    )
    assert late.status_code == 401
    same = await http.post(
        f"/v1/connections/{again['id']}/secret", headers=SECRET_KEY, json={"secret": "shpss_another"}
    )
    assert same.status_code == 422


async def test_a_new_secret_is_believed_though_the_address_is_remembered(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.connectors.inbox.hot.door.REMEMBERED_S", 3600.0)
    async with served(await fresh_database("connectors", "attribution"), tmp_path) as both:
        connection = await connect(both.http)
        assert (await deliver(both.http, connection, saved())).status_code == 200
        path = f"/v1/connections/{connection['id']}/secret"
        turned = (await both.http.post(path, headers=SECRET_KEY, json={"overlap_hours": 0})).json()

        async def believed() -> bool:
            return (await deliver(both.http, turned, saved())).status_code == 200

        await until(believed, what="the new secret is believed", within=60, every=0.2)
        assert (await deliver(both.http, connection, saved())).status_code == 401, "the former one is not"


async def test_a_platform_is_told_what_it_signs_with_and_asked_for_nothing_else(both: Pair) -> None:
    http = both.http
    for body, field in (
        ({"platform": "shopify"}, "secret"),
        ({"platform": "generic", "secret": "whsec_short"}, "secret"),
        ({"platform": "shopify", "secret": SECRET, "options": {"currency": "EUR"}}, "options.currency"),
        ({"platform": "shopify", "secret": SECRET, "host": "shop.example"}, "host"),
    ):
        answer = await http.post("/v1/connections", headers=SECRET_KEY, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text


async def test_an_address_serves_its_own_platform_and_the_former_one_serves_on(both: Pair) -> None:
    http = both.http
    shop = await connect(http, "shopify", secret=SECRET)
    body = paid_order(created_at=NOW.isoformat())
    for path, status in (
        (f"/in/generic/{shop['id']}", 401),
        (f"/in/nobody/{shop['id']}", 401),
        (f"/in/shopify/{shop['id']}%00", 404),
        (f"/v1/hooks/shopify/{shop['id']}", 200),
        (f"/in/shopify/{shop['id']}", 200),
    ):
        answer = await http.post(path, content=body, headers=signed(body, "orders/paid"))
        assert answer.status_code == status, path
    assert [h["id"] for h in (await http.get("/v1/hooks", headers=SECRET_KEY)).json()["data"]] == [shop["id"]]


async def test_the_former_way_makes_a_store_s_first_connection_and_no_other(both: Pair) -> None:
    http, body = both.http, {"platform": "shopify", "secret": SECRET}
    once = SECRET_KEY | {"idempotency-key": "k1"}
    made = [await http.post("/v1/hooks", headers=once, json=body) for _ in range(2)]
    assert (made[0].status_code, made[0].json()) == (201, made[1].json())
    for _ in range(2):  # and one that it had counts: its orders go on under their ids
        refused = await http.post("/v1/hooks", headers=SECRET_KEY, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "not_the_first")
        assert "POST /v1/connections" in refused.json()["detail"]
        await http.delete(f"/v1/hooks/{made[0].json()['id']}", headers=SECRET_KEY)
    assert (await http.post("/v1/connections", headers=SECRET_KEY, json=body | {"order_prefix": "b-"})).is_success


def test_the_published_vector_of_standard_webhooks() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,wrong v1a,other v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    asked = Asked(headers, b'{"test": 2432232314}')
    assert signing.authenticate(asked, [secret.encode()], 1614265330)
    assert not signing.authenticate(asked, [secret.encode()], 1614265330 + 301)
    made = signing.as_text(b"k" * 32)
    now = int(time.time())
    sent = generic(b"{}", made, at=now)
    assert Webhook(made).verify(sent.body, sent.headers) == {}
    assert signing.problem_of(made) is None


@pytest.mark.parametrize("at", ["", "-1", "1e9", "٣", "9" * 40, " 1614265330"])
def test_odd_times_are_no_times(at: str) -> None:
    assert not signing.near(at, 1614265330)
