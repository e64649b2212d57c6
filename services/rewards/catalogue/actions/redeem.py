"""Redeeming: points, stock and code are taken in one transaction, and given back in one.

Everything happens under the store's lock, so that two who want the last one see each other.
"""

from typing import Final

from msgspec.structs import replace

from contracts.events.redemptions import (
    Redemption as RedemptionEvent,
)
from contracts.events.redemptions import (
    RedemptionCancelled,
    RedemptionFulfilled,
    RedemptionRequested,
    RedemptionReturned,
)
from services.kernel.db import Tx
from services.kernel.errors import Conflict, NotFound
from services.kernel.ids import new_id
from services.rewards.catalogue import sql
from services.rewards.catalogue.actions.items import ItemNotFound
from services.rewards.catalogue.domain import Item, Redemption, RedemptionStatus, Why
from services.rewards.lots.domain import Holder
from services.rewards.pools.actions.hand_out import PoolEmpty, hand_out
from services.rewards.rules.domain import POINTS
from services.rewards.slices import sql as slices
from services.rewards.spending import actions as spending
from services.rewards.spending.domain import Purpose
from services.rewards.tiers.actions import tiers_of
from services.rewards.tiers.domain import TierKey

_EVENTS: Final[dict[RedemptionStatus, type[RedemptionEvent]]] = {
    "requested": RedemptionRequested,
    "fulfilled": RedemptionFulfilled,
    "cancelled": RedemptionCancelled,
    "returned": RedemptionReturned,
}

_NOTED: Final[dict[RedemptionStatus, str]] = {
    "requested": "redemption.requested",
    "fulfilled": "redemption.fulfilled",
    "cancelled": "redemption.cancelled",
    "returned": "redemption.returned",
}


class RedemptionNotFound(NotFound):
    """Nothing was redeemed under this id."""

    code = "redemption_not_found"

    def __init__(self, redemption_id: str) -> None:
        super().__init__(f"There is no redemption {redemption_id}.")


class AmbassadorUnknown(NotFound):
    """Nobody has this id in this store, or no longer."""

    code = "ambassador_not_found"

    def __init__(self, ambassador_id: str) -> None:
        super().__init__(
            f"There is no ambassador {ambassador_id}. Who joined a moment ago is known here within some seconds."
        )


class AmbassadorBarred(Conflict):
    """Whoever is blocked redeems nothing."""

    code = "ambassador_blocked"

    def __init__(self, ambassador_id: str) -> None:
        super().__init__(f"Ambassador {ambassador_id} is blocked: unblock them first.")


class ItemUnavailable(Conflict):
    """It cannot be redeemed now; `why` says why."""

    code = "item_unavailable"

    def __init__(self, item: Item, why: Why) -> None:
        problem = {
            "paused": "is not offered",
            "too_early": "is offered from a later day on",
            "too_late": "is offered no longer",
            "out_of_stock": "is out of stock",
        }[why]
        super().__init__(f"Item {item.item_id} {problem}.", members={"why": why})
        self.why = why


class PriceChanged(Conflict):
    """It costs something else than whoever redeems expected."""

    code = "price_changed"

    def __init__(self, price: int) -> None:
        super().__init__(f"It costs {price} now: ask again whether it is wanted.", members={"price": str(price)})


class RedemptionMoved(Conflict):
    """It stands where that cannot be done any more."""

    code = "redemption_state"

    def __init__(self, one: Redemption, wanted: str) -> None:
        super().__init__(f"Redemption {one.redemption_id} is {one.status}: it cannot be {wanted}.")


