"""Asks a platform for one page of its past orders after the other. A page and the cursor behind it are one commit."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from services.common.order_facts import Clock
from services.common.own_placeholders import placeholders_of
from services.connectors.accounts import actions as accounts
from services.connectors.accounts import sql as accounts_sql
from services.connectors.accounts.sql import Account
from services.connectors.history import actions, domain, sql
from services.connectors.history.actions import Brought
from services.connectors.history.sql import History
from services.connectors.inbox.domain.facts import Known
from services.connectors.platforms.domain.port import (
    Busy,
    Delivered,
    Ignored,
    Page,
    Polling,
    Refused,
    Shop,
    TooDear,
    Window,
)
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.polls.work import BUSY, asked
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import AppError, Invalid
from services.kernel.outbound import Answer, OutboundError
from services.kernel.work import Done, Outcome, Retry, Task, TaskKind

_BETWEEN: Final = timedelta(seconds=2)
"""Between two pages: polls and codes ask the same shop, and are more urgent."""
_AT_ONCE: Final = 10
"""Entries that one turn of the loop reads."""


class _Failed(Exception):
    """Nobody answers as a platform does; it may be otherwise later."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def run(ctx: Context, task: Task) -> Outcome:
    """Asks for a page. An import that has ended meanwhile is done."""
    connection_id = str(task.payload["connection"])
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        history = await sql.one(tx, task.store_id, connection_id)
        account = await accounts_sql.one(tx, task.store_id, connection_id)
        nobody = await placeholders_of(tx, task.store_id)
        clock = Clock(tx.now, tx.offset)
    if history is None or account is None or (history.state, history.round) != ("running", task.payload["round"]):
        return Done()
    polling = actions.past_of(account.platform)
    try:
        access = await accounts.access_now(ctx, account)
    except ValueError:  # its sealing key has left, and may be put back
        if accounts.opened_elsewhere(ctx, account):
            return _later(history, "no_key", BUSY, clock.now)
        return _stopped(history, "no_key")
    if polling is None or access is None or access.password is None:
        return _stopped(history, "no_access")
    shop = Shop(account.host or "", access.user or "", access.password)
    try:
        page = await _page(ctx, polling, shop, history, clock)
    except Busy as busy:
        return _later(history, "busy", busy.wait, clock.now)
    except TooDear:
        return _smaller(history) if history.size > 1 else _later(history, "busy", BUSY, clock.now)
    except Refused:
        return _stopped(history, "refused")
    except _Failed as failed:
        return _later(history, failed.reason, domain.wait(clock.now, history.moved_at), clock.now)
    if page.cursor is not None and (page.cursor == history.cursor or history.asked + 1 >= domain.MOST_PAGES):
        return _stopped(history, "long")
    known = Known(clock, nobody, account.order_prefix, account.options)
    return _taken(history, page, await _read(ctx, account, polling, page, known, history.before_at))


async def _page(ctx: Context, polling: Polling, shop: Shop, history: History, clock: Clock) -> Page:
    """One page. Raises `Busy`, `TooDear`, `Refused` and `_Failed`."""
    window = Window(history.since_at, history.until_at, history.cursor, history.size)
    try:
        answer = await asked(ctx, polling, shop, window)
    except OutboundError as error:
        if error.reason == "too_large":
            raise TooDear from error
        raise _Failed(error.reason) from error
    # The other side goes by its own clock, which no demo moves.
    _look(answer, clock.now - clock.offset)
    try:
        return polling.read(answer.headers, answer.body, window)
    except Invalid as error:
        raise _Failed("unreadable") from error


def _look(answer: Answer, now: datetime) -> None:
    """Raises what an answer without a page means."""
    if answer.ok:
        return
    wait = answer.retry_after(now)
    if answer.status in {401, 403}:
        raise Refused
    if answer.status == 429 or (answer.status == 503 and wait is not None):
        raise Busy(wait or BUSY)
    raise _Failed(f"http_{answer.status}")


async def _read(
    ctx: Context, account: Account, polling: Polling, page: Page, known: Known, before: datetime
) -> Brought:
    """Reads what a page brought, outside of any transaction, and lets others have a turn in between."""
    about, facts, orders, unreadable = PLATFORMS[account.platform], [], 0, 0
    for number, body in enumerate(page.bodies):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
        try:
            delivered = Delivered(polling.topic, body, known.clock, known.clock.now, known.options)
            found = domain.facts_of(ctx.ring, about, account.store_id, about.read(delivered), known, before)
        except Ignored:
            continue
        except Exception as error:  # whatever it stumbles over, the others are read
            unreadable += 1
            structlog.get_logger().warning("history.unreadable", hook=account.account_id, reason=_where(error))
            continue
        orders += len({fact.order_id for fact in found})
        facts += found
    return Brought(len(page.bodies), orders, unreadable, facts)


def _where(error: Exception) -> str:
    if isinstance(error, AppError) and error.errors:
        return error.errors[0].field
    return "figures" if isinstance(error, msgspec.ValidationError) else type(error).__name__


def _taken(history: History, page: Page, brought: Brought) -> Outcome:
    async def note(tx: Tx) -> None:
        now = await actions.running(tx, history)
        if now is not None:
            await actions.take(tx, now, brought, page.cursor)

    if page.cursor is None:
        return Done(note=note)
    return Retry(reason="more", after=max(page.wait, _BETWEEN), failed=False, note=note)


def _later(history: History, reason: str, wait: timedelta, now: datetime) -> Outcome:
    """A shop that is away, or asks for patience, has some of it."""
    if now + wait - history.moved_at > domain.PATIENCE:
        return _stopped(history, reason)
    return Retry(reason=reason, after=wait, failed=False)


def _smaller(history: History) -> Outcome:
    """Asks for half as many entries: orders may have hundreds of lines."""

    async def note(tx: Tx) -> None:
        now = await actions.running(tx, history)
        if now is not None:
            await sql.put(tx, replace(now, size=max(1, history.size // 2)))

    return Retry(reason="too_large", after=_BETWEEN, failed=False, note=note)


def _stopped(history: History, reason: str) -> Outcome:
    async def note(tx: Tx) -> None:
        now = await actions.running(tx, history)
        if now is not None:
            await actions.stopped(tx, now, reason)

    return Done(note=note)


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """A fault of ours ended the task."""
    history = await sql.one(tx, task.store_id, str(task.payload["connection"]), lock=True)
    if history is not None and (history.state, history.round) == ("running", task.payload["round"]):
        await actions.stopped(tx, history, "internal")


TASK_KINDS: Final = (TaskKind(name=actions.TASK, run=run, deadline_s=60.0, given_up=given_up),)
"""One at a time for each connection: shops count their API's calls."""
