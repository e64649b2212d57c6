"""One question to the store's server about one reward: read, signed, asked through the door, noted. The only place that
calls it.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import structlog
from prometheus_client import Counter

from services.common import signatures
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.outbound import OutboundError
from services.kernel.work import Done, Outcome, Retry, Task, TaskKind, hold
from services.kernel.work.kinds import Note
from services.rewards.approvals import domain
from services.rewards.approvals.domain import Verdict
from services.rewards.grants.actions import review
from services.rewards.grants.actions.announce import state_of
from services.rewards.grants.actions.regrant import settle_changes
from services.rewards.grants.actions.release import let_go
from services.rewards.grants.domain.plan import freed, rejected, waiting
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.release_rules import actions as questions
from services.rewards.release_rules import sql as rules
from services.rewards.release_rules.domain import SECRET
from services.rewards.release_rules.sql import Rule, Secret
from services.rewards.rules.domain import Reason

_ASKED = Counter("kith_release_asks_total", "Questions to stores' servers, by what came of them.", ("outcome",))
_OUTCOMES: Final = ("allowed", "refused", "waiting", "unanswered")
TYPE: Final = "reward.releasing"
"""The `type` of a question."""
PER_STORE: Final = 4


async def run(ctx: Context, task: Task) -> Outcome:
    """Asks. What does not wait for the answer any more, or was begun anew, is done."""
    if "test" in task.payload:
        return await _test(ctx, task)
    reward_id, number = str(task.payload["reward"]), int(task.payload["round"] or 0)
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        rule, held = await rules.rule(tx, task.store_id), await rules.secrets(tx, task.store_id)
        reward = await _asked_about(tx, task.store_id, reward_id, number)
        real = tx.now - tx.offset  # the other side goes by its own clock, which no demo moves
    if reward is None:
        return Done()
    if rule.way != "ask" or reward.target_minor == 0:
        return Done(note=_freeing(task, reward_id, number))
    body = _body(TYPE, reward, real)
    verdict, status = await _try(ctx, rule, _keys(ctx, held), f"ask_{reward_id}_{number}", body, real=real)
    if verdict.outcome != "waiting":
        return Done(note=_deciding(task, reward, number, verdict, status))
    wait = domain.wait_after(task.failures, verdict.after, random.random())
    if wait is None:
        return Done(note=_to_people(task, reward_id, number, verdict.word, status))
    return Retry(reason=verdict.word, after=wait, note=_again(task, reward_id, number, verdict, status, wait))


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """A fault of ours ended the task: people decide, nobody is paid by it."""
    if "test" in task.payload:
        await rules.tested(tx, task.store_id, number=int(task.payload["test"] or 0), outcome="internal", status=None)
        return
    await _to_people(task, str(task.payload["reward"]), int(task.payload["round"] or 0), "internal", None)(tx)


async def _test(ctx: Context, task: Task) -> Outcome:
    """A sample, once: nothing follows from it."""
    number = int(task.payload["test"] or 0)
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        rule, held = await rules.rule(tx, task.store_id), await rules.secrets(tx, task.store_id)
        real = tx.now - tx.offset
    message = f"ask_test_{task.store_id}_{number}"
    body = orjson.dumps({"type": TYPE, "timestamp": _written(real), "data": _sample(task.store_id, real)})
    verdict, status = await _try(ctx, rule, _keys(ctx, held), message, body, real=real, test=True)

    async def note(tx: Tx) -> None:
        outcome = verdict.word or verdict.outcome
        await rules.tested(tx, task.store_id, number=number, outcome=outcome, status=status)

    return Done(note=note)


async def _try(
    ctx: Context,
    rule: Rule,
    keys: Sequence[bytes],
    message_id: str,
    body: bytes,
    *,
    real: datetime,
    test: bool = False,
) -> tuple[Verdict, int | None]:
    """Calls the store's server. Whatever comes of it is an answer of this function."""
    if rule.url is None or not keys:
        return domain.of_failure("no_secret" if rule.url else "no_address"), None
    headers = {
        "content-type": "application/json",
        **signatures.signed_headers(keys, message_id, int(real.timestamp()), body),
    }
    if test:
        headers["webhook-test"] = "true"
    try:
        answer = await ctx.outbound.send(
            "POST",
            rule.url,
            purpose=questions.TASK,
            headers=headers,
            content=body,
            deadline_s=domain.ASK_S,
            most_bytes=domain.ANSWER_BYTES,
            whole=False,
        )
    except OutboundError as error:
        return domain.of_failure(error.reason), None
    return domain.of_answer(answer.status, answer.body, answer.retry_after(real)), answer.status


async def _asked_about(tx: Tx, store_id: str, reward_id: str, number: int) -> Reward | None:
    """The reward, while it waits for the answer to this question; None once somebody has decided, or asked anew."""
    asked = (await rules.asked(tx, store_id, [reward_id])).get(reward_id)
    reward = await rewards_sql.one(tx, store_id, reward_id)
    if asked is None or asked.round != number or reward is None or reward.waits_for != "store":
        return None
    return reward


