"""Webhook endpoints: at another address, deleted, of another store, or where nothing may be called."""

import asyncio
from datetime import timedelta
from pathlib import Path

from standardwebhooks import Webhook

from tests.integration.connectors.outgoing import out, shop
from tests.support.edge import OTHER_STORE, STORE, key
from tests.support.postgres import FreshDatabase
from tests.support.wait import until
from tests.support.webhooks import (
    ALL,
    KEY,
    Answer,
    Call,
    Made,
    Outgoing,
    Receiver,
    order,
    sending,
)

__all__ = ["out", "shop"]


async def test_what_waits_for_a_deleted_endpoint_is_not_sent(out: Outgoing, shop: Receiver) -> None:
    shop.answer = lambda call: Answer(500)
    endpoint = await out.endpoint(shop.url())
    await out.arrive(order("1001"))
    found = await out.once(endpoint, state="waiting", tries=1)
    assert (await out.http.delete(f"/v1/webhook-endpoints/{endpoint['id']}", headers=KEY)).status_code == 204
    left = (await out.http.get(f"/v1/deliveries/{found['id']}", headers=KEY)).json()
    assert (left["state"], left["next_try_at"]) == ("skipped", None)
    async with out.db.transaction([STORE]) as tx:  # written by who had not yet seen that it was deleted
        await tx.execute("update sendings set state = 'waiting'")
    await out.move(timedelta(minutes=1))

    async def skipped() -> bool:
        return bool((await out.http.get(f"/v1/deliveries/{found['id']}", headers=KEY)).json()["state"] == "skipped")

    await until(skipped, what="its task sees that there is nobody any more")
    assert len(shop.calls) == 1
    async with out.db.transaction([STORE]) as tx:
        left = [await tx.scalar(f"select count(*) from {table}") for table in ("endpoints", "endpoint_secrets")]
    assert left == [0, 0]


async def test_an_endpoint_at_another_address_starts_anew(out: Outgoing, shop: Receiver) -> None:
    shop.answer = lambda call: Answer(503, {"Retry-After": "3600"}) if call.path == "/old" else Answer()
    endpoint = await out.endpoint(shop.url("/old"))
    await out.arrive(order("1001"))
    await out.once(endpoint, state="waiting", tries=1)
    assert (await out.show(endpoint))["failing_since"] is not None
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    same = await out.http.patch(path, headers=KEY, json={"url": shop.url("/old")})
    assert same.json()["failing_since"] is not None
    moved = await out.http.patch(path, headers=KEY, json={"url": shop.url("/new")})
    assert moved.json()["failing_since"] is None
    async with out.db.transaction([STORE]) as tx:
        assert await tx.scalar("select streak from endpoints") == 0
    await out.arrive(order("1002"))
    await until(lambda: shop.ids("/new") == ["evt_attributed_1002_1"], what="it does not wait as the old one asked")


async def test_what_a_former_address_answers_late_says_nothing_of_the_new_one(out: Outgoing, shop: Receiver) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def gone(call: Call) -> Answer:
        asked.set()
        await go.wait()
        return Answer(410)

    shop.answer = gone
    endpoint = await out.endpoint(shop.url("/old"))
    await out.arrive(order("1001"))
    await asyncio.wait_for(asked.wait(), 30)
    moved = {"url": shop.url("/new")}
    await out.http.patch(f"/v1/webhook-endpoints/{endpoint['id']}", headers=KEY, json=moved)
    go.set()
    await out.once(endpoint, state="failed", status=410)
    shown = await out.show(endpoint)
    assert (shown["enabled"], shown["failing_since"]) == (True, None)


