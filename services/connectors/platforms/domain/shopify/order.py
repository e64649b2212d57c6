"""Orders as Shopify reports them. Our figures are what was really sold, before refunds.

`current_…` amounts are lowered by edits and by refunds. What money refunds took is added back, since they are reported
on their own and must not count twice; what edits took out was not sold. Without both, the figures of the checkout
stand.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from services.common.money import share_half_up
from services.common.order import Order
from services.connectors.platforms.domain.shopify.refund import line_total, moves_money, shipping_total
from services.connectors.platforms.domain.shopify.values import minor, missing
from services.connectors.platforms.domain.values import (
    LONGEST_CODE,
    LONGEST_EMAIL,
    LONGEST_ID,
    LONGEST_PHONE,
    MOST,
    TOKENS,
    VISITOR,
    Reported,
    at_most,
    count,
    country_in,
    currency_of,
    id_of,
    mappings,
    moment,
    rounded,
    text,
    tokens_of,
)

_PAID = frozenset({"paid", "partially_refunded", "refunded"})
"""`financial_status` of an order whose money has come in; what went back since is reported by refunds."""


@dataclass(frozen=True, slots=True)
class ShopifyOrder:
    """An order as a delivery reported it, and whether it is one of the platform's own tests."""

    order: Order
    test: bool


def read_order(reported: Reported) -> ShopifyOrder:
    """Reads the bare order object. Raises `Invalid` naming the field that is missing or cannot be read, and
    `msgspec.ValidationError` for a figure that no order can have.

    How often the platform has seen the customer is not read: it counts orders that were never paid.
    """
    currency = currency_of(reported) or missing("currency")
    attributes = _attributes(reported.get("note_attributes"))
    created = moment(reported, "created_at") or missing("created_at")
    visitor_id, tokens = attributes.get(VISITOR), attributes.get(TOKENS, "")
    order = {
        "order_id": id_of(reported.get("id")) or missing("id"),
        "placed_at": moment(reported, "processed_at") or created,
        "updated_at": moment(reported, "updated_at") or created,
        "customer": _buyer(reported),
        "codes": [code[:LONGEST_CODE] for code in _codes(reported.get("discount_codes"))[:MOST]],
        "tokens": tokens_of(tokens),
        "visitor_id": visitor_id[:LONGEST_ID] if visitor_id else None,
        "cancelled_at": moment(reported, "cancelled_at"),
        "country": country_in(reported.get("shipping_address"), reported.get("billing_address"), name="country_code"),
        **_figures(reported, currency),
    }
    return ShopifyOrder(msgspec.convert(order, Order), test=reported.get("test") is True)


