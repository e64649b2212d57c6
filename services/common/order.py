"""An order as any source reports it: what the API's body and a platform's delivery are read into, with its defaults."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from contracts.fields import MAX_MINOR

Amount = Annotated[int, Meta(ge=0, le=MAX_MINOR)]
Id = Annotated[str, Meta(min_length=1, max_length=200)]
Moment = Annotated[datetime, Meta(tz=True)]
_Text = Annotated[str, Meta(max_length=255)]


class Reported(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Base: an unknown field is an error."""


class Line(Reported, kw_only=True):
    """One line; its fields mean what the contract's `Item` says."""

    sku: _Text | None = None
    product_id: _Text | None = None
    category: _Text | None = None
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    amount_minor: Amount
    line_id: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    gift_card: bool = False


class Buyer(Reported, kw_only=True):
    """Who bought. `email` and `phone` are to be hashed at once and kept nowhere."""

    id: Id | None = None
    email: Annotated[str, Meta(max_length=320)] | None = None
    phone: Annotated[str, Meta(max_length=40)] | None = None
    is_new: bool | None = None
    verified: bool = False
    """The store has made sure that `email` and `phone` are this customer's."""


class Proved(Reported, kw_only=True):
    """Base of what people do: who it was, and what came along that may prove who referred them."""

    customer: Buyer = msgspec.field(default_factory=Buyer)
    token: Annotated[str, Meta(max_length=2048)] | None = None
    tokens: Annotated[tuple[Annotated[str, Meta(max_length=2048)], ...], Meta(max_length=20)] = ()
    visitor_id: Id | None = None
    codes: Annotated[tuple[Annotated[str, Meta(max_length=256)], ...], Meta(max_length=20)] = ()

    @property
    def all_tokens(self) -> Sequence[str]:
        """The click tokens that came along, the one alone first."""
        return (self.token, *self.tokens) if self.token else self.tokens


class Event(Proved, kw_only=True):
    """Something that a person did and that is no order. Its fields mean what `custom_events.schemas.EventIn` says."""

    event_id: Id
    name: str
    happened_at: Moment


class Order(Proved, kw_only=True):
    """One revision of an order. Its fields mean what `schemas.OrderIn` says; `subtotal` stands for an absent one."""

    order_id: Id
    placed_at: Moment
    status: Literal["paid", "pending"]
    currency: str
    total_minor: Amount
    updated_at: Moment | None = None
    subtotal_minor: Amount | None = None
    discount_minor: Amount = 0
    tax_minor: Amount = 0
    shipping_minor: Amount = 0
    items: Annotated[tuple[Line, ...], Meta(max_length=500)] = ()
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    paid_with_credit_minor: Amount = 0
    cancelled_at: Moment | None = None

    @property
    def subtotal(self) -> int:
        """Goods after discounts, without gift cards, whether the sender has counted them in or not; of the total where
        no subtotal was reported.
        """
        subtotal = self.total_minor if self.subtotal_minor is None else self.subtotal_minor
        cards = sum(line.amount_minor for line in self.items if line.gift_card)
        if not cards:
            return subtotal
        others = sum(line.amount_minor for line in self.items) - cards
        return subtotal if subtotal <= others else max(others, subtotal - cards)

    def figures(self) -> dict[str, Any]:
        """As the contract's `Figures` are dumped, absent values included: equal reports give equal bytes for ever, and
        the fact's name is made of them.
        """
        credit = {"paid_with_credit_minor": self.paid_with_credit_minor} if self.paid_with_credit_minor else {}
        return {
            "status": self.status,
            "currency": self.currency,
            "total_minor": self.total_minor,
            "subtotal_minor": self.subtotal,
            "discount_minor": self.discount_minor,
            "tax_minor": self.tax_minor,
            "shipping_minor": self.shipping_minor,
            "items": [msgspec.structs.asdict(line) for line in self.items],
            **credit,
        }
