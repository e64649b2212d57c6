"""Payouts that providers are called for: given to tasks when they are sent, begun, and what was answered taken in.

Before each call it is written down that it may have been made, so that whoever comes after a crash asks first. What
comes of it goes through `move`, as everything does. The calls themselves are made in `payouts.work`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from prometheus_client import Counter

from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.work import NewTask, add_tasks
from services.rewards.destinations import actions as destinations
from services.rewards.destinations import sql as destination_rows
from services.rewards.destinations.sql import Destination
from services.rewards.payouts.actions import sendable
from services.rewards.payouts.actions.move import move
from services.rewards.payouts.domain.calls import BUSY_FOR, LATER, sendings
from services.rewards.payouts.domain.states import SENT, Impossible, Payout, StatusChange, moved
from services.rewards.payouts.sql import calls as rows
from services.rewards.payouts.sql import payouts as sql
from services.rewards.payouts.sql.calls import Called, Word
from services.rewards.providers import sql as accounts
from services.rewards.providers.actions.setup import TASK
from services.rewards.providers.domain import paypal
from services.rewards.providers.domain.port import (
    KINDS,
    Absent,
    Answer,
    Barred,
    Clear,
    Kind,
    PayoutReport,
    Sending,
    Transfer,
    Unclear,
    Wait,
)
from services.rewards.providers.sql import Account
from services.rewards.slices import sql as slices

_ODDS: Final = Counter("kith_payouts_at_odds_total", "Words of providers that cannot be by the books.", ("provider",))
for _kind in KINDS:  # a series that begins at its first event shows no increase
    _ODDS.labels(_kind)
NO_ANSWER: Final = "no_answer"
_UNANSWERED: Final = frozenset({"submitting", "unknown"})
Step = Literal["pay", "look", "nothing", "stuck"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a run is to do for a sending. `first`: nothing of it was ever given, or what was given was refused.
    `unanswered`: the provider never said that it has any of it.
    """

    step: Step
    account: Account
    sending: Sending
    first: bool
    unanswered: bool
    only_look: bool


async def give(tx: Tx, account: Account, batch_id: str, payouts: Sequence[Payout]) -> None:
    """Has payouts sent that were let go in this transaction."""
    parts = sendings(account.kind, batch_id, sorted(one.payout_id for one in payouts))
    await rows.add(tx, account.store_id, account.provider_id, [(one, key) for key, ids in parts for one in ids])
    await add_tasks(
        tx,
        [
            NewTask(kind=TASK, store_id=account.store_id, lane=account.provider_id, key=key, payload={"sending": key})
            for key, _ in parts
        ],
    )


async def look_later(tx: Tx, store_id: str, key: str, *, number: int) -> None:
    """Has a sending looked at again, for what came back after it was paid."""
    found = await rows.of_sending(tx, store_id, key)
    if number >= len(LATER) or not found:
        return
    known = await sql.several(tx, store_id, [one.payout_id for one in found])
    if any(one.status == "paid" for one in known.values()):
        await _look(tx, store_id, found[0], f"later:{number}", {"later": number}, due=tx.now + LATER[number])


async def look_now(tx: Tx, store_id: str, called: Called, *, remote_id: str | None = None) -> None:
    """Has a sending looked at: somebody asks, or a provider hinted at a change. At once, and at the next full minute,
    since what is hinted at in between finds that the first look of its minute was taken already.
    """
    minute = int(tx.now.timestamp()) // 60
    for number, due in ((minute, None), (minute + 1, datetime.fromtimestamp(60 * (minute + 1), UTC))):
        await _look(tx, store_id, called, f"now:{number}:{remote_id or ''}", {"remote": remote_id}, due=due)


async def _look(
    tx: Tx,
    store_id: str,
    called: Called,
    name: str,
    more: Mapping[str, str | int | None],
    *,
    due: datetime | None = None,
) -> None:
    task = NewTask(
        kind=TASK,
        store_id=store_id,
        lane=called.provider_id,
        key=f"{called.sending_key}:{name}",
        payload={"sending": called.sending_key, "look": True, **more},
        due=due,
    )
    await add_tasks(tx, [task])


