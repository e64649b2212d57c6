"""A store's server reserves a customer's points or credit for an order, and captures or releases them."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from fractions import Fraction

from services.common.contacts import names_nobody
from services.common.money import share_half_up
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.threads import in_thread
from services.rewards.credit import sql
from services.rewards.credit.domain import names_a_contact
from services.rewards.grants.sql import conversions
from services.rewards.lots.domain import Holder
from services.rewards.rules.domain import Order
from services.rewards.slices import sql as slices
from services.rewards.spending import actions as spending
from services.rewards.spending.domain import Purpose, Spend
from services.rewards.spending.sql import spends


async def reserve(tx: Tx, holder: Holder, amount: int, *, purpose: Purpose, expires_in: timedelta) -> Spend:
    """Reserves so much of somebody's for an order or a cart.

    Raises `Invalid` for a customer id that is a contact or anybody's, `Conflict` for one that is also a guest's, or an
    ambassador who is not active, or an order for which something else is reserved or was captured; `NotEnough`.
    """
    if holder.side == "friend" and (names_a_contact(holder.owner) or names_nobody(holder.owner)):
        raise Invalid.field(
            "customer_id",
            "This is a contact, or anybody's: credit is spent by the id of a customer who has signed in.",
            code="no_customer_id",
        )
    await tx.lock_stores([holder.store_id])
    if holder.side == "friend" and await sql.is_guest(tx, holder.store_id, holder.owner):
        raise Conflict("A guest's order has the same id: what lies there is not known to be theirs.", code="ambiguous")
    if holder.side == "ambassador":
        who = await slices.ambassador(tx, holder.store_id, holder.owner)
        if who is not None and who.status != "active":
            raise Conflict("This ambassador is not active.", code="not_active")
    return await spending.reserve(tx, holder, amount, purpose=purpose, expires_at=tx.now + expires_in)


async def capture(tx: Tx, store_id: str, spend_id: str, amount: int | None, *, order_id: str | None) -> Spend:
    """Uses what was reserved, or so much of it, for the order that its cart has become, where it was for one. What
    of the order went back already is returned at once. Raises `Invalid` for a cart without the order that it became;
    and as `spending.capture` and `spending.rename`.
    """
    await tx.lock_stores([store_id])
    found = await get(tx, store_id, spend_id)
    if order_id is None and (found.status, found.purpose.kind) == ("reserved", "cart"):
        raise Invalid.field("order_id", "Name the order that this cart has become.", code="missing")
    if order_id is not None:
        await spending.rename(tx, store_id, spend_id, Purpose("order", order_id))
    spend = await spending.capture(tx, store_id, spend_id, amount)
    orders = [Order.of(state) for state in await conversions.get(tx, [(store_id, spend.purpose.id)])]
    await spending.return_unsold(tx, {(store_id, one.order_id): one.unsold for one in orders if one.unsold})
    return await get(tx, store_id, spend_id)


async def release(tx: Tx, store_id: str, spend_id: str) -> Spend:
    """Lets go what was reserved. Raises as `spending.release`."""
    await tx.lock_stores([store_id])
    await get(tx, store_id, spend_id)
    return await spending.release(tx, store_id, spend_id)


async def get(tx: Tx, store_id: str, spend_id: str) -> Spend:
    """One reservation for an order or a cart. Raises `NotFound`."""
    found = await spends.get(tx, store_id, spend_id)
    if found is None or found.purpose.kind == "redemption":
        raise NotFound("There is no such reservation.")
    return found


async def drift(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[str]:
    """What is wrong with reservations, in words: one that is for something else, or another's, than the sets by which
    it was reserved and used say; or of whose order more went back than was returned. For verifications only.
    """
    after = ""
    while some := await sql.after(tx, store_id, after=after, count=count):
        sets = await sql.sets_of(tx, store_id, [one.spend_id for one in some])
        for one in await in_thread(len(sets), _estranged, some, sets):
            yield f"{one.spend_id} is {one.owner}'s for {one.purpose} {one.purpose_id}, its sets say otherwise"
        captured = [one for one in some if one.status == "captured" and one.purpose == "order"]
        states = await conversions.decided(tx, {(store_id, one.purpose_id) for one in captured}) if captured else []
        gone = await in_thread(len(states), _unsold, states)
        for one in captured:
            share = gone.get(one.purpose_id, Fraction(0))
            wanted = share_half_up(one.captured, share.numerator, share.denominator)
            if one.given_back < wanted:
                yield f"{one.spend_id} gave back {one.given_back}, of its order went back what comes to {wanted}"
        after = some[-1].spend_id


def _estranged(kept: Sequence[sql.Kept], sets: Sequence[sql.SaidBySet]) -> list[sql.Kept]:
    """Those that are not what their sets say. What for says the last of them: a cart becomes an order."""
    by_id = {one.spend_id: one for one in kept}
    found: dict[str, sql.Kept] = {}
    for said in sets:
        one = by_id[said.spend_id]
        whose = (said.owner, said.account.partition("_")[0], said.unit, said.basis.get("spend"))
        last = (said.movement == "use") == (one.status == "captured")
        if whose != (one.owner, one.side, one.unit, one.spend_id) or (
            last and (said.basis.get("for"), said.basis.get("of")) != (one.purpose, one.purpose_id)
        ):
            found[one.spend_id] = one
    return list(found.values())


def _unsold(states: Sequence[tuple[bytes | None, str | None]]) -> dict[str, Fraction]:
    """The share of each order that went back."""
    orders = (Order.of(conversions.read(*one)) for one in states)
    return {one.order_id: one.unsold for one in orders}
