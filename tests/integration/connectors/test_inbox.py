"""The inbox: what was acknowledged is kept before it is read, is read once, and is counted until it is forgotten."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.common.order_facts import Clock
from services.connectors.inbox import actions, sql
from services.connectors.inbox.actions import FORGET, READ, Readings, read_again, reconcile
from services.connectors.inbox.domain import BODY
from services.connectors.inbox.domain.facts import Known
from services.connectors.inbox.tables import ASKED_FOR_PEOPLE
from services.connectors.main import SERVICE
from services.connectors.platforms.domain.port import Delivered, Report
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.platforms.domain.shopify import SHOPIFY
from services.connectors.settings import ASKED_KEPT, DELIVERIES_KEPT, READ_WITHIN
from services.kernel import failpoints
from services.kernel.auth import at_rest
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Database, Tx
from services.kernel.jobs import Jobs
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.support.connectors import SECRET, Pair, paid_order, signed
from tests.support.deliveries import tilda, tilda_form
from tests.support.edge import RING, SEALING, make_context
from tests.support.wait import until

STAMP: dict[str, Any] = {"created_at": NOW.isoformat(), "updated_at": NOW.isoformat()}


@pytest.fixture(autouse=True)
def _no_failpoint_stays() -> Iterator[None]:
    yield
    failpoints.configure("")


async def hook(http: httpx.AsyncClient) -> str:
    made = await http.post("/v1/hooks", headers=SECRET_KEY, json={"platform": "shopify", "secret": SECRET})
    return str(httpx.URL(made.json()["url"]).path)


async def deliver(http: httpx.AsyncClient, path: str, body: bytes, topic: str = "orders/paid") -> str:
    answer = await http.post(path, content=body, headers=signed(body, topic))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["outcome"])


async def deliver_unread(http: httpx.AsyncClient, path: str, body: bytes) -> str:
    """A delivery whose process keeps and answers it, and then fails before it has noted what it says."""
    failpoints.configure("deliveries.before_read=raise")
    outcome = await deliver(http, path, body)
    await until(lambda: not failpoints.any_armed(), what="the second commit has failed")
    return outcome


async def outcomes(db: Database) -> list[tuple[str, str | None]]:
    async with db.transaction(stores=[SHOP]) as tx:
        rows = await tx.all("select outcome, reason from deliveries order by received_at, delivery_id")
    return [(row.outcome, row.reason) for row in rows]


async def run_due(db: Database, job: str, *, after: timedelta) -> None:
    """Runs the job as it would run so much later."""
    async with db.transaction(stores=[SHOP]) as tx:
        await tx.execute("update due set at = now() where job = :job", job=job)
        await tx.execute("update deliveries set received_at = received_at - cast(:after as interval)", after=after)
    context = make_context(db, name="connectors", sealing=SEALING)
    due_jobs = (*SERVICE.due_jobs, *SERVICE.keyed_jobs(context))
    await Jobs(context, jobs=(), due_jobs=due_jobs).run_due(job)


async def published(db: Database) -> list[str]:
    async with db.transaction() as tx:
        rows = await tx.all("select type from outbox where topic = 'kith.orders' order by id")
    return [row.type for row in rows]


async def test_what_a_process_kept_and_did_not_read_is_read_by_the_job_and_told_once(both: Pair) -> None:
    path = await hook(both.http)
    assert await deliver_unread(both.http, path, paid_order(**STAMP)) == "taken", "it is safe, and can be read"
    assert await outcomes(both.db) == [("waiting", None)]
    assert await published(both.db) == []
    assert await deliver(both.http, path, paid_order(**STAMP)) == "duplicate", "the platform may repeat it"

    await run_due(both.db, READ, after=READ_WITHIN)
    assert await outcomes(both.db) == [("taken", None)]
    assert await published(both.db) == ["kith.order.received.v1"]
    await run_due(both.db, READ, after=READ_WITHIN)
    assert len(await published(both.db)) == 1
    await both.pump([SHOP])
    order = (await both.http.get("/v1/orders/450789469", headers=SECRET_KEY)).json()
    assert (order["decision"]["status"], order["total_minor"]) == ("attributed", 5090)


async def test_of_two_who_read_one_delivery_only_one_tells_it_on(both: Pair) -> None:
    path = await hook(both.http)
    await deliver_unread(both.http, path, paid_order(**STAMP))
    readings = Readings(PLATFORMS, RING, SEALING)
    async with both.db.transaction(stores=[SHOP]) as tx:
        [kept] = await sql.some(tx, SHOP, outcomes=("waiting",), after=None, most=10)
    reading = readings.read(kept, readings.open(kept), Known(Clock(kept.received_at)))

    async def note() -> None:
        async with both.db.transaction(stores=[SHOP]) as tx:
            await actions.note(tx, readings, [reading])

    await asyncio.gather(note(), note(), note())
    assert await published(both.db) == ["kith.order.received.v1"]


async def test_a_mistake_of_the_reader_costs_no_delivery_and_a_better_reader_takes_it(both: Pair) -> None:
    def stumbles(delivered: Delivered) -> Report:
        raise KeyError("line_items")

    path = await hook(both.http)
    body = paid_order(**STAMP)
    broken, mended = (
        Readings({"shopify": replace(SHOPIFY, read=stumbles)}, RING, SEALING),
        Readings(PLATFORMS, RING, SEALING),
    )
    await deliver(both.http, path, body)
    await both.all_read([SHOP])
    async with both.db.transaction(stores=[SHOP]) as tx:
        [kept] = await sql.some(tx, SHOP, outcomes=("taken",), after=None, most=10)
        failed = await read_again(tx, broken, kept, Clock(tx.now))
    assert (failed.outcome, failed.reason) == ("failed", "unreadable: KeyError")
    async with both.db.transaction(stores=[SHOP]) as tx:
        again = await read_again(tx, mended, failed, Clock(tx.now))
    assert (again.outcome, again.order_id) == ("taken", "450789469")
    await both.pump([SHOP])
    async with both.attribution.transaction(stores=[SHOP]) as tx:
        assert await tx.scalar("select count(*) from order_facts where kind = 'report'") == 1, "told twice, known once"


async def test_what_is_read_again_is_as_old_as_it_is_and_a_lost_key_stops_nobody(both: Pair) -> None:
    shop = {"platform": "tilda", "options": {"currency": "EUR", "paid_on_arrival": True}}
    made = (await both.http.post("/v1/connections", headers=SECRET_KEY, json=shop)).json()
    form = tilda(tilda_form())
    await both.http.post(httpx.URL(made["url"]).path, content=form.body, headers=form.headers)
    await both.all_read([SHOP])
    days = timedelta(days=3)
    async with both.db.transaction(stores=[SHOP]) as tx:
        await tx.execute(
            "update deliveries set received_at = received_at - cast(:d as interval), outcome = 'failed'", d=days
        )
        await tx.execute("delete from outbox")
        [kept] = await sql.some(tx, SHOP, outcomes=("failed",), after=None, most=10)
        lost = Readings(PLATFORMS, RING, Sealing("k9:another-secret-of-the-tests-0123456789", before=RING))
        assert (await read_again(tx, lost, kept, Clock(tx.now))).reason == "sealed with a key that is gone"
        assert (await read_again(tx, Readings(PLATFORMS, RING, SEALING), kept, Clock(tx.now))).outcome == "taken"
    async with both.db.transaction(stores=[SHOP]) as tx:
        data = await tx.scalar("select data from outbox where topic = 'kith.orders'")
        published_now = json.loads(bytes(data))
    assert datetime.fromisoformat(published_now["updated_at"]) == kept.received_at, (
        "it is no newer than what came since"
    )


async def test_secrets_and_bodies_open_under_the_keys_of_this_service_alone(both: Pair) -> None:
    path = await hook(both.http)
    body = paid_order(**STAMP)
    await deliver(both.http, path, body)
    await both.all_read([SHOP])
    async with both.db.transaction(stores=[SHOP]) as tx:
        [kept] = await sql.some(tx, SHOP, outcomes=("taken",), after=None, most=10)
        secret = await tx.one("select hook_id, secret from hooks")
    assert SEALING.open(BODY, kept.body, owner=kept.delivery_id) == body
    assert SEALING.open("hook-secret", secret.secret, owner=secret.hook_id) == SECRET.encode()
    for purpose, hidden, owner in ((BODY, kept.body, kept.delivery_id), ("hook-secret", secret.secret, secret.hook_id)):
        with pytest.raises(ValueError, match="the key that this was encrypted with is gone"):
            at_rest.decrypt(RING, purpose, hidden, owner=owner)


async def test_what_was_acknowledged_is_taken_ignored_failed_or_waits_also_when_it_is_forgotten(both: Pair) -> None:
    path = await hook(both.http)
    for order_id in (1, 2, 3):
        await deliver(both.http, path, paid_order(order_id, **STAMP))
    await deliver(both.http, path, paid_order(1, **STAMP))
    await deliver(both.http, path, paid_order(4, **STAMP, test=True))
    await deliver(both.http, path, b"not json")
    await both.all_read([SHOP])
    await deliver_unread(both.http, path, paid_order(5, **STAMP))

    async def account(tx: Tx) -> tuple[int, dict[str, int], int]:
        found = await reconcile(tx, SHOP)
        return found.acked, found.outcomes, found.difference

    async with both.db.transaction(stores=[SHOP]) as tx:
        assert await account(tx) == (6, {"taken": 3, "ignored": 1, "failed": 1, "waiting": 1}, 0)
    await run_due(both.db, READ, after=READ_WITHIN)
    await run_due(both.db, FORGET, after=DELIVERIES_KEPT)
    assert await outcomes(both.db) == []
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert await account(tx) == (6, {"taken": 4, "ignored": 1, "failed": 1, "waiting": 0}, 0)
        assert await tx.scalar("select count(*) from due where job = :job", job=FORGET) == 0, "nothing is left"
    await deliver(both.http, path, paid_order(6, **STAMP))
    await both.all_read([SHOP])
    async with both.db.transaction(stores=[SHOP]) as tx:
        await tx.execute("delete from deliveries")
        assert (await reconcile(tx, SHOP)).difference == 1, "a row that is gone unaccounted for is missed"


async def test_what_is_asked_in_peoples_name_stays_for_as_long_as_the_store_may_take(both: Pair) -> None:
    path = await hook(both.http)
    hook_id = path.rpartition("/")[2]
    for order_id in (1, 2):
        asked = {"shop_id": 7, "shop_domain": "zerno.myshopify.com", "orders_requested": [order_id]}
        await deliver(both.http, path, json.dumps(asked).encode(), "customers/data_request")
    await deliver(both.http, path, paid_order(1, **STAMP))
    await both.all_read([SHOP])

    async def kept() -> list[sql.Delivery]:
        async with both.db.transaction(stores=[SHOP]) as tx:
            return await sql.asked(tx, SHOP, hook_id, most=9)

    done, still_open = await kept()
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert await sql.mark_done(tx, done)
        await tx.execute("update deliveries set done_at = done_at - cast(:t as interval)", t=DELIVERIES_KEPT)
    await run_due(both.db, FORGET, after=DELIVERIES_KEPT)
    assert [one.ref for one in await kept()] == [still_open.ref]
    assert len(await outcomes(both.db)) == 1
    await run_due(both.db, FORGET, after=ASKED_KEPT - DELIVERIES_KEPT)
    assert await outcomes(both.db) == []


def test_what_platforms_ask_in_peoples_name_is_in_the_index() -> None:
    assert {topic for platform in PLATFORMS.values() for topic in platform.privacy_topics} == set(ASKED_FOR_PEOPLE)
