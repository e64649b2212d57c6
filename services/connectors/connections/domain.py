"""A delivery's body as its store's staff may look at it: what it is made of, and nothing that names anybody. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

HIDDEN: Final = "•••"
LONGEST: Final = 60_000
"""Characters of a body that are shown."""
_SHOWN: Final = frozenset(
    (
        "type status currency currency_code object topic code coupon sku total subtotal total_tax "
        "shipping_total discount_total total_price subtotal_price current_total_price "
        "current_subtotal_price total_discounts items_price price amount created_at updated_at "
        "processed_at cancelled_at paid_at placed_at date_created_gmt date_modified_gmt date_paid_gmt "
        "financial_status fulfillment_status payment_status billing_reason mode kind api_version number "
        "orderid promocode order_id refund_id line_id payment_intent invoice subscription charge "
        "quantity discount delivery_price test formid full_delivery_price shipping_cost discount_type "
        "taxes_included line_item_id payment_method amount_refunded at "
        "legacyresourceid createdat processedat updatedat cancelledat currencycode displayfinancialstatus discountcodes"
    ).split()
)
"""Names of texts that name nobody. What is not here is hidden: platforms add fields, and plug-ins do."""
_NUMBERS_OF_PEOPLE: Final = re.compile(
    r"phone|tel|mobile|zip|post|birth|ip|card|last4|passport|inn|latitude|longitude|lat\b|lng\b"
)
_OF_PEOPLE: Final = frozenset(
    "customer client billing shipping billing_address shipping_address default_address customer_details address "
    "client_details collected_information shipping_details billing_details".split()
)
"""Within these nothing is shown but its structure."""
_TAG_TEXT: Final = re.compile(r"<([A-Za-z][\w-]*)((?:\s[^<>]*)?)>([^<]+)")


def without_people(body: bytes) -> str:
    """The body with everything hidden that may name somebody."""
    text = body.decode("utf-8", "replace").strip()
    if text.startswith(("{", "[")):
        try:
            return _cut(orjson.dumps(_shown(orjson.loads(body), "", hidden=False), option=orjson.OPT_INDENT_2).decode())
        except (orjson.JSONDecodeError, RecursionError):
            return HIDDEN
    if text.startswith("<"):
        return _cut(
            _TAG_TEXT.sub(lambda found: f"<{found[1]}>{_text(found[3].strip(), found[1].replace('-', '_'))}", text)
        )
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=2_000)
    except ValueError:
        return HIDDEN
    return _cut("\n".join(f"{_name(name)} = {_text(value, _last(name))}" for name, value in pairs)) or HIDDEN


def _shown(value: Any, name: str, *, hidden: bool) -> Any:
    if isinstance(value, Mapping):
        inner = hidden or name in _OF_PEOPLE
        return {_name(key): _shown(one, key.lower(), hidden=inner) for key, one in value.items()}
    if isinstance(value, list):
        return [_shown(one, name, hidden=hidden) for one in value]
    if isinstance(value, str):
        return HIDDEN if hidden and value else _text(value, name)
    if isinstance(value, bool) or value is None:
        return value
    return HIDDEN if hidden or _NUMBERS_OF_PEOPLE.search(name) else value


def _text(value: str, name: str) -> str:
    return value if not value or name in _SHOWN or (name == "id" and len(value) <= 64 and "@" not in value) else HIDDEN


def _name(name: str) -> str:
    """A field's name, which a shop's own form may fill with anything."""
    return name if len(name) <= 60 and "@" not in name else HIDDEN


def _last(name: str) -> str:
    return name.rstrip("]").rpartition("[")[2].lower()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
