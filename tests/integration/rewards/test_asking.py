"""A store's own server is asked before a reward becomes available: what its answers do, and what no answer does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network

import orjson
import pytest

from contracts.events.rewards import RewardAdjusted
from services.common import signatures
from services.kernel.outbound import Outbound
from services.kernel.work.worker import Worker
from services.rewards.approvals.domain import WAITS
from services.rewards.approvals.work import TASK_KINDS
from services.rewards.grants.actions import review
from services.rewards.grants.domain.reward import Reward
from services.rewards.release_rules import actions as rules
from services.rewards.release_rules.domain import Way
from tests.integration.rewards.money import audit, holding, release_all
from tests.integration.rewards.world import World
from tests.support.wait import until
from tests.support.webhooks import Answer, Call, Receiver, receiving
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    ANNA,
    NOON,
    STORE,
    configured,
    make_program,
    make_state,
    published,
)

SETTLED = {"settled_at": NOON + timedelta(minutes=10)}
NO = Answer(422, body=b'{"allow": false, "reason": "Bought by themselves"}')


@pytest.fixture
async def shop(world: World) -> AsyncIterator[tuple[World, Receiver, bytes]]:
    """A store that has its server asked, that server, and the key that verifies; Anna brought an order of 46.00."""
    allowed = (ip_network("127.0.0.0/8"),)
    world.ctx.outbound = Outbound(allow=allowed)
    world.ctx.settings = world.ctx.settings.model_copy(update={"outbound_allow": allowed})
    await world.take(configured(), published(make_program(AMBASSADOR_RULE)))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    async with receiving() as receiver:
        async with world.db.transaction([STORE]) as tx:
            made = await rules.rotate(tx, world.ctx.require_sealing(), STORE, overlap=timedelta())
            await rules.put(tx, world.ctx, STORE, way="ask", url=receiver.url())
        key = signatures.key_of(rules.show(world.ctx.require_sealing(), made.secret_id, made.sealed))
        await world.take(make_state("1", **SETTLED))
        await world.move_clock(seconds=int(timedelta(days=15).total_seconds()))
        yield world, receiver, key


@asynccontextmanager
async def working(world: World) -> AsyncIterator[None]:
    worker = Worker(world.ctx, TASK_KINDS)
    worker.start()
    try:
        yield
    finally:
        await worker.stop(within_s=1)


async def reward_of(world: World, order: str = "1") -> Reward:
    (found,) = await world.rewards(STORE, order)
    return found


async def becomes(world: World, status: str, *, waits_for: str | None = None) -> Reward:
    async def look() -> Reward | None:
        found = await reward_of(world)
        return found if (found.status, found.waits_for) == (status, waits_for) else None

    found = await until(look, what=f"the reward is {status}, waiting for {waits_for}")
    assert found is not None
    return found


async def tries(world: World) -> tuple[int, str, int | None, str | None]:
    ((tried, outcome, status, reason),) = await world.look(
        STORE, "select tries, outcome, status, reason from release_asks where store_id = :store"
    )
    return tried, outcome, status, reason


async def test_a_yes_releases_and_the_question_is_signed(shop: tuple[World, Receiver, bytes]) -> None:
    world, receiver, key = shop
    await release_all(world)
    assert (await reward_of(world)).waits_for == "store"
    assert (await holding(world, ANNA)).available == 0
    async with working(world):
        await becomes(world, "available")
    (call,) = receiver.calls
    assert signatures.is_signed([key], call.headers, call.body, now=int(call.headers["webhook-timestamp"]))
    asked = orjson.loads(call.body)
    assert asked["type"] == "reward.releasing"
    assert RewardAdjusted.model_validate(asked["data"]).amount_minor == 460
    assert (await tries(world))[:3] == (1, "allowed", 200)
    assert (await holding(world, ANNA)).available == 460
    assert (await audit(world)).whole


async def test_a_no_takes_the_reward_back_for_good(shop: tuple[World, Receiver, bytes]) -> None:
    world, receiver, _ = shop
    receiver.answer = lambda call: NO
    await release_all(world)
    async with working(world):
        refused = await becomes(world, "rejected")
    assert (refused.note, refused.reason) == ("Bought by themselves", "refused_by_store")
    assert (await holding(world, ANNA)).pending == 0
    await world.take(make_state("1", revision=9, **SETTLED))
    await world.move_clock(seconds=86_400)
    await release_all(world)
    assert (await reward_of(world)).reason == "refused_by_store"
    noted = await world.look(STORE, "select action, actor_kind from audit where store_id = :store")
    assert ("reward.rejected", "system") in {tuple(one) for one in noted}
    assert (await audit(world)).whole


@pytest.mark.parametrize("answer", [Answer(500), Answer(409, body=b"conflict"), Answer(302), Answer(200, body=NO.body)])
async def test_anything_else_waits_and_is_asked_again(shop: tuple[World, Receiver, bytes], answer: Answer) -> None:
    world, receiver, _ = shop
    receiver.answer = lambda call: answer
    await release_all(world)
    async with working(world):

        async def noted() -> bool:
            return (await tries(world))[0] == 1

        await until(noted, what="a try is noted")
        assert (await reward_of(world)).waits_for == "store"
        assert (await tries(world))[1] == "waiting"
        receiver.answer = lambda call: Answer(204, body=b"")
        await world.move_clock(seconds=120)
        await becomes(world, "available")
    assert len({call.id for call in receiver.calls}) == 1  # one question, whatever the tries


async def test_who_never_answers_leaves_it_to_people_and_pays_nothing(shop: tuple[World, Receiver, bytes]) -> None:
    world, receiver, _ = shop
    receiver.answer = lambda call: Answer(503)
    await release_all(world)
    async with working(world):
        for number in range(1, len(WAITS) + 2):

            async def tried(number: int = number) -> bool:
                return (await tries(world))[0] >= number

            await until(tried, what=f"try {number}")
            await world.move_clock(seconds=2 * 86_400)
        await becomes(world, "pending", waits_for="person")
    assert (await tries(world))[1] == "unanswered"
    assert (await reward_of(world)).waits_why == "unanswered"
    await world.move_clock(seconds=100 * 86_400)
    await release_all(world)
    assert (await holding(world, ANNA)).available == 0
    async with world.db.transaction([STORE]) as tx:
        await review.approve(tx, STORE, (await reward_of(world)).reward_id)
    await release_all(world)
    assert (await holding(world, ANNA)).available == 460


async def test_what_a_person_decides_meanwhile_holds(shop: tuple[World, Receiver, bytes]) -> None:
    world, receiver, _ = shop
    await release_all(world)
    reward = await reward_of(world)

    async def decide_first(call: Call) -> Answer:
        async with world.db.transaction([STORE]) as tx:
            await review.flag(tx, STORE, reward.reward_id, note="Look at this")
        return Answer(200)

    receiver.answer = decide_first
    async with working(world):
        await becomes(world, "pending", waits_for="person")

        async def over() -> bool:
            return not list(
                await world.look(STORE, "select 1 from work_tasks where store_id = :store and state = 'waiting'")
            )

        await until(over, what="the question is over")
    assert (await holding(world, ANNA)).available == 0


async def test_a_refund_during_the_question_is_taken_from_what_is_released(
    shop: tuple[World, Receiver, bytes],
) -> None:
    world, receiver, _ = shop
    await release_all(world)

    async def refund_first(call: Call) -> Answer:
        await world.take(make_state("1", revision=2, refunded_minor=2545, **SETTLED))
        return Answer(200)

    receiver.answer = refund_first
    async with working(world):
        await becomes(world, "available")
    assert (await holding(world, ANNA)).available == 230
    assert (await audit(world)).whole


async def test_what_rose_during_the_question_is_asked_about_anew(shop: tuple[World, Receiver, bytes]) -> None:
    world, receiver, _ = shop
    await world.take(make_state("1", revision=2, refunded_minor=2545, **SETTLED))
    await release_all(world)

    async def rise_first(call: Call) -> Answer:
        await world.take(make_state("1", revision=3, **SETTLED))
        return Answer(200)

    receiver.answer = rise_first
    async with working(world):
        await becomes(world, "available")
    assert [orjson.loads(call.body)["data"]["amount_minor"] for call in receiver.calls] == [230, 460]
    assert len({call.id for call in receiver.calls}) == 2
    assert (await holding(world, ANNA)).available == 460


async def test_what_fell_to_nothing_is_asked_about_anew_when_it_rises(shop: tuple[World, Receiver, bytes]) -> None:
    world, receiver, _ = shop
    await release_all(world)
    await world.take(make_state("1", revision=2, refunded_minor=5090, **SETTLED))
    async with working(world):
        await becomes(world, "reversed")
        assert receiver.calls == []
        await world.take(make_state("1", revision=3, **SETTLED))
        await release_all(world)
        await becomes(world, "available")
    assert len(receiver.calls) == 1


@pytest.mark.parametrize(("way", "available", "why"), [("by_hand", 0, "by_hand"), ("automatic", 460, None)])
async def test_a_store_that_asks_no_more_has_its_new_rule_at_once(
    shop: tuple[World, Receiver, bytes], way: Way, available: int, why: str | None
) -> None:
    world, receiver, _ = shop
    await release_all(world)
    assert (await reward_of(world)).waits_for == "store"
    async with world.db.transaction([STORE]) as tx:
        await rules.put(tx, world.ctx, STORE, way=way, url=receiver.url())
    await release_all(world)
    assert (await reward_of(world)).waits_why == why
    assert (await holding(world, ANNA)).available == available
    async with working(world):  # the question that was on its way says nothing any more

        async def over() -> bool:
            waiting = "select 1 from work_tasks where store_id = :store and state = 'waiting'"
            return not list(await world.look(STORE, waiting))

        await until(over, what="the question is over")
    assert receiver.calls == []
    assert (await reward_of(world)).waits_why == why


@pytest.mark.parametrize("answer", [Answer(), NO])
async def test_a_rule_that_changes_while_the_server_is_asked_holds(
    shop: tuple[World, Receiver, bytes], answer: Answer
) -> None:
    world, receiver, _ = shop

    async def changing(call: Call) -> Answer:
        async with world.db.transaction([STORE]) as tx:
            await rules.put(tx, world.ctx, STORE, way="by_hand", url=receiver.url())
        return answer

    receiver.answer = changing
    await release_all(world)
    async with working(world):

        async def over() -> bool:
            return (await tries(world))[1] == "obsolete"

        await until(over, what="the answer comes too late")
    assert (await holding(world, ANNA)).available == 0
    await release_all(world)
    assert (await reward_of(world)).waits_why == "by_hand"


async def test_the_rule_is_set_tried_and_its_secret_shown_once(shop: tuple[World, Receiver, bytes]) -> None:
    world, receiver, old = shop
    server = world.caller(STORE)
    for body, field in (
        ({"way": "ask"}, "url"),
        ({"way": "ask", "url": "http://10.0.0.1/x"}, "url"),
        ({"way": "sometimes"}, "way"),
    ):
        refused = await server.put("/v1/reward-release", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
    head = {"Idempotency-Key": "one"}
    made = await server.post("/v1/reward-release/secret", json={"overlap_hours": 1}, headers=head)
    assert made.status_code == 201, made.text
    again = await server.post("/v1/reward-release/secret", json={"overlap_hours": 1}, headers=head)
    assert again.json() == made.json()
    new = signatures.key_of(made.json()["secret"])
    assert (await server.post("/v1/reward-release/test")).json()["test"]["outcome"] == "waiting"
    async with working(world):

        async def tested() -> bool:
            shown = (await server.get("/v1/reward-release")).json()
            return bool(shown["test"]["outcome"] == "allowed" and shown["test"]["status"] == 200)

        await until(tested, what="the sample was answered")
    (call,) = receiver.calls
    assert call.headers["webhook-test"] == "true"
    now = int(call.headers["webhook-timestamp"])
    assert signatures.is_signed([new], call.headers, call.body, now=now)
    assert signatures.is_signed([old], call.headers, call.body, now=now)
    RewardAdjusted.model_validate(orjson.loads(call.body)["data"])
    ((kept,),) = list(
        await world.look(STORE, "select count(*) from release_secrets where store_id = :store and secret = 'x'")
    )
    assert kept == 0
    assert (await reward_of(world)).status == "pending"
