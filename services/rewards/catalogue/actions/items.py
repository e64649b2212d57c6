"""The items of the catalogue: added, changed, taken out."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from services.common.words import Translatable, _
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound
from services.kernel.ids import new_id
from services.rewards.catalogue import sql
from services.rewards.catalogue.domain import Item, ItemKind, ItemStatus
from services.rewards.lots.domain import Kind as PaidIn
from services.rewards.pools import sql as pools
from services.rewards.rules.domain import POINTS
from services.rewards.slices import sql as slices


class ItemNotFound(NotFound):
    """The catalogue has no such item, or not for this program."""

    code = "item_not_found"

    def __init__(self, item_id: str) -> None:
        super().__init__(f"The catalogue has no item {item_id}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An item as somebody describes it."""

    kind: ItemKind
    name: str
    price: int
    description: str = ""
    paid_in: PaidIn = "points"
    tier_prices: Mapping[str, int] = field(default_factory=dict)
    stock: int | None = None
    pool_id: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    status: ItemStatus = "active"


async def add(tx: Tx, store_id: str, program_id: str, wanted: Wanted) -> Item:
    """Adds an item to a program's catalogue. Raises `Invalid` of what is wrong, `NotFound` for a program that is not
    known.
    """
    item = await _described(tx, store_id, program_id, wanted)
    await sql.add_item(tx, item)
    tx.note("item.added", on=item.item_id, after={"program_id": program_id, "kind": item.kind})
    return item


async def change(tx: Tx, store_id: str, item_id: str, changes: Mapping[str, Any]) -> Item:
    """Changes fields of an item, by their names in `Wanted`. What was redeemed before stays as it was.

    Raises `ItemNotFound`, `Invalid`.
    """
    await tx.lock_stores([store_id])  # whoever redeems takes of the stock under this lock
    before = await get(tx, store_id, item_id)
    described = await _described(tx, store_id, before.program_id, dataclasses.replace(_as_wanted(before), **changes))
    same = replace(described, item_id=item_id, version=before.version, made_at=before.made_at)
    if same == replace(before, changed_at=same.changed_at):
        return before
    other = replace(same, stock=before.stock, status=before.status) != replace(before, changed_at=same.changed_at)
    after = replace(same, version=before.version + other)
    await sql.keep_item(tx, after)
    tx.note(
        "item.changed",
        on=item_id,
        before={"version": before.version, "status": before.status},
        after={"version": after.version, "status": after.status},
    )
    return after


async def get(tx: Tx, store_id: str, item_id: str) -> Item:
    """An item. Raises `ItemNotFound`."""
    item = await sql.item(tx, store_id, item_id)
    if item is None:
        raise ItemNotFound(item_id)
    return item


def _as_wanted(item: Item) -> Wanted:
    return Wanted(**{one.name: getattr(item, one.name) for one in dataclasses.fields(Wanted)})


async def _described(tx: Tx, store_id: str, program_id: str, wanted: Wanted) -> Item:
    program = await slices.newest(tx, store_id, program_id)
    if program is None:
        raise Invalid.field("program_id", Translatable(_("There is no such program.")), code="unknown_program")
    known = {step.name for step in program.tiers.steps} if program.tiers else set()
    for tier in wanted.tier_prices:
        if tier not in known:
            mend = Translatable(_("The program has no tier “%(name)s”."), name=tier)
            raise Invalid.field(f"tier_prices.{tier}", mend, code="unknown_tier")
    if wanted.pool_id is not None:
        if await pools.one(tx, store_id, wanted.pool_id) is None:
            raise Invalid.field("pool_id", Translatable(_("There is no such pool.")), code="unknown_pool")
        if wanted.stock is not None:
            mend = Translatable(_("What is given from a pool has as much stock as the pool."))
            raise Invalid.field("stock", mend, code="two_stocks")
    if wanted.from_at is not None and wanted.until_at is not None and wanted.from_at >= wanted.until_at:
        raise Invalid.field("until", Translatable(_("The period ends after it begins.")))
    return Item(
        store_id=store_id,
        item_id=new_id("itm", at=tx.now),
        program_id=program_id,
        version=1,
        kind=wanted.kind,
        name=wanted.name,
        description=wanted.description,
        paid_in=wanted.paid_in,
        unit=POINTS if wanted.paid_in == "points" else program.currency,
        price=wanted.price,
        tier_prices=dict(wanted.tier_prices),
        stock=wanted.stock,
        pool_id=wanted.pool_id,
        from_at=wanted.from_at,
        until_at=wanted.until_at,
        status=wanted.status,
        made_at=tx.now,
        changed_at=tx.now,
    )
