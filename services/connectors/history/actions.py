"""Begins imports, takes what a page brought, and ends them. Who asks the platform is `work`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.common.order_facts import ReportedFact
from services.connectors.accounts import actions as accounts
from services.connectors.accounts import sql as accounts_sql
from services.connectors.accounts.sql import Account
from services.connectors.history import domain, sql
from services.connectors.history.sql import History
from services.connectors.inbox import actions as inbox
from services.connectors.platforms.domain.port import Polling
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.polls.actions import pollable
from services.kernel.db import Tx
from services.kernel.errors import Conflict
from services.kernel.work import NewTask, add_tasks

TASK: Final = "history"
"""The kind of task that asks for one page after the other."""
JOB: Final = "connectors.history"
"""The name of the job that looks further back; migrations ask for it."""
_LARGER_AFTER: Final = 10
"""Pages."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What a page brought: how many entries, the facts of those from before, and how many could not be read."""

    found: int
    orders: int
    unreadable: int
    facts: Sequence[ReportedFact]


def past_of(platform: str) -> Polling | None:
    """How a platform is asked for what was sold before; None where nobody can be asked."""
    about = PLATFORMS[platform]
    return about.past or about.polling


async def opened(tx: Tx, account: Account) -> None:
    """There is access to a platform's API. What its shop sold before is imported, once; an import that stopped goes on,
    and one that looks back less far than is possible now begins anew.
    """
    if not pollable(account):
        return
    known = await sql.one(tx, account.store_id, account.account_id, lock=True)
    if (
        known is None
        or known.host != account.host
        or known.state == "stopped"
        or known.since_at > _since(tx, account.platform)
    ):
        await _begin(tx, account, known)


async def look_further(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Begins imports anew that were begun when less of the past could be asked for. It is asked for once."""
    refs = await sql.later_than(tx, stores, domain.BEGINNING)
    for _, account in sorted((await accounts_sql.read_by(tx, refs)).items()) if refs else ():
        await opened(tx, account)
    return {}


async def ask(tx: Tx, store_id: str, connection_id: str) -> History:
    """Begins an import: one that stopped goes on where it was, one that has ended begins anew, one that runs goes on.
    Raises `NotFound`, and `Conflict` where nobody can be asked.
    """
    account = await accounts.get(tx, store_id, connection_id)
    about = PLATFORMS[account.platform]
    if about.polling is None:
        raise Conflict(f"Kith asks {about.title} nothing: it tells by itself.", code="no_poll")
    if not pollable(account):
        raise Conflict("Give access to the shop's API first, and its host.", code="no_access")
    known = await sql.one(tx, store_id, connection_id, lock=True)
    tx.note("history.asked", on=connection_id)
    if known is not None and known.state == "running":
        return known
    return await _begin(tx, account, known)


async def _begin(tx: Tx, account: Account, known: History | None) -> History:
    now = tx.now - tx.offset
    begun = History(
        store_id=account.store_id,
        hook_id=account.account_id,
        host=account.host,
        state="running",
        before_at=_before(account, known, now, tx.offset),
        since_at=_since(tx, account.platform),
        until_at=now,
        began_at=tx.now,
        moved_at=tx.now,
        round=1 if known is None else known.round + 1,
    )
    same = known is not None and known.state == "stopped" and known.host == account.host
    if known is not None and same and known.since_at <= begun.since_at:
        begun = replace(known, state="running", reason=None, round=begun.round, moved_at=tx.now, ended_at=None)
        begun = replace(begun, asked=0, size=domain.SIZE)
    await sql.put(tx, begun)
    task = NewTask(
        kind=TASK,
        store_id=begun.store_id,
        lane=begun.hook_id,
        key=f"{begun.hook_id}:{begun.round}",
        payload={"connection": begun.hook_id, "round": begun.round},
    )
    await add_tasks(tx, [task])
    return begun


def _since(tx: Tx, platform: str) -> datetime:
    """From when on a platform can be asked for its past."""
    polling = past_of(platform)
    assert polling is not None
    return domain.begins(tx.now - tx.offset, polling.reaches_back)


def _before(account: Account, known: History | None, now: datetime, offset: timedelta) -> datetime:
    """Orders placed before it are history. What was placed since was reported by deliveries, or is found by polls: it
    counts. Of another shop than before nobody reported anything until now.
    """
    if known is None:
        return account.created_at - offset
    return known.before_at if known.host == account.host else now


async def running(tx: Tx, history: History) -> History | None:
    """The import, locked, if it is still where it was; None if it is not."""
    now = await sql.one(tx, history.store_id, history.hook_id, lock=True)
    return (
        now
        if now is not None and (now.state, now.round, now.cursor) == ("running", history.round, history.cursor)
        else None
    )


async def take(tx: Tx, history: History, brought: Brought, cursor: str | None) -> History:
    """Sends on what a page brought, in the transaction that moves the cursor, so that a page is taken once. Returns the
    import, which has ended without a cursor.
    """
    tx.emit_all(map(inbox.outgoing, brought.facts))
    moved = replace(
        history,
        cursor=cursor,
        moved_at=tx.now,
        asked=history.asked + 1,
        # Pages that were too large became smaller; now and then larger ones are tried again.
        size=min(domain.SIZE, history.size * 2) if history.asked % _LARGER_AFTER == 0 else history.size,
        found=history.found + brought.found,
        taken=history.taken + brought.orders,
        unreadable=history.unreadable + brought.unreadable,
    )
    if cursor is None:
        moved = replace(moved, state="done", ended_at=tx.now)
    await sql.put(tx, moved)
    return moved


async def stopped(tx: Tx, history: History, reason: str) -> None:
    """Nothing more is asked for until somebody does something about it."""
    await sql.put(tx, replace(history, state="stopped", reason=reason, ended_at=tx.now))