async def test_no_store_sees_or_moves_another_s(out: Outgoing, shop: Receiver) -> None:
    endpoint = await out.endpoint(shop.url())
    await out.arrive(order("1001"))
    delivery = await out.once(endpoint, state="delivered")
    theirs = key("webhooks:read", "webhooks:write", store=OTHER_STORE)
    one = f"/v1/webhook-endpoints/{endpoint['id']}"
    for method, path, body in (
        ("GET", one, None),
        ("PATCH", one, {"enabled": False}),
        ("DELETE", one, None),
        ("POST", f"{one}/secret", {}),
        ("POST", f"{one}/test", {}),
        ("POST", f"{one}/replay", {"since": "2020-01-01T00:00:00Z"}),
        ("GET", f"{one}/deliveries", None),
        ("GET", f"/v1/deliveries/{delivery['id']}", None),
        ("POST", f"/v1/deliveries/{delivery['id']}/replay", None),
    ):
        answer = await out.http.request(method, path, headers=theirs, json=body)
        assert answer.status_code == 404, (method, path)
    their_own = await out.endpoint(shop.url("/theirs"), headers=theirs)
    # Under the same event and order ids, in one transaction.
    await out.arrive(order("1002"), order("1002", store=OTHER_STORE), order("1003", store=OTHER_STORE))
    await until(lambda: len(shop.calls) == 4, what="each is told of its own")
    for path, store, secret, ids in (
        ("/hook", STORE, endpoint["secret"], ["1001", "1002"]),
        ("/theirs", OTHER_STORE, their_own["secret"], ["1002", "1003"]),
    ):
        bodies = [Webhook(secret).verify(call.body, dict(call.headers)) for call in shop.calls if call.path == path]
        assert sorted(body["data"]["order_id"] for body in bodies) == ids
        assert {body["data"]["store_id"] for body in bodies} == {store}
    erased = Made("kith.ambassador.saved.v1", "evt_e", OTHER_STORE, {"ambassador_id": "amb_anna", "status": "erased"})
    joined = Made("kith.ambassador.saved.v1", "evt_j", fields={"ambassador_id": "amb_anna"})
    await out.arrive(joined, erased)
    await out.once(endpoint, state="delivered", message_id="joined_amb_anna")
    ended = await out.http.delete(one, headers=KEY)
    assert ended.status_code == 204
    await out.arrive(order("1004"), order("1004", store=OTHER_STORE))
    await until(lambda: len(shop.ids("/theirs")) == 3, what="theirs is there")
    async with out.db.transaction([STORE, OTHER_STORE]) as tx:
        secrets = await tx.all("select store_id from endpoint_secrets")
        sendings = await tx.scalar("select count(*) from sendings where message_id = 'evt_attributed_1004_1'")
    assert [row.store_id for row in secrets] == [OTHER_STORE]
    assert sendings == 1


INSIDE_OR_NOWHERE = [
    *(
        "ftp://shop.example/",
        "https://user:pw@shop.example/",
        "https://",
        "//shop.example/x",
        "https://shop.example/#a",
    ),
    *("https://10.0.0.1/hook", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/"),
    *("https://shop.example/\r\nx", "https://shop.example:99999/", "javascript:alert(1)", "https://shop.example:0/"),
]


async def test_what_cannot_be_called_is_refused_when_it_is_written_and_a_name_that_leads_inside_when_it_is_called(
    fresh_database: FreshDatabase, tmp_path: Path, shop: Receiver
) -> None:
    asked: list[str] = []

    async def turning(host: str, port: int) -> list[str]:
        """A name that is public when somebody looks, and leads inside the next time."""
        asked.append(host)
        return ["198.18.0.1"] if host == "inside.example" else ["8.8.8.8", "10.0.0.7"]

    async with sending(await fresh_database("connectors"), tmp_path, resolver=turning, own_port=shop.port) as out:
        for url in INSIDE_OR_NOWHERE:
            answer = await out.http.post("/v1/webhook-endpoints", headers=KEY, json={"url": url, "events": ALL})
            assert answer.status_code == 422, url
            assert [one["field"] for one in answer.json()["errors"]] == ["url"]
        names = [f"http://{name}.example:{shop.port}/" for name in ("inside", "turning")]
        made = [await out.endpoint(url) for url in (*names, f"http://localtest.example:{shop.port}/")]
        await out.arrive(order("1001"))
        for one in made:
            await out.once(one, state="waiting", reason="address_refused", status=None)
    assert sorted(asked) == ["inside.example", "localtest.example", "turning.example"], "looked up once for each call"
    assert shop.calls == [], "nothing reached it"
