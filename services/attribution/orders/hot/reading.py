"""Reads an order's body as nearly all are written, several times cheaper than its schema does.

`OrderIn` stays the rule: it describes the API and says what is wrong with a body. What is read here it would read to
the same order, and whatever is in any way unusual (a text with a blank at its end, an id that stands for nobody, a
wrong field) is left to it.
"""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.countries import COUNTRIES
from services.attribution.orders.actions import order_of
from services.attribution.orders.schemas import OrderIn
from services.attribution.tracking.domain import known_customer
from services.common import money
from services.common.order import Buyer, Id, Order
from services.kernel.http.fields import FIRST_YEAR, LAST_YEAR
from services.kernel.http.hot import parse
from services.kernel.http.json_body import check_json

_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]

_FINER_THAN_MICROSECONDS = re.compile(rb"\.[0-9]{7}")
"""Such a moment would be rounded here and is cut there, and the order would have two names."""
_NOT_IN_ADDRESSES = re.compile(r"[ /?#]")


class _Buyer(Buyer, kw_only=True):
    id: Id | _Count | None = None  # type: ignore[assignment]  # made a text below


class _Order(Order, kw_only=True):
    """As it is written: stores that count their orders and customers send numbers."""

    order_id: Id | _Count  # type: ignore[assignment]  # made a text below
    customer: _Buyer = msgspec.field(default_factory=_Buyer)


_decode = msgspec.json.Decoder(_Order).decode


def read(body: bytes) -> Order:
    """The order in a request's body. Raises `BadRequest` or `Invalid`, naming the field, where there is none."""
    check_json(body)
    return usual(body) or order_of(parse(OrderIn, body))


def usual(body: bytes) -> Order | None:
    """The order, if the body is one of the usual kind."""
    try:
        order = _decode(body)
    except msgspec.MsgspecError:
        return None
    who = order.customer
    order.order_id = str(order.order_id)
    who.id = None if who.id is None else str(who.id)
    texts = [order.order_id, *order.tokens, *order.codes]
    texts += [text for text in (who.id, who.email, who.phone, order.visitor_id, order.token) if text is not None]
    if "" in texts:  # a blank one is none, as the schema has it
        order.token = order.token or None
        order.tokens, order.codes = tuple(filter(None, order.tokens)), tuple(filter(None, order.codes))
    together = "".join(texts)
    if not (
        _FINER_THAN_MICROSECONDS.search(body) is None
        and together.isascii()
        and together.isprintable()
        and (" " not in together or all(text.strip() == text for text in texts))
        and FIRST_YEAR <= order.placed_at.year <= LAST_YEAR
        and (order.updated_at is None or FIRST_YEAR <= order.updated_at.year <= LAST_YEAR)
        and (order.cancelled_at is None or FIRST_YEAR <= order.cancelled_at.year <= LAST_YEAR)
        and _NOT_IN_ADDRESSES.search(order.order_id) is None
        and known_customer(who.id) == who.id
        and money.known(order.currency)
        and (order.country is None or order.country in COUNTRIES)
    ):
        return None
    return order
