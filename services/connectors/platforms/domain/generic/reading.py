"""Reads signed JSON: `{"type", "data"}`, where `data` is what the API's calls take for the same thing."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from contracts.countries import COUNTRIES
from contracts.events.orders import RefundLine
from services.common import money
from services.common.order import Amount, Id, Moment, Order, Reported
from services.common.order_facts import Refund
from services.connectors.platforms.domain.bodies import json_object
from services.connectors.platforms.domain.port import (
    Asked,
    Delivered,
    Ignored,
    Named,
    Report,
    ReportedCancel,
    ReportedRefund,
)
from services.kernel.errors import Invalid

TYPES: Final = ("order.saved", "order.refunded", "order.cancelled")
FIRST_YEAR, LAST_YEAR = 1970, 2199
"""As the API has it."""
_WAYS: Final = ("type", "timestamp", "data")
_Text = Annotated[str, Meta(min_length=1, max_length=255)]


class _Line(Reported, kw_only=True):
    line_id: _Text
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    amount_minor: Amount


class _Refund(Reported, kw_only=True):
    order_id: Id
    refund_id: Id
    amount_minor: Amount
    currency: str | None = None
    lines: Annotated[tuple[_Line, ...], Meta(max_length=500)] = ()
    shipping_minor: Amount | None = None
    status: Literal["succeeded", "failed"] = "succeeded"
    updated_at: Moment | None = None
    at: Moment | None = None


class _Cancel(Reported, kw_only=True):
    order_id: Id
    at: Moment | None = None


def name_of(asked: Asked) -> Named:
    """Named by its id and its body, both of which are signed."""
    return Named("", asked.headers.get("webhook-id", ""))


def read(delivered: Delivered) -> Report:
    """What a delivery reports. Raises `Ignored`, `Invalid` and `msgspec.ValidationError`."""
    reported = json_object(delivered.body)
    type_, data = reported.get("type"), reported.get("data")
    if type_ not in TYPES:
        raise Ignored("other_topic")
    for name in reported:
        if name not in _WAYS:
            raise Invalid.field(name, f"A delivery has {', '.join(_WAYS)} and nothing else.")
    if not isinstance(data, Mapping):
        raise Invalid.field("data", "The delivery has no data.")
    if type_ == "order.saved":
        return Report(orders=[_order(data)])
    if type_ == "order.refunded":
        return Report(refunds=[_refund(data)])
    cancel = msgspec.convert(_texts(data, "order_id"), _Cancel)
    return Report(cancels=[ReportedCancel(_order_id(cancel.order_id), cancel.at or delivered.came_at)])


def _order(data: Mapping[str, Any]) -> Order:
    customer = data.get("customer")
    if isinstance(customer, Mapping):
        data = {**data, "customer": _texts(customer, "id")}
    if data.get("country") == "":
        data = {**data, "country": None}
    order = msgspec.convert(_texts(data, "order_id"), Order)
    _known(order.currency)
    if order.country is not None and order.country not in COUNTRIES:
        raise Invalid.field("country", f"{order.country} is no country's code of two letters as ISO 3166-1 has them.")
    order.order_id = _order_id(order.order_id)
    for name in ("placed_at", "updated_at", "cancelled_at"):
        at = getattr(order, name)
        if at is not None and not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise Invalid.field(name, f"The year must be from {FIRST_YEAR} to {LAST_YEAR}.")
    # What is blank is as not given, so that a template may send what it has.
    order.token = _stripped(order.token)
    order.visitor_id = _stripped(order.visitor_id)
    order.tokens, order.codes = (
        tuple(filter(None, map(_stripped, order.tokens))),
        tuple(filter(None, map(_stripped, order.codes))),
    )
    who = order.customer
    who.id, who.email, who.phone = _stripped(who.id), _stripped(who.email), _stripped(who.phone)
    return order


def _refund(data: Mapping[str, Any]) -> ReportedRefund:
    reported = msgspec.convert(_texts(data, "order_id", "refund_id"), _Refund)
    if reported.currency is not None:
        _known(reported.currency)
    lines = [RefundLine(line_id=o.line_id, quantity=o.quantity, amount_minor=o.amount_minor) for o in reported.lines]
    refund = Refund(
        refund_id=_refund_id(reported.refund_id),
        amount_minor=reported.amount_minor,
        at=reported.at,
        currency=reported.currency,
        lines=lines,
        shipping_minor=reported.shipping_minor,
        updated_at=reported.updated_at,
        status=reported.status,
    )
    return ReportedRefund(_order_id(reported.order_id), refund)


def _texts(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """With ids that shops count as texts."""
    numbers = {n: str(data[n]) for n in names if isinstance(data.get(n), int) and not isinstance(data[n], bool)}
    return {**data, **numbers}


def _stripped(text: str | None) -> str | None:
    return (text.strip() or None) if text is not None else None


def _order_id(text: str) -> str:
    name = text.strip()
    if not name or not name.isprintable() or any(sign in name for sign in " /?#"):
        raise Invalid.field("order_id", "An order's id stands in addresses: no blank, no /, no ? and no #.")
    return name


def _refund_id(text: str) -> str:
    name = text.strip()
    if not name or not name.isprintable():
        raise Invalid.field("refund_id", "A refund's id cannot be blank.")
    return name


def _known(currency: str) -> None:
    if not money.known(currency):
        raise Invalid.field("currency", f"{currency} is not an ISO 4217 currency code.")
