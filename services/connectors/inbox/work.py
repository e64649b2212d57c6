"""Asks a platform for an order that a delivery only named, and keeps what it answers as a delivery of its own; and for
what a code is of which a delivery names the id alone. And forgets a whole shop, some of its deliveries at a time.

Nothing that a delivery said counts that only named an order. What the shop answers is read like any delivery, and can
be read again.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from services.common.order_facts import Clock
from services.common.own_placeholders import placeholders_of
from services.connectors.accounts import actions as accounts
from services.connectors.accounts import sql as accounts_sql
from services.connectors.accounts.sql import Account
from services.connectors.inbox import actions, domain, sql
from services.connectors.inbox.actions import Readings
from services.connectors.inbox.domain import BODY, delivery_id, questions
from services.connectors.inbox.domain.facts import Known
from services.connectors.inbox.sql import Delivery
from services.connectors.platforms.domain.port import READ_BACK, Shop
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.remote_codes import sql as remote_codes
from services.connectors.remote_codes.sql import RemoteId
from services.connectors.settings import DELIVERIES_KEPT
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.kernel.outbound import OutboundError
from services.kernel.work import Done, GiveUp, Outcome, Retry, Task, TaskKind
from services.kernel.work.kinds import Note

MOST_BYTES: Final = 1024 * 1024
_AWAY: Final = frozenset({429, 502, 503, 504})
_WAIT: Final = timedelta(seconds=30)
_NO_ACCESS: Final = timedelta(hours=1)
REDACTED_AT_ONCE: Final = 500
"""Deliveries that one transaction drops."""
_SLICES: Final = 20
"""Transactions of one run, so that it ends long before its lease does."""
_NOT_YET: Final = timedelta(seconds=30)
"""A shop that reports an order a moment before it can answer for it has it by then."""


async def run(ctx: Context, task: Task) -> Outcome:
    """Asks once. What can never be answered ends it; without access it waits for who owns the shop to give some."""
    connection_id, order_id = str(task.payload["connection"]), str(task.payload["order"])
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        account = await accounts_sql.one(tx, task.store_id, connection_id)
        now = tx.now
    if account is None:
        return Done(note=_unanswered(task, "ignored", "connection_ended"))
    ask = PLATFORMS[account.platform].question
    try:
        access = await accounts.access_now(ctx, account)
    except ValueError:
        return Retry(reason="no_key")
    if ask is None or account.host is None:
        return GiveUp(reason="no_host")
    if access is None or access.password is None:
        # Nobody's failure: whoever owns the shop gives it, or installs the app, and then the lane goes on at once.
        if now - task.created_at > DELIVERIES_KEPT:
            return GiveUp(reason="no_access")
        return Retry(reason="no_access", after=_NO_ACCESS, hold_lane=True, failed=False)
    question = ask(account.host, order_id, access.user or "", access.password)
    try:
        answer = await ctx.outbound.send(
            "GET", question.url, purpose=READ_BACK, headers=question.headers, most_bytes=MOST_BYTES
        )
    except OutboundError as error:
        return Retry(reason=error.reason) if error.passing else GiveUp(reason=error.reason)
    if answer.status in _AWAY:
        return Retry(reason=f"http_{answer.status}", after=answer.retry_after(now) or _WAIT, hold_lane=True)
    if answer.status in {404, 410}:
        # Whoever wrote to the address named no order of the shop; or the host is another shop's, which its owner sees.
        reason = f"http_{answer.status}"
        if task.failures == 0:
            return Retry(reason=reason, after=_NOT_YET)
        return Done(note=_unanswered(task, "failed", reason))
    if not answer.ok:
        return Retry(reason=f"http_{answer.status}")
    found = account

    async def note(tx: Tx) -> None:
        await take(tx, ctx, found, answer.body)

    return Done(note=note)


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """A delivery that nobody could be asked about has brought nothing, and can be read again."""
    await _unanswered(task, "failed", reason)(tx)


def _unanswered(task: Task, outcome: domain.Outcome, reason: str) -> Note:
    async def note(tx: Tx) -> None:
        if (delivery := task.payload.get("delivery")) is not None:
            await actions.note_unanswered(tx, task.store_id, str(delivery), outcome, reason)

    return note


async def take(tx: Tx, ctx: Context, account: Account, body: bytes) -> None:
    """Keeps an answer and reads it, in one transaction. The same answer as before adds nothing."""
    name = delivery_id(f"{account.account_id} {READ_BACK}", body)
    sealing = ctx.require_sealing()
    kept = Delivery(
        store_id=account.store_id,
        delivery_id=name,
        hook_id=account.account_id,
        platform=account.platform,
        topic=READ_BACK,
        received_at=tx.now,
        outcome="waiting",
        reason=None,
        order_id=None,
        body=sealing.seal(BODY, body, owner=name),
    )
    if (await actions.keep(tx, [kept])) != [True]:
        return
    nobody = await placeholders_of(tx, account.store_id)
    known = Known(Clock(tx.now, tx.offset), nobody, account.order_prefix, account.options)
    readings = Readings(PLATFORMS, ctx.ring, sealing)
    await actions.note(tx, readings, [readings.read(kept, body, known)])


async def name_code(ctx: Context, task: Task) -> Outcome:
    """Asks what a code is that a delivery named by the platform's id, and has the delivery read again."""
    connection_id, remote_id = str(task.payload["connection"]), str(task.payload["code"])
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        account = await accounts_sql.one(tx, task.store_id, connection_id)
        known = await remote_codes.codes(tx, [RemoteId(task.store_id, connection_id, remote_id)])
        now = tx.now
    naming = None if account is None else PLATFORMS[account.platform].naming
    if account is None or naming is None:
        return Done()
    if known:
        return Done(note=_named(ctx, task, {}))
    try:
        access = await accounts.access_now(ctx, account)
    except ValueError:
        return Retry(reason="no_key")
    if access is None or access.password is None:
        return Done()
    question = naming.ask(Shop(account.host or "", access.user or "", access.password), remote_id)
    try:
        answer = await ctx.outbound.send(
            "GET", question.url, purpose=questions.NAME_CODE, headers=question.headers, most_bytes=MOST_BYTES
        )
    except OutboundError as error:
        return Retry(reason=error.reason) if error.passing else GiveUp(reason=error.reason)
    if answer.status in {401, 403, 404}:
        return Done()  # the key may not read it, or is another account's: the order counts without, as it did
    if not answer.ok:
        return Retry(reason=f"http_{answer.status}", after=answer.retry_after(now))
    try:
        return Done(note=_named(ctx, task, {remote_id: naming.read(answer.body)}))
    except Invalid:
        return Retry(reason="unreadable")


