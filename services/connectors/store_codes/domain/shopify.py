"""Shopify's code discounts, by its Admin API (GraphQL) of 2026-10: what is asked, and how the answers are read. Pure.

Each code is a discount of its own: of several codes in one discount none could have a limit or an end of its own, and
one that ends could only be deleted. Some of them are asked for in one request, under aliases; each is answered by
itself. A discount that ends is deactivated, and by an update without an end it goes on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from contracts.gifts import Fixed
from services.common.money import to_decimal
from services.connectors.platforms.domain.shopify.api import PATH, error_codes, throttled_for_s
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
"""Discounts of one request: each costs ten points, of which a shop gives a hundred a second."""
_ANSWER: Final = "{ codeDiscountNode { id } userErrors { field code message } }"
_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_TAKEN: Final = frozenset({"TAKEN", "DUPLICATE"})


class Throttled(Exception):
    """Nothing was done: the shop's points are used up. `wait_s`: until there are enough of them."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s


class Denied(Exception):
    """Nothing was done: the token does not allow it (`read_discounts`, `write_discounts`)."""


def currency() -> Request:
    """Asks for the shop's currency, in which amounts of discounts are."""
    return _request("query { shop { currencyCode } }", {})


def currency_in(body: bytes) -> str:
    """The shop's currency. Raises `Throttled`, `Denied` and `Unreadable`."""
    code = object_of(_data(body).get("shop")).get("currencyCode")
    if not isinstance(code, str):
        raise Unreadable
    return code


def domain() -> Request:
    """Asks for the shop's primary domain, to which Shopify sends buyers from all others."""
    return replace(_request("query { shop { primaryDomain { host } } }", {}), reads=True)


def domain_in(body: bytes) -> str:
    """The host. Raises `Throttled`, `Denied` and `Unreadable`, also for what is no host in ASCII."""
    host = str(object_of(object_of(_data(body).get("shop")).get("primaryDomain")).get("host")).lower()
    if _HOST.fullmatch(host) is None:
        raise Unreadable
    return host


def lookup(wants: Sequence[Want]) -> Request:
    """Asks which of these codes the shop has."""
    parts = [
        f"c{n}: codeDiscountNodeByCode(code: $c{n}) {{ id codeDiscount {{ ... on DiscountCodeBasic {{ title }} }} }}"
        for n in range(len(wants))
    ]
    given = ", ".join(f"$c{n}: String!" for n in range(len(wants)))
    variables = {f"c{n}": want.code for n, want in enumerate(wants)}
    return _request(f"query ({given}) {{ {' '.join(parts)} }}", variables)


def found_in(body: bytes, wants: Sequence[Want]) -> list[Result]:
    """What a look-up says of each code. Raises `Throttled`, `Denied` and `Unreadable`."""
    data = _data(body)
    return [_found(data.get(f"c{n}"), want) for n, want in enumerate(wants)]


def put(wants: Sequence[Want], now: datetime) -> Request:
    """Asks for all of these. One that takes nothing off and was never there must not be among them."""
    given, parts = [], []
    variables: dict[str, Any] = {}
    for n, want in enumerate(wants):
        if want.remote_id is not None:
            given.append(f"$d{n}: ID!")
            variables[f"d{n}"] = want.remote_id
        if want.terms is None:
            parts.append(f"m{n}: discountCodeDeactivate(id: $d{n}) {_ANSWER}")
            continue
        given.append(f"$i{n}: DiscountCodeBasicInput!")
        variables[f"i{n}"] = _discount(want, want.terms, now)
        where = f"id: $d{n}, " if want.remote_id is not None else ""
        name = "discountCodeBasicUpdate" if want.remote_id is not None else "discountCodeBasicCreate"
        parts.append(f"m{n}: {name}({where}basicCodeDiscount: $i{n}) {_ANSWER}")
    return _request(f"mutation ({', '.join(given)}) {{ {' '.join(parts)} }}", variables)


