"""Orders as stores report them: each event is one reported fact, never the merged state."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.countries import CountryCode
from contracts.events.base import Payload, Topic
from contracts.events.tracking import Customer, TokenClaims, TokenProblem
from contracts.fields import Currency, Id, Minor, Moment


class Item(BaseModel):
    """One line of an order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku: str | None = Field(None, max_length=255)
    product_id: str | None = Field(None, max_length=255)
    category: str | None = Field(None, max_length=255)
    quantity: int = Field(1, ge=1, le=1_000_000, strict=True)
    amount_minor: Minor = Field(
        description="The line's price after its own discounts, for the whole quantity, net of tax."
    )
    line_id: Id | None = Field(None, description="The store's own id of the line, by which refunds name it.")
    gift_card: bool = Field(False, description="A gift card is no sale yet: no part of the subtotal, earns nothing.")


class RefundLine(BaseModel):
    """What went back of one line of an order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line_id: Id
    quantity: int | None = Field(None, ge=0, le=1_000_000, strict=True)
    amount_minor: Minor = Field(description="Net of tax, as the line's own amount.")


class Figures(BaseModel):
    """Amounts of an order before refunds, in its currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["paid", "pending"]
    currency: Currency
    total_minor: Minor
    subtotal_minor: Minor = Field(
        description="Goods after discounts, without tax, shipping, tips and gift cards. The total if not reported."
    )
    discount_minor: Minor = 0
    tax_minor: Minor = 0
    shipping_minor: Minor = 0
    items: tuple[Item, ...] = ()
    paid_with_credit_minor: Minor = Field(
        0,
        exclude_if=lambda amount: amount == 0,  # figures without any keep the bytes, and the hash, that they had
        description="How much of the total was paid with store credit or points. Nobody is rewarded for that part.",
    )


class OrderFact(Payload):
    """Base of everything that happens to an order."""

    TOPIC: ClassVar[Topic] = Topic.ORDERS

    order_id: Id
    fact_id: Id = Field(description="Unique within the order: the same fact reported twice has the same id.")
    received_at: Moment

    def subject(self) -> str:
        return self.order_id


class OrderReported(OrderFact):
    """Base of the two events that carry an order's figures and evidence."""

    placed_at: Moment
    updated_at: Moment
    undated: bool = Field(
        False, description="The store gave no `updated_at`; what stands there is the time of receipt."
    )
    figures: Figures
    country: CountryCode | None = Field(
        None, description="Where the goods go, else where the bill goes: ISO 3166-1 alpha-2."
    )
    customer: Customer = Customer()
    is_new: bool | None = Field(None, description="The store's own word on whether this is a new customer.")
    visitor_id: Id | None = None
    tokens: tuple[TokenClaims, ...] = ()
    token_problems: tuple[TokenProblem, ...] = Field((), description="Why tokens that came along prove no click.")
    codes: tuple[str, ...] = ()
    source: str = "api"
    cancelled_at: Moment | None = Field(None, description="The revision says that the order is cancelled, since when.")
    history: bool = Field(
        False, description="Imported from before the store was connected: it says who has bought before, and no more."
    )


class OrderReceived(OrderReported):
    """An order was reported for the first time."""

    TYPE: ClassVar[str] = "kith.order.received.v1"


class OrderAmended(OrderReported):
    """Another revision of a known order was reported."""

    TYPE: ClassVar[str] = "kith.order.amended.v1"


class OrderRefunded(OrderFact):
    """One report of a refund. Of several reports of one the newest holds: it may be lower, or have failed."""

    TYPE: ClassVar[str] = "kith.order.refunded.v1"
    refund_id: Id | None = Field(
        None, description="The store's own id of the refund; the fact's id where it is absent."
    )
    amount_minor: Minor = Field(description="All that went back, tax included.")
    at: Moment
    currency: Currency | None = Field(
        None, description="The order's if absent. An amount in another one is kept and never subtracted."
    )
    lines: tuple[RefundLine, ...] = Field((), description="Which lines went back, as far as the store says.")
    shipping_minor: Minor | None = Field(None, description="What went back of shipping, as far as the store says.")
    updated_at: Moment | None = Field(None, description="When this report was true; `at` where it is absent.")
    status: Literal["succeeded", "failed"] = "succeeded"


class OrderCancelled(OrderFact):
    """The order was cancelled, until a paid revision that is newer reopens it. Nothing reopens what has settled."""

    TYPE: ClassVar[str] = "kith.order.cancelled.v1"
    at: Moment
    undated: bool = Field(False, description="The store gave no time; what stands there is the time of receipt.")