async def begin(
    tx: Tx, ctx: Context, store_id: str, key: str, *, only_look: bool = False, remote_id: str | None = None
) -> Turn | None:
    """What is to be done for a sending now, noted as begun; None where there is no such sending.

    What must not be sent any more fails here, as long as it certainly was not.
    """
    await tx.lock_stores([store_id])
    found = await rows.of_sending(tx, store_id, key)
    if not found:
        return None
    account = await accounts.one(tx, store_id, found[0].provider_id)
    assert account is not None  # none is ever deleted
    known = await sql.several(tx, store_id, [one.payout_id for one in found])
    wanted = SENT | {"paid", "returned"} if only_look else SENT
    open_ = [one for one in found if known[one.payout_id].status in wanted]
    first = not only_look and bool(open_) and all(one.tried_at is None for one in open_)
    places = await destination_rows.several(tx, store_id, [known[one.payout_id].destination_id for one in open_])
    if first:
        refused = await _refuse(tx, account, [known[one.payout_id] for one in open_])
        open_ = [one for one in open_ if one.payout_id not in refused]
    real = tx.now - tx.offset
    remote = next((one.remote_id for one in open_ if one.remote_id), None) or remote_id
    step = _step(account.kind, open_, first=first, only_look=only_look, remote_id=remote, real=real)
    if step in ("pay", "look") and not only_look:
        ids = [one.payout_id for one in open_]
        await rows.busy(tx, store_id, ids, until=real + BUSY_FOR, real=real, pays=step == "pay")
    note = (await slices.shop(tx, store_id)).name
    transfers = [
        _transfer(ctx, known[one.payout_id], places, note, opened=_may_pay(account.kind, step, only_look=only_look))
        for one in open_
    ]
    sending = Sending(key=key, transfers=transfers, remote_id=remote)
    return Turn(
        step=step,
        account=account,
        sending=sending,
        first=first,
        unanswered=all(known[one.payout_id].status in _UNANSWERED for one in open_),
        only_look=only_look,
    )


def _may_pay(kind: Kind, step: Step, *, only_look: bool) -> bool:
    """Whether this run may come to give the sending: only then it is opened where the money goes."""
    return not only_look and (step == "pay" or (step == "look" and kind == "http"))


def _step(
    kind: Kind, open_: Sequence[Called], *, first: bool, only_look: bool, remote_id: str | None, real: datetime
) -> Step:
    if not open_:
        return "nothing"
    if first:
        return "pay"
    if kind == "http":
        return "look"
    if remote_id is not None:
        return "look"
    if only_look:
        return "nothing"
    # Nobody can ask PayPal for a key but by giving it once more, as long as PayPal knows that it did.
    tried = min((one.tried_at for one in open_ if one.tried_at is not None), default=real)
    return "pay" if real - tried < paypal.AGAIN_FOR else "stuck"


async def _refuse(tx: Tx, account: Account, payouts: Sequence[Payout]) -> set[str]:
    """Fails what must not be sent: between its batch's sending and its call hours may lie, in which the provider was
    turned off, the ambassador was blocked or changed where it goes, or rewards in it were taken back.
    """
    if account.ended_at is not None:
        refused = dict.fromkeys((one.payout_id for one in payouts), "provider_ended")
    else:
        refused = await sendable.refused(tx, account.store_id, payouts)
    await move(
        tx,
        [
            (one, StatusChange(status="failed", reason=refused[one.payout_id]))
            for one in payouts
            if one.payout_id in refused
        ],
    )
    return set(refused)


def _transfer(ctx: Context, payout: Payout, places: Mapping[str, Destination], note: str, *, opened: bool) -> Transfer:
    place = places.get(payout.destination_id) if opened else None
    details = None if place is None else destinations.opened(ctx.require_sealing(), place)
    return Transfer(
        payout_id=payout.payout_id,
        amount_minor=payout.amount_minor,
        currency=payout.currency,
        method=payout.method,
        holder=None if details is None else details.holder,
        to=None if details is None else details.value,
        note=note,
    )


