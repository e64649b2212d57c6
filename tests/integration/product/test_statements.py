"""Every statement that an order's way, a click's way and the jobs run, as the services' role runs it: with row-level
security on, on a store of a hundred thousand rows among a hundred stores. None reads much more than it was asked for.
"""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from services.cli.local.postgres import OWNER
from tests.support.crowd import multiply
from tests.support.explained import Explained, Reading
from tests.support.two_stores import OPERATOR, PROGRAM, Store, TwoStores, now
from tests.support.wait import until

SERVICES = ("links", "connectors", "attribution", "rewards", "analytics")
ROWS, STORES, ORDERS = 100_000, 100, 8
FACTOR, SPARE = 4, 4 * STORES
"""A statement may read so many rows for each that it is asked for or gives, and so many more: a table that has a few
rows for each store, as keys are, is some pages, and is read as a whole.
"""
PAGES, SPARE_PAGES = 25, 400
"""And so many pages of tables and indexes: what an index is gone through for, rows do not show."""
SEARCHES = ("position(", "offset $", ") latest ")
"""A search for text that may stand anywhere, and the look where such a search stopped: no index serves them. And the
reasons of the newest 2,000 orders, among which a reader may choose."""
SEARCHED = 3
"""They may read each row of the store that they search in once, in the tables that hold the text."""
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
SHOP = "https://other.example/"
LIMIT = {"per_ambassador": {"count": 1000, "period": "month"}}


async def post(client: httpx.AsyncClient, store: Store, path: str, body: Any, **more: Any) -> Any:
    answer = await client.post(path, json=body, headers=store.secret, **more)
    assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()


async def live(client: httpx.AsyncClient, store: Store, slugs: list[str], codes: list[str], name: str) -> None:
    """Friends click, look around, buy by link and by code, pay, and take some of it back. Then two weeks go by."""
    for n in range(ORDERS):
        there = await client.get(f"/r/{slugs[n % len(slugs)]}", headers=BROWSER, follow_redirects=False)
        token = httpx.URL(there.headers["location"]).params["kith"]
        visitor = f"v-{name}-{n}"
        seen = {"type": "visit", "token": token, "visitor_id": visitor, "url": SHOP}
        assert (await client.post("/v1/track", json=seen, headers=store.publishable)).is_success
        customer = {"id": f"c-{name}-{n}", "email": f"{name}{n}@example.com"}
        assert (
            await client.post("/v1/identify", json={"visitor_id": visitor, "customer": customer}, headers=store.secret)
        ).status_code < 500
        order: dict[str, Any] = {"order_id": f"{name}-{n}", "placed_at": now(), "status": "pending", "currency": "EUR"}
        order |= {"total_minor": 5000, "customer": customer, "token": token, "visitor_id": visitor}
        order |= {"codes": [codes[n % len(codes)]]} if n % 2 else {}
        event = {"event_id": f"{name}-{n}", "name": "signup", "happened_at": now(), "customer": customer}
        await post(client, store, "/v1/events", event | {"token": token, "codes": order.get("codes", [])})
        await post(client, store, "/v1/orders", order)
        await post(client, store, "/v1/orders", order | {"status": "paid"})
    await post(client, store, f"/v1/orders/{name}-0/refunds", {"refund_id": "r", "amount_minor": 1000})
    await post(client, store, f"/v1/orders/{name}-1/cancel", {})
    await post(client, store, f"/v1/events/{name}-1/cancel", {"reason": "mistake"})

    async def standing(status: str) -> bool:
        found = await client.get("/v1/rewards", params={"status": status, "limit": 200}, headers=store.secret)
        orders = {reward["order_id"] for reward in found.json()["data"]}
        return {f"{name}-{n}" for n in range(ORDERS) if n != 1} <= orders

    async def of_events(status: str) -> bool:
        found = await client.get("/v1/rewards", params={"status": status, "limit": 200}, headers=store.secret)
        sources = [one["source"] for one in found.json()["data"]]
        theirs = [one for one in sources if one["kind"] == "event" and one["id"].startswith(f"{name}-")]
        return len(theirs) >= ORDERS - 1

    await until(lambda: standing("pending"), within=60, what="rewards on hold")
    await until(lambda: of_events("pending"), within=60, what="events' rewards on hold")
    answer = await client.post(
        "/v1/clock", json={"advance_seconds": 40 * 86_400}, headers={"authorization": f"Bearer {OPERATOR}"}
    )
    assert answer.is_success, answer.text
    await until(lambda: standing("available"), within=60, what="rewards that are available")
    await until(lambda: of_events("available"), within=60, what="events' rewards that are available")