def _named(ctx: Context, task: Task, found: Mapping[str, str]) -> Note:
    async def note(tx: Tx) -> None:
        await remote_codes.add(tx, task.store_id, str(task.payload["connection"]), found)
        kept = await sql.get(tx, task.store_id, str(task.payload["delivery"]))
        if kept is not None and kept.outcome == "taken":
            readings = Readings(PLATFORMS, ctx.ring, ctx.require_sealing())
            await actions.read_again(tx, readings, kept, Clock(tx.now, tx.offset))

    return note


async def redact(ctx: Context, task: Task, *, at_once: int = REDACTED_AT_ONCE, slices: int = _SLICES) -> Outcome:
    """Drops what was kept of a shop, each slice in a commit of its own: whoever goes on finds what is left."""
    for _ in range(slices):
        async with ctx.db.transaction([task.store_id], patient=True) as tx:
            asks = await sql.get(tx, task.store_id, str(task.payload["delivery"]))
            # Dropped by age, what asked goes last: what came before it is gone.
            if asks is None or await sql.redact_some(tx, asks, most=at_once) < at_once:
                return Done()
    return Retry(reason="more", after=timedelta(), failed=False)


TASK_KINDS: Final = (
    TaskKind(name=questions.READ_BACK, run=run, given_up=given_up),
    TaskKind(name=questions.NAME_CODE, run=name_code),
    TaskKind(name=questions.REDACT, run=redact, deadline_s=60.0),
)
"""One at a time for each connection: shops count their API's calls."""