async def receive(tx: Tx, turn: Turn, answer: Answer) -> None:
    """Takes in what came of a call."""
    store_id, key = turn.account.store_id, turn.sending.key
    await tx.lock_stores([store_id])
    ids = [one.payout_id for one in turn.sending.transfers]
    if isinstance(answer, Clear):
        await take_reports(tx, store_id, answer.reports)
    elif isinstance(answer, Wait | Barred) and turn.first:
        await rows.untried(tx, store_id, ids)
    elif isinstance(answer, Unclear) and not turn.only_look:
        known = await sql.several(tx, store_id, ids)
        doubt = StatusChange(status="unknown", reason=NO_ANSWER)
        await move(tx, [(one, doubt) for one in known.values() if one.status == "submitting"])
    elif isinstance(answer, Absent) and not turn.unanswered:
        # It said once that it has them. Whoever lost its book is not trusted to take them a second time.
        await rows.note_words(tx, store_id, [Word(one, "unknown", None, at_odds=True) for one in ids])
        _ODDS.labels(turn.account.kind).inc(len(ids))
    remote_id = answer.remote_id if isinstance(answer, Clear) else None
    await rows.free(tx, store_id, key, remote_id=remote_id, busy=turn.only_look)


async def never_left(tx: Tx, turn: Turn) -> None:
    """What was begun could not be called at all."""
    store_id = turn.account.store_id
    if turn.first:
        await rows.untried(tx, store_id, [one.payout_id for one in turn.sending.transfers])
    await rows.free(tx, store_id, turn.sending.key, remote_id=None, busy=turn.only_look)


async def take_reports(tx: Tx, store_id: str, reports: Sequence[PayoutReport]) -> None:
    """Takes in what a provider says of payouts, in whatever order it comes. What cannot be by the books moves nothing,
    and is shown to whoever can ask. The store must be locked.
    """
    known = await sql.several(tx, store_id, [one.payout_id for one in reports])
    changes: list[tuple[Payout, StatusChange]] = []
    words: list[Word] = []
    for one in reports:
        payout = known.get(one.payout_id)
        if payout is None:
            continue
        change = StatusChange(status=one.became, reason=one.reason, reference=one.reference, fee_minor=one.fee_minor)
        odds = _differs(payout, one) or not _possible(payout, change, tx.now)
        if odds:
            _ODDS.labels(payout.provider).inc()
        else:
            changes.append((payout, change))
        words.append(Word(one.payout_id, one.word, one.detail or one.reason, odds))
    await move(tx, changes)
    await rows.note_words(tx, store_id, words)


async def is_late(tx: Tx, store_id: str, report: PayoutReport) -> bool:
    """Whether a report may well be older than what is known: that what came back was paid. Reports come twice, and out
    of order; the provider's answer to a question says how it stands now.
    """
    known = (await sql.several(tx, store_id, [report.payout_id])).get(report.payout_id)
    return known is not None and known.status == "returned" and report.became == "paid"


def _differs(payout: Payout, report: PayoutReport) -> bool:
    amount = report.amount_minor is not None and report.amount_minor != payout.amount_minor
    return amount or (report.currency is not None and report.currency != payout.currency)


def _possible(payout: Payout, change: StatusChange, now: datetime) -> bool:
    if payout.status not in SENT and payout.status not in ("paid", "failed", "returned"):
        return False
    try:
        moved(payout, change, now=now)
    except Impossible:
        return False
    return True


async def give_up(tx: Tx, store_id: str, key: str) -> None:
    """No run came to an end, for days: what was certainly never sent has failed, of the rest somebody must find out."""
    await tx.lock_stores([store_id])
    found = await rows.of_sending(tx, store_id, key)
    known = await sql.several(tx, store_id, [one.payout_id for one in found])
    await move(
        tx,
        [
            (
                known[one.payout_id],
                StatusChange(status="failed", reason="not_sent")
                if one.tried_at is None
                else StatusChange(status="unknown", reason=NO_ANSWER),
            )
            for one in found
            if known[one.payout_id].status == "submitting"
        ],
    )
