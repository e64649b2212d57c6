"""One try of one delivery: read, signed, sent through the door, noted. The only place that calls a store's endpoint."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Final

import structlog
from prometheus_client import Counter

from services.common import signatures
from services.connectors.endpoints.actions import notify
from services.connectors.endpoints.domain import signing, tries
from services.connectors.endpoints.domain.tries import Off, State, Verdict
from services.connectors.endpoints.sql import endpoints as sql
from services.connectors.endpoints.sql import sendings
from services.connectors.endpoints.sql.endpoints import Secret
from services.connectors.endpoints.sql.sendings import Ready, Try
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.outbound import OutboundError
from services.kernel.work import Done, Outcome, Retry, Task, TaskKind, hold
from services.kernel.work.kinds import Note

_WEBHOOKS = Counter("kith_webhooks_total", "Tries of webhooks, by what came of them.", ("outcome",))
_DISABLED = Counter(
    "kith_webhook_endpoints_disabled_total", "Endpoints that were turned off by themselves.", ("reason",)
)
_OUTCOMES: Final = ("delivered", "again", "never", "lost")
_REASONS: Final[tuple[Off, ...]] = ("gone", "asked", "failing")

PER_ENDPOINT: Final = 4
"""Calls at a time to one endpoint."""
PER_STORE: Final = PER_ENDPOINT * tries.MOST_ENDPOINTS
"""All endpoints of a store may hang, and the last one is called all the same."""
AT_ONCE: Final = 400
"""Over all workers. An endpoint that hangs holds its four for a quarter of a minute, and is then left alone for
longer and longer, so a hundred that begin to hang at once still leave room for others.
"""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a try came to, and what the log keeps of it."""

    verdict: Verdict
    kept: Try


async def run(ctx: Context, task: Task) -> Outcome:
    """Tries a delivery. What is not waiting any more, or was begun anew, is done."""
    delivery_id, round_ = _named(task)
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        ready = await sendings.ready(tx, task.store_id, delivery_id)
        held = await sql.secrets(tx, task.store_id, ready.endpoint_id) if ready else []
        # The other side goes by its own clock, which no demo moves.
        now, real = tx.now, tx.now - tx.offset
    if ready is None or (ready.off is not None and not _by_hand(ready)):
        return Done(note=_untried(task, "skipped"))
    # One that has failed is here again if its task was given up, and an operator has it tried once more.
    if ready.state not in {"waiting", "failed"} or ready.round != round_ or ready.body is None:
        return Done()
    keys = _keys(ctx, held)
    if not keys and ready.test:
        return Done(note=_untried(task, "failed", reason="no_secret"))
    if not keys:
        # Nothing unsigned leaves. It is no fault of the endpoint: nothing is tried, nothing counts.
        wait = tries.NO_SECRET_WAIT
        note = _untried(task, "waiting", reason="no_secret", wait=wait)
        return Retry(reason="no_secret", after=wait, hold_lane=True, failed=False, note=note)
    tried = await _try(ctx, ready, ready.body, keys, at=now, real=real)
    verdict = tried.verdict
    _WEBHOOKS.labels(verdict.outcome).inc()
    again = verdict.outcome == "again" and not ready.test  # a sample is tried once
    after = tries.wait_after(task.failures, verdict.after, random.random()) if again else None
    if after is None:
        if again:
            _WEBHOOKS.labels("lost").inc()
        return Done(note=_noting(task, ready, tried, wait=None))
    return Retry(reason=verdict.reason, after=after, note=_noting(task, ready, tried, wait=after))


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """A fault of ours ended the task: the log says so, and nothing counts against the endpoint."""
    await _untried(task, "failed", reason="internal")(tx)
    _WEBHOOKS.labels("lost").inc()


async def _try(
    ctx: Context, ready: Ready, body: bytes, keys: Sequence[bytes], *, at: datetime, real: datetime
) -> _Tried:
    """Calls the endpoint. Whatever comes of it is an answer of this function. `at` is the moment for the log, `real`
    for the receiver.
    """
    moment = int(real.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": ready.message_id,
        "webhook-timestamp": str(moment),
        signing.SIGNATURE: signatures.sign(keys, ready.message_id, moment, body),
    }
    if ready.test:
        headers["webhook-test"] = "true"
    kept = Try(0, at, 0, None, None, None, signing.logged(ready.url, ctx.outbound.headers(headers)))
    began = perf_counter()
    try:
        answer = await ctx.outbound.send(
            "POST",
            ready.url,
            purpose=notify.TASK,
            headers=headers,
            content=body,
            deadline_s=tries.SEND_S,
            most_bytes=tries.ANSWER_BYTES,
            whole=False,
        )
    except OutboundError as error:
        verdict = tries.of_failure(error.reason, passing=error.passing)
        return _Tried(verdict, replace(kept, took_ms=_since(began), reason=error.reason))
    verdict = tries.of_answer(answer.status, answer.headers, answer.retry_after(real))
    return _Tried(
        verdict,
        replace(
            kept,
            took_ms=_since(began),
            status=answer.status,
            reason=verdict.reason or None,
            answer=tries.readable(answer.body),
        ),
    )


