"""What the form shows of a rule, and back: how long its gift can be used, which orders, what for, a boost, other terms.
Pure.

What else a rule asks (channels, groups, roles, days, more boosts) the form leaves as it is.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from contracts.countries import COUNTRIES
from contracts.expiry import LONGEST_DAYS
from contracts.program import RewardRule

SPANS: Final = ("nth", "orders", "months")
"""Which of a friend's orders, beside the first and each: the number that goes with it is a field of its own."""
PARTS: Final = (
    "expires",
    "span",
    "least",
    "categories",
    "countries",
    "terms",
    "boost_first",
    "boost_last",
    "boost_share",
)
_MOST_ORDERS: Final = {"nth": (2, 1_000), "orders": (2, 1_000), "months": (1, 120)}
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

Amount = Callable[[str], int | None]
Whole = Callable[[str, int, int], int | None]
Share = Callable[[str], int | None]


def blank(side: str) -> dict[str, str]:
    """The fields of a rule that asks nothing."""
    return {f"{side}_{part}": "" for part in PARTS}


def fields(side: str, rule: RewardRule, decimal: Callable[[int | None], str]) -> dict[str, str]:
    """The fields of a rule; `decimal` writes money."""
    found = blank(side)
    span = {} if rule.span is None else rule.span.model_dump(exclude_none=True)
    for kind, number in span.items():
        found |= {f"{side}_which": kind, f"{side}_span": str(number)}
    if rule.expires_after_days is not None:
        found[f"{side}_expires"] = str(rule.expires_after_days)
    if rule.when is not None:
        found[f"{side}_least"] = decimal(rule.when.min_subtotal_minor)
        found[f"{side}_categories"] = ", ".join(rule.when.categories)
        found[f"{side}_countries"] = ", ".join(rule.when.countries)
    if rule.terms:
        terms = [term.model_dump(mode="json", exclude_defaults=True) for term in rule.terms]
        found[f"{side}_terms"] = "[" + ",\n ".join(json.dumps(one, ensure_ascii=False) for one in terms) + "]"
    if rule.boosts:
        boost = rule.boosts[0]
        found[f"{side}_boost_first"] = boost.first_day.isoformat()
        found[f"{side}_boost_last"] = boost.last_day.isoformat()
        found[f"{side}_boost_share"] = f"{boost.basis_points / 100:.2f}".rstrip("0").rstrip(".")
    return found


def read(
    side: str,
    rule: Mapping[str, Any],
    form: Mapping[str, str],
    *,
    amount: Amount,
    whole: Whole,
    share: Share,
    errors: dict[str, str],
) -> dict[str, Any]:
    """The rule as the form has it. What is wrong goes to `errors`, by field. A form without these fields changes
    nothing but which orders.
    """
    changed = dict(rule)
    which = rule["which"]
    if which in SPANS:
        number = whole(f"{side}_span", *_MOST_ORDERS[which])
        if number is None and f"{side}_span" not in errors:
            errors[f"{side}_span"] = "required"
        changed |= {"which": "every", "span": {which: number}}
    else:
        changed["span"] = None
    if f"{side}_expires" in form:
        changed["expires_after_days"] = whole(f"{side}_expires", 1, LONGEST_DAYS)
    if rule["pay_as"] == "cash":
        changed["expires_after_days"] = None
    if f"{side}_least" not in form:
        return changed
    when = {
        **(rule.get("when") or {}),
        "min_subtotal_minor": amount(f"{side}_least"),
        "categories": _listed(form.get(f"{side}_categories", "")),
        "countries": _countries(f"{side}_countries", form, errors),
    }
    changed["when"] = when if any(when.values()) else None
    changed["terms"] = _terms(f"{side}_terms", form, errors)
    changed["boosts"] = _boosts(side, list(rule.get("boosts") or ()), form, share, errors)
    return changed


def _listed(text: str) -> list[str]:
    """Names with commas between them."""
    return [one.strip() for one in text.split(",") if one.strip()]


def _countries(field: str, form: Mapping[str, str], errors: dict[str, str]) -> list[str]:
    codes = list(dict.fromkeys(form.get(field, "").upper().replace(",", " ").split()))
    if not COUNTRIES.issuperset(codes):
        errors[field] = "countries"
    return codes


def _terms(field: str, form: Mapping[str, str], errors: dict[str, str]) -> list[Any]:
    text = form.get(field, "").strip()
    if not text:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        errors[field] = "json"
        return []
    return found


def _boosts(
    side: str, known: list[dict[str, Any]], form: Mapping[str, str], share: Share, errors: dict[str, str]
) -> list[dict[str, Any]]:
    """The rule's first boost as the form says; the others stay."""
    first, last, more = (form.get(f"{side}_boost_{part}", "").strip() for part in ("first", "last", "share"))
    if not (first or last or more):
        return known[1:]
    for part, text in (("first", first), ("last", last)):
        if not _is_day(text):
            errors[f"{side}_boost_{part}"] = "day" if text else "required"
    points = share(more)
    if not points or points > 10_000:
        errors[f"{side}_boost_share"] = "percent" if more else "required"
    return [{**(known[0] if known else {}), "first_day": first, "last_day": last, "basis_points": points}, *known[1:]]


def _is_day(text: str) -> bool:
    if _DAY.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
