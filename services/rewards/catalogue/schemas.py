"""Bodies of the API of the catalogue and of redemptions."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.common.money import in_units
from services.rewards.catalogue.actions.items import Wanted
from services.rewards.catalogue.domain import (
    MOST,
    MOST_STOCK,
    Item,
    ItemKind,
    ItemStatus,
    Redemption,
    RedemptionStatus,
)
from services.rewards.lots.domain import Kind as PaidIn
from services.rewards.rules.domain import POINTS

_IN = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
ItemName = Annotated[str, Field(min_length=1, max_length=80)]
Price = Annotated[int, Field(gt=0, le=MOST, strict=True)]
Words = Annotated[str, Field(max_length=500)]
_PRICE: Final = "Points, or minor units of the program's currency."
_TIER_PRICES: Final = "What it costs who is in a tier, by the tier's name; others pay `price`."
_STOCK: Final = "How many are left. Null: no end, or what the pool has."
_POOL: Final = "Whoever redeems it is given a code of this pool, at once. Null: the store fulfils it."
Stock = Annotated[int, Field(ge=0, le=MOST_STOCK, strict=True)]
TierPrices = Annotated[dict[str, Price], Field(max_length=10, description=_TIER_PRICES)]


class ItemIn(BaseModel):
    """Something that ambassadors of a program can redeem points or store credit for."""

    model_config = _IN | ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "program_id": "prg_01k9x0n2r6t0w4y8b2d6f0h4k8",
                    "kind": "goods",
                    "name": "A bag of coffee",
                    "price": 500,
                    "stock": 40,
                }
            ]
        }
    )

    program_id: str = Field(min_length=1, max_length=64)
    kind: ItemKind
    name: ItemName = Field(description="As ambassadors see it.")
    description: Words = Field("", description="What it is, as ambassadors see it.")
    paid_in: PaidIn = "points"
    price: Price = Field(description=_PRICE)
    tier_prices: TierPrices = Field(default_factory=dict)
    stock: Stock | None = Field(None, description=_STOCK)
    pool_id: str | None = Field(None, max_length=64, description=_POOL)
    from_: AwareDatetime | None = Field(None, alias="from", description="Offered from then on.")
    until: AwareDatetime | None = Field(None, description="Offered before that moment.")
    status: ItemStatus = Field("active", description="paused: seen, and not offered. archived: seen by nobody.")

    def wanted(self) -> Wanted:
        """As the action takes it."""
        fields = self.model_dump(exclude={"program_id", "from_", "until"})
        return Wanted(**fields, from_at=self.from_, until_at=self.until)


class ItemPatch(BaseModel):
    """What is to change; left out: stays. What was redeemed before stays as it was."""

    model_config = _IN | ConfigDict(json_schema_extra={"examples": [{"price": 450, "stock": 60}]})

    kind: ItemKind | None = None
    name: ItemName | None = None
    description: Words | None = None
    price: Price | None = None
    tier_prices: TierPrices | None = None
    stock: Stock | None = Field(None, description=_STOCK)
    pool_id: str | None = Field(None, max_length=64, description=_POOL)
    from_: AwareDatetime | None = Field(None, alias="from")
    until: AwareDatetime | None = None
    status: ItemStatus | None = None

    def changes(self) -> dict[str, Any]:
        """Fields that were sent, as the action takes them: null empties those that may be empty."""
        may_be_empty = {"stock", "pool_id", "from_", "until"}
        names = {"from_": "from_at", "until": "until_at"}
        return {
            names.get(name, name): getattr(self, name)
            for name in self.model_fields_set
            if name in may_be_empty or getattr(self, name) is not None
        }


class ItemOut(BaseModel):
    """An item of the catalogue."""

    id: str
    program_id: str
    version: int = Field(description="Grows with each change of what it is or costs.")
    kind: ItemKind
    name: str
    description: str
    paid_in: PaidIn
    currency: str | None = Field(description="Null for points.")
    price: int = Field(description=_PRICE)
    tier_prices: dict[str, int] = Field(description=_TIER_PRICES)
    stock: int | None = Field(description=_STOCK)
    pool_id: str | None
    from_: datetime | None = Field(serialization_alias="from")
    until: datetime | None
    status: ItemStatus
    made_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, item: Item) -> Self:
        """As callers see it."""
        return cls(
            id=item.item_id,
            program_id=item.program_id,
            version=item.version,
            kind=item.kind,
            name=item.name,
            description=item.description,
            paid_in=item.paid_in,
            currency=None if item.unit == POINTS else item.unit,
            price=item.price,
            tier_prices=dict(item.tier_prices),
            stock=item.stock,
            pool_id=item.pool_id,
            from_=item.from_at,
            until=item.until_at,
            status=item.status,
            made_at=item.made_at,
            changed_at=item.changed_at,
        )


class RedemptionIn(BaseModel):
    """Who redeems what."""

    model_config = _IN | ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ambassador_id": "amb_01k9x0p7v1x5z9c3e7g1j5m9q3",
                    "item_id": "itm_01k9x0p7v1x5z9c3e7g1j5m9v2",
                    "price": 500,
                }
            ]
        }
    )

    ambassador_id: str = Field(min_length=1, max_length=255)
    item_id: str = Field(min_length=1, max_length=64)
    price: Price | None = Field(None, description="What they were told that it costs: refused where it costs other.")


class CallOffIn(BaseModel):
    """Why it is called off, if there is something to say."""

    model_config = _IN

    reason: Words | None = Field(None, description="For the store's own people; no event carries it.")


class TakeBackIn(CallOffIn):
    """What becomes of the piece."""

    restock: bool = Field(True, description="It goes back to the item's stock.")


class RedemptionOut(BaseModel):
    """Something that was redeemed, as its item was at that moment."""

    id: str
    ambassador_id: str
    program_id: str
    item_id: str
    item_version: int
    kind: ItemKind
    name: str
    points: int | None = Field(description="What it cost; null where that was store credit.")
    amount_minor: int | None = Field(description="What it cost of store credit.")
    currency: str | None
    tier: str | None = Field(description="The tier by which it cost that.")
    pool_id: str | None
    code: str | None = Field(description="The code that was given.")
    status: RedemptionStatus = Field(
        description="requested: waits for the store. fulfilled. cancelled before that, or returned after it: what it"
        " cost was given back."
    )
    reason: str | None = Field(description="Null once the ambassador was erased.")
    made_by: str = Field(description="Id of the principal: a key, a member's, or the ambassador.")
    made_at: datetime
    fulfilled_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, one: Redemption) -> Self:
        """As callers see it."""
        points = one.unit == POINTS
        return cls(
            id=one.redemption_id,
            ambassador_id=one.ambassador_id,
            program_id=one.program_id,
            item_id=one.item_id,
            item_version=one.item_version,
            kind=one.kind,
            name=one.name,
            points=one.price if points else None,
            amount_minor=None if points else one.price,
            currency=None if points else one.unit,
            tier=one.tier,
            pool_id=one.pool_id,
            code=one.code,
            status=one.status,
            reason=one.reason,
            made_by=one.made_by,
            made_at=one.made_at,
            fulfilled_at=one.fulfilled_at,
            ended_at=one.ended_at,
        )

    def flat(self) -> dict[str, object]:
        """As a row of a spreadsheet: money in units, points as they are."""
        return self.model_dump() | {"amount": in_units(self.amount_minor, self.currency)}


CSV_COLUMNS: Final = (
    *("id", "ambassador_id", "ambassador_code", "program_id", "item_id", "item_version", "kind", "name", "points"),
    *("amount", "currency", "tier", "code", "status", "reason", "made_at", "fulfilled_at", "ended_at"),
)
