"""Calls providers for payouts. The only place that does: outside of transactions, a sending at a time, and never under
another key than its own.
"""

from datetime import datetime
from typing import Final

from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.work import Done, GiveUp, Outcome, Retry, Task, TaskKind
from services.kernel.work.kinds import Note
from services.rewards.payouts.actions import calls
from services.rewards.payouts.actions.calls import Turn
from services.rewards.payouts.domain.calls import CALL_S, LATER, NO_END, NO_SECRET, ask_again, barred_again, doubt_again
from services.rewards.providers import sql as accounts
from services.rewards.providers.actions.port import Port
from services.rewards.providers.actions.setup import TASK, forget_secrets, port_of
from services.rewards.providers.domain.port import Absent, Answer, Barred, Clear, Unclear, Wait

AT_ONCE: Final = 4
"""Calls at a time to one account of a store."""
_ENDS: Final = frozenset({"paid", "failed", "returned"})


async def run(ctx: Context, task: Task) -> Outcome:
    """Does what is next for a sending: gives it, asks about it, or nothing any more."""
    key, only_look = str(task.payload["sending"]), bool(task.payload.get("look"))
    remote = task.payload.get("remote")
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        turn = await calls.begin(
            tx, ctx, task.store_id, key, only_look=only_look, remote_id=str(remote) if remote else None
        )
        now = tx.now
    if turn is None:
        return Done()
    if turn.step == "nothing":
        return Done(note=_later(task))
    if turn.step == "stuck":
        return GiveUp(reason="never_answered")
    if turn.account.sealed is None:  # its account was ended, and nothing was left to be asked there
        return Done() if turn.only_look else GiveUp(reason="no_secret")
    try:
        port = port_of(ctx, turn.account)
    except ValueError:
        # Nothing unsigned leaves, and it is no fault of the provider's.
        return Retry(
            reason="no_secret", after=NO_SECRET, hold_lane=True, failed=False, note=_trouble(turn, "no_secret")
        )
    return _outcome(task, turn, await _called(port, turn, now), now)


async def _called(port: Port, turn: Turn, now: datetime) -> Answer:
    if turn.step == "pay":
        return await port.pay(turn.sending, first=turn.first, now=now)
    answer = await port.look_up(turn.sending, now=now)
    if isinstance(answer, Absent) and turn.unanswered and not turn.only_look and turn.account.ended_at is None:
        # It never came there, says who would know: it is given again, under the same key, unless nothing is to go there
        # any more. Then a person says that it failed: the call that nobody answered may arrive yet.
        return await port.pay(turn.sending, first=False, now=now)
    return answer


def _outcome(task: Task, turn: Turn, answer: Answer, now: datetime) -> Outcome:
    age, note = now - task.created_at, _noting(task, turn, answer)
    if isinstance(answer, Wait):
        return Retry(reason="busy", after=answer.after, hold_lane=True, failed=False, note=note)
    if turn.only_look:
        return _looked(turn, answer, note)
    if age > NO_END and not isinstance(answer, Clear):
        return GiveUp(reason="no_end", note=note)
    if isinstance(answer, Barred):
        return Retry(reason=answer.why, after=barred_again(age), hold_lane=True, failed=False, note=note)
    ended = {one.payout_id for one in answer.reports if one.became in _ENDS} if isinstance(answer, Clear) else set()
    if all(one.payout_id in ended for one in turn.sending.transfers):
        return Done(note=note)
    if age > NO_END:
        return GiveUp(reason="no_end", note=note)
    wait = ask_again(age) if isinstance(answer, Clear) else doubt_again(age)
    return Retry(reason="on_its_way", after=wait, failed=False, note=note)


def _looked(turn: Turn, answer: Answer, note: Note) -> Outcome:
    """Of a look by itself. Whoever ended an account may have ended its credentials, too: nobody is called for that."""
    if isinstance(answer, Barred) and turn.account.ended_at is None:
        return Retry(reason=answer.why, after=LATER[0], note=note)
    return Retry(reason=answer.why, note=note) if isinstance(answer, Unclear) else Done(note=note)


def _noting(task: Task, turn: Turn, answer: Answer) -> Note:
    async def note(tx: Tx) -> None:
        await calls.receive(tx, turn, answer)
        trouble = answer.why if isinstance(answer, Barred | Unclear) else None
        await accounts.note_call(tx, task.store_id, turn.account.provider_id, trouble)
        await _schedule(tx, task)

    return note


def _later(task: Task) -> Note:
    async def note(tx: Tx) -> None:
        await _schedule(tx, task)

    return note


async def _schedule(tx: Tx, task: Task) -> None:
    """What ended is looked at once more, and after that again; a look that somebody asked for leads to no other."""
    if "look" in task.payload and "later" not in task.payload:
        await _forget(tx, task)
        return
    number = int(task.payload["later"] or 0) + 1 if "later" in task.payload else 0
    await calls.look_later(tx, task.store_id, str(task.payload["sending"]), number=number)
    await _forget(tx, task)


async def _forget(tx: Tx, task: Task) -> None:
    """The last that was to be asked of an account that was ended takes its secret along. A lane is an account."""
    await forget_secrets(tx, task.store_id, [task.lane])


def _trouble(turn: Turn, why: str) -> Note:
    async def note(tx: Tx) -> None:
        await calls.never_left(tx, turn)
        await accounts.note_call(tx, turn.account.store_id, turn.account.provider_id, why)

    return note


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """What was asked for only to look is left as it was."""
    if not task.payload.get("look"):
        await calls.give_up(tx, task.store_id, str(task.payload["sending"]))


TASK_KINDS: Final = (
    TaskKind(
        name=TASK,
        run=run,
        per_lane=AT_ONCE,
        per_store=2 * AT_ONCE,
        at_once=100,
        deadline_s=CALL_S,
        given_up=given_up,
    ),
)
