"""Reads Tilda's orders: a form with the buyer's fields and, of a cart, a block `payment[…]`."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec
import orjson

from services.common.order import Order
from services.connectors.platforms.domain.bodies import form_fields
from services.connectors.platforms.domain.port import Delivered, Ignored, Report
from services.connectors.platforms.domain.values import (
    LONGEST_CODE,
    LONGEST_EMAIL,
    LONGEST_ID,
    LONGEST_PHONE,
    MOST,
    TOKENS,
    VISITOR,
    at_most,
    decimal,
    missing,
    rounded,
    tokens_of,
)
from services.kernel.errors import Invalid

_COOKIE: Final = "kith_t"
"""The cookie that `kith.js` keeps tokens in; Tilda sends cookies along where its owner lets it."""
_PRODUCT: Final = re.compile(r"payment\[products\]\[(\d{1,3})\](?:\[(\w{1,30})\])?")
_AMOUNT: Final = re.compile(r"[0-9 \u00a0\u202f]+(?:[.,][0-9]{1,4})?")


def read(delivered: Delivered) -> Report:
    """What a delivery reports. Raises `Ignored` and `Invalid`."""
    fields = form_fields(delivered.body)
    by_name = {name.casefold(): value.strip() for name, value in fields.items() if value.strip()}
    if by_name.get("test") == "test":
        raise Ignored("test")
    payment = _payment(fields)
    order_id = payment.get("orderid") or by_name.get("orderid")
    if order_id is None:
        raise Ignored("no_order")
    currency = delivered.options.currency or missing("currency")
    total = _amount(payment.get("amount") or missing("payment[amount]"), currency, "payment[amount]")
    shipping = _amount(payment.get("delivery_price", "0"), currency, "payment[delivery_price]")
    tokens = [token for name in (f"{TOKENS}_tokens", TOKENS) for token in tokens_of(by_name.get(name, ""))]
    tokens += _of_cookies(by_name.get("cookies", ""))
    visitor = by_name.get(VISITOR)
    promocode = payment.get("promocode")
    order = {
        "order_id": order_id,
        # The form has no time. It is sent when it is filled in, and again a minute later at most.
        "placed_at": delivered.came_at,
        "status": "paid" if delivered.options.paid_on_arrival else "pending",
        "currency": currency,
        "total_minor": total,
        "subtotal_minor": max(0, total - shipping),  # payment[subtotal] is before discounts
        "shipping_minor": shipping,
        "discount_minor": _amount(payment.get("discount", "0"), currency, "payment[discount]"),
        "customer": {
            "email": at_most(by_name.get("email") or by_name.get("ma_email"), LONGEST_EMAIL),
            "phone": at_most(by_name.get("phone") or by_name.get("ma_phone"), LONGEST_PHONE),
        },
        "codes": [promocode[:LONGEST_CODE]] if promocode else [],
        "tokens": list(dict.fromkeys(tokens))[:MOST],
        "visitor_id": visitor[:LONGEST_ID] if visitor else None,
        "items": _items(fields, currency),
    }
    return Report(orders=[msgspec.convert(order, Order)])


def _payment(fields: Mapping[str, str]) -> dict[str, str]:
    """The block of the payment: `payment[amount]`, or one field of JSON."""
    whole = fields.get("payment", "")
    if whole.startswith("{"):
        try:
            found = orjson.loads(whole)
        except orjson.JSONDecodeError:
            raise Invalid.field("payment", "The payment is not JSON.") from None
        return {name: str(value).strip() for name, value in found.items() if isinstance(value, str | int | float)}
    return {
        name[len("payment[") : -1]: value.strip()
        for name, value in fields.items()
        if name.startswith("payment[") and name.endswith("]") and name.count("[") == 1 and value.strip()
    }


def _items(fields: Mapping[str, str], currency: str) -> list[dict[str, Any]]:
    lines: dict[int, dict[str, str]] = {}
    for name, value in fields.items():
        found = _PRODUCT.fullmatch(name)
        if found is not None and found[2] is not None:
            lines.setdefault(int(found[1]), {})[found[2]] = value.strip()
    items = []
    for _, line in sorted(lines.items()):
        amount = line.get("amount") or line.get("price")
        if amount:
            quantity = line.get("quantity", "")
            items.append(
                {
                    "sku": at_most(line.get("sku") or None, 255),
                    "product_id": at_most(line.get("externalid") or None, 255),
                    "quantity": int(quantity) if quantity.isascii() and quantity.isdigit() and quantity != "0" else 1,
                    "amount_minor": _amount(amount, currency, "payment[products][amount]"),
                }
            )
    return items


def _amount(text: str, currency: str, name: str) -> int:
    """An amount as people write it: with blanks between thousands, and a point or a comma."""
    plain = text.strip()
    if _AMOUNT.fullmatch(plain) is None:
        raise Invalid.field(name, f"{name} is not an amount.")
    amount = decimal(re.sub(r"[\s\u00a0\u202f]", "", plain).replace(",", "."))
    if amount is None:
        raise Invalid.field(name, f"{name} is not an amount.")
    return rounded(amount, currency)


def _of_cookies(text: str) -> list[str]:
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        if name == _COOKIE:
            return tokens_of(unquote(value))
    return []
