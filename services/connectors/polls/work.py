"""Asks a platform for one page of what changed, reads it, and takes it: the only place that polls a platform.

A page and the cursor behind it are one commit: whoever is killed in between asks for the page again, and finds it
known.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from services.common.order_facts import Clock
from services.common.own_placeholders import placeholders_of
from services.connectors.accounts import actions as accounts
from services.connectors.accounts import sql as accounts_sql
from services.connectors.accounts.sql import Account
from services.connectors.inbox.actions import Readings
from services.connectors.inbox.domain import delivery_id
from services.connectors.inbox.domain.facts import Known
from services.connectors.inbox.sql import Delivery
from services.connectors.platforms.domain.port import POLLED, Busy, Page, Polling, Refused, Shop, TooDear, Window
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.polls import actions, domain, sql
from services.connectors.polls.actions import Taken
from services.connectors.polls.sql import Poll
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.kernel.outbound import Answer, OutboundError
from services.kernel.work import Done, Outcome, Retry, Task, TaskKind
from services.kernel.work.kinds import Note

MOST_BYTES: Final = 8 * 1024 * 1024
"""Of an answer. A page that is larger is asked for again with fewer entries."""
SEND_S: Final = 30.0
"""Shops take their time over a page of orders."""
_BETWEEN: Final = timedelta(seconds=1)
"""Between two pages: 300 of the 500 calls that InSales answers in five minutes."""
BUSY: Final = timedelta(seconds=30)
"""How long a platform is left in peace that does not say how long it wants to be."""
_AT_ONCE: Final = 10
"""Entries that one turn of the loop reads."""

End = Callable[[Tx, str, Poll, str], Awaitable[None]]


async def run(ctx: Context, task: Task) -> Outcome:
    """Asks for a page. A round that has ended meanwhile is done."""
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        poll = await sql.one(tx, task.store_id, str(task.payload["connection"]))
        account = await accounts_sql.one(tx, task.store_id, str(task.payload["connection"]))
        nobody = await placeholders_of(tx, task.store_id)
        now, clock = tx.now, Clock(tx.now, tx.offset)
    if poll is None or account is None or poll.state != "running" or poll.round != task.payload["round"]:
        return Done()
    polling = PLATFORMS[account.platform].polling
    try:
        access = await accounts.access_now(ctx, account)
    except ValueError:  # its sealing key has left, and may be put back
        if accounts.opened_elsewhere(ctx, account):
            return _busy(account, poll, "no_key", BUSY, now)
        return _ended(actions.broken_off, account, poll, "no_key")
    if polling is None or access is None or access.password is None:
        return _ended(actions.stopped, account, poll, "no_access")
    shop = Shop(account.host or "", access.user or "", access.password)
    window = Window(poll.since_at or now, poll.until_at or now, poll.cursor, poll.size)
    try:
        answer = await asked(ctx, polling, shop, window)
    except OutboundError as error:
        if error.reason == "too_large" and poll.size > 1:
            return _smaller(poll)
        return _failed(task, account, poll, error.reason)
    outcome = _refused(task, account, poll, answer, clock)
    if outcome is not None:
        return outcome
    try:
        page = polling.read(answer.headers, answer.body, window)
    except Busy as busy:
        return _busy(account, poll, "busy", busy.wait, now)
    except Refused:
        return _ended(actions.stopped, account, poll, "refused")
    except TooDear:
        return _smaller(poll) if poll.size > 1 else _failed(task, account, poll, "busy")
    except Invalid:
        return _failed(task, account, poll, "unreadable")
    if page.cursor is not None and page.cursor == poll.cursor:
        return _failed(task, account, poll, "unreadable")  # the same page would come for ever
    taken = await _read(ctx, account, page, Known(clock, nobody, account.order_prefix, account.options))
    return _page(ctx, account, poll, page, taken)


async def asked(ctx: Context, polling: Polling, shop: Shop, window: Window) -> Answer:
    """What a platform answers about a window. Raises `OutboundError`."""
    question = polling.ask(shop, window)
    return await ctx.outbound.send(
        question.method,
        question.url,
        purpose=actions.TASK,
        headers=question.headers,
        content=question.content,
        deadline_s=SEND_S,
        most_bytes=MOST_BYTES,
    )


async def _read(ctx: Context, account: Account, page: Page, known: Known) -> list[Taken]:
    """Reads what a page brought, outside of any transaction, and lets others have a turn in between."""
    readings = _readings(ctx)
    taken = []
    for number, body in enumerate(page.bodies):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
        kept = Delivery(
            store_id=account.store_id,
            delivery_id=delivery_id(f"{account.account_id} {POLLED}", body),
            hook_id=account.account_id,
            platform=account.platform,
            topic=POLLED,
            received_at=known.clock.now,
            outcome="waiting",
            reason=None,
            order_id=None,
            body=b"",  # sealed once it is to be kept
        )
        reading = readings.read(kept, body, known)
        if reading.delivery.outcome == "failed":
            reason = reading.delivery.reason
            structlog.get_logger().warning(f"{account.platform}.unreadable", hook=account.account_id, reason=reason)
        taken.append(Taken(reading, body))
    return taken


def _readings(ctx: Context) -> Readings:
    return Readings(PLATFORMS, ctx.ring, ctx.require_sealing())


def _page(ctx: Context, account: Account, poll: Poll, page: Page, taken: list[Taken]) -> Outcome:
    last = page.cursor is None or poll.asked + 1 >= domain.MOST_PAGES

    async def note(tx: Tx) -> None:
        now = await actions.running(tx, poll)
        if now is None:
            return
        now = await actions.take(tx, _readings(ctx), account, now, taken)
        if page.cursor is None:
            await actions.done(tx, account, now)
        elif last:
            await actions.broken_off(tx, account.platform, replace(now, cursor=page.cursor), "long")
        else:
            await sql.save(tx, replace(now, cursor=page.cursor))

    if last:
        return Done(note=note)
    return Retry(reason="more", after=max(page.wait, _BETWEEN), failed=False, note=note)


def _refused(task: Task, account: Account, poll: Poll, answer: Answer, clock: Clock) -> Outcome | None:
    """What is made of an answer that brings nothing; None for one that does."""
    if answer.ok:
        return None
    # The other side goes by its own clock, which no demo moves.
    reason, wait = f"http_{answer.status}", answer.retry_after(clock.now - clock.offset)
    if answer.status in {401, 403}:
        return _ended(actions.stopped, account, poll, reason)
    if answer.status == 429 or (answer.status == 503 and wait is not None):
        return _busy(account, poll, reason, wait or BUSY, clock.now)
    if answer.status >= 500:
        return _failed(task, account, poll, reason)
    return _ended(actions.started_over, account, poll, reason)


def _busy(account: Account, poll: Poll, reason: str, wait: timedelta, now: datetime) -> Outcome:
    """Somebody asks for patience: that is no failure, unless it is for hours."""
    if poll.began_at is not None and now + wait - poll.began_at > domain.LONGEST_BUSY:
        return _ended(actions.broken_off, account, poll, reason)
    return Retry(reason=reason, after=wait, failed=False)


def _failed(task: Task, account: Account, poll: Poll, reason: str) -> Outcome:
    """Nobody answers: tried some times more, and then by the next round. A shop that is away calls no operator."""
    if task.failures >= len(domain.TRIES) or reason == "bad_url":
        end = actions.started_over if reason == "unreadable" else actions.broken_off
        return _ended(end, account, poll, reason)
    return Retry(reason=reason, after=domain.TRIES[task.failures])


def _smaller(poll: Poll) -> Outcome:
    """Asks for half as many entries: orders may have hundreds of lines."""

    async def note(tx: Tx) -> None:
        now = await actions.running(tx, poll)
        if now is not None:
            await sql.save(tx, replace(now, size=max(1, poll.size // 2)))

    return Retry(reason="too_large", after=_BETWEEN, failed=False, note=note)


def _ended(end: End, account: Account, poll: Poll, reason: str) -> Outcome:
    return Done(note=_noting(end, account.platform, poll, reason))


def _noting(end: End, platform: str, poll: Poll, reason: str) -> Note:
    async def note(tx: Tx) -> None:
        now = await actions.running(tx, poll)
        if now is not None:
            await end(tx, platform, now, reason)

    return note


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """A fault of ours ended the task: the round is broken off, and the next one goes on."""
    connection_id = str(task.payload["connection"])
    poll = await sql.one(tx, task.store_id, connection_id, lock=True)
    account = await accounts_sql.one(tx, task.store_id, connection_id)
    if poll is not None and account is not None and poll.state == "running" and poll.round == task.payload["round"]:
        await actions.broken_off(tx, account.platform, poll, "internal")


TASK_KINDS: Final = (TaskKind(name=actions.TASK, run=run, deadline_s=60.0, given_up=given_up),)
"""One at a time for each connection: shops count their API's calls."""