async def redeem(
    tx: Tx, store_id: str, ambassador_id: str, item_id: str, *, price: int | None = None, once: str | None = None
) -> Redemption:
    """Takes what an item costs this ambassador, of the lots that expire first, and one of its stock. With a pool it is
    fulfilled at once, by a code; else it waits for the store.

    `price` is what whoever redeems expects it to cost; `once` a key by which a repeat redeems nothing again.
    Raises `ItemNotFound`, `AmbassadorUnknown`, `AmbassadorBarred`, `ItemUnavailable`, `PriceChanged`, and `NotEnough`.
    """
    await tx.lock_stores([store_id])
    if once is not None and (before := await sql.by_once(tx, store_id, ambassador_id, once)) is not None:
        return before
    ambassador = await slices.ambassador(tx, store_id, ambassador_id)
    if ambassador is None or ambassador.status == "erased":
        raise AmbassadorUnknown(ambassador_id)
    if ambassador.status == "blocked":
        raise AmbassadorBarred(ambassador_id)
    item = await sql.item(tx, store_id, item_id)
    if item is None or item.status == "archived" or item.program_id != ambassador.program_id:
        raise ItemNotFound(item_id)
    free = None if item.pool_id is None else (await sql.free(tx, store_id, [item.pool_id])).get(item.pool_id, 0)
    if (why := item.barred(tx.now, free)) is not None:
        raise ItemUnavailable(item, why)
    tier = await tier_of(tx, store_id, ambassador_id, item.program_id)
    cost = item.price_in(tier)
    if price is not None and price != cost:
        raise PriceChanged(cost)
    return await _taken(tx, item, ambassador_id, cost=cost, tier=tier, once=once)


async def fulfil(tx: Tx, store_id: str, redemption_id: str) -> Redemption:
    """It was sent, or done: what it cost is used. A repeat changes nothing. Raises `RedemptionNotFound`,
    `RedemptionMoved`.
    """
    one = await _locked(tx, store_id, redemption_id)
    if one.status == "fulfilled":
        return one
    if one.status != "requested":
        raise RedemptionMoved(one, "fulfilled")
    await spending.capture(tx, store_id, _purpose(one))
    return await _moved(tx, one, replace(one, status="fulfilled", fulfilled_at=tx.now))


async def cancel(tx: Tx, store_id: str, redemption_id: str, *, reason: str | None = None) -> Redemption:
    """It comes to nothing: what was reserved goes back to its lots, and the piece to the stock. A repeat changes
    nothing. Raises `RedemptionNotFound`, `RedemptionMoved`.
    """
    one = await _locked(tx, store_id, redemption_id)
    if one.status == "cancelled":
        return one
    if one.status != "requested":
        raise RedemptionMoved(one, "cancelled")
    await spending.release(tx, store_id, _purpose(one))
    if one.stocked:
        await sql.move_stock(tx, store_id, one.item_id, 1)
    words = await _kept(tx, one, reason)
    return await _moved(tx, one, replace(one, status="cancelled", ended_at=tx.now, reason=words))


async def take_back(
    tx: Tx, store_id: str, redemption_id: str, *, restock: bool = True, reason: str | None = None
) -> Redemption:
    """What was fulfilled came back, or its code is void: what it cost goes back to its lots, and with `restock` the
    piece to the stock. A code never returns to its pool. A repeat changes nothing.

    Raises `RedemptionNotFound`, `RedemptionMoved`.
    """
    one = await _locked(tx, store_id, redemption_id)
    if one.status == "returned":
        return one
    if one.status != "fulfilled":
        raise RedemptionMoved(one, "returned")
    await spending.give_back(tx, store_id, _purpose(one), one.price, step="return")
    if one.stocked and restock:
        await sql.move_stock(tx, store_id, one.item_id, 1)
    words = await _kept(tx, one, reason)
    return await _moved(tx, one, replace(one, status="returned", ended_at=tx.now, reason=words))


async def get(tx: Tx, store_id: str, redemption_id: str) -> Redemption:
    """One. Raises `RedemptionNotFound`."""
    one = await sql.get(tx, store_id, redemption_id)
    if one is None:
        raise RedemptionNotFound(redemption_id)
    return one


