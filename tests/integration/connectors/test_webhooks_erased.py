"""What webhooks keep of people, links and the past goes when they do."""

import asyncio
from datetime import timedelta

from services.connectors.endpoints.actions.notify import FORGET, take
from services.connectors.main import SERVICE
from services.kernel.bus.port import Event
from services.kernel.jobs import Jobs
from tests.integration.connectors.outgoing import out, shop
from tests.support.edge import STORE
from tests.support.wait import until
from tests.support.webhooks import (
    KEY,
    Answer,
    Made,
    Outgoing,
    Receiver,
    order,
)

__all__ = ["out", "shop"]


async def test_who_is_erased_leaves_what_was_kept_for_sending(out: Outgoing, shop: Receiver) -> None:
    shop.answer = lambda call: Answer(500, {}, call.body)
    endpoint = await out.endpoint(shop.url())
    person = {"ambassador_id": "amb_anna", "external_id": "customer-of-anna"}
    await out.arrive(
        Made("kith.ambassador.saved.v1", "evt_1", fields=person),
        Made("kith.link.saved.v1", "evt_2", fields={"ambassador_id": "amb_anna", "slug": "anna-smith"}),
    )
    await until(lambda: len(shop.calls) == 2, what="both were tried")

    async def noted() -> bool:
        return {one["tries"] for one in await out.deliveries(endpoint)} == {1}

    await until(noted, what="both are noted")
    erased = {"ambassador_id": "amb_anna", "external_id": None, "status": "erased", "revision": 5}
    await out.arrive(Made("kith.ambassador.saved.v1", "evt_3", fields=erased))
    await out.move(timedelta(days=2))
    log = await out.deliveries(endpoint)
    assert {one["state"] for one in log} == {"withdrawn"}
    for one in log:
        detail = (await out.http.get(f"/v1/deliveries/{one['id']}", headers=KEY)).text
        assert "customer-of-anna" not in detail
        assert "anna-smith" not in detail
        assert (await out.http.post(f"/v1/deliveries/{one['id']}/replay", headers=KEY)).json()["code"] == "erased"
    await out.arrive(order("1001"))
    await out.once(endpoint, message_id="evt_attributed_1001_1", tries=1)
    assert len(shop.calls) == 3, "nothing about them was sent any more"
    await out.move(timedelta(days=40))
    await Jobs(out.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due(FORGET)
    assert await out.deliveries(endpoint) == []
    late = Made("kith.link.saved.v1", "evt_5", fields={"ambassador_id": "amb_anna", "link_id": "lnk_2", "slug": "anna"})
    again = Made("kith.ambassador.saved.v1", "evt_1", fields=person)
    other = Made("kith.ambassador.saved.v1", "evt_6", fields={"ambassador_id": "amb_other"})
    await out.arrive(late, again, other)
    await out.once(endpoint, message_id="joined_amb_other", tries=1)
    assert len(await out.deliveries(endpoint)) == 1, "nor is what comes late, or again, when all else is forgotten"


async def test_a_link_that_was_deleted_is_told_no_more(out: Outgoing, shop: Receiver) -> None:
    shop.answer = lambda call: Answer(500, {}, call.body)
    endpoint = await out.endpoint(shop.url())

    def link(name: str, *, revision: int = 1, deleted: bool = False) -> Made:
        return Made(
            "kith.link.saved.v1",
            f"evt_{name}_{revision}",
            fields={"link_id": name, "slug": f"slug-{name}", "revision": revision, "deleted": deleted},
        )

    await out.arrive(link("lnk_1"))
    await out.once(endpoint, state="waiting", tries=1)
    await out.arrive(link("lnk_1", revision=2, deleted=True), link("lnk_2", revision=2, deleted=True), link("lnk_2"))
    found = await out.once(endpoint, state="withdrawn", message_id="created_lnk_1")
    assert "slug" not in (await out.http.get(f"/v1/deliveries/{found['id']}", headers=KEY)).text
    await out.arrive(link("lnk_1"), link("lnk_2"), link("lnk_3"))
    await out.once(endpoint, message_id="created_lnk_3", tries=1)
    assert {one["message_id"] for one in await out.deliveries(endpoint)} == {"created_lnk_1", "created_lnk_3"}
    assert shop.ids() == ["created_lnk_1", "created_lnk_3"]


async def test_who_is_erased_beside_a_late_event_of_theirs_is_not_told(out: Outgoing, shop: Receiver) -> None:
    """The event is taken, and not yet committed, when the erasure comes."""
    shop.answer = lambda call: Answer(500)
    await out.endpoint(shop.url())
    joined = Made("kith.ambassador.saved.v1", "evt_j", fields={"ambassador_id": "amb_anna"})
    erased = {"ambassador_id": "amb_anna", "external_id": None, "status": "erased", "revision": 5}
    async with out.db.transaction([STORE]) as tx:
        await take(tx, [Event(joined.id, joined.type, tx.now, STORE, joined.payload(tx.now))])
        erasing = asyncio.create_task(out.arrive(Made("kith.ambassador.saved.v1", "evt_e", fields=erased)))

        async def waits() -> bool:
            waiting = await tx.scalar("select count(*) from pg_locks where not granted")
            return bool(waiting) or erasing.done()

        await until(waits, what="the erasure waits, or is through already")
    await erasing
    async with out.db.transaction([STORE]) as tx:
        assert await tx.scalar("select count(*) from messages") == 1
        assert await tx.scalar("select count(*) from messages where body is not null") == 0


async def test_what_was_sent_is_forgotten_after_thirty_days(out: Outgoing, shop: Receiver) -> None:
    endpoint = await out.endpoint(shop.url())
    await out.arrive(order("1001"))
    await out.once(endpoint, state="delivered")
    await out.move(timedelta(days=20))
    await out.arrive(order("1002"))
    await out.once(endpoint, state="delivered", message_id="evt_attributed_1002_1")
    await out.move(timedelta(days=11))
    assert await Jobs(out.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due(FORGET) == 1
    assert [one["message_id"] for one in await out.deliveries(endpoint)] == ["evt_attributed_1002_1"]
    async with out.db.transaction([STORE]) as tx:
        left = [await tx.scalar(f"select count(*) from {table}") for table in ("messages", "sendings", "tries")]
    assert left == [1, 1, 1]
