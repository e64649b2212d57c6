"""A batch's way: prepared from who can be paid, approved, sent, or called off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contracts.events.payouts import PayoutStatus
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from services.kernel.ids import new_id
from services.rewards.ledger import actions as ledger
from services.rewards.ledger.domain import Movement, payout_step
from services.rewards.payouts.actions import calls, sendable
from services.rewards.payouts.actions.move import announce, move
from services.rewards.payouts.domain.states import BY_CALL, METHODS_OF, UNSENT, Payout, Provider, StatusChange
from services.rewards.payouts.domain.terms import ALONE_WITHIN, Terms
from services.rewards.payouts.sql import payouts as sql
from services.rewards.payouts.sql import ready as books
from services.rewards.payouts.sql import terms as rows
from services.rewards.payouts.sql.payouts import Batch
from services.rewards.payouts.sql.ready import Ready, Wanted
from services.rewards.providers.actions import setup as providers
from services.rewards.providers.domain import paypal

MOST: Final = 5_000
"""Payouts of one batch: as many as a bank or a provider takes at once. Who is left over comes into the next."""


class BatchNotFound(NotFound):
    """No batch has this id in this store."""

    code = "batch_not_found"

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"There is no payout batch {batch_id}.")


class NobodyReady(Conflict):
    """Nobody can be paid."""

    code = "nobody_ready"


class BatchState(Conflict):
    """A batch that stands there cannot do that."""

    code = "batch_state"

    def __init__(self, batch: Batch, wanted: str) -> None:
        super().__init__(f"Batch {batch.batch_id} is {batch.status}: it cannot be {wanted}.")


class SecondPersonNeeded(Forbidden):
    """Above the store's limit somebody else must approve."""

    code = "second_person_needed"


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would be paid, and why others are not: (people, what they have available) by reason."""

    ready: Sequence[Ready]
    left_out: Mapping[str, tuple[int, int]]

    @property
    def amount_minor(self) -> int:
        """All of it."""
        return sum(one.amount_minor for one in self.ready)


async def preview(tx: Tx, store_id: str, *, currency: str, provider: Provider, asked: bool = False) -> Preview:
    """What `prepare` would put into a batch now."""
    terms = await rows.terms(tx, store_id, currency)
    wanted = _wanted(terms, provider, asked=asked)
    return Preview(await books.ready(tx, store_id, wanted, count=MOST), await books.left_out(tx, store_id, wanted))


def _wanted(terms: Terms, provider: Provider, *, asked: bool) -> Wanted:
    return Wanted(
        currency=terms.currency,
        methods=METHODS_OF[provider],
        minimum_minor=terms.minimum_minor,
        step_minor=paypal.step_of(terms.currency) if provider == "paypal" else 1,
        asked=asked,
    )


async def prepare(tx: Tx, store_id: str, *, currency: str, provider: Provider, asked: bool = False) -> Batch:
    """Sets the whole available balance of everybody who can be paid aside, one payout each, as a draft.

    Raises `NobodyReady`, `ProviderNotSet`, and `Invalid` where the provider needs what the store has not set, or does
    not pay in that currency.
    """
    await tx.lock_stores([store_id])
    terms = await rows.terms(tx, store_id, currency)
    if provider == "bank_file" and terms.payer is None:
        raise Invalid.field("provider", "Set the account that money comes from before making bank files.", code="payer")
    if provider == "paypal" and currency not in paypal.CURRENCIES:
        raise Invalid.field("currency", f"PayPal does not pay in {currency}.", code="not_paid_there")
    if (kind := BY_CALL.get(provider)) is not None:
        await providers.need(tx, store_id, kind)
    found = await books.ready(tx, store_id, _wanted(terms, provider, asked=asked), count=MOST)
    if not found:
        raise NobodyReady("Nobody can be paid: no balance reaches the minimum and has a destination that can be used.")
    batch = Batch(
        batch_id=new_id("pbt", at=tx.now),
        currency=currency,
        provider=provider,
        status="draft",
        payouts=len(found),
        amount_minor=sum(one.amount_minor for one in found),
        made_by=tx.actor.id,
        made_at=tx.now,
    )
    ids = [new_id("pay", at=tx.now) for _ in found]
    numbers = await ledger.post(
        tx,
        [
            payout_step(
                Movement.RESERVE,
                store_id=store_id,
                payout_id=payout_id,
                ambassador_id=one.ambassador_id,
                unit=currency,
                amount=one.amount_minor,
                basis={"after": one.after_number, "batch": batch.batch_id},
            )
            for payout_id, one in zip(ids, found, strict=True)
        ],
    )
    made = [
        _draft(batch, store_id, payout_id, one, number)
        for payout_id, one, number in zip(ids, found, numbers, strict=True)
    ]
    await sql.add_batch(tx, store_id, batch)
    await sql.add(tx, made)
    await rows.served(tx, store_id, currency, [one.ambassador_id for one in found])
    for one in made:
        announce(tx, one)
    _note(tx, "payouts.prepared", batch)
    return batch


def _draft(batch: Batch, store_id: str, payout_id: str, one: Ready, number: int) -> Payout:
    return Payout(
        store_id=store_id,
        payout_id=payout_id,
        batch_id=batch.batch_id,
        ambassador_id=one.ambassador_id,
        currency=batch.currency,
        amount_minor=one.amount_minor,
        destination_id=one.destination_id,
        method=one.method,
        provider=batch.provider,
        status="draft",
        after_number=one.after_number,
        reserve_number=number,
        last_number=number,
        prepared_at=batch.made_at,
        changed_at=batch.made_at,
    )


async def get(tx: Tx, store_id: str, batch_id: str) -> Batch:
    """A batch. Raises `BatchNotFound`."""
    batch = await sql.batch(tx, store_id, batch_id)
    if batch is None:
        raise BatchNotFound(batch_id)
    return batch


async def approve(tx: Tx, store_id: str, batch_id: str) -> Batch:
    """Lets a batch be sent. Somebody other than who prepared it must where it passes the store's limit, together with
    what else that person let go alone within a day.

    A repeat changes nothing.

    Raises `SecondPersonNeeded`, `BatchState`.
    """
    await tx.lock_stores([store_id])
    batch = await get(tx, store_id, batch_id)
    if batch.status == "approved":
        return batch
    if batch.status != "draft":
        raise BatchState(batch, "approved")
    if tx.actor.id == batch.made_by and await needs_second(tx, store_id, batch):
        raise SecondPersonNeeded(
            "What one person lets go alone within 24 hours comes to more than the store's limit with this batch: it is"
            " approved by somebody other than who prepared it, with another key, or signed in with one."
        )
    drafts = [one for one in await sql.of_batch(tx, store_id, batch_id) if one.status == "draft"]
    await move(tx, [(one, StatusChange(status="approved")) for one in drafts])
    after = replace(batch, status="approved", approved_by=tx.actor.id, approved_at=tx.now)
    await sql.save_batch(tx, store_id, after)
    _note(tx, "payouts.approved", after, before=batch)
    return after


async def needs_second(tx: Tx, store_id: str, batch: Batch) -> bool:
    """Whether whoever prepared a draft cannot approve it, with what else they let go alone within a day."""
    terms = await rows.terms(tx, store_id, batch.currency)
    since = tx.now - ALONE_WITHIN
    alone = await sql.let_go_alone(tx, store_id, by=batch.made_by, currency=batch.currency, since=since)
    return terms.needs_second(batch.amount_minor, alone=alone, now=tx.now)


async def cancel(tx: Tx, store_id: str, batch_id: str) -> Batch:
    """Calls a batch off that was not sent: all its money is available again. A repeat changes nothing.

    Raises `BatchState`.
    """
    await tx.lock_stores([store_id])
    batch = await get(tx, store_id, batch_id)
    if batch.status == "cancelled":
        return batch
    if batch.status == "sent":
        raise BatchState(batch, "cancelled")
    unsent = [one for one in await sql.of_batch(tx, store_id, batch_id) if one.status in UNSENT]
    await move(tx, [(one, StatusChange(status="cancelled", reason="by_person")) for one in unsent])
    after = replace(batch, status="cancelled")
    await sql.save_batch(tx, store_id, after)
    _note(tx, "payouts.cancelled", after, before=batch)
    return after


async def send(tx: Tx, store_id: str, batch_id: str) -> Batch:
    """Sends what was approved. Who is blocked, whose destination changed, or of whom more was taken back meanwhile than
    they have left, is left out: that payout is cancelled, and what remains comes into a later batch. A repeat changes
    nothing.

    Raises `BatchState`, and `ProviderNotSet` where the provider was ended meanwhile.
    """
    await tx.lock_stores([store_id])
    batch = await get(tx, store_id, batch_id)
    if batch.status == "sent":
        return batch
    if batch.status != "approved":
        raise BatchState(batch, "sent")
    approved = [one for one in await sql.of_batch(tx, store_id, batch_id) if one.status == "approved"]
    refused = await sendable.refused(tx, store_id, approved)
    kind = BY_CALL.get(batch.provider)
    account = None if kind is None else await providers.need(tx, store_id, kind)
    status: PayoutStatus = "submitted" if account is None else "submitting"
    moved = await move(
        tx,
        [
            (one, StatusChange(status="cancelled", reason=refused[one.payout_id]))
            if one.payout_id in refused
            else (one, StatusChange(status=status))
            for one in approved
        ],
    )
    if account is not None:
        await calls.give(tx, account, batch_id, [one for one in moved if one.status == status])
    after = replace(batch, status="sent", sent_at=tx.now)
    await sql.save_batch(tx, store_id, after)
    _note(tx, "payouts.sent", after, before=batch)
    return after


def _note(tx: Tx, action: str, batch: Batch, *, before: Batch | None = None) -> None:
    after = {"status": batch.status, "count": batch.payouts, "amount_minor": batch.amount_minor}
    tx.note(
        action,
        on=batch.batch_id,
        before={} if before is None else {"status": before.status},
        after=after | {"currency": batch.currency},
    )
