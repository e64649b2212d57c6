"""Payouts move on: the books, the payout, its life and the event, in one go.

Every change of a payout comes through here. The store must be locked: what is reported twice, or by two at once, moves
money once.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from contracts.events.payouts import (
    Payout as PayoutState,
)
from contracts.events.payouts import (
    PayoutApproved,
    PayoutCancelled,
    PayoutCompleted,
    PayoutFailed,
    PayoutPrepared,
    PayoutReturned,
    PayoutStatus,
    PayoutSubmitted,
    PayoutUnanswered,
)
from services.kernel.db import Tx
from services.kernel.errors import Conflict
from services.rewards.destinations import sql as destinations
from services.rewards.ledger import actions as ledger
from services.rewards.ledger.domain import Movement, Posting, payout_step
from services.rewards.payouts.domain.states import Impossible, Payout, StatusChange, moved
from services.rewards.payouts.sql import payouts as sql

_KINDS: Final[Mapping[PayoutStatus, type[PayoutState]]] = {
    "draft": PayoutPrepared,
    "approved": PayoutApproved,
    "submitting": PayoutSubmitted,
    "submitted": PayoutSubmitted,
    "in_transit": PayoutSubmitted,
    "unknown": PayoutUnanswered,
    "paid": PayoutCompleted,
    "failed": PayoutFailed,
    "returned": PayoutReturned,
    "cancelled": PayoutCancelled,
}
_OVER: Final = frozenset({"paid", "failed", "returned", "cancelled"})


class NotPossible(Conflict):
    """The payout stands where it cannot become that."""

    code = "payout_state"


async def move(tx: Tx, changes: Sequence[tuple[Payout, StatusChange]]) -> list[Payout]:
    """Takes changes of payouts; each as it is afterwards. What is so already, or further, stays as it is.

    Raises `NotPossible`, and then nothing has changed.
    """
    after: list[Payout] = []
    done: list[tuple[Payout, Movement | None]] = []
    places: list[int] = []
    for payout, change in changes:
        try:
            step = moved(payout, change, now=tx.now)
        except Impossible as error:
            raise NotPossible(f"Payout {error}.", members={"payout_id": payout.payout_id}) from None
        after.append(payout if step is None else step[0])
        if step is not None:
            done.append(step)
            places.append(len(after) - 1)
    if not done:
        return after
    numbers = await _post(tx, done)
    for place, (payout, _), number in zip(places, done, numbers, strict=True):
        after[place] = payout if number is None else replace(payout, last_number=number)
    await sql.save(tx, [after[place] for place in places])
    for place in places:
        announce(tx, after[place])
    await _forget_ended(tx, [after[place] for place in places])
    return after


async def _post(tx: Tx, done: Sequence[tuple[Payout, Movement | None]]) -> list[int | None]:
    postings: list[Posting] = [
        payout_step(
            movement,
            store_id=payout.store_id,
            payout_id=payout.payout_id,
            ambassador_id=payout.ambassador_id,
            unit=payout.currency,
            amount=payout.amount_minor,
            corrects=None if movement is Movement.PAY_OUT else payout.last_number,
            basis={"status": payout.status, "reason": payout.reason, "reference": payout.reference},
        )
        for payout, movement in done
        if movement is not None
    ]
    numbers = iter(await ledger.post(tx, postings))
    return [None if movement is None else next(numbers) for _, movement in done]


async def _forget_ended(tx: Tx, payouts: Sequence[Payout]) -> None:
    """What was sealed of destinations that were replaced goes once the last payout to them is over."""
    over = [one.destination_id for one in payouts if one.status in _OVER]
    if over:
        await destinations.forget(tx, payouts[0].store_id, over)


def announce(tx: Tx, payout: Payout) -> None:
    """Emits how a payout stands."""
    kind = _KINDS[payout.status]
    tx.emit(
        kind(
            store_id=payout.store_id,
            payout_id=payout.payout_id,
            revision=payout.revision,
            batch_id=payout.batch_id,
            ambassador_id=payout.ambassador_id,
            amount_minor=payout.amount_minor,
            currency=payout.currency,
            method=payout.method,
            provider=payout.provider,
            status=payout.status,
            reason=payout.reason,
            prepared_at=payout.prepared_at,
            changed_at=payout.changed_at,
        )
    )
