"""A decision read for its money only: a fifth of what it costs to check a whole event, whose producer checked it. Pure.

Fields are those of the contract, of which what no rule reads is left out. A test holds that orders read this way are
those that are read from the contract.
"""

from datetime import datetime
from typing import cast

import msgspec
from msgspec import Struct

from contracts.events.conversions import Conversion
from services.rewards.rules.domain import Order


class _Item(Struct, frozen=True, gc=False):
    amount_minor: int
    line_id: str | None = None
    gift_card: bool = False
    product_id: str | None = None
    sku: str | None = None
    category: str | None = None
    quantity: int = 1


class _Figures(Struct, frozen=True):
    status: str
    currency: str
    total_minor: int
    subtotal_minor: int
    discount_minor: int = 0
    paid_with_credit_minor: int = 0
    items: tuple[_Item, ...] = ()


class _ReturnedLine(Struct, frozen=True, gc=False):
    line_id: str
    amount_minor: int


class _Returned(Struct, frozen=True):
    lines: tuple[_ReturnedLine, ...] = ()
    shipping_minor: int = 0
    named_minor: int = 0
    bare_minor: int = 0


class _AtSettling(Struct, frozen=True):
    figures: _Figures
    refunded_minor: int = 0
    returned: _Returned | None = None


class _Sponsor(Struct, frozen=True, gc=False):
    ambassador_id: str
    status: str = "active"


class _Circumstances(Struct, frozen=True):
    group: str | None = None
    role: str | None = None
    channel: str | None = None
    brought_at: datetime | None = None
    country: str | None = None
    sponsors: tuple[_Sponsor, ...] | None = None


class _Winner(Struct, frozen=True):
    split: int | None = None


class _State(Struct, frozen=True):
    store_id: str
    order_id: str
    revision: int
    status: str
    placed_at: datetime
    figures: _Figures
    friend_id: str
    order_number: int
    new_customer: bool = False
    reason: str = ""
    cancelled: bool = False
    rejected_by_person: bool = False
    settled_at: datetime | None = None
    refunded_minor: int = 0
    returned: _Returned | None = None
    returned_at: datetime | None = None
    friend_contacts: tuple[str, ...] = ()
    at_settling: _AtSettling | None = None
    circumstances: _Circumstances | None = None
    program_id: str | None = None
    program_version: int | None = None
    ambassador_id: str | None = None
    person: str | None = None
    winner: _Winner | None = None


_DECODER = msgspec.json.Decoder(_State)


def order_of(text: bytes | str) -> Order:
    """The order of a decision that was kept as JSON."""
    return Order.of(cast("Conversion", _DECODER.decode(text)))
