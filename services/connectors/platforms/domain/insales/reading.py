"""Reads what InSales sends, JSON or XML, for the order's id alone; and the order that the shop answers, JSON."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from services.common.order import Order
from services.connectors.platforms.domain.bodies import json_object
from services.connectors.platforms.domain.port import (
    READ_BACK,
    Asked,
    Delivered,
    Ignored,
    Named,
    Question,
    Report,
    ReportedCancel,
)
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
from services.kernel.errors import Invalid

_OVER: Final = frozenset({"declined", "returned", "cancelled", "canceled"})
_COOKIE: Final = "kith_t"
_LANDINGS: Final = ("first_current_location", "current_location", "first_query", "query")
# Tags and the text behind each. No parser reads what strangers write: it would follow entities.
_TAG: Final = re.compile(rb"<(/?)([A-Za-z][A-Za-z0-9_-]{0,60})((?:\s[^<>]{0,300})?)>([^<]*)")
_MOST_TAGS: Final = 5_000
_DIGITS: Final = re.compile(r"[0-9]{1,20}", re.ASCII)


def name_of(asked: Asked) -> Named:
    """No topic is named."""
    return Named("", "order")


def question(host: str, order_id: str, user: str, password: str) -> Question:
    """How the shop is asked for an order."""
    proof = b64encode(f"{user}:{password}".encode()).decode()
    headers = {"authorization": f"Basic {proof}", "accept": "application/json"}
    return Question(f"https://{host}/admin/orders/{order_id}.json", headers)


def read(delivered: Delivered) -> Report:
    """What a delivery reports: which order to ask for, and of an answer the order. Raises `Ignored` and `Invalid`."""
    if delivered.topic != READ_BACK:
        return Report(read_back=_id_in(delivered.body))
    reported = json_object(delivered.body)
    inner = reported.get("order")
    order = _order(inner if isinstance(inner, Mapping) else reported)
    cancels = [ReportedCancel(order.order_id, order.cancelled_at)] if order.cancelled_at is not None else []
    return Report(orders=[order], cancels=cancels)


def _id_in(body: bytes) -> str:
    if body.lstrip()[:1] == b"<":
        return _id_in_xml(body)
    reported = json_object(body)
    inner = reported.get("order")
    order_id = id_of((inner if isinstance(inner, Mapping) else reported).get("id"))
    if order_id is None:
        raise Ignored("no_order")
    if _DIGITS.fullmatch(order_id) is None:
        raise Invalid.field("id", "An order's id has digits only.")
    return order_id


def _id_in_xml(body: bytes) -> str:
    """The id of the outermost element: of its parts each may have one, too."""
    depth = 0
    for found in islice(_TAG.finditer(body), _MOST_TAGS):
        closes, name, attributes, content = found.groups()
        if closes:
            depth -= 1
        elif not attributes.endswith(b"/"):
            depth += 1
            if depth == 2 and name == b"id" and _DIGITS.fullmatch(content.strip().decode("latin-1")):
                return content.strip().decode()
    raise Invalid.field("id", "The delivery names no order.")


def _order(reported: Reported) -> Order:
    currency = currency_of(reported, "currency_code") or currency_of(reported) or missing("currency_code")
    created = moment(reported, "created_at") or missing("created_at")
    updated = moment(reported, "updated_at") or created
    status = {text(reported, "fulfillment_status"), text(_part(reported, "custom_status"), "permalink")}
    client, cookies = _part(reported, "client"), _part(reported, "cookies")
    address = _part(reported, "shipping_address")
    fields = dict(_fields(reported))
    tokens = tokens_of(unquote(text(cookies, _COOKIE) or "")) + tokens_of(fields.get(TOKENS, ""))
    for name in _LANDINGS:
        tokens += _tokens_in(text(reported, name) or "")
    total = _amount(reported, "total_price")
    if total is None:
        missing("total_price")
    visitor = fields.get(VISITOR)
    shipping = _amount(reported, "full_delivery_price")
    shipping = _amount(reported, "delivery_price") if shipping is None else shipping
    order = {
        "order_id": id_of(reported.get("id")) or missing("id"),
        "placed_at": created,
        "updated_at": updated,
        "status": "paid" if text(reported, "financial_status") == "paid" else "pending",
        "currency": currency,
        "total_minor": _minor(total, currency),
        "subtotal_minor": _minor((total or Decimal(0)) - (shipping or Decimal(0)), currency),
        "discount_minor": sum(
            _minor(_amount(one, "amount"), currency) for one in mappings(reported.get("discounts") or [])
        ),
        "shipping_minor": _minor(shipping, currency),
        "cancelled_at": updated if status & _OVER else None,
        "country": country_in(address, _part(address, "location")),
        "customer": {
            "id": at_most(id_of(client.get("id")), LONGEST_ID),
            "email": at_most(text(client, "email"), LONGEST_EMAIL),
            "phone": at_most(text(client, "phone"), LONGEST_PHONE),
        },
        "codes": [code[:LONGEST_CODE] for code in dict.fromkeys(_codes(reported))][:MOST],
        "tokens": list(dict.fromkeys(tokens))[:MOST],
        "visitor_id": visitor[:LONGEST_ID] if visitor else None,
        "items": [
            {
                "sku": at_most(text(line, "sku"), 255),
                "product_id": at_most(id_of(line.get("product_id")), 255),
                "quantity": count(line.get("quantity")) or 1,
                "amount_minor": _minor(_amount(line, "total_price"), currency),
                "line_id": at_most(id_of(line.get("id")), 255),
            }
            for line in mappings(reported.get("order_lines") or [])
        ],
    }
    return msgspec.convert(order, Order)


def _codes(reported: Reported) -> Iterable[str]:
    coupon = reported.get("coupon")
    for one in (reported, _part(reported, "coupon"), *mappings(reported.get("discounts") or [])):
        for name in ("code", "coupon_code", "discount_code"):
            if code := text(one, name):
                yield code
    if isinstance(coupon, str) and coupon.strip():
        yield coupon.strip()


def _fields(reported: Reported) -> Iterable[tuple[str, str]]:
    """The order's own fields, by their handle or name."""
    for entry in mappings(reported.get("fields_values") or []):
        value = text(entry, "value")
        for name in (text(entry, "handle"), text(entry, "name")):
            if name and value:
                yield name, value


def _part(reported: Reported, name: str) -> Reported:
    found = reported.get(name)
    return found if isinstance(found, Mapping) else {}


def _amount(reported: Reported, name: str) -> Decimal | None:
    """An amount, which they write as a JSON number or as a text."""
    return decimal(reported.get(name))


def _minor(amount: Decimal | None, currency: str) -> int:
    return max(0, rounded(amount or Decimal(0), currency))


def _tokens_in(url: str) -> list[str]:
    try:
        query = urlsplit(url).query or url.removeprefix("?")
        found = parse_qs(query, max_num_fields=100).get(TOKENS, [])
    except ValueError:
        return []
    return [token for value in found for token in tokens_of(value)]
