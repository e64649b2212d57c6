"""Reads an order's body as nearly all are written, several times cheaper than its schema does.

`OrderIn` stays the rule: it describes the API and says what is wrong with a body. What is read here it would read to
the same report, and whatever is in any way unusual (a text with a blank at its end, an id that stands for nobody, a
wrong field) is left to it.
"""

import re
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from contracts.fields import MAX_MINOR
from services.attribution.orders.actions import Report, report_of
from services.attribution.orders.domain import goods
from services.attribution.orders.schemas import OrderIn
from services.attribution.tracking.domain import known_customer
from services.common import money
from services.kernel.http.fields import FIRST_YEAR, LAST_YEAR
from services.kernel.http.hot import parse
from services.kernel.http.json_body import check_json

_Minor = Annotated[int, Meta(ge=0, le=MAX_MINOR)]
_Id = Annotated[str, Meta(min_length=1, max_length=200)]
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Moment = Annotated[datetime, Meta(tz=True)]

_FINER_THAN_MICROSECONDS = re.compile(rb"\.[0-9]{7}")
"""Such a moment would be rounded here and is cut there, and the order would have two names."""
_NOT_IN_ADDRESSES = re.compile(r"[ /?#]")


class _Plain(Struct, forbid_unknown_fields=True, gc=False):
    """Base: an unknown field is nothing usual."""


class _Customer(_Plain):
    id: _Id | _Count | None = None
    email: Annotated[str, Meta(max_length=320)] | None = None
    phone: Annotated[str, Meta(max_length=40)] | None = None
    is_new: bool | None = None


class _Item(_Plain, kw_only=True):
    sku: Annotated[str, Meta(max_length=255)] | None = None
    product_id: Annotated[str, Meta(max_length=255)] | None = None
    category: Annotated[str, Meta(max_length=255)] | None = None
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    amount_minor: _Minor
    line_id: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    gift_card: bool = False


class _Order(_Plain):
    order_id: _Id | _Count
    placed_at: _Moment
    status: Literal["paid", "pending"]
    currency: str
    total_minor: _Minor
    updated_at: _Moment | None = None
    subtotal_minor: _Minor | None = None
    discount_minor: _Minor = 0
    tax_minor: _Minor = 0
    shipping_minor: _Minor = 0
    items: Annotated[tuple[_Item, ...], Meta(max_length=500)] = ()
    cancelled_at: _Moment | None = None
    customer: _Customer = msgspec.field(default_factory=_Customer)
    token: Annotated[str, Meta(max_length=2048)] | None = None
    tokens: Annotated[tuple[Annotated[str, Meta(max_length=2048)], ...], Meta(max_length=20)] = ()
    visitor_id: _Id | None = None
    codes: Annotated[tuple[Annotated[str, Meta(max_length=256)], ...], Meta(max_length=20)] = ()


_decode = msgspec.json.Decoder(_Order).decode


def read(body: bytes) -> Report:
    """The report in a request's body. Raises `BadRequest` or `Invalid`, naming the field, where there is none."""
    check_json(body)
    return usual(body) or report_of(parse(OrderIn, body))


def usual(body: bytes) -> Report | None:
    """The report, if the body is one of the usual kind."""
    try:
        told = _decode(body)
    except msgspec.MsgspecError:
        return None
    who = told.customer
    order_id, customer_id = str(told.order_id), None if who.id is None else str(who.id)
    texts = [order_id, *told.tokens, *told.codes]
    texts += [text for text in (customer_id, who.email, who.phone, told.visitor_id, told.token) if text is not None]
    together = "".join(texts)
    items = [msgspec.structs.asdict(item) for item in told.items]
    if not (
        _FINER_THAN_MICROSECONDS.search(body) is None
        and together.isascii()
        and together.isprintable()
        and (" " not in together or all(text.strip() == text for text in texts))
        and FIRST_YEAR <= told.placed_at.year <= LAST_YEAR
        and (told.updated_at is None or FIRST_YEAR <= told.updated_at.year <= LAST_YEAR)
        and (told.cancelled_at is None or FIRST_YEAR <= told.cancelled_at.year <= LAST_YEAR)
        and _NOT_IN_ADDRESSES.search(order_id) is None
        and known_customer(customer_id) == customer_id
        and money.known(told.currency)
    ):
        return None
    return Report(
        order_id=order_id,
        placed_at=told.placed_at,
        updated_at=told.updated_at,
        figures={
            "status": told.status,
            "currency": told.currency,
            "total_minor": told.total_minor,
            "subtotal_minor": goods(told.total_minor if told.subtotal_minor is None else told.subtotal_minor, items),
            "discount_minor": told.discount_minor,
            "tax_minor": told.tax_minor,
            "shipping_minor": told.shipping_minor,
            "items": items,
        },
        customer_id=customer_id,
        email=who.email,
        phone=who.phone,
        is_new=who.is_new,
        visitor_id=told.visitor_id,
        tokens=(told.token, *told.tokens) if told.token else told.tokens,
        codes=told.codes,
        cancelled_at=told.cancelled_at,
    )
