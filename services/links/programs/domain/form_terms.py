"""What the form shows of a rule, and back: how long its gift can be used, which orders, what for. Pure.

Its other terms for some goods and its boosts are rows (`form_rows`).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from contracts.countries import COUNTRIES
from contracts.fields import Role
from contracts.program import RewardRule
from contracts.reward_terms import When
from services.common.channels import CHANNELS, WITHOUT_CLICKS
from services.links.programs.domain import form_expiry, form_rows
from services.links.programs.domain.form_rows import Amount, Share, Whole, is_day, listed, names

SPANS: Final = ("nth", "orders", "months")
"""Which of a friend's orders, beside the first and each: the number that goes with it is a field of its own."""
WAYS: Final = tuple(one for one in CHANNELS if one and one not in WITHOUT_CLICKS)
"""Channels by whose links somebody can come."""
ROLES: Final[tuple[Role, ...]] = get_args(Role)
PARTS: Final = (
    *form_expiry.PARTS,
    *("span", "per", "least", "products", "categories", "groups", "countries", "tiers", "buyers"),
    "memberships",
    *("day_first", "day_last"),
    *(f"channel_{one}" for one in WAYS),
    *(f"role_{one}" for one in ROLES),
)
_MOST_ORDERS: Final = {"nth": (2, 1_000), "orders": (2, 1_000), "months": (1, 120)}


def blank(side: str) -> dict[str, str]:
    """The fields of a rule that asks nothing."""
    rows = form_rows.blank(side, "term", 0) | form_rows.blank(side, "boost", 0)
    return {**{f"{side}_{part}": "" for part in PARTS}, f"{side}_expires_from": "release", **rows}


def asks(side: str, form: Mapping[str, str]) -> bool:
    """Whether a side's fields ask or change anything."""
    return any(text not in ("", "percent", "release") for field, text in form.items() if field in blank(side))


def fields(side: str, rule: RewardRule, decimal: Callable[[int | None], str]) -> dict[str, str]:
    """The fields of a rule; `decimal` writes money."""
    found = {**blank(side), **form_rows.fields(side, rule, decimal)}
    span = {} if rule.span is None else rule.span.model_dump(exclude_none=True)
    for kind, number in span.items():
        found |= {f"{side}_which": kind, f"{side}_span": str(number)}
    found |= form_expiry.fields(side, rule)
    found[f"{side}_per"] = decimal(rule.per_minor)
    if rule.when is not None:
        found |= {f"{side}_{part}": text for part, text in _asked(rule.when, decimal).items()}
    return found


def _asked(when: When, decimal: Callable[[int | None], str]) -> dict[str, str]:
    return {
        "least": decimal(when.min_subtotal_minor),
        "products": listed(when.products),
        "categories": listed(when.categories),
        "groups": listed(when.groups),
        "countries": listed(when.countries),
        "tiers": listed(when.tiers),
        "buyers": when.buyers or "",
        "memberships": listed(when.memberships),
        "day_first": "" if when.first_day is None else when.first_day.isoformat(),
        "day_last": "" if when.last_day is None else when.last_day.isoformat(),
        **{f"channel_{one}": "1" for one in when.channels if one in WAYS},
        **{f"role_{one}": "1" for one in when.roles},
    }


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
    changed |= form_expiry.read(side, rule, form, whole, errors)
    if f"{side}_least" not in form:
        return changed
    if f"{side}_per" in form:
        changed["per_minor"] = amount(f"{side}_per") or None
        if changed["per_minor"] is not None and rule["give"]["kind"] == "percent":
            errors[f"{side}_per"] = "per_percent"
    when = _when(side, dict(rule.get("when") or {}), form, amount, errors)
    changed["when"] = when if any(when.values()) else None
    changed["terms"] = form_rows.read_terms(side, rule, form, amount, whole, share, errors)
    changed["boosts"] = form_rows.read_boosts(side, rule, form, share, errors)
    if changed["boosts"] and not _any_share(changed):
        errors.setdefault(form_rows.field_of(side, "boost", 0, "share"), "boosts_shares")
    return changed


def _when(
    side: str, known: dict[str, Any], form: Mapping[str, str], amount: Amount, errors: dict[str, str]
) -> dict[str, Any]:
    """What an order must be, as the form says; what the form does not ask for stays."""
    when = {**known, "min_subtotal_minor": amount(f"{side}_least")}
    for part in ("products", "categories", "groups", "tiers", "memberships"):
        if f"{side}_{part}" in form:
            when[part] = names(form[f"{side}_{part}"])
    if f"{side}_countries" in form:
        when["countries"] = _countries(f"{side}_countries", form, errors)
    if f"{side}_buyers" in form:
        when["buyers"] = form[f"{side}_buyers"] or None
    if f"{side}_groups" in form:
        # What is not ticked is not sent: the field beside it says that the form asks for these.
        others = [one for one in known.get("channels") or () if one not in WAYS]
        when["channels"] = [*(one for one in WAYS if form.get(f"{side}_channel_{one}")), *others]
        when["roles"] = [one for one in ROLES if form.get(f"{side}_role_{one}")]
    for part, name in (("day_first", "first_day"), ("day_last", "last_day")):
        if f"{side}_{part}" in form:
            text = form[f"{side}_{part}"].strip()
            when[name] = text or None
            if text and not is_day(text):
                errors[f"{side}_{part}"] = "day"
    first, last = when.get("first_day"), when.get("last_day")
    if first and last and last < first:
        errors.setdefault(f"{side}_day_last", "ends_early")
    return when


def _countries(field: str, form: Mapping[str, str], errors: dict[str, str]) -> list[str]:
    codes = list(dict.fromkeys(form.get(field, "").upper().replace(",", " ").split()))
    if not COUNTRIES.issuperset(codes):
        errors[field] = "countries"
    return codes


def _any_share(rule: Mapping[str, Any]) -> bool:
    return any(give["kind"] == "percent" for give in (rule["give"], *(term["give"] for term in rule["terms"])))
