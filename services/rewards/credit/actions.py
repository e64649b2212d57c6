"""A store's server reserves a customer's points or credit for an order, and captures or releases them."""

from datetime import timedelta

from services.common.contacts import names_nobody
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.rewards.credit import sql
from services.rewards.credit.domain import names_a_contact
from services.rewards.grants.sql import conversions
from services.rewards.lots.domain import Holder
from services.rewards.rules.domain import Order
from services.rewards.slices import sql as slices
from services.rewards.spending import actions as spending
from services.rewards.spending import sql as spends
from services.rewards.spending.domain import Purpose, Spend


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
