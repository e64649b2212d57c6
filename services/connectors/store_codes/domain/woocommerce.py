"""WooCommerce's coupons, by its REST API v3: what is asked, and how the answers are read. Pure.

What its own code does goes before its documents: codes are kept in lower case; a null is passed over, so a limit is
taken away by 0 and an end by an empty text; `date_expires_gmt` is read-only, and `date_expires` takes a zone. A coupon
has no switch. One that ended long ago takes nothing off, and is still found by its code, as a draft would not be.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final
from urllib.parse import quote

import orjson

from contracts.gifts import Fixed
from services.common.money import to_decimal
from services.connectors.store_codes.domain.json_answers import json, list_of, object_of
from services.connectors.store_codes.domain.port import (
    Absent,
    Exists,
    Found,
    Put,
    Refused,
    Request,
    Result,
    Unreadable,
    Want,
)
from services.connectors.store_codes.domain.terms import Terms

AT_ONCE: Final = 50
"""Coupons of a batch: half of what WooCommerce takes, for a small server needs seconds for them."""
MARK: Final = "kith_code"
"""Metadata of our coupons: the code's id, by which one is known again."""
_API: Final = "/wp-json/wc/v3"
_LONG_AGO: Final = "2001-01-01T00:00:00Z"
_EXISTS: Final = "woocommerce_rest_coupon_code_already_exists"
_GONE: Final = frozenset({"woocommerce_rest_shop_coupon_invalid_id", "woocommerce_rest_coupon_invalid_id"})
CURRENCY: Final = Request("GET", f"{_API}/data/currencies/current")
"""Asks for the shop's currency: its coupons' amounts have none."""


def lookup(code: str) -> Request:
    """Asks whether the shop has a code."""
    return Request("GET", f"{_API}/coupons?per_page=10&code={quote(code.lower(), safe='')}")


def batch(wants: Sequence[Want]) -> Request:
    """Asks for all of these at once. One that is only to be ended, and was never there, must not be among them."""
    create = [_coupon(want) for want in wants if want.remote_id is None]
    update = [{"id": int(want.remote_id), **_coupon(want)} for want in wants if want.remote_id is not None]
    body = {name: items for name, items in (("create", create), ("update", update)) if items}
    return Request("POST", f"{_API}/coupons/batch", orjson.dumps(body), {"content-type": "application/json"})


def currency_in(body: bytes) -> str:
    """The shop's currency. Raises `Unreadable`."""
    code = object_of(json(body)).get("code")
    if not isinstance(code, str):
        raise Unreadable
    return code.upper()


def found_in(body: bytes, want: Want) -> Result:
    """What a look-up says of a code. Raises `Unreadable`."""
    for coupon in map(object_of, list_of(json(body))):
        if str(coupon.get("code", "")).lower() != want.code.lower():
            continue
        remote_id = _id(coupon)
        if _mark(coupon) == want.code_id:
            return Found(want.code_id, remote_id)
        made = str(coupon.get("date_created_gmt") or "")[:10]
        return Refused(want.code_id, "taken", f"coupon {remote_id}, {made}" if made else f"coupon {remote_id}")
    return Absent(want.code_id)


def done_in(body: bytes, wants: Sequence[Want]) -> list[Result]:
    """What a batch says of each code. Raises `Unreadable` unless it says something of all."""
    answer = object_of(json(body))
    results: list[Result] = []
    for name, asked in (
        ("create", [want for want in wants if want.remote_id is None]),
        ("update", [want for want in wants if want.remote_id is not None]),
    ):
        items = list_of(answer.get(name) or [])
        if len(items) != len(asked):
            raise Unreadable
        results += [_done(object_of(item), want) for item, want in zip(items, asked, strict=True)]
    return results


def _done(item: Mapping[str, Any], want: Want) -> Result:
    error = item.get("error")
    if error is None:
        return Put(want.code_id, _id(item))
    word = str(object_of(error).get("code") or "refused")
    if word == _EXISTS:
        return Exists(want.code_id)
    if word in _GONE and want.remote_id is not None:
        return Absent(want.code_id)  # somebody deleted it in the shop
    return Refused(want.code_id, word[:100])


def _coupon(want: Want) -> dict[str, Any]:
    if want.terms is None:
        return {"date_expires": _LONG_AGO}
    terms = want.terms
    fixed = isinstance(terms.give, Fixed)
    until = terms.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if terms.expires_at else ""
    return {
        "code": want.code.lower(),
        "discount_type": "fixed_cart" if fixed else "percent",
        "amount": _amount(terms),
        "individual_use": True,  # two ambassadors' codes do not add up
        "usage_limit": terms.max_uses or 0,
        "usage_limit_per_user": int(terms.once),
        "minimum_amount": str(to_decimal(terms.least_minor, terms.currency)),
        "date_expires": until,
        "description": "Kith",
        "meta_data": [{"key": MARK, "value": want.code_id}],
    }


def _amount(terms: Terms) -> str:
    if isinstance(terms.give, Fixed):
        return str(to_decimal(terms.give.amount_minor, terms.currency))
    return f"{terms.give.basis_points // 100}.{terms.give.basis_points % 100:02}"


def _mark(coupon: Mapping[str, Any]) -> str | None:
    entries = coupon.get("meta_data")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, Mapping) and entry.get("key") == MARK:
            return str(entry.get("value"))
    return None


def _id(item: Mapping[str, Any]) -> str:
    found = item.get("id")
    if not isinstance(found, int) or isinstance(found, bool) or found <= 0:
        raise Unreadable
    return str(found)