def _buyer(reported: Reported) -> dict[str, str | None]:
    """What is too long to be anybody's is nobody's."""
    customer = reported.get("customer")
    customer = customer if isinstance(customer, dict) else {}
    return {
        "id": at_most(id_of(customer.get("id")), LONGEST_ID),
        "email": at_most(
            text(reported, "email") or text(reported, "contact_email") or text(customer, "email"), LONGEST_EMAIL
        ),
        "phone": at_most(text(reported, "phone") or text(customer, "phone"), LONGEST_PHONE),
    }


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as it was sold: after edits, before refunds. `gross_minor` holds the tax where prices do."""

    reported: Reported
    quantity: int
    gross_minor: int
    tax_minor: int

    def net(self, *, included: bool) -> int:
        return max(0, self.gross_minor - self.tax_minor) if included else self.gross_minor

    @property
    def gift_card(self) -> bool:
        return self.reported.get("gift_card") is True


def _figures(reported: Reported, currency: str) -> dict[str, Any]:
    included = reported.get("taxes_included") is True
    lines = _lines(reported, currency)
    subtotal, total, tax = _sums(reported, currency, included=included)
    shipping_lines = mappings(reported.get("shipping_lines"))
    shipping_tax = sum(_tax(line, currency) for line in shipping_lines)
    shipping = sum(_shipping(line, currency) for line in shipping_lines)
    if subtotal is not None:
        # Tax on the shipping is no part of what the goods were sold for.
        goods_tax = sum(line.tax_minor for line in lines) or max(0, tax - shipping_tax)
        subtotal -= sum(line.gross_minor for line in lines if line.gift_card)
        subtotal = max(0, subtotal - goods_tax if included else subtotal)
    return {
        "status": "paid" if reported.get("financial_status") in _PAID else "pending",
        "currency": currency,
        "total_minor": total,
        "subtotal_minor": subtotal,
        "discount_minor": minor(reported, "total_discounts", currency) or 0,
        "tax_minor": tax,
        "shipping_minor": max(0, shipping - shipping_tax if included else shipping),
        "items": [
            {
                "sku": text(line.reported, "sku"),
                "product_id": id_of(line.reported.get("product_id")),
                "quantity": line.quantity,
                "amount_minor": line.net(included=included),
                "line_id": id_of(line.reported.get("id")),
                "gift_card": line.gift_card,
            }
            for line in lines
        ],
    }


def _sums(reported: Reported, currency: str, *, included: bool) -> tuple[int | None, int, int]:
    """(subtotal, total, tax) of what was sold; the subtotal holds the tax where prices do."""
    checkout = minor(reported, "total_price", currency)
    total: int = checkout if checkout is not None else missing("total_price")
    subtotal, tax = minor(reported, "subtotal_price", currency), minor(reported, "total_tax", currency) or 0
    now, now_total = (
        minor(reported, "current_subtotal_price", currency),
        minor(reported, "current_total_price", currency),
    )
    carried = isinstance(reported.get("refunds"), list) or reported.get("financial_status") not in _PAID - {"paid"}
    if now is None or now_total is None or not carried:
        return subtotal, total, tax
    goods, on_goods, shipping, on_shipping = _returned(reported, currency)
    now_tax = minor(reported, "current_total_tax", currency)
    # Shipping is reported net of its tax, lines are reported with theirs where prices hold it.
    money = goods + shipping + on_shipping + (0 if included else on_goods)
    return (
        now + rounded(goods, currency),
        now_total + rounded(money, currency),
        tax if now_tax is None else now_tax + rounded(on_goods + on_shipping, currency),
    )


def _returned(reported: Reported, currency: str) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """(goods, their tax, shipping, its tax) that refunds of money took out of the current amounts."""
    back = [refund for refund in mappings(reported.get("refunds")) if moves_money(refund)]
    lines = [line_total(line, currency) for one in back for line in mappings(one.get("refund_line_items"))]
    shipped = [shipping_total(one, currency) for one in back]
    nothing = Decimal(0)
    return (
        sum((subtotal for subtotal, _ in lines), nothing),
        sum((tax for _, tax in lines), nothing),
        sum((amount for amount, _ in shipped), nothing),
        sum((tax for _, tax in shipped), nothing),
    )


def _lines(reported: Reported, currency: str) -> list[_Line]:
    """Lines without what edits took out of them."""
    removed: dict[str, int] = {}
    for refund in mappings(reported.get("refunds")):
        if not moves_money(refund):
            for line in mappings(refund.get("refund_line_items")):
                line_id = id_of(line.get("line_item_id")) or ""
                removed[line_id] = removed.get(line_id, 0) + count(line.get("quantity"))
    found: list[_Line] = []
    for line in mappings(reported.get("line_items")):
        reported_quantity = count(line.get("quantity")) or 1
        quantity = max(0, reported_quantity - removed.get(id_of(line.get("id")) or "", 0))
        if quantity:
            gross = max(0, (minor(line, "price", currency) or 0) * reported_quantity - _discount(line, currency))
            share = [share_half_up(amount, quantity, reported_quantity) for amount in (gross, _tax(line, currency))]
            found.append(_Line(line, quantity, *share))
    return found


def _discount(line: Reported, currency: str) -> int:
    """What discounts took of a line: its part of those of the whole order, too, where the body says so."""
    parts = mappings(line.get("discount_allocations"))
    allocated = sum(minor(part, "amount", currency) or 0 for part in parts)
    return allocated if parts else minor(line, "total_discount", currency) or 0


def _tax(line: Reported, currency: str) -> int:
    return sum(minor(part, "price", currency) or 0 for part in mappings(line.get("tax_lines")))


def _shipping(line: Reported, currency: str) -> int:
    discounted = minor(line, "discounted_price", currency)
    if discounted is not None:
        return discounted
    return max(0, (minor(line, "price", currency) or 0) - _discount(line, currency))


def _codes(reported: object) -> tuple[str, ...]:
    return tuple(code for entry in mappings(reported) if (code := text(entry, "code")))


def _attributes(reported: object) -> dict[str, str]:
    """Cart attributes, by name. `kith.js` writes the click token and the visitor there."""
    return dict(_pairs(mappings(reported)))


def _pairs(entries: Iterable[Reported]) -> Iterable[tuple[str, str]]:
    for entry in entries:
        if (name := text(entry, "name")) and (value := text(entry, "value")):
            yield name, value
