"""One turn of a connection, as a task: begun in one transaction, asked outside of any, noted in another."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Counter

from services.connectors.accounts import actions as accounts
from services.connectors.accounts import sql as accounts_sql
from services.connectors.accounts.sql import Account
from services.connectors.store_codes.actions import turns
from services.connectors.store_codes.actions.carry import TASK
from services.connectors.store_codes.actions.turns import Turn
from services.connectors.store_codes.domain.port import Result, Unreadable
from services.connectors.store_codes.sql import carriers
from services.connectors.store_codes.work.api import Api, NoAnswer
from services.connectors.store_codes.work.shops import SHOPS, Shop
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.work import Done, Outcome, Retry, Task, TaskKind
from services.kernel.work.kinds import RETRIES, Note

LOOKED_UP_AT_ONCE: Final = 10
"""Codes that one turn looks up, a call for each."""
LONGEST_WAIT: Final = timedelta(days=2)
"""How long a shop may ask for time, turn after turn, without counting as away."""
_CODES: Final = Counter("kith_store_codes_total", "What shops said of promo codes.", ("platform", "outcome"))


async def run(ctx: Context, task: Task) -> Outcome:
    """One turn. Without access it stands still until somebody gives some; a shop that is away is asked again later."""
    connection_id = str(task.payload["connection"])
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        # Before the account: if that changes in between, the turn begins anew.
        carrier = await carriers.one(tx, task.store_id, connection_id)
        account = await accounts_sql.one(tx, task.store_id, connection_id)
        now, asked_since = tx.now - tx.offset, task.created_at - tx.offset
    if carrier is None or account is None:
        return Done()
    shop = SHOPS[account.platform]
    try:
        api = await _api(ctx, account, shop, now)
    except ValueError:
        return Retry(reason="no_key", hold_lane=True)
    if api is None:
        # What waits is shown all the same.
        while await _compared(ctx, task):
            pass
        return Done(note=_still(task, "no_access", carrier.revision))
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        turn = await turns.begin(
            tx,
            task.store_id,
            connection_id,
            revision=carrier.revision,
            lookups=LOOKED_UP_AT_ONCE,
            puts=shop.at_once,
        )
    if turn is None:
        return Done()
    results: list[Result] = []
    try:
        if turn.wants:
            await (shop.look_up if turn.lookups else shop.put)(api, turn.wants, results.append)
        hosts = await shop.hosts(api) if turn.asks_hosts and shop.hosts is not None else None
    except NoAnswer as no:
        return Retry(
            reason=no.reason,
            after=_rest(task, turn, no.after),
            hold_lane=True,
            # Who asks for time is not away; but not for ever.
            failed=no.after is None or now - asked_since > LONGEST_WAIT,
            note=_broken_off(task, turn, results, problem=no.reason, unanswered=no.unanswered),
        )
    except Unreadable:
        broken = _broken_off(task, turn, results, problem="unreadable", unanswered=not turn.lookups)
        return Retry(reason="unreadable", after=_rest(task, turn, None), hold_lane=True, note=broken)
    for result in results:
        _CODES.labels(account.platform, type(result).__name__.lower()).inc()

    async def note(tx: Tx) -> None:
        await turns.end(tx, task.store_id, connection_id, turn, results, hosts)

    return Done(note=note)


def _rest(task: Task, turn: Turn, asked: timedelta | None) -> timedelta | None:
    """How long the shop is left in peace: no shorter than it asked for, or than failures of this task say."""
    if not turn.rest:
        return asked
    return max(turn.rest, asked or RETRIES[min(task.failures, len(RETRIES) - 1)])


async def _compared(ctx: Context, task: Task) -> bool:
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        return await turns.compare(tx, task.store_id, str(task.payload["connection"]))


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """The shop was away for two days: nothing more is done until somebody changes something."""
    await turns.stand_still(tx, task.store_id, str(task.payload["connection"]), reason)


async def _api(ctx: Context, account: Account, shop: Shop, now: datetime) -> Api | None:
    """The shop's API; None without access. Raises `ValueError` where its sealing key has left."""
    access = await accounts.access_now(ctx, account)
    host = shop.host or account.host
    if access is None or access.password is None or host is None:
        return None
    return Api(ctx.outbound, host, shop.headers(access.user, access.password), now)


def _still(task: Task, problem: str, revision: int) -> Note:
    async def note(tx: Tx) -> None:
        await turns.stand_still(tx, task.store_id, str(task.payload["connection"]), problem, revision=revision)

    return note


def _broken_off(task: Task, turn: Turn, results: Sequence[Result], *, problem: str, unanswered: bool) -> Note:
    async def note(tx: Tx) -> None:
        connection_id = str(task.payload["connection"])
        await turns.break_off(tx, task.store_id, connection_id, turn, results, problem=problem, unanswered=unanswered)

    return note


TASK_KINDS: Final = (TaskKind(name=TASK, run=run, given_up=given_up, deadline_s=100.0),)
"""One at a time for each connection: shops count their API's calls."""
