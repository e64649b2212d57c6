"""Webhooks out: what is decided reaches a store's endpoints, signed, once under one id, whatever they answer."""

from datetime import datetime, timedelta

import orjson
from standardwebhooks import Webhook

from services.connectors.endpoints.work import PER_ENDPOINT, TASK_KINDS
from services.kernel import failpoints
from services.kernel.auth.sealing import Sealing
from services.kernel.work import sql as tasks
from tests.integration.connectors.outgoing import out, shop
from tests.support.edge import OTHER_STORE, RING, STORE, key
from tests.support.wait import until
from tests.support.webhooks import (
    ALL,
    KEY,
    Answer,
    Made,
    Outgoing,
    Receiver,
    every_kind,
    given_by_hand,
    order,
)

__all__ = ["out", "shop"]

ANOTHER = Sealing("x1:another-key-of-the-sealing-0123456789", before=RING)


async def test_everything_a_store_asked_for_arrives_once_and_is_signed_as_the_standard_says(
    out: Outgoing, shop: Receiver
) -> None:
    everything = await out.endpoint(shop.url())
    rewards = await out.endpoint(shop.url("/rewards"), "reward.granted", "reward.reversed")
    late = Made("kith.link.saved.v1", "evt_o", fields={"link_id": "lnk_old"})
    await out.arrive(order("before"), late, ago=timedelta(hours=1))
    await out.arrive(*every_kind())
    await out.arrive(*every_kind())
    await out.arrive(Made("kith.conversion.deferred.v1", "evt_d"))
    await out.arrive(Made("kith.ambassador.saved.v1", "evt_b", fields={"ambassador_id": "amb_new", "revision": 9}))
    await until(lambda: len(shop.calls) >= 13, what="all has arrived")
    assert sorted(call.type for call in shop.calls if call.path == "/hook") == sorted(ALL)
    assert sorted(call.type for call in shop.calls if call.path == "/rewards") == ["reward.granted", "reward.reversed"]
    for call in shop.calls:
        secret = everything["secret"] if call.path == "/hook" else rewards["secret"]
        body = Webhook(secret).verify(call.body, dict(call.headers))
        assert list(body) == ["type", "timestamp", "data"]
        assert body["data"]["store_id"] == STORE
        assert body["data"]["revision"] >= 1
        assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
        assert b"_hashes" not in call.body
        assert b"friend_contacts" not in call.body
    log = await out.all_once(everything, state="delivered")
    assert len({one["message_id"] for one in log}) == len(log) == 11, "nothing twice"
    detail = (await out.http.get(f"/v1/deliveries/{log[0]['id']}", headers=KEY)).json()
    assert detail["body"]["type"] == log[0]["type"]
    assert [(one["status"], one["answer"]) for one in detail["attempts"]] == [(200, "ok")]


async def test_what_was_given_by_hand_comes_under_the_same_names_with_its_source_and_no_order(
    out: Outgoing, shop: Receiver
) -> None:
    await out.endpoint(shop.url(), "reward.granted", "reward.released", "reward.adjusted", "reward.reversed")
    await out.arrive(*given_by_hand())
    await until(lambda: len(shop.calls) >= 4, what="all four have arrived")
    bodies = {call.type: orjson.loads(call.body)["data"] for call in shop.calls}
    assert {name: data["amount_minor"] for name, data in bodies.items()} == {
        "reward.granted": 1500,
        "reward.released": 1500,
        "reward.adjusted": 500,
        "reward.reversed": 0,
    }
    for data in bodies.values():
        assert data["source"]["kind"] == "person"
        assert "order_id" not in data


