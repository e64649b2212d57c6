"""Stripe's promotion codes, by its API of 2025-09-30: what is asked, and how the answers are read. Pure.

What takes something off is a coupon, and it never changes; the code that a buyer types is a promotion code of it, of
which only the switch changes. So terms are coupons under names made of them, and a code of other terms is a new
promotion code once the one of before is switched off. Codes are unique among those that are on, whatever their case.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from contracts.gifts import Fixed
from services.connectors.platforms.domain.stripe.values import theirs
from services.connectors.store_codes.domain.json_answers import json, list_of, object_of
from services.connectors.store_codes.domain.port import Absent, Exists, Found, Put, Refused, Request, Result, Want
from services.connectors.store_codes.domain.port import Unreadable as Unreadable
from services.connectors.store_codes.domain.terms import Terms

MARK: Final = "kith_code"
"""Metadata of our promotion codes: the code's id, by which one is known again."""
TERMS: Final = "kith_terms"
"""And the name of the terms that it was made with: they never change."""
VERSION: Final = "2025-09-30.clover"
_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
_CODES: Final = "/v1/promotion_codes"


def problem_of(want: Want, now: datetime) -> str | None:
    """Why Stripe will not have a code, as far as that is known before it is asked."""
    if not (want.code.isascii() and want.code.isalnum()):
        return "letters_and_digits"
    if want.terms is not None and want.terms.expires_at is not None and want.terms.expires_at <= now:
        return "expired"
    return None


def lookup(code: str) -> Request:
    """Asks which promotion code of this text is on."""
    return Request("GET", f"{_CODES}?active=true&limit=10&code={quote(code, safe='')}")


def found_in(body: bytes, want: Want) -> Result:
    """What a look-up says of a code. Raises `Unreadable`."""
    held = None
    for one in map(object_of, list_of(object_of(json(body)).get("data"))):
        if str(one.get("code", "")).lower() != want.code.lower() or one.get("active") is not True:
            continue
        metadata = one.get("metadata")
        if isinstance(metadata, Mapping) and metadata.get(MARK) == want.code_id:
            as_wanted = want.terms is not None and metadata.get(TERMS) == want.terms.digest
            return Put(want.code_id, _id(one)) if as_wanted else Found(want.code_id, _id(one))
        held = held or _id(one)
    return Absent(want.code_id) if held is None else Refused(want.code_id, "taken", held)


def coupon_name(terms: Terms) -> str:
    """The id of the coupon that takes this off: equal discounts share one."""
    if isinstance(terms.give, Fixed):
        off = f"{terms.give.amount_minor}{terms.currency.lower()}"
    else:
        off = f"{terms.give.basis_points}bp"
    return f"kith-{off}-{_duration(terms)}"


def coupon(terms: Terms) -> Request:
    """Makes the coupon. One that there is already is as good: it never changes."""
    fields = {"id": coupon_name(terms), "duration": _duration(terms)}
    if isinstance(terms.give, Fixed):
        fields["amount_off"] = str(theirs(terms.give.amount_minor, terms.currency))
        fields["currency"] = terms.currency.lower()
    else:
        fields["percent_off"] = f"{terms.give.basis_points // 100}.{terms.give.basis_points % 100:02}"
    return Request("POST", "/v1/coupons", urlencode(fields).encode(), _FORM)


def is_there(body: bytes) -> bool:
    """Whether a refusal says that the coupon is there already. Raises `Unreadable`."""
    return _error(body).get("code") == "resource_already_exists"


def switch_off(remote_id: str) -> Request:
    """Lets a promotion code take nothing off any more. It is not deleted: nothing can be."""
    return Request("POST", f"{_CODES}/{quote(remote_id, safe='')}", b"active=false", _FORM)


def promotion_code(want: Want, terms: Terms) -> Request:
    """Makes the code that a buyer types."""
    fields = {
        "promotion[type]": "coupon",
        "promotion[coupon]": coupon_name(terms),
        "code": want.code,
        f"metadata[{MARK}]": want.code_id,
        f"metadata[{TERMS}]": terms.digest,
    }
    if terms.once:
        fields["restrictions[first_time_transaction]"] = "true"
    if terms.least_minor:
        fields["restrictions[minimum_amount]"] = str(theirs(terms.least_minor, terms.currency))
        fields["restrictions[minimum_amount_currency]"] = terms.currency.lower()
    if terms.max_uses is not None:
        fields["max_redemptions"] = str(terms.max_uses)
    if terms.expires_at is not None:
        fields["expires_at"] = str(int(terms.expires_at.timestamp()))
    return Request("POST", _CODES, urlencode(fields).encode(), _FORM)


def made_in(status: int, body: bytes, want: Want) -> Result:
    """What came of a new promotion code. Raises `Unreadable`."""
    if 200 <= status < 300:
        return Put(want.code_id, _id(object_of(json(body))))
    error = _error(body)
    if "already exists" in str(error.get("message", "")) or error.get("code") == "resource_already_exists":
        return Exists(want.code_id)
    return Refused(want.code_id, str(error.get("code") or error.get("param") or error.get("type") or "refused")[:100])


def _duration(terms: Terms) -> str:
    """Of a subscription: its first invoice alone, or all of them."""
    return "once" if terms.once else "forever"


def _error(body: bytes) -> Mapping[str, Any]:
    return object_of(object_of(json(body)).get("error"))


def _id(one: Mapping[str, Any]) -> str:
    found = one.get("id")
    if not isinstance(found, str) or not found:
        raise Unreadable
    return found
