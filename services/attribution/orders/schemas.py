"""What stores send about orders, and what they are answered."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from contracts.countries import Country
from contracts.events.orders import Item, RefundLine
from contracts.fields import Currency, Minor
from services.attribution.tracking.domain import known_customer
from services.common import money
from services.kernel.http.fields import Blank, NoBlanks, When


def _id_text(value: object) -> object:
    """Stores that count their orders and customers send numbers; an id is text all the same."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_NUMBER_TOO: JsonDict = {"type": ["string", "integer"]}

ORDER_ID = r"^[^\s/?#\x00-\x1f\x7f]+$"
OrderId = Annotated[
    str,
    BeforeValidator(_id_text),
    Field(
        min_length=1,
        max_length=200,
        pattern=ORDER_ID,
        description="The store's own order id.",
        json_schema_extra=_NUMBER_TOO,
    ),
]
"""Stands in addresses, so it may have no blank and no slash."""

OwnId = Annotated[
    str,
    BeforeValidator(_id_text),
    Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$", json_schema_extra=_NUMBER_TOO),
]
"""An id of the store's own that stands in no address."""


class Incoming(BaseModel):
    """Base of request bodies: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class CustomerIn(Incoming):
    """The buyer. Addresses and numbers are hashed at once and kept nowhere."""

    id: Annotated[OwnId | None, BeforeValidator(known_customer), Blank] = Field(
        None, description="The store's own customer id. What stands for any guest (0, null, guest) is as none."
    )
    email: Annotated[str, Field(max_length=320)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    is_new: bool | None = Field(None, description="The store's word on whether this customer buys for the first time.")
    verified: bool = Field(
        False,
        description="The store has made sure that email and phone are the customer's with this id: what was earned"
        " under these is the customer's from now on, as with `POST /v1/identify`.",
    )


class OrderIn(Incoming):
    """An order, or another revision of one."""

    order_id: OrderId
    placed_at: When = Field(
        description="Of several reported for one order the earliest holds; the others stand beside it."
    )
    updated_at: When | None = Field(None, description="Of several revisions the newest holds.")
    status: Literal["paid", "pending"]
    currency: Currency
    total_minor: Minor
    subtotal_minor: Minor | None = Field(
        None,
        description="Goods after discounts, without tax, shipping, tips and gift cards. The total if not reported.",
    )
    discount_minor: Minor = 0
    tax_minor: Minor = 0
    shipping_minor: Minor = 0
    items: tuple[Item, ...] = Field((), max_length=500)
    country: Annotated[Country | None, Blank] = Field(
        None, description="Where the goods go, else where the bill goes: ISO 3166-1 alpha-2, as in RO."
    )
    paid_with_credit_minor: Minor = Field(
        0, description="How much of the total was paid with store credit or points. Nobody is rewarded for that part."
    )
    cancelled_at: When | None = Field(None, description="The order is cancelled, since then. A later revision may not.")
    customer: CustomerIn = CustomerIn()
    token: Annotated[Annotated[str, Field(max_length=2048)] | None, Blank] = Field(
        None, description="The click token that kith.js keeps."
    )
    tokens: Annotated[tuple[Annotated[str, Field(max_length=2048)], ...], NoBlanks] = Field((), max_length=20)
    visitor_id: Annotated[Annotated[str, Field(min_length=1, max_length=200)] | None, Blank] = None
    codes: Annotated[tuple[Annotated[str, Field(max_length=256)], ...], NoBlanks] = Field((), max_length=20)

    @model_validator(mode="after")
    def _currency_exists(self) -> Self:
        _known(self.currency)
        return self


class RefundIn(Incoming):
    """Money that went back to the buyer: one refund, reported once or many times. Its newest report holds."""

    refund_id: OwnId
    amount_minor: Minor = Field(description="All that went back by this refund, tax included.")
    currency: Currency | None = Field(
        None, description="The order's own if absent. An amount in another currency is kept and never subtracted."
    )
    lines: tuple[RefundLine, ...] = Field((), max_length=500, description="Which lines went back, by their `line_id`.")
    shipping_minor: Minor | None = Field(None, description="How much of the shipping went back.")
    status: Literal["succeeded", "failed"] = Field("succeeded", description="A refund that failed took nothing back.")
    updated_at: When | None = Field(None, description="Of several reports of a refund the newest holds; else `at`.")
    at: When | None = Field(None, description="When the money went back; the time of receipt if absent.")

    @model_validator(mode="after")
    def _currency_exists(self) -> Self:
        if self.currency is not None:
            _known(self.currency)
        return self


class CancelIn(Incoming):
    """The end of an order, unless a newer paid revision reopens it."""

    at: When | None = Field(None, description="The time of receipt if absent.")


def _known(currency: str) -> None:
    if not money.known(currency):
        raise ValueError(f"{currency} is not an ISO 4217 currency code")


class Accepted(BaseModel):
    """The fact is safe; what follows from it can be read a moment later."""

    order_id: str
    status: Literal["accepted"] = "accepted"
    duplicate: bool = Field(False, description="Whether this very fact was reported before; then nothing has changed.")