async def test_a_message_is_tried_eight_times_within_28_hours_under_one_id_and_then_sent_by_hand(
    out: Outgoing, shop: Receiver
) -> None:
    shop.answer = lambda call: Answer(500, {}, b"<b>no\x00</b>" + b"x" * 5000)
    endpoint = await out.endpoint(shop.url())
    await out.arrive(order("1001"))
    gone, waits = timedelta(), []
    for tries in range(1, 8):
        found = await out.once(endpoint, tries=tries, state="waiting")
        wait = datetime.fromisoformat(found["next_try_at"]) - await _now(out)
        waits.append(wait)
        assert shop.ids() == [found["message_id"]] * tries
        await out.move(wait)
        gone += wait
    found = await out.once(endpoint, tries=8, state="failed")
    seconds = [5, 300, 1800, 7200, 18000, 36000, 36000]
    assert all(0.7 * want <= got.total_seconds() <= 1.25 * want + 2 for got, want in zip(waits, seconds, strict=True))
    assert timedelta(hours=21) < gone < timedelta(hours=34)
    detail = (await out.http.get(f"/v1/deliveries/{found['id']}", headers=KEY)).json()
    assert [one["number"] for one in detail["attempts"]] == list(range(8, 0, -1))
    assert detail["attempts"][0]["answer"].startswith("<b>no�</b>")
    assert len(detail["attempts"][0]["answer"]) == 2048
    [*_, came] = shop.calls
    sent = detail["attempts"][0]["request"]
    left_out = {"host", "content-length", "webhook-signature"}
    assert sent["url"] == shop.url()
    assert {name: value for name, value in sent["headers"].items() if name not in left_out} == {
        name: value for name, value in came.headers.items() if name not in left_out
    }
    assert sent["headers"]["webhook-signature"] == f"{came.headers['webhook-signature'][:9]}…"
    assert (await out.show(endpoint))["failing_since"] is not None

    shop.answer = lambda call: Answer(204, {}, b"")
    since = {"since": "2020-01-01T00:00:00Z"}
    replay = await out.http.post(f"/v1/webhook-endpoints/{endpoint['id']}/replay", headers=KEY, json=since)
    assert replay.json() == {"count": 1, "next_since": None}
    await out.once(endpoint, state="delivered", tries=9)
    assert set(shop.ids()) == {found["message_id"]}, "known by its id"
    assert (await out.show(endpoint))["failing_since"] is not None, "what is sent by hand says nothing of its health"
    again = await out.http.post(f"/v1/webhook-endpoints/{endpoint['id']}/replay", headers=KEY, json=since)
    assert again.json()["count"] == 0, "it was delivered"
    await out.arrive(order("1002"))
    await out.once(endpoint, state="delivered", tries=1)
    assert (await out.show(endpoint))["failing_since"] is None


async def _now(out: Outgoing) -> datetime:
    async with out.db.transaction() as tx:
        return tx.now


async def test_an_endpoint_says_when_to_come_back_and_when_to_stay_away(out: Outgoing, shop: Receiver) -> None:
    answers = {
        "/later": Answer(429, {"Retry-After": "3600"}),
        "/gone": Answer(410),
        "/off": Answer(200, {"webhook-delivery": "disable"}),
        "/never": Answer(400, {"webhook-delivery": "abort-message"}),
        "/moved": Answer(302, {"location": shop.url("/inside")}),
    }
    shop.answer = lambda call: answers.get(call.path, Answer())
    made = {path: await out.endpoint(shop.url(path), "order.attributed") for path in answers}
    await out.arrive(order("1001"))
    later = await out.once(made["/later"], state="waiting", tries=1)
    wait = datetime.fromisoformat(later["next_try_at"]) - await _now(out)
    assert timedelta(minutes=55) < wait <= timedelta(hours=1)
    await out.once(made["/gone"], state="failed", status=410)
    await out.once(made["/off"], state="delivered")
    await out.once(made["/never"], state="failed", reason="unwanted")
    await out.once(made["/moved"], state="waiting", status=302, reason="refused")
    shown = {path: (await out.show(one))["disabled"] for path, one in made.items()}
    assert shown == {"/later": None, "/gone": "gone", "/off": "asked", "/never": None, "/moved": None}

    await out.arrive(order("1002"))
    await out.once(made["/gone"], state="skipped", tries=0)
    await out.once(made["/later"], state="waiting", tries=0)
    assert len(shop.ids("/later")) == 1, "nothing else goes there before the hour is over"
    answers["/later"] = Answer()
    await out.http.post(f"/v1/webhook-endpoints/{made['/later']['id']}/test", headers=KEY, json={})
    await until(lambda: len(shop.ids("/later")) == 3, what="but its owner wants it called: the sample, and what waits")
    assert shop.ids("/inside") == []
    answers["/gone"] = Answer()
    on = await out.http.patch(f"/v1/webhook-endpoints/{made['/gone']['id']}", headers=KEY, json={"enabled": True})
    assert on.json()["enabled"]
    since = {"since": "2020-01-01T00:00:00Z"}
    await out.http.post(f"/v1/webhook-endpoints/{made['/gone']['id']}/replay", headers=KEY, json=since)
    await until(lambda: len(shop.ids("/gone")) == 3, what="what was skipped and what had failed")


