"""Reads WooCommerce's orders. Figures are before refunds; nothing of an order's amounts is lowered by them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from services.common.order import Order
from services.common.order_facts import Refund
from services.connectors.platforms.domain.bodies import json_object
from services.connectors.platforms.domain.port import Delivered, Ignored, Report, ReportedCancel, ReportedRefund
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
    decimal,
    id_of,
    mappings,
    missing,
    moment,
    rounded,
    text,
    tokens_of,
)
from services.connectors.platforms.domain.woocommerce import naming
from services.kernel.errors import Invalid

_PAID: Final = frozenset({"processing", "completed", "refunded"})
_UNPAID: Final = frozenset({"pending", "on-hold", "failed", "checkout-draft", "auto-draft", "draft"})
_OVER: Final = frozenset({"cancelled", "trash"})
_LANDING: Final = "_wc_order_attribution_session_entry"
"""Where the session began that brought the order: with the click's token, if a share link led there."""


def read(delivered: Delivered) -> Report:
    """What a delivery reports. Raises `Ignored` and `Invalid`."""
    if delivered.topic not in naming.TOPICS:
        raise Ignored("other_topic")
    reported = json_object(delivered.body)
    order_id = id_of(reported.get("id")) or missing("id")
    if delivered.topic == naming.DELETED:
        # The body names the order and nothing else. A whole order under this topic was signed for another one.
        if "status" in reported:
            raise Invalid.field("status", "A deleted order's body has its id alone.")
        return Report(cancels=[ReportedCancel(order_id, delivered.came_at)])
    if text(reported, "status") in {"auto-draft", "draft", "checkout-draft"}:
        raise Ignored("draft")
    order = _order(reported, order_id)
    cancels = [ReportedCancel(order_id, order.cancelled_at)] if order.cancelled_at is not None else []
    return Report(orders=[order], cancels=cancels, refunds=list(_refunds(reported, order)))


def _order(reported: Reported, order_id: str) -> Order:
    currency = currency_of(reported) or missing("currency")
    status = text(reported, "status") or missing("status")
    created = _moment(reported, "date_created") or missing("date_created_gmt")
    updated = _moment(reported, "date_modified") or created
    paid = status in _PAID or (status not in _UNPAID and _moment(reported, "date_paid") is not None)
    meta = _meta(reported)
    tokens = [token for name in (TOKENS, f"_{TOKENS}", "kith_tokens") for token in tokens_of(meta.get(name, ""))]
    tokens += _tokens_in(meta.get(_LANDING, ""))
    visitor = meta.get(VISITOR) or meta.get(f"_{VISITOR}")
    billing = reported.get("billing")
    billing = billing if isinstance(billing, dict) else {}
    order = {
        "order_id": order_id,
        "placed_at": created,
        "updated_at": updated,
        "status": "paid" if paid else "pending",
        "currency": currency,
        "cancelled_at": updated if status in _OVER else None,
        "country": country_in(reported.get("shipping"), billing),
        "customer": {
            "id": at_most(id_of(reported.get("customer_id")), LONGEST_ID),
            "email": at_most(text(billing, "email"), LONGEST_EMAIL),
            "phone": at_most(text(billing, "phone"), LONGEST_PHONE),
        },
        "codes": [code[:LONGEST_CODE] for one in mappings(reported.get("coupon_lines")) if (code := text(one, "code"))][
            :MOST
        ],
        "tokens": list(dict.fromkeys(tokens))[:MOST],
        "visitor_id": visitor[:LONGEST_ID] if visitor else None,
        **_figures(reported, currency),
    }
    return msgspec.convert(order, Order)


def _figures(reported: Reported, currency: str) -> dict[str, Any]:
    def amount(of: Reported, name: str) -> Decimal:
        value = of.get(name)
        if value is None or value == "":
            return Decimal(0)
        found = decimal(value)
        if found is None:  # as nothing it would be counted among the goods, or be lost from them
            raise Invalid.field(name, f"{name} is not an amount.")
        return found

    if reported.get("total") in (None, ""):
        missing("total")
    lines = mappings(reported.get("line_items"))
    shipping = amount(reported, "shipping_total")
    if isinstance(reported.get("line_items"), list):
        # A fee below zero is a discount by another name; one above it is no goods.
        fees = [amount(fee, "total") for fee in mappings(reported.get("fee_lines"))]
        goods = sum((amount(line, "total") for line in lines), sum((f for f in fees if f < 0), Decimal(0)))
    else:
        goods = amount(reported, "total") - amount(reported, "total_tax") - shipping
    return {
        "total_minor": max(0, rounded(amount(reported, "total"), currency)),
        "subtotal_minor": max(0, rounded(goods, currency)),
        "discount_minor": max(0, rounded(amount(reported, "discount_total"), currency)),
        "tax_minor": max(0, rounded(amount(reported, "total_tax"), currency)),
        "shipping_minor": max(0, rounded(shipping, currency)),
        "items": [
            {
                "sku": at_most(text(line, "sku"), 255),
                "product_id": at_most(id_of(line.get("product_id")), 255),
                "quantity": count(line.get("quantity")) or 1,
                "amount_minor": max(0, rounded(amount(line, "total"), currency)),
                "line_id": at_most(id_of(line.get("id")), 255),
            }
            for line in lines
        ],
    }


def _refunds(reported: Reported, order: Order) -> Iterable[ReportedRefund]:
    """What an order's body carries of its refunds: an id, and a sum below zero."""
    for one in mappings(reported.get("refunds")):
        refund_id, amount = id_of(one.get("id")), decimal(one.get("total"))
        if refund_id is not None:
            if amount is None:  # passed over, the money would count as kept
                raise Invalid.field("refunds.total", "A refund's total is not an amount.")
            refund = Refund(
                refund_id=refund_id[:LONGEST_ID],
                amount_minor=abs(rounded(amount, order.currency)),
                at=order.updated_at,
                currency=order.currency,
            )
            yield ReportedRefund(order.order_id, refund)


def _moment(reported: Reported, name: str) -> Any:
    """`…_gmt`, which has no zone and means UTC."""
    return moment(reported, f"{name}_gmt")


def _meta(reported: Reported) -> dict[str, str]:
    """Texts among the order's own fields, by their key."""
    pairs = ((text(entry, "key"), entry.get("value")) for entry in mappings(reported.get("meta_data")))
    return {key: value.strip() for key, value in pairs if key is not None and isinstance(value, str) and value.strip()}


def _tokens_in(url: str) -> list[str]:
    try:
        found = parse_qs(urlsplit(url).query, max_num_fields=100).get(TOKENS, [])
    except ValueError:
        return []
    return [token for text in found for token in tokens_of(text)]
