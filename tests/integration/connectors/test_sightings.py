"""What a store sees that connects a platform: each delivery's outcome, and what was refused, told of seldom."""

import json
from typing import Any

from services.kernel.auth import api_keys
from services.kernel.context import Context
from services.kernel.sighted import report_sightings
from services.kernel.sightings import AGAIN_US
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.support.connectors import SECRET, Pair, paid_order, signed
from tests.support.edge import RING

STAMP: dict[str, Any] = {"created_at": NOW.isoformat(), "updated_at": NOW.isoformat()}


async def reported(ctx: Context) -> list[tuple[str, str, str]]:
    """Has it told, and takes it off the outbox."""
    await report_sightings(ctx)
    async with ctx.db.transaction([SHOP]) as tx:
        rows = await tx.all("delete from outbox where type = 'kith.sighting.noted.v1' returning data")
    found: list[dict[str, Any]] = [json.loads(bytes(row.data)) for row in rows]
    assert {one["store_id"] for one in found} <= {SHOP}
    return sorted((one["kind"], one.get("on", ""), one.get("said", "")) for one in found)


async def test_a_delivery_is_told_of_with_what_became_of_it(both: Pair) -> None:
    ctx, _ = both.contexts
    made = await both.http.post("/v1/connections", headers=SECRET_KEY, json={"platform": "shopify", "secret": SECRET})
    connection, address = made.json()["id"], f"/in/shopify/{made.json()['id']}"

    async def deliver(body: bytes, *, secret: str = SECRET, to: str = address) -> int:
        headers = signed(body, "orders/paid", secret=secret)
        return (await both.http.post(to, content=body, headers=headers)).status_code

    order = paid_order(**STAMP)
    assert await deliver(order, secret="another") == 401
    assert await deliver(paid_order(820982911946154508, test=True, **STAMP)) == 200
    assert await deliver(b'{"id": 7, "currency": "EUR", "total_price": "odd"}') == 200
    assert await deliver(order) == 200
    assert await deliver(order, to="/in/shopify/con_of_nobody") == 401
    assert await deliver(order, to=f"/in/woocommerce/{connection}") == 401
    words = ("", "bad_signature", "other_platform", "test_order", "unreadable")
    assert await reported(ctx) == [("delivery", connection, word) for word in words]

    # Of each kind once in a while, and then its newest.
    for _ in range(20):
        assert await deliver(order) == 200
        assert await deliver(order, secret="another") == 401
    assert await reported(ctx) == [("delivery", connection, "duplicate")]
    later = ctx.sightings.take(ctx.live.microseconds() + AGAIN_US)
    assert [seen.reason for seen in later] == ["bad_signature"]


async def test_keys_proofs_and_codes_that_are_refused_are_told_of(both: Pair) -> None:
    _, ctx = both.contexts
    page = {"origin": "https://shop.example"}
    await both.http.post("/v1/track", headers=SECRET_KEY | page, json={"type": "visit"})
    publishable = api_keys.issue(RING, kind="pk", store_id=SHOP, key_id="key_7")
    bearer = {"authorization": f"Bearer {publishable}"}
    await both.http.post("/v1/orders", headers=bearer, json={})
    await both.http.post("/v1/codes/NONE/check", headers=SECRET_KEY)
    proof = {"type": "identify", "customer": {"id": "c-1"}, "proof": "0" * 64}
    assert (await both.http.post("/v1/track", headers=bearer, json=proof)).json()["proven"] is False
    found = await reported(ctx)
    assert [(kind, reason) for kind, _, reason in found] == [
        ("code", "code_unknown"),
        ("customer", "proof_wrong"),
        ("key", "secret_key_in_browser"),
        ("key", "publishable_key"),
    ]
    assert ("key", "key_7", "publishable_key") in found


async def test_a_good_visit_leaves_nothing_to_tell(both: Pair) -> None:
    _, ctx = both.contexts
    publishable = api_keys.issue(RING, kind="pk", store_id=SHOP, key_id="key_7")
    for number in range(5):
        report = {"type": "visit", "visitor_id": f"v_{number:032x}", "url": "https://shop.example/"}
        answer = await both.http.post("/v1/track", headers={"authorization": f"Bearer {publishable}"}, json=report)
        assert answer.status_code == 202, answer.text
    assert await reported(ctx) == []
