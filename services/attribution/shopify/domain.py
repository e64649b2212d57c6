"""Shopify's deliveries, read into what we call an order, a refund and a cancellation. Pure.

Every field of theirs may be absent: a subscription can trim the payload. Amounts are decimal strings, kept in the
shop's own currency. Our figures are before refunds: `total_price` and its kin are the order as it was edited, the
`current_*` fields are also lowered by refunds, which reach us by `refunds/create` and must not count twice.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from contracts.events.orders import Figures, Item
from services.kernel.errors import Invalid
from services.kernel.money import from_decimal

KINDS: Final[Mapping[str, Literal["order", "refund"]]] = {
    "orders/create": "order",
    "orders/paid": "order",
    "orders/updated": "order",
    "orders/cancelled": "order",
    "refunds/create": "refund",
}
"""What the body is, by topic. The topics of orders all carry the whole order, and say no more than their name."""

_PAID = frozenset({"paid", "partially_refunded", "refunded"})
"""`financial_status` of an order whose money has come in; what went back since is told by refunds."""

TOKEN_ATTRIBUTE = "kith"  # noqa: S105  # the name of a cart attribute
VISITOR_ATTRIBUTE = "kith_visitor"


@dataclass(frozen=True, slots=True)
class ShopifyOrder:
    """An order as a delivery told it. `email` and `phone` are to be hashed at once and kept nowhere."""

    order_id: str
    placed_at: datetime
    updated_at: datetime
    figures: Figures
    customer_id: str | None
    email: str | None
    phone: str | None
    is_new: bool | None
    codes: tuple[str, ...]
    token: str | None
    visitor_id: str | None
    cancelled_at: datetime | None
    test: bool


@dataclass(frozen=True, slots=True)
class ShopifyRefund:
    """Money that went back: what succeeded, in the shop's own currency."""

    order_id: str
    refund_id: str
    at: datetime
    amount_minor: int


def signature(secret: bytes, body: bytes) -> bytes:
    """What `X-Shopify-Hmac-Sha256` must say for this body: base64 of HMAC-SHA256 under the app's client secret."""
    return b64encode(hmac.digest(secret, body, hashlib.sha256))


def read_order(told: Mapping[str, Any]) -> ShopifyOrder:
    """Reads the bare order object. Raises `Invalid` naming the field that is missing or cannot be read."""
    currency = _text(told, "currency") or _missing("currency")
    customer = told.get("customer")
    customer = customer if isinstance(customer, Mapping) else {}
    customer_id = _id(customer.get("id"))
    orders_count = customer.get("orders_count")
    attributes = _attributes(told.get("note_attributes"))
    created = _moment(told, "created_at") or _missing("created_at")
    return ShopifyOrder(
        order_id=_id(told.get("id")) or _missing("id"),
        placed_at=_moment(told, "processed_at") or created,
        updated_at=_moment(told, "updated_at") or created,
        figures=_figures(told, currency),
        customer_id=customer_id,
        email=_text(told, "email") or _text(told, "contact_email") or _text(customer, "email"),
        phone=_text(told, "phone") or _text(customer, "phone"),
        is_new=orders_count <= 1 if isinstance(orders_count, int) and not isinstance(orders_count, bool) else None,
        codes=_codes(told.get("discount_codes")),
        token=attributes.get(TOKEN_ATTRIBUTE),
        visitor_id=attributes.get(VISITOR_ATTRIBUTE),
        cancelled_at=_moment(told, "cancelled_at"),
        test=told.get("test") is True,
    )


def read_refund(told: Mapping[str, Any]) -> ShopifyRefund:
    """Reads a `refunds/create` body: what went back is the sum of its successful refund transactions."""
    amount = 0
    for transaction in _mappings(told.get("transactions")):
        if transaction.get("kind") == "refund" and transaction.get("status") == "success":
            currency = _text(transaction, "currency") or _missing("transactions.currency")
            amount += _minor(transaction, "amount", currency) or 0
    return ShopifyRefund(
        order_id=_id(told.get("order_id")) or _missing("order_id"),
        refund_id=_id(told.get("id")) or _missing("id"),
        at=_moment(told, "processed_at") or _moment(told, "created_at") or _missing("created_at"),
        amount_minor=amount,
    )


def _figures(told: Mapping[str, Any], currency: str) -> Figures:
    found = _minor(told, "total_price", currency)
    total: int = found if found is not None else _missing("total_price")
    shipping = sum(_minor(line, "price", currency) or 0 for line in _mappings(told.get("shipping_lines")))
    subtotal = _minor(told, "subtotal_price", currency)
    tax = _minor(told, "total_tax", currency) or 0
    if subtotal is not None and told.get("taxes_included") is True:
        subtotal = max(0, subtotal - tax)
    return Figures(
        status="paid" if told.get("financial_status") in _PAID else "pending",
        currency=currency,
        total_minor=total,
        subtotal_minor=total if subtotal is None else subtotal,
        discount_minor=_minor(told, "total_discounts", currency) or 0,
        tax_minor=tax,
        shipping_minor=shipping,
        items=tuple(_item(line, currency) for line in _mappings(told.get("line_items"))),
    )


def _item(line: Mapping[str, Any], currency: str) -> Item:
    quantity = line.get("quantity")
    quantity = quantity if isinstance(quantity, int) and quantity > 0 else 1
    price = (_minor(line, "price", currency) or 0) * quantity
    return Item(
        sku=_text(line, "sku"),
        product_id=_id(line.get("product_id")),
        quantity=quantity,
        amount_minor=max(0, price - (_minor(line, "total_discount", currency) or 0)),
    )


def _codes(told: object) -> tuple[str, ...]:
    return tuple(code for entry in _mappings(told) if (code := _text(entry, "code")))


def _attributes(told: object) -> dict[str, str]:
    """Cart attributes, by name. `kith.js` writes the click token and the visitor there."""
    return {
        name: value for entry in _mappings(told) if (name := _text(entry, "name")) and (value := _text(entry, "value"))
    }


def _mappings(told: object) -> list[Mapping[str, Any]]:
    return [entry for entry in told if isinstance(entry, Mapping)] if isinstance(told, Sequence) else []


def _text(told: Mapping[str, Any], name: str) -> str | None:
    value = told.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _id(value: object) -> str | None:
    if isinstance(value, bool) or value is None:
        return None
    return str(value) if isinstance(value, int | str) and str(value).strip() else None


def _minor(told: Mapping[str, Any], name: str, currency: str) -> int | None:
    value = told.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid.field(name, f'{name} must be a decimal string such as "46.00".')
    amount = from_decimal(str(value), currency, field=name)
    if amount < 0:
        raise Invalid.field(name, f"{name} is below zero.")
    return amount


def _moment(told: Mapping[str, Any], name: str) -> datetime | None:
    value = _text(told, name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Invalid.field(name, f"{name} is not a time with its zone.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _missing(name: str) -> Any:
    raise Invalid.field(name, f"The delivery has no {name}; subscribe without trimming fields.", code="missing")
