"""Spending points and store credit: reserve, then capture or release, and give back what was captured.

All of it in the caller's transaction, for which the store must be locked. Each spend is for one purpose, by which it is
found again, or by its id; every function may be repeated, and changes nothing then. What one costs follows the lots
that it takes of, never how much was spent before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from services.common.money import share_half_up
from services.kernel import due
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.kernel.revisions import Ref
from services.rewards.ledger import actions as ledger
from services.rewards.ledger.domain import Movement
from services.rewards.lots import actions as lots
from services.rewards.lots.domain import EXPIRY_JOB as LOT_EXPIRY
from services.rewards.lots.domain import Holder
from services.rewards.spending.domain import EXPIRY_JOB, NotEnough, Purpose, Spend
from services.rewards.spending.sql import spends as sql

AT_ONCE: Final = 200
"""Spends that are released in one transaction."""


async def spendable(tx: Tx, holder: Holder) -> int:
    """What can be reserved now: what is left of lots whose time is not over, less the debt; 0 at least."""
    return max(0, await sql.spendable(tx, holder))


async def reserve(
    tx: Tx, holder: Holder, amount: int, *, purpose: Purpose, expires_at: datetime | None = None
) -> Spend:
    """Sets so much aside (above 0), of the lots that expire first; those that never do come last.

    `expires_at`: when it is released by itself; None for never. Where so much of the same holder's is reserved for the
    purpose already, that is returned, and stands until the later of both ends. Raises `Conflict` where something else
    is reserved for it, or something was captured for it and not all of that given back; `NotEnough`.
    """
    if amount <= 0:
        raise Invalid.field("amount", "Reserve more than 0.", code="too_small")
    there = await sql.find(tx, holder.store_id, purpose)
    if there is not None and there.live:
        if there.status == "captured":
            raise Conflict(
                f"For this {purpose.kind} {there.captured} {there.holder.unit} were captured already.",
                code="already_captured",
                members={"spend_id": there.spend_id},
            )
        if (there.holder, there.amount) != (holder, amount):
            raise Conflict(
                f"For this {purpose.kind} {there.amount} {there.holder.unit} are reserved already, or another's:"
                " release that first.",
                code="already_reserved",
                members={"spend_id": there.spend_id},
            )
        return await _prolonged(tx, there, expires_at)
    can = await spendable(tx, holder)
    if can < amount:
        raise NotEnough(can)
    spend = Spend(
        spend_id=new_id("spd", at=tx.now),
        holder=holder,
        purpose=purpose,
        amount=amount,
        number=0,
        reserved_at=tx.now,
        expires_at=expires_at,
    )
    (number,) = await ledger.post(tx, [spend.posting(Movement.SET_ASIDE, amount, step="reserve")])
    spend = replace(spend, number=number)
    await lots.spent(tx, holder)  # first: it changes what expires first
    await sql.take(tx, holder, amount, number=number)
    await sql.add(tx, spend)
    await sql.add_steps(tx, [(spend, number, "reserve", amount)])
    if expires_at is not None:
        await due.schedule(tx, EXPIRY_JOB, {holder.store_id: expires_at})
    return spend


async def capture(tx: Tx, store_id: str, which: Purpose | str, amount: int | None = None) -> Spend:
    """Uses what is reserved, all of it or so much, of the lots that expire first; the rest is let go at once.

    A repeat returns the spend as it is. Raises `Conflict` where it was released, or captured with another amount;
    `Invalid` for more than is reserved; `NotFound`.
    """
    spend = await _known(tx, store_id, which)
    wanted = spend.amount if amount is None else amount
    if spend.status == "released":
        raise Conflict("This was released before, or its time was over: reserve again.", code="released")
    if spend.status == "captured":
        if amount is not None and amount != spend.captured:
            raise Conflict(f"{spend.captured} was captured of it before.", code="already_captured")
        return spend
    if not 0 < wanted <= spend.amount:
        raise Invalid.field("amount", f"Capture from 1 to {spend.amount}, which is reserved.", code="out_of_range")
    rest = spend.amount - wanted
    postings = [spend.posting(Movement.USE, wanted, step="capture")]
    if rest:
        postings.append(spend.posting(Movement.LET_GO, rest, step="release"))
    numbers = await ledger.post(tx, postings)
    await sql.use(tx, spend, wanted)
    steps = [(spend, numbers[0], "capture", wanted)]
    if rest:
        await due.schedule(tx, LOT_EXPIRY, await sql.let_go(tx, [(spend, wanted, numbers[1])]))
        steps.append((spend, numbers[1], "release", rest))
    await sql.add_steps(tx, steps)
    return await _saved(tx, replace(spend, status="captured", captured=wanted, ended_at=tx.now))


async def rename(tx: Tx, store_id: str, which: Purpose | str, purpose: Purpose) -> Spend:
    """What is reserved is for this from now on: a cart has become an order. Raises `Conflict` where something else is
    reserved for that, or the spend has ended under another name; `NotFound`.
    """
    spend = await _known(tx, store_id, which)
    if spend.purpose == purpose:
        return spend
    other = await sql.find(tx, store_id, purpose)
    if spend.status != "reserved" or (other is not None and other.live):
        raise Conflict("Something else is reserved for that, or this has ended already.", code="already_reserved")
    return await _saved(tx, replace(spend, purpose=purpose))


async def release(tx: Tx, store_id: str, which: Purpose | str) -> Spend:
    """Lets all that is reserved go back to its lots, of which one whose time is over expires at once, by its job.

    A repeat changes nothing. Raises `Conflict` where it was captured: that is given back. Raises `NotFound`.
    """
    spend = await _known(tx, store_id, which)
    if spend.status == "captured":
        raise Conflict("This was captured: give it back instead.", code="already_captured")
    if spend.status == "released":
        return spend
    (spend,) = await _release(tx, [spend])
    return spend


async def give_back(tx: Tx, store_id: str, which: Purpose | str, amount: int, *, step: str) -> Spend:
    """Returns so much of what was captured to its lots, first to that which expires last. A lot whose time is over
    expires at once, by its job.

    `step` names the cause, such as a refund's id: a repeat changes nothing. Raises `Invalid` for more than is used of
    it, `Conflict` where it was not captured, `NotFound`.
    """
    spend = await _known(tx, store_id, which)
    if spend.status != "captured":
        raise Conflict("Nothing was captured of this.", code="not_captured")
    name = f"give_back:{step}"
    if await sql.step(tx, spend, name) is not None:
        return spend
    if not 0 < amount <= spend.used:
        raise Invalid.field("amount", f"Give back from 1 to {spend.used}, which is used.", code="out_of_range")
    (number,) = await ledger.post(tx, [spend.posting(Movement.GIVE_BACK, amount, step=step)])
    expires_at = await sql.give_back(tx, spend, amount, number=number)
    await sql.add_steps(tx, [(spend, number, name, amount)])
    if expires_at is not None:
        await due.schedule(tx, LOT_EXPIRY, {store_id: expires_at})
    return await _saved(tx, replace(spend, given_back=spend.given_back + amount))


async def return_unsold(tx: Tx, unsold: Mapping[Ref, Fraction]) -> None:
    """Returns to its lots what was captured for orders that went back, in whole or by a share: by (store, order). In
    the end so much is returned as the greatest share of it comes to, rounded half up, whatever was reported before.
    """
    if not unsold:
        return
    for spend in await sql.captured_for(tx, unsold):
        share = unsold[spend.holder.store_id, spend.purpose.id]
        wanted = share_half_up(spend.captured, share.numerator, share.denominator)
        if wanted > spend.given_back:
            step = f"refund:{wanted}"
            await give_back(tx, spend.holder.store_id, spend.spend_id, wanted - spend.given_back, step=step)


async def release_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Releases spends whose time is over, some hundreds in all, and says when to look at each store again."""
    await tx.lock_stores(stores)
    over = await sql.due(tx, stores, now=tx.now, count=max(1, AT_ONCE // len(stores)))
    if over:
        await _release(tx, over)
    return await sql.next_due(tx, stores)


async def _release(tx: Tx, spends: Sequence[Spend]) -> list[Spend]:
    numbers = await ledger.post(tx, [one.posting(Movement.LET_GO, one.amount, step="release") for one in spends])
    moments = await sql.let_go(tx, [(one, 0, number) for one, number in zip(spends, numbers, strict=True)])
    await due.schedule(tx, LOT_EXPIRY, moments)
    await sql.add_steps(tx, [(one, number, "release", one.amount) for one, number in zip(spends, numbers, strict=True)])
    done = [replace(one, status="released", ended_at=tx.now) for one in spends]
    await sql.save(tx, done)
    return done


async def _prolonged(tx: Tx, spend: Spend, expires_at: datetime | None) -> Spend:
    """A reservation that is asked for again stands until the later end."""
    if spend.expires_at is None or (expires_at is not None and expires_at <= spend.expires_at):
        return spend
    if expires_at is not None:
        await due.schedule(tx, EXPIRY_JOB, {spend.holder.store_id: expires_at})
    return await _saved(tx, replace(spend, expires_at=expires_at))


async def _saved(tx: Tx, spend: Spend) -> Spend:
    await sql.save(tx, [spend])
    return spend


async def _known(tx: Tx, store_id: str, which: Purpose | str) -> Spend:
    spend = await sql.get(tx, store_id, which) if isinstance(which, str) else await sql.find(tx, store_id, which)
    if spend is None:
        raise NotFound("There is no such reservation.")
    return spend
