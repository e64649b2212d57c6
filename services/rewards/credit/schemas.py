"""Bodies of the API of store credit at the checkout."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from contracts.fields import MAX_MINOR
from services.kernel.errors import Invalid
from services.rewards.lots.domain import Holder
from services.rewards.rules.domain import POINTS
from services.rewards.spending.domain import Purpose, Spend, Status

_IN = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
Amount = Annotated[int, Field(gt=0, le=MAX_MINOR, strict=True)]


class CreditReservationIn(BaseModel):
    """What to set aside of whose points or credit, for which order or cart."""

    model_config = _IN | ConfigDict(
        json_schema_extra={"examples": [{"customer_id": "8412", "unit": "EUR", "amount": 1500, "order_id": "10482"}]}
    )

    customer_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="A friend, by the store's id of a customer who has signed in: never an address or a number."
    )
    ambassador_id: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        None, description="An ambassador, instead."
    )
    unit: str = Field(pattern=r"^([A-Z]{3}|points)$", description="A currency, of store credit; or points.")
    amount: Amount = Field(description="In minor units, or points.")
    order_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="The store's own id of the order, where there is one already."
    )
    cart_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="The store's own id of the cart, instead: capture then names the order that it has become."
    )
    expires_in_seconds: int = Field(
        1_800, ge=60, le=604_800, strict=True, description="After so long it is released by itself."
    )

    @property
    def expires_in(self) -> timedelta:
        """How long it stands."""
        return timedelta(seconds=self.expires_in_seconds)

    @property
    def purpose(self) -> Purpose:
        """What it is for. Raises `Invalid` unless one of the two is named."""
        if self.order_id is not None and self.cart_id is None:
            return Purpose("order", self.order_id)
        if self.cart_id is not None and self.order_id is None:
            return Purpose("cart", self.cart_id)
        raise Invalid.field("order_id", "Name one: order_id or cart_id.", code="missing")

    def holder(self, store_id: str) -> Holder:
        """Whose it is. Raises `Invalid` unless one of the two is named."""
        owner = self.customer_id or self.ambassador_id
        if owner is None or (self.customer_id is not None and self.ambassador_id is not None):
            raise Invalid.field("customer_id", "Name one: customer_id or ambassador_id.", code="missing")
        return Holder(
            store_id,
            "friend" if self.customer_id is not None else "ambassador",
            owner,
            self.unit,
            "points" if self.unit == POINTS else "store_credit",
        )


class CaptureIn(BaseModel):
    """How much of it the order took in the end, and which order that is."""

    model_config = _IN | ConfigDict(json_schema_extra={"examples": [{"amount": 1200, "order_id": "10482"}]})

    amount: Amount | None = Field(None, description="Left out: all that is reserved. The rest is available again.")
    order_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None,
        description="Needed where it was reserved for a cart: the order that it has become, by which refunds find it.",
    )


class CreditReservationOut(BaseModel):
    """Points or store credit that are set aside for an order or a cart, or were."""

    id: str
    order_id: str | None = Field(description="None while it is for a cart.")
    cart_id: str | None = Field(description="None once the cart has become an order.")
    customer_id: str | None
    ambassador_id: str | None
    unit: str = Field(description="A currency, or points.")
    kind: Literal["store_credit", "points"]
    amount: int = Field(description="What was reserved at first, in minor units or points.")
    status: Status = Field(description="reserved; captured: used; released: available again, nothing was used.")
    captured: int = Field(description="What was used.")
    given_back: int = Field(description="What of it was returned since, by refunds.")
    reserved_at: datetime
    expires_at: datetime | None = Field(description="When it is released, unless it was captured before.")
    ended_at: datetime | None = Field(description="When it was captured or released.")

    @classmethod
    def of(cls, spend: Spend) -> Self:
        """As callers see it."""
        holder = spend.holder
        return cls(
            id=spend.spend_id,
            order_id=spend.purpose.id if spend.purpose.kind == "order" else None,
            cart_id=spend.purpose.id if spend.purpose.kind == "cart" else None,
            customer_id=holder.owner if holder.side == "friend" else None,
            ambassador_id=holder.owner if holder.side == "ambassador" else None,
            unit=holder.unit,
            kind=holder.kind,
            amount=spend.amount,
            status=spend.status,
            captured=spend.captured,
            given_back=spend.given_back,
            reserved_at=spend.reserved_at,
            expires_at=spend.expires_at,
            ended_at=spend.ended_at,
        )