async def test_five_days_of_failure_turn_an_endpoint_off_and_a_person_turns_it_on(
    out: Outgoing, shop: Receiver
) -> None:
    shop.answer = lambda call: Answer(500)
    endpoint = await out.endpoint(shop.url())
    await out.arrive(order("1001"))
    await out.once(endpoint, tries=1)
    await out.move(timedelta(days=4))
    await out.arrive(order("1002"))
    await until(lambda: len(set(shop.ids())) == 2, what="it is tried for four days")
    assert (await out.show(endpoint))["enabled"]
    await out.move(timedelta(days=1, hours=1))

    async def off() -> bool:
        return bool((await out.show(endpoint))["disabled"] == "failing")

    await until(off, what="five days are too many")
    async with out.db.transaction([STORE]) as tx:
        noted = await tx.all("select actor_kind, before, after from audit where action = 'endpoint.turned_off'")
    assert [(row.actor_kind, row.after) for row in noted] == [("system", {"outcome": "failing"})]
    delivery = (await out.deliveries(endpoint))[0]
    shop.answer = lambda call: Answer()
    await out.http.post(f"/v1/deliveries/{delivery['id']}/replay", headers=KEY)
    await out.once(endpoint, state="delivered")
    assert not (await out.show(endpoint))["enabled"], "by hand it is sent also while it is off"


async def test_a_secret_changes_with_an_overlap_that_the_caller_chooses(out: Outgoing, shop: Receiver) -> None:
    made = await out.endpoint(shop.url())
    path = f"/v1/webhook-endpoints/{made['id']}/secret"
    assert (await out.http.post(path, headers=KEY, json={"overlap_hours": 169})).status_code == 422
    named = {**KEY, "idempotency-key": "rotate-1"}
    second = (await out.http.post(path, headers=named, json={"overlap_hours": 24})).json()
    repeated = (await out.http.post(path, headers=named, json={"overlap_hours": 24})).json()
    assert second["secret"] == repeated["secret"] != made["secret"]
    await out.arrive(order("1001"))
    await out.once(made, state="delivered")
    for secret in (made["secret"], second["secret"]):
        Webhook(secret).verify(shop.calls[-1].body, dict(shop.calls[-1].headers))
    await out.move(timedelta(hours=25))
    await out.arrive(order("1002"))
    await out.once(made, state="delivered", message_id="evt_attributed_1002_1")
    assert shop.calls[-1].headers["webhook-signature"].count("v1,") == 1
    third = (await out.http.post(path, headers=KEY, json={"overlap_hours": 0})).json()
    await out.http.post(f"/v1/deliveries/{(await out.deliveries(made))[0]['id']}/replay", headers=KEY)
    await until(lambda: len(shop.calls) == 3, what="it is sent again")
    Webhook(third["secret"]).verify(shop.calls[-1].body, dict(shop.calls[-1].headers))
    assert "secret" not in (await out.show(made))
    fourth, fifth = [(await out.http.post(path, headers=KEY, json={"overlap_hours": 168})).json() for _ in range(2)]
    await out.http.post(f"/v1/deliveries/{(await out.deliveries(made))[0]['id']}/replay", headers=KEY)
    await until(lambda: len(shop.calls) == 4, what="it is sent once more")
    assert shop.calls[-1].headers["webhook-signature"].count("v1,") == 2, "the newest, and the one before it"
    for secret in (fourth["secret"], fifth["secret"]):
        Webhook(secret).verify(shop.calls[-1].body, dict(shop.calls[-1].headers))
    async with out.db.transaction([STORE]) as tx:
        kept = await tx.all("select secret from endpoint_secrets")
        answers = await tx.all("select answer from answers")
    assert len(kept) == 2
    assert all(b"whsec_" not in bytes(row.answer) for row in answers)


async def test_while_a_secret_cannot_be_opened_nothing_is_sent_and_nothing_counts_against_the_endpoint(
    out: Outgoing, shop: Receiver
) -> None:
    endpoint = await out.endpoint(shop.url())
    right, out.ctx.sealing = out.ctx.sealing, ANOTHER
    await out.arrive(order("1001"), order("1002"))
    found = await out.once(endpoint, state="waiting", reason="no_secret", tries=0)
    assert await _now(out) < datetime.fromisoformat(found["next_try_at"]) < await _now(out) + timedelta(minutes=11)
    looks = 0
    for _ in range(10):  # more often than a message is tried
        looks = await _looks(out, after=looks)
        await out.move(timedelta(minutes=11))
    assert shop.calls == []
    shown = await out.show(endpoint)
    assert (shown["enabled"], shown["failing_since"]) == (True, None)
    out.ctx.sealing = right
    await out.move(timedelta(minutes=11))
    await until(lambda: len(shop.calls) == 2, what="the key is back, and all is sent")

    out.ctx.sealing = ANOTHER
    await out.arrive(order("1003"))
    await out.once(endpoint, state="waiting", reason="no_secret")
    secret = (await out.http.post(f"/v1/webhook-endpoints/{endpoint['id']}/secret", headers=KEY, json={})).json()
    await until(lambda: len(shop.calls) == 3, what="its owner asked for another secret, which can be opened")
    Webhook(secret["secret"]).verify(shop.calls[-1].body, dict(shop.calls[-1].headers))