async def look(client: httpx.AsyncClient, store: Store, ids: dict[str, str]) -> None:
    """What a store's server asks for."""
    for path in (
        "/v1/orders",
        "/v1/orders?status=attributed",
        "/v1/orders?q={part}",
        "/v1/orders/{order_id}",
        "/v1/events",
        "/v1/events/{order_id}",
        "/v1/rewards?event_id={order_id}",
        "/v1/rewards?source=event",
        "/v1/rewards?source=event&status=rejected",
        "/v1/rewards",
        "/v1/rewards?order_id={order_id}",
        "/v1/rewards?ambassador_id={ambassador_id}",
        "/v1/rewards?status=available",
        "/v1/rewards/{reward_id}",
        "/v1/balances?ambassador_id={ambassador_id}",
        "/v1/ledger/entries",
        "/v1/ledger/entries?owner={ambassador_id}",
        "/v1/ledger/entries?owner={program_id}",
        "/v1/ledger/entries?owner={friend_id}",
        "/v1/ledger/entries?reward_id={reward_id}",
        "/console/rewards/rewards/{reward_id}",
        "/v1/ledger/trial-balance",
        "/v1/ambassadors",
        "/v1/ambassadors?q={part}",
        "/console/links/ambassadors?q={part}&sort=name",
        "/console/attribution/orders?q={part}",
        *(f"/v1/ambassador-results?sort={sort}" for sort in ("clicks", "revenue", "balance", "active", "joined")),
        "/v1/ambassador-results?sort=orders&order=asc",
        "/v1/ambassador-results/{ambassador_id}",
        "/console/analytics/ambassadors?sort=friends",
        "/v1/ambassadors/{ambassador_id}",
        "/console/links/ambassadors/{ambassador_id}",
        "/v1/links",
        "/v1/links?ambassador_id={ambassador_id}",
        "/v1/codes",
        "/v1/programs",
        "/v1/keys",
    ):
        answer = await client.get(path.format_map(ids), headers=store.secret)
        assert answer.status_code in {200, 422}, f"{path}: {answer.text}"
    for word in ("check", "redeem"):
        path = f"/v1/codes/{ids['code']}/{word}"
        assert (await client.post(path, json={"order_id": "o-1"}, headers=store.secret)).status_code < 500


@pytest.fixture
async def superuser(two_stores: TwoStores) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(two_stores.database_url.replace(f"{OWNER}@", "postgres@"))
    yield connection
    await connection.close()


def reads_too_much(one: Reading) -> bool:
    if any(mark in one.sql for mark in SEARCHES):
        return one.rows > SEARCHED * ROWS or one.buffers > ROWS
    return one.rows > FACTOR * one.wanted + SPARE or one.buffers > PAGES * one.wanted + SPARE_PAGES


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_no_statement_reads_more_than_it_is_asked_for(
    two_stores: TwoStores, superuser: asyncpg.Connection
) -> None:
    client, store = two_stores.client, two_stores.b
    rules = [{**PROGRAM["rewards"][0], "limits": LIMIT}, {**PROGRAM["rewards"][0], "name": "friend", "to": "friend"}]
    joining = {"name": "join", "on": "signup", "to": "ambassador", "give": {"kind": "fixed", "amount_minor": 200}}
    milestone = {"name": "five", "on": {"of": "friends", "every": 5}, "give": {"kind": "fixed", "amount_minor": 100}}
    terms = {"rewards": rules, "event_rewards": [{**joining, "limits": LIMIT}], "milestone_rewards": [milestone]}
    program = await post(client, store, "/v1/programs", {**PROGRAM, "landing_url": SHOP, **terms})
    joined = [
        await post(client, store, "/v1/ambassadors", {"program_id": program["id"], "external_id": f"e-{n}"})
        for n in range(4)
    ]
    slugs, codes = [one["link"]["slug"] for one in joined], [one["code"]["code"] for one in joined]
    await until(lambda: _known(client, store, codes[-1]), within=60, what="the last code")
    await live(client, store, slugs, codes, "before")
    others = [f"str_other_{n:02}" for n in range(STORES - 1)]
    await multiply(superuser, SERVICES, store.id, copies=ROWS // ORDERS // 8, others=others)
    explained = Explained()
    with explained.watching():
        await live(client, store, slugs, codes, "after")
        found = (await client.get("/v1/rewards?order_id=after-2", headers=store.secret)).json()["data"][0]
        ids = {"order_id": "after-2", "reward_id": found["id"], "ambassador_id": joined[0]["id"], "code": codes[0]}
        ids |= {"part": "fter", "program_id": program["id"], "friend_id": "c-after-2"}
        await look(client, store, ids)
    assert not explained.failed, "\n".join(explained.failed)
    assert {one.role for one in explained.readings if one.schema in SERVICES} == {"kith_app"}
    assert {one.schema for one in explained.readings} >= set(SERVICES)
    assert len({one.sql for one in explained.readings}) > 100
    worst: dict[tuple[str, str], Reading] = {}
    for one in filter(reads_too_much, explained.readings):
        key = (one.schema, one.sql)
        worst[key] = max(worst.get(key, one), one, key=lambda reading: reading.rows + reading.buffers)
    assert not worst, "\n\n".join(map(str, worst.values()))


async def _known(client: httpx.AsyncClient, store: Store, code: str) -> bool:
    answer = await client.post(f"/v1/codes/{code}/check", json={}, headers=store.secret)
    return bool(answer.json().get("valid"))