def _untried(task: Task, state: State, *, reason: str | None = None, wait: timedelta | None = None) -> Note:
    """What the log keeps where nothing was called."""
    delivery_id, round_ = _named(task)

    async def note(tx: Tx) -> None:
        next_at = tx.now + wait if wait is not None else None
        await sendings.untried(
            tx, task.store_id, delivery_id, round_=round_, state=state, reason=reason, next_at=next_at
        )

    return note


def _noting(task: Task, ready: Ready, tried: _Tried, *, wait: timedelta | None) -> Note:
    """What the log keeps of a try, and what it says of the endpoint."""
    verdict = tried.verdict
    delivered = verdict.outcome == "delivered"
    state: State = "waiting" if wait is not None else "delivered" if delivered else "failed"

    async def note(tx: Tx) -> None:
        next_at = tx.now + wait if wait is not None else None
        delivery_id, _ = _named(task)
        noted = await sendings.note(
            tx, task.store_id, delivery_id, round_=ready.round, state=state, next_at=next_at, tried=tried.kept
        )
        if await sql.url(tx, task.store_id, ready.endpoint_id) != ready.url:
            return  # what another address did says nothing of this one
        if verdict.after is not None:
            await hold(tx, task, verdict.after)
        if not noted or _by_hand(ready):
            if verdict.away:
                await hold(tx, task, tries.HELD_SHORTEST)
        elif delivered:
            await sql.answered(tx, task.store_id, ready.endpoint_id)
            await _turn_off(tx, task, ready, verdict.off)
        else:
            await _failed(tx, task, ready, verdict)

    return note


async def _failed(tx: Tx, task: Task, ready: Ready, verdict: Verdict) -> None:
    """Counts a failure against the endpoint, leaves it alone for a while, or for good."""
    health = await sql.failed(tx, task.store_id, ready.endpoint_id, away=verdict.away)
    if health is None:
        return
    if verdict.away and (wait := tries.hold_of(health.streak)):
        await hold(tx, task, wait)
    days = tx.now - health.failing_since >= tries.FAILING_FOR
    await _turn_off(tx, task, ready, verdict.off or ("failing" if days else None))


async def _turn_off(tx: Tx, task: Task, ready: Ready, off: Off | None) -> None:
    if off is not None and await sql.turn_off(tx, task.store_id, ready.endpoint_id, off):
        tx.note("endpoint.turned_off", on=ready.endpoint_id, after={"outcome": off})
        _DISABLED.labels(off).inc()


def _keys(ctx: Context, held: Sequence[Secret]) -> list[bytes]:
    """The keys that hold, as far as they can be opened."""
    sealing, found = ctx.require_sealing(), []
    for one in held:
        try:
            found.append(sealing.open(signing.SECRET, one.secret, owner=one.secret_id))
        except ValueError as error:
            structlog.get_logger().error("webhook.secret_lost", error=str(error))
    return found


def _named(task: Task) -> tuple[str, int]:
    """The delivery, and which round of it."""
    return str(task.payload["delivery"]), int(task.payload["round"] or 0)


def _by_hand(ready: Ready) -> bool:
    """Whether somebody asked for this very try: it goes also where the endpoint is off, and says nothing about it."""
    return ready.round > 0 or ready.test


def _since(began: float) -> int:
    return round(1000 * (perf_counter() - began))


def _task_kind() -> TaskKind:
    """The kind of task that tries a delivery. A lane is an endpoint."""
    for outcome in _OUTCOMES:  # a series that begins at a failure shows no increase
        _WEBHOOKS.labels(outcome)
    for reason in _REASONS:
        _DISABLED.labels(reason)
    return TaskKind(
        name=notify.TASK,
        run=run,
        per_lane=PER_ENDPOINT,
        per_store=PER_STORE,
        at_once=AT_ONCE,
        deadline_s=tries.SEND_S + 5,
        retries=tries.WAITS,
        given_up=given_up,
    )


TASK_KINDS: Final = (_task_kind(),)