async def _looks(out: Outgoing, *, after: int) -> int:
    """How often the worker has looked at tasks, once that is more than it was."""

    async def looked() -> int | None:
        async with out.db.transaction() as tx:
            found = int(await tx.scalar("select coalesce(sum(attempts), 0) from work_tasks where leased_until is null"))
        return found if found > after else None

    return await until(looked, what="the worker looks again") or 0


async def test_a_fault_of_ours_ends_a_delivery_and_an_operator_has_it_tried_again(
    out: Outgoing, shop: Receiver
) -> None:
    endpoint = await out.endpoint(shop.url())
    sealing, out.ctx.sealing = out.ctx.sealing, None
    await out.arrive(order("1001"))
    looks = 0
    for _ in range(8):
        looks = await _looks(out, after=looks)
        await out.move(timedelta(hours=13))
    found = await out.once(endpoint, state="failed", reason="internal", tries=0)
    assert found["next_try_at"] is None
    shown = await out.show(endpoint)
    assert (shown["enabled"], shown["failing_since"]) == (True, None)
    out.ctx.sealing = sealing
    async with out.db.transaction() as tx:
        assert len(await tasks.retry(tx, task_id=None, kind=TASK_KINDS[0].name)) == 1
        tx.work_added()
    await out.once(endpoint, state="delivered", tries=1)


async def test_endpoints_that_hang_hold_up_no_other_of_the_same_or_another_store(out: Outgoing, shop: Receiver) -> None:
    other = key("webhooks:read", "webhooks:write", store=OTHER_STORE)
    for number in range(19):
        await out.endpoint(shop.url(f"/hang/{number}"), "order.attributed")
        await out.endpoint(shop.url(f"/hang/o{number}"), "order.attributed", headers=other)
    await out.arrive(*(order(str(n)) for n in range(9)), *(order(str(n), store=OTHER_STORE) for n in range(9)))
    await until(lambda: shop.hanging == 2 * 19 * PER_ENDPOINT, what="all of them hang, with all that they may have")
    await out.endpoint(shop.url("/live"), "order.settled")
    await out.endpoint(shop.url("/theirs"), "order.settled", headers=other)
    await out.arrive(*(order(str(n), what="settled") for n in range(30)))
    await out.arrive(*(order(str(n), what="settled", store=OTHER_STORE) for n in range(30)))
    await until(lambda: len(set(shop.ids("/live"))) == len(set(shop.ids("/theirs"))) == 30, what="the others are told")
    assert shop.hanging == 2 * 19 * PER_ENDPOINT, "while all of them hang: nobody waited for a call to be given up"


async def test_who_dies_between_sending_and_noting_sends_the_same_again(out: Outgoing, shop: Receiver) -> None:
    endpoint = await out.endpoint(shop.url())
    failpoints.configure("work.before_note=raise")
    try:
        await out.arrive(order("1001"))
        await until(lambda: not failpoints.any_armed(), what="it was sent, and not noted")
    finally:
        failpoints.configure("")
    assert [one["tries"] for one in await out.deliveries(endpoint)] == [0]
    async with out.db.transaction() as tx:
        await tx.execute("update work_tasks set leased_until = now()")  # as half a minute later
    await out.once(endpoint, state="delivered", tries=1)
    assert shop.ids() == ["evt_attributed_1001_1"] * 2, "known by its id, whatever became of the first"


async def test_a_sample_is_sent_as_one_and_tells_nothing_of_health(out: Outgoing, shop: Receiver) -> None:
    endpoint = await out.endpoint(shop.url(), "order.attributed")
    path = f"/v1/webhook-endpoints/{endpoint['id']}/test"
    for type_ in ALL:
        answer = await out.http.post(path, headers=KEY, json={"type": type_})
        assert answer.status_code == 202, answer.text
    await until(lambda: len(shop.calls) == len(ALL), what="all samples came")
    assert sorted(call.type for call in shop.calls) == sorted(ALL)
    assert all(call.headers["webhook-test"] == "true" for call in shop.calls)
    assert all(call.id.startswith("test_") for call in shop.calls)
    shop.answer = lambda call: Answer(500)
    await out.http.post(path, headers=KEY, json={})
    await out.once(endpoint, state="failed", tries=1, test=True)
    assert (await out.show(endpoint))["failing_since"] is None
