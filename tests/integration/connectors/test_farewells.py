"""What platforms say when an app is removed: access that was given before ends, and a shop is forgotten in slices."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx

from services.common.order_facts import Clock
from services.connectors.inbox import sql as deliveries
from services.connectors.inbox.actions import Readings, read_again, reconcile
from services.connectors.inbox.domain import questions
from services.connectors.inbox.work import redact
from services.connectors.platforms.domain.registry import PLATFORMS
from services.kernel.work import Done, Retry, Task
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.support.connectors import SECRET, Pair, paid_order, signed
from tests.support.edge import RING, SEALING, make_context

HOST = "zerno.myshopify.com"
ACCESS = {"password": "shpat_of_the_tests"}


async def connect(http: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    body = {"platform": "shopify", "secret": SECRET, "host": HOST, **fields}
    made: dict[str, Any] = (await http.post("/v1/connections", headers=SECRET_KEY, json=body)).json()
    return made


async def deliver(both: Pair, made: dict[str, Any], topic: str, body: Any, **headers: str) -> None:
    content = json.dumps(body).encode()
    sent = signed(content, topic) | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await both.http.post(httpx.URL(made["url"]).path, content=content, headers=sent)
    assert answer.json()["outcome"] == "taken"
    await both.all_read([SHOP])


def order(number: int) -> Any:
    at = NOW.isoformat()
    return json.loads(paid_order(number, created_at=at, updated_at=at))


async def test_a_removal_that_is_told_late_leaves_the_access_that_was_given_since(both: Pair) -> None:
    made = await connect(both.http, access=ACCESS)
    async with both.db.transaction([SHOP]) as tx:
        now = tx.now

    async def removed(number: int, **headers: str) -> bool:
        """Whether access is gone once this was told."""
        body = {"id": number, "myshopify_domain": HOST}
        await deliver(both, made, "app/uninstalled", body, **headers)
        return await gone()

    async def gone() -> bool:
        shown = (await both.http.get(f"/v1/connections/{made['id']}", headers=SECRET_KEY)).json()
        return shown["access_hint"] is None

    async def give() -> None:
        path = f"/v1/connections/{made['id']}"
        assert (await both.http.patch(path, headers=SECRET_KEY, json={"access": ACCESS})).status_code == 200

    before = (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%f741Z")  # Shopify writes nanoseconds
    assert not await removed(1, X_Shopify_Triggered_At=before), "it was removed before it was installed again"
    assert not await removed(2, Shopify_Triggered_At=before), "both families of headers"
    assert await removed(3, X_Shopify_Triggered_At=(now + timedelta(days=1)).isoformat())
    await give()
    assert await removed(4, X_Shopify_Triggered_At="yesterday"), "without a time it was removed when it was told"
    await give()
    async with both.db.transaction([SHOP]) as tx:
        for kept in await deliveries.some(tx, SHOP, outcomes=("taken",), after=None, most=10):
            await read_again(tx, Readings(PLATFORMS, RING, SEALING), kept, Clock(tx.now))
    assert not await gone(), "all of it was told before access was given, whatever its headers say"


async def test_a_whole_shop_is_forgotten_in_slices_and_whoever_goes_on_finds_what_is_left(both: Pair) -> None:
    made = await connect(both.http)
    for number in range(5):
        await deliver(both, made, "orders/paid", order(number + 1))
    await deliver(both, made, "shop/redact", {"shop_id": 7, "shop_domain": HOST})
    await deliver(both, made, "orders/paid", order(6))
    async with both.db.transaction([SHOP]) as tx:
        [asked] = await tx.all("select id, key, payload from work_tasks where kind = :kind", kind=questions.REDACT)
        now = tx.now
    task = Task(
        id=asked.id,
        kind=questions.REDACT,
        store_id=SHOP,
        lane=made["id"],
        key=asked.key,
        payload=json.loads(asked.payload) if isinstance(asked.payload, str) else asked.payload,
        attempt=1,
        failures=0,
        created_at=now,
    )

    async def kept() -> Sequence[str]:
        async with both.db.transaction([SHOP]) as tx:
            assert (await reconcile(tx, SHOP)).difference == 0, "what is dropped leaves its outcome in the sums"
            return sorted(str(row.topic) for row in await tx.all("select topic from deliveries"))

    context = make_context(both.db, name="connectors", sealing=SEALING)
    first = await redact(context, task, at_once=2, slices=1)
    assert isinstance(first, Retry)
    assert not first.failed
    assert (await kept()).count("orders/paid") == 4
    assert isinstance(await redact(context, task, at_once=2, slices=10), Done)
    assert await kept() == ["orders/paid", "shop/redact"], "what came after it was asked for stays"
    assert isinstance(await redact(context, task), Done), "once more it finds nothing to drop"