def _deciding(task: Task, asked: Reward, number: int, verdict: Verdict, status: int | None) -> Note:
    """Writes the store's word, unless somebody else's came first. It holds for what was asked: a reward that has risen
    meanwhile is asked about anew.
    """

    async def note(tx: Tx) -> None:
        store_id, reward_id = task.store_id, asked.reward_id
        await tx.lock_stores([store_id])
        reward = await _asked_about(tx, store_id, reward_id, number)
        if reward is None:
            return
        if reward.target_minor == 0 or (await rules.rule(tx, store_id)).way != "ask":
            await _freeing(task, reward_id, number)(tx)
            return
        if verdict.outcome == "allowed" and (reward.target_minor > asked.target_minor or reward.unit != asked.unit):
            await questions.ask(tx, [(store_id, reward_id)])
            return
        await rules.tried(tx, store_id, reward_id, number=number, outcome=verdict.outcome, status=status, reason=None)
        if verdict.outcome == "allowed":
            await let_go(tx, [reward])
        else:
            change = rejected(reward, note=verdict.note, now=tx.now, reason=Reason.REFUSED_BY_STORE)
            review.noted(tx, "reward.rejected", reward, change.after)
            await settle_changes(tx, [change])
        _ASKED.labels(verdict.outcome).inc()

    return note


def _freeing(task: Task, reward_id: str, number: int) -> Note:
    """Nobody is asked any more: the reward fell to nothing, or the store has another rule now, which then holds."""

    async def note(tx: Tx) -> None:
        await tx.lock_stores([task.store_id])
        reward = await _asked_about(tx, task.store_id, reward_id, number)
        if reward is None:
            return
        change = freed(reward, now=tx.now)
        await rules.tried(tx, task.store_id, reward_id, number=number, outcome="obsolete", status=None, reason=None)
        await settle_changes(tx, [change])

    return note


def _to_people(task: Task, reward_id: str, number: int, word: str, status: int | None) -> Note:
    """Nobody answered for too long: the reward goes into the queue that people work off."""

    async def note(tx: Tx) -> None:
        await tx.lock_stores([task.store_id])
        reward = await _asked_about(tx, task.store_id, reward_id, number)
        if reward is None:
            return
        await rules.tried(tx, task.store_id, reward_id, number=number, outcome="unanswered", status=status, reason=word)
        await settle_changes(tx, [waiting(reward, whose="person", why="unanswered", now=tx.now)])
        _ASKED.labels("unanswered").inc()

    return note


def _again(task: Task, reward_id: str, number: int, verdict: Verdict, status: int | None, wait: timedelta) -> Note:
    async def note(tx: Tx) -> None:
        next_at = tx.now + wait
        await rules.tried(
            tx,
            task.store_id,
            reward_id,
            number=number,
            outcome="waiting",
            status=status,
            reason=verdict.word,
            next_at=next_at,
        )
        if verdict.away:
            await hold(tx, task, max(domain.AWAY, verdict.after or timedelta()))
        _ASKED.labels("waiting").inc()

    return note


def _keys(ctx: Context, held: Sequence[Secret]) -> list[bytes]:
    """The keys that hold, as far as they can be opened."""
    sealing, found = ctx.require_sealing(), []
    for one in held:
        try:
            found.append(sealing.open(SECRET, one.secret, owner=one.secret_id))
        except ValueError as error:
            structlog.get_logger().error("release.secret_lost", error=str(error))
    return found


def _body(type_: str, reward: Reward, at: datetime) -> bytes:
    data = state_of(reward, "adjusted").model_dump(mode="json", exclude_none=True)
    return orjson.dumps({"type": type_, "timestamp": _written(at), "data": data})


def _sample(store_id: str, at: datetime) -> dict[str, Any]:
    """A reward that there is not."""
    moment = _written(at)
    return {
        "store_id": store_id,
        "reward_id": "rwd_sample",
        "revision": 1,
        "order_id": "sample",
        "program_id": "prg_sample",
        "program_version": 1,
        "rule": "ambassador",
        "level": 1,
        "beneficiary": {"kind": "ambassador", "id": "amb_sample"},
        "ambassador_id": "amb_sample",
        "pay_as": "cash",
        "amount_minor": 1000,
        "currency": "EUR",
        "status": "pending",
        "reason": "granted",
        "available_at": moment,
        "placed_at": moment,
        "granted_at": moment,
        "changed_at": moment,
    }


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _task_kind() -> TaskKind:
    """The kind of task that asks. A lane is a store's server."""
    for outcome in _OUTCOMES:  # a series that begins at a failure shows no increase
        _ASKED.labels(outcome)
    return TaskKind(
        name=questions.TASK,
        run=run,
        per_lane=PER_STORE,
        per_store=PER_STORE + 1,  # a sample goes beside them
        at_once=200,
        deadline_s=domain.ASK_S + 5,
        retries=domain.WAITS,
        given_up=given_up,
    )


TASK_KINDS: Final = (_task_kind(),)