def done_in(body: bytes, wants: Sequence[Want]) -> list[Result]:
    """What it says of each code; of those that it says nothing of nothing is known. Raises `Throttled`, `Denied` and
    `Unreadable`.
    """
    data = _data(body)
    answers = [(data.get(f"m{n}"), want) for n, want in enumerate(wants)]
    return [_done(object_of(answer), want) for answer, want in answers if answer is not None]


def title_of(want: Want) -> str:
    """What the shop's owner reads, and by which a discount is known again as ours."""
    return f"{want.code} · Kith {want.code_id}"


def _found(node: Any, want: Want) -> Result:
    if node is None:
        return Absent(want.code_id)
    found = object_of(node)
    remote_id = _id(found)
    title = str(object_of(found.get("codeDiscount") or {}).get("title") or "")
    if title.endswith(f"Kith {want.code_id}"):
        return Found(want.code_id, remote_id)
    # Its title may name anybody: the number says enough to who may look into the shop.
    return Refused(want.code_id, "taken", f"discount {remote_id.rpartition('/')[2]}")


def _done(answer: Mapping[str, Any], want: Want) -> Result:
    errors = [object_of(error) for error in list_of(answer.get("userErrors") or [])]
    if not errors:
        return Put(want.code_id, _id(object_of(answer.get("codeDiscountNode"))))
    if want.remote_id is not None and any(error.get("field") == ["id"] for error in errors):
        return Absent(want.code_id)  # somebody deleted it in the shop
    words = [str(error.get("code") or error.get("message") or "refused") for error in errors]
    return Exists(want.code_id) if _TAKEN & set(words) else Refused(want.code_id, words[0].lower()[:100])


def _discount(want: Want, terms: Terms, now: datetime) -> dict[str, Any]:
    if isinstance(terms.give, Fixed):
        amount = str(to_decimal(terms.give.amount_minor, terms.currency))
        value: dict[str, Any] = {"discountAmount": {"amount": amount, "appliesOnEachItem": False}}
    else:
        value = {"percentage": terms.give.basis_points / 10_000}
    least = str(to_decimal(terms.least_minor, terms.currency)) if terms.least_minor else None
    fields: dict[str, Any] = {
        "title": title_of(want),
        "code": want.code,
        "context": {"all": "ALL"},
        "endsAt": terms.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if terms.expires_at else None,
        "usageLimit": terms.max_uses,
        "appliesOncePerCustomer": terms.once,
        # Two ambassadors' codes do not add up; free shipping has nothing to do with them.
        "combinesWith": {"orderDiscounts": False, "productDiscounts": False, "shippingDiscounts": True},
        "customerGets": {"value": value, "items": {"all": True}},
    }
    if want.remote_id is None:
        fields["startsAt"] = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if least is not None:
        fields["minimumRequirement"] = {"subtotal": {"greaterThanOrEqualToSubtotal": least}}
    elif want.remote_id is not None:
        fields["minimumRequirement"] = {
            "quantity": {"greaterThanOrEqualToQuantity": None},
            "subtotal": {"greaterThanOrEqualToSubtotal": None},
        }
    return fields


def _data(body: bytes) -> Mapping[str, Any]:
    answer = object_of(json(body))
    words = error_codes(answer)
    if "THROTTLED" in words:
        raise Throttled(throttled_for_s(answer))
    data = answer.get("data")
    if "ACCESS_DENIED" in words and not any((data or {}).values() if isinstance(data, Mapping) else ()):
        raise Denied
    return object_of(data)


def _request(query: str, variables: Mapping[str, Any]) -> Request:
    body = orjson.dumps({"query": query, "variables": variables})
    return Request("POST", PATH, body, {"content-type": "application/json"})


def _id(node: Mapping[str, Any]) -> str:
    found = node.get("id")
    if not isinstance(found, str) or not found:
        raise Unreadable
    return found
