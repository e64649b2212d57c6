"""What is in the catalogue, what it costs whom, and the life of a redemption. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, get_args

from msgspec import Struct

from services.rewards.lots.domain import Kind as PaidIn

ItemKind = Literal["discount", "goods", "service"]
ITEM_KINDS: Final[tuple[ItemKind, ...]] = get_args(ItemKind)
ItemStatus = Literal["active", "paused", "archived"]
ITEM_STATUSES: Final[tuple[ItemStatus, ...]] = get_args(ItemStatus)
PAID_IN: Final[tuple[PaidIn, ...]] = get_args(PaidIn)
RedemptionStatus = Literal["requested", "fulfilled", "cancelled", "returned"]
REDEMPTION_STATUSES: Final[tuple[RedemptionStatus, ...]] = get_args(RedemptionStatus)
Why = Literal["paused", "too_early", "too_late", "out_of_stock"]
MOST: Final = 1_000_000_000_000
"""The highest price, in minor units or points."""
MOST_STOCK: Final = 1_000_000_000


class Item(Struct, frozen=True, kw_only=True):
    """Something that is redeemed for points or store credit. Prices are points, or minor units of `unit`."""

    store_id: str
    item_id: str
    program_id: str
    version: int
    """Grows with each change of what it is or costs."""
    kind: ItemKind
    name: str
    description: str
    paid_in: PaidIn
    unit: str
    price: int
    tier_prices: Mapping[str, int]
    """Prices of who is in a tier, by its name."""
    stock: int | None
    """How many are left; None: no end, or what the pool has."""
    pool_id: str | None
    """Whoever redeems it is given a code of this pool, at once."""
    from_at: datetime | None
    until_at: datetime | None
    status: ItemStatus
    made_at: datetime
    changed_at: datetime

    def price_in(self, tier: str | None) -> int:
        """What it costs somebody who is in that tier."""
        return self.price if tier is None else self.tier_prices.get(tier, self.price)

    def barred(self, now: datetime, free: int | None) -> Why | None:
        """Why nobody can redeem it now; `free` is what its pool has left, None without one."""
        if self.status != "active":
            return "paused"
        if self.from_at is not None and now < self.from_at:
            return "too_early"
        if self.until_at is not None and now >= self.until_at:
            return "too_late"
        left = self.stock if free is None else free
        return "out_of_stock" if left is not None and left < 1 else None


class Redemption(Struct, frozen=True, kw_only=True):
    """Something that was redeemed, as the item was at that moment: later changes of it change nothing here."""

    store_id: str
    redemption_id: str
    ambassador_id: str
    program_id: str
    item_id: str
    item_version: int
    kind: ItemKind
    name: str
    paid_in: PaidIn
    unit: str
    price: int
    tier: str | None
    """The tier by which it cost that."""
    stocked: bool
    """Whether it was taken of the item's stock, to which it goes back."""
    pool_id: str | None
    code: str | None
    status: RedemptionStatus
    revision: int
    reason: str | None
    """Why it was called off, in the words of the store's people. Goes when the ambassador is erased."""
    once: str | None
    """A key of whoever redeemed: the same one redeems nothing again."""
    made_by: str
    made_at: datetime
    fulfilled_at: datetime | None = None
    ended_at: datetime | None = None
    """When it was cancelled or returned."""

    @property
    def changed_at(self) -> datetime:
        """When it last moved on."""
        return self.ended_at or self.fulfilled_at or self.made_at
