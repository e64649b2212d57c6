"""InSales' coupons, which its REST API calls discount codes: what is asked, and how the answers are read. Pure.

They are listed in pages and not by their text, so one is looked up by walking the list. A coupon is for one use or for
any number, ends with a day, and has a switch. What it says of itself to the shop's owner is the one field that can say
that it is ours.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

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

AT_ONCE: Final = 20
"""Coupons of one turn, a call for each: a shop answers 500 in five minutes, the polls' among them."""
MOST_PAGES: Final = 40
"""Of the list, which a look-up walks: ten thousand coupons."""
PAGE: Final = 250
CURRENCIES: Final = Request("GET", "/admin/stock_currencies.json")
"""Asks for the shop's currencies: its coupons' amounts have none."""
_CODES: Final = "/admin/discount_codes"
_PERCENT, _MONEY = 1, 2
_JSON: Final = {"content-type": "application/json"}


def problem_of(want: Want, now: datetime) -> Refused | None:
    """Why InSales will not have a code, as far as that is known before it is asked."""
    terms = want.terms
    if terms is not None and terms.expires_at is not None and terms.expires_at <= now:
        return Refused(want.code_id, "expired")
    if terms is not None and terms.max_uses not in (None, 1):
        return Refused(want.code_id, "uses")
    return None


def currency_in(body: bytes) -> str:
    """The shop's currency: the default one. Raises `Unreadable`."""
    listed = [object_of(one) for one in list_of(json(body))]
    named = [one.get("code") for one in listed if one.get("is_default") is True or len(listed) == 1]
    if len(named) != 1 or not isinstance(named[0], str):
        raise Unreadable
    code: str = named[0].upper()
    return "RUB" if code == "RUR" else code  # as ISO 4217 called it until 1998, and InSales still does


def page(number: int) -> Request:
    """Asks for a page of the list, from 1 on."""
    return Request("GET", f"{_CODES}.json?page={number}&per_page={PAGE}")


def listed_in(body: bytes) -> list[Mapping[str, Any]]:
    """The coupons of a page. Raises `Unreadable`."""
    return [object_of(one) for one in list_of(json(body))]


def found_in(listed: Sequence[Mapping[str, Any]], want: Want) -> Result | None:
    """What a page says of a code; None if it is not there. Raises `Unreadable`."""
    for one in listed:
        if str(one.get("code", "")).lower() == want.code.lower():
            remote_id = _id(one)
            if str(one.get("description") or "").endswith(_mark(want)):
                return Found(want.code_id, remote_id)
            made = str(one.get("created_at") or "")[:10]
            return Refused(want.code_id, "taken", f"coupon {remote_id}, {made}" if made else f"coupon {remote_id}")
    return None


def put(want: Want) -> Request:
    """Makes a coupon, or changes the one that is there. What takes nothing off and was never there is not asked for."""
    body = orjson.dumps({"discount_code": {"disabled": True} if want.terms is None else _coupon(want, want.terms)})
    if want.remote_id is None:
        return Request("POST", f"{_CODES}.json", body, _JSON)
    return Request("PUT", f"{_CODES}/{want.remote_id}.json", body, _JSON)


def done_in(status: int, body: bytes, want: Want) -> Result:
    """What became of it. A change is answered by its status alone. Raises `Unreadable`."""
    if 200 <= status < 300:
        if want.remote_id is not None:
            return Put(want.code_id, want.remote_id)
        made = object_of(json(body))
        inner = made.get("discount_code")
        return Put(want.code_id, _id(inner if isinstance(inner, Mapping) else made))
    if status == 404 and want.remote_id is not None:
        return Absent(want.code_id)  # somebody deleted it in the shop
    if status != 422:
        raise Unreadable
    answer = object_of(json(body))
    errors = answer.get("errors", answer)
    if not isinstance(errors, Mapping):
        return Refused(want.code_id, "refused")
    # The text is wrong or somebody has it: which of them, the list says.
    return Exists(want.code_id) if "code" in errors else Refused(want.code_id, str(next(iter(errors), "refused"))[:100])


def _coupon(want: Want, terms: Terms) -> dict[str, Any]:
    if isinstance(terms.give, Fixed):
        kind, amount = _MONEY, str(to_decimal(terms.give.amount_minor, terms.currency))
    else:
        kind, amount = _PERCENT, f"{terms.give.basis_points // 100}.{terms.give.basis_points % 100:02}"
    return {
        "code": want.code,
        "description": _mark(want),
        "type_id": kind,
        "discount": amount,
        "min_price": str(to_decimal(terms.least_minor, terms.currency)) if terms.least_minor else None,
        "act_once": terms.max_uses == 1,
        "act_once_for_client": terms.once,
        "expired_at": _last_day(terms.expires_at) if terms.expires_at is not None else None,
        "disabled": False,
    }


def _last_day(end: datetime) -> str:
    """The last day that a code has some of, by UTC."""
    return (end.astimezone(UTC) - timedelta(microseconds=1)).date().isoformat()


def _mark(want: Want) -> str:
    return f"Kith {want.code_id}"


def _id(coupon: Mapping[str, Any]) -> str:
    found = coupon.get("id")
    if not isinstance(found, int) or isinstance(found, bool) or found <= 0:
        raise Unreadable
    return str(found)