async def tier_of(tx: Tx, store_id: str, ambassador_id: str, program_id: str) -> str | None:
    """The tier that they are in now; None for none."""
    key = TierKey(store_id, ambassador_id, program_id)
    return (await tiers_of(tx, [key])).get(key)


def holder_of(item: Item, ambassador_id: str) -> Holder:
    """Whose points or credit an item is paid with."""
    return Holder(item.store_id, "ambassador", ambassador_id, item.unit, item.paid_in)


async def _taken(
    tx: Tx, item: Item, ambassador_id: str, *, cost: int, tier: str | None, once: str | None
) -> Redemption:
    redemption_id = new_id("rdm", at=tx.now)
    purpose = Purpose("redemption", redemption_id)
    await spending.reserve(tx, holder_of(item, ambassador_id), cost, purpose=purpose)
    code = None
    if item.pool_id is not None:
        try:
            code = (await hand_out(tx, item.store_id, item.pool_id, reference=redemption_id)).code
        except PoolEmpty:  # the store's server took the last one just now
            raise ItemUnavailable(item, "out_of_stock") from None
        await spending.capture(tx, item.store_id, purpose)
    elif item.stock is not None:
        await sql.move_stock(tx, item.store_id, item.item_id, -1)
    one = Redemption(
        store_id=item.store_id,
        redemption_id=redemption_id,
        ambassador_id=ambassador_id,
        program_id=item.program_id,
        item_id=item.item_id,
        item_version=item.version,
        kind=item.kind,
        name=item.name,
        paid_in=item.paid_in,
        unit=item.unit,
        price=cost,
        tier=tier,
        stocked=item.stock is not None,
        pool_id=item.pool_id,
        code=code,
        status="requested" if code is None else "fulfilled",
        revision=1,
        reason=None,
        once=once,
        made_by=tx.actor.id,
        made_at=tx.now,
        fulfilled_at=None if code is None else tx.now,
    )
    await sql.add(tx, one)
    _announce(tx, one)
    tx.note("redemption.requested", on=redemption_id, after=_figures(one))
    return one


async def _moved(tx: Tx, before: Redemption, after: Redemption) -> Redemption:
    after = replace(after, revision=before.revision + 1)
    await sql.move(tx, after)
    _announce(tx, after)
    tx.note(_NOTED[after.status], on=after.redemption_id, before={"status": before.status}, after=_figures(after))
    return after


def _figures(one: Redemption) -> dict[str, str | int | bool | None]:
    return {
        "status": one.status,
        "ambassador_id": one.ambassador_id,
        "amount_minor": one.price,
        "currency": one.unit,
    }


async def _locked(tx: Tx, store_id: str, redemption_id: str) -> Redemption:
    await tx.lock_stores([store_id])
    return await get(tx, store_id, redemption_id)


async def _kept(tx: Tx, one: Redemption, reason: str | None) -> str | None:
    """The words as they are kept: none about somebody who was erased."""
    ambassador = await slices.ambassador(tx, one.store_id, one.ambassador_id)
    return None if ambassador is None or ambassador.status == "erased" else reason or None


def _purpose(one: Redemption) -> Purpose:
    return Purpose("redemption", one.redemption_id)


def _announce(tx: Tx, one: Redemption) -> None:
    points = one.unit == POINTS
    tx.emit(
        _EVENTS[one.status](
            store_id=one.store_id,
            redemption_id=one.redemption_id,
            revision=one.revision,
            ambassador_id=one.ambassador_id,
            program_id=one.program_id,
            item_id=one.item_id,
            item_version=one.item_version,
            item_name=one.name,
            kind=one.kind,
            points=one.price if points else None,
            amount_minor=None if points else one.price,
            currency=None if points else one.unit,
            tier=one.tier,
            code=one.code,
            status=one.status,
            requested_at=one.made_at,
            changed_at=one.changed_at,
        )
    )
