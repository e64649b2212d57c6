"""A program as the fields of a form, and back. Pure.

The form knows one rule for each side. What a program has beyond that (more rules, other periods) it leaves as it is.
"""

import re
from collections.abc import Mapping
from typing import Any, get_args

from contracts.fields import Role
from contracts.program import Discount, Percent, Program, RewardRule
from services.common.money import exponent, from_decimal, to_decimal
from services.kernel.errors import Invalid
from services.links.programs.domain import (
    form_cashback,
    form_events,
    form_memberships,
    form_sponsors,
    form_terms,
    form_texts,
    form_tiers,
)
from services.links.programs.domain.form_rows import Amount, Whole

_WHOLE = 10_000
"""Hundredths of a percent in all of an amount."""
_UTM = ("source", "medium", "campaign")
"""Those that the form shows."""
SIDES = ("friend", "ambassador")
ROLES: tuple[Role, ...] = get_args(Role)
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,4})?", re.ASCII)


class FormErrors(ValueError):
    """Which fields are wrong: machine words by field, for the page to put into sentences."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = dict(errors)


def empty(currency: str) -> dict[str, str]:
    """The form of a program that is not there yet: the usual two sides, to be changed."""
    return {
        "name": "",
        "status": "active",
        "currency": currency,
        "landing_url": "",
        "landing": "page",
        "utm_source": "",
        "utm_medium": "",
        "utm_campaign": "",
        "friend_benefit": "discount",
        "discount_kind": "fixed",
        "discount_amount": "10",
        "discount_which": "first",
        "friend_kind": "fixed",
        "friend_amount": "10",
        "friend_which": "first",
        "friend_pay_as": "store_credit",
        "ambassador_kind": "percent",
        "ambassador_amount": "10",
        "ambassador_which": "every",
        "ambassador_pay_as": "cash",
        "hold_days": "14",
        "per_order": "",
        "per_month": "",
        "click_window_days": "30",
        "code_window_days": "",
        "customer_window_days": "",
        "new_customers_only": "1",
        "min_subtotal": "",
        "budget": "",
        "retry_capped": "",
        "join": "closed",
        "join_code": "1",
        "terms_version": "",
        "terms_text": "",
        **dict.fromkeys(form_texts.TERMS, ""),
        **{f"role_{role}": "" for role in ROLES},
        **{field: text for side in SIDES for field, text in form_terms.blank(side).items()},
        **dict.fromkeys(form_texts.FIELDS, ""),
        **form_tiers.EMPTY,
        **form_cashback.EMPTY,
        **form_sponsors.EMPTY,
    }


def fields(program: Program) -> dict[str, str]:
    """The form of a program."""
    found = {
        **empty(program.currency),
        "name": program.name,
        "status": program.status,
        "landing_url": str(program.landing_url),
        "landing": program.landing,
        **{f"utm_{name}": getattr(program.utm, name, None) or "" for name in _UTM},
        "friend_benefit": program.benefit,
        "click_window_days": str(program.attribution.click_window_days),
        "code_window_days": str(program.attribution.code_window_days or ""),
        "customer_window_days": str(program.attribution.customer_window_days or ""),
        "new_customers_only": "1" if program.attribution.new_customers_only else "",
        "min_subtotal": _decimal(program.attribution.min_subtotal_minor or None, program.currency),
        "budget": _decimal(program.budget.amount_minor if program.budget else None, program.currency),
        "retry_capped": "1" if program.retry_capped else "",
    }
    if program.discount is not None:
        found["discount_kind"] = program.discount.give.kind
        found["discount_amount"] = _amount(program.discount, program.currency)
        found["discount_which"] = program.discount.which
    found.update(_joining_fields(program))
    found.update(form_texts.fields(program))
    found.update(form_events.fields(program, _decimal))
    found.update(form_tiers.fields(program, _decimal))
    found.update(form_cashback.fields(program, _decimal))
    found.update(form_memberships.fields(program))
    found.update(form_sponsors.fields(program, _decimal))
    for side in SIDES:
        rule = _rule(program, side)
        found[f"{side}_kind"] = rule.give.kind if rule else "none"
        if rule is None:
            continue
        found[f"{side}_amount"] = _amount(rule, program.currency)
        found[f"{side}_which"] = rule.which
        found[f"{side}_pay_as"] = rule.pay_as
        found |= form_terms.fields(side, rule, lambda minor: _decimal(minor, program.currency))
        found["hold_days"] = str(rule.hold_days)
    own = _rule(program, "ambassador")
    if own is not None:
        found["per_order"] = _decimal(own.limits.per_order_minor, program.currency)
        cap = own.limits.per_ambassador
        found["per_month"] = str(cap.count) if cap and cap.count and cap.period == "month" else ""
    return found


def read(form: Mapping[str, str], *, before: Program | None) -> dict[str, Any]:
    """The program that a form describes, as JSON to be checked; `before` lends what the form does not show.

    Raises `FormErrors`.
    """
    errors: dict[str, str] = {}
    currency = before.currency if before else form.get("currency", "").strip().upper()
    try:
        exponent(currency)
        places = currency
    except Invalid:
        # The other fields are read all the same, with two digits after the point, so that all errors are told at once.
        errors["currency"], places = "currency", "EUR"

    def amount(name: str) -> int | None:
        text = form.get(name, "").strip()
        if not text:
            return None
        try:
            if _AMOUNT.fullmatch(_plain(text)) is None:
                raise Invalid("not an amount")
            return from_decimal(_plain(text), places)
        except Invalid:
            errors[name] = "amount"
            return None

    def whole(name: str, least: int, most: int) -> int | None:
        text = form.get(name, "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most):
            errors[name] = f"{least}–{most}"
            return None
        return int(text)

    document: dict[str, Any] = before.model_dump(mode="json") if before else {"currency": currency}
    document.update(name=form.get("name", "").strip(), status=form.get("status", "active"))
    document["landing_url"] = form.get("landing_url", "").strip()
    document["landing"] = form.get("landing", "store")
    utm = {**(document.get("utm") or {}), **{name: form.get(f"utm_{name}", "").strip() or None for name in _UTM}}
    document["utm"] = utm if any(utm.values()) else None
    if not document["name"]:
        errors["name"] = "required"
    if not document["landing_url"]:
        errors["landing_url"] = "required"
    document["attribution"] = {**document.get("attribution", {}), **_attribution(form, amount, whole)}
    budget = amount("budget")
    document["budget"] = None if budget is None else {"amount_minor": budget}
    document["retry_capped"] = bool(form.get("retry_capped"))
    document["texts"] = form_texts.read(form, document.get("texts"))
    if "join" in form:
        document["joining"] = _joining(form, errors)
    hold_days = whole("hold_days", 0, 365)
    benefit = form.get("friend_benefit") or ("none" if form.get("friend_kind", "none") == "none" else "credit")
    if before is None or before.friend_benefit is not None or before.benefit != benefit:
        document["friend_benefit"] = benefit
    document["discount"] = _discount(form, amount, errors) if benefit in ("discount", "both") else None
    if benefit not in ("credit", "both"):
        form = {**form, "friend_kind": "none"}
    rules = list(document.get("rewards", ()))
    for side in SIDES:
        rules = _with_rule(rules, side, form, amount, whole, errors, hold_days=14 if hold_days is None else hold_days)
    per_order, per_month = amount("per_order"), whole("per_month", 1, 1_000_000)
    document["rewards"] = [_limited(rule, per_order, per_month) for rule in rules]
    document["event_rewards"] = form_events.read(form, before, amount, whole, errors)
    document["tiers"] = form_tiers.read(form, before, amount, whole, errors)
    document["cashback_rewards"] = form_cashback.read(form, before, amount, whole, errors)
    document["memberships"] = form_memberships.read(form, before, whole, errors)
    form_memberships.check_asked(document, errors)
    document["sponsor_rewards"] = form_sponsors.read(form, before, amount, whole, _basis_points, errors)
    if "sponsor_levels" in form:
        document["sponsor_by_referral"] = bool(form.get("sponsor_by_referral"))
    if errors:
        raise FormErrors(errors)
    return document


def _attribution(form: Mapping[str, str], amount: Amount, whole: Whole) -> dict[str, Any]:
    return {
        "click_window_days": whole("click_window_days", 1, 400) or 30,
        "code_window_days": whole("code_window_days", 1, 3650),
        "customer_window_days": whole("customer_window_days", 1, 3650),
        "new_customers_only": bool(form.get("new_customers_only")),
        "min_subtotal_minor": amount("min_subtotal") or 0,
    }


def _joining_fields(program: Program) -> dict[str, str]:
    joining = program.joining
    if joining is None:
        return {}
    return {
        "join": "confirmed" if joining.double_opt_in else "at_once",
        "join_code": "1" if joining.own_code else "",
        "terms_version": joining.terms.version if joining.terms else "",
        "terms_text": joining.terms.text if joining.terms else "",
        **form_texts.terms_fields(joining.terms),
        **{f"role_{role}": "1" for role in joining.roles},
    }


def _joining(form: Mapping[str, str], errors: dict[str, str]) -> dict[str, Any] | None:
    """How people join by themselves; None where they do not."""
    if form["join"] == "closed":
        return None
    version, text = form.get("terms_version", "").strip(), form_texts.paragraphs(form.get("terms_text", ""))
    texts = form_texts.terms(form)
    if (text or texts) and not version:
        errors["terms_version"] = "required"
    if (version or texts) and not text:
        errors["terms_text"] = "required"
    return {
        "double_opt_in": form["join"] != "at_once",
        "roles": [role for role in ROLES if form.get(f"role_{role}")],
        "own_code": bool(form.get("join_code")),
        "terms": {"version": version, "text": text, "texts": texts} if text and version else None,
    }


def _with_rule(
    rules: list[dict[str, Any]],
    side: str,
    form: Mapping[str, str],
    amount: Any,
    whole: Any,
    errors: dict[str, str],
    *,
    hold_days: int,
) -> list[dict[str, Any]]:
    """The rules with this side's first one as the form says."""
    place = next((at for at, rule in enumerate(rules) if rule["to"] == side), None)
    kind = form.get(f"{side}_kind", "none")
    if kind == "none":
        return [rule for at, rule in enumerate(rules) if at != place]
    give = _gift(side, kind, form, amount, errors)
    if kind == "percent":
        give["of"] = rules[place]["give"].get("of", "subtotal") if place is not None else "subtotal"
    rule = {
        **(rules[place] if place is not None else {"name": side, "to": side}),
        "give": give,
        "which": form.get(f"{side}_which", "first"),
        "pay_as": form.get(f"{side}_pay_as", "store_credit"),
        "hold_days": hold_days,
    }
    rule = form_terms.read(side, rule, form, amount=amount, whole=whole, share=_basis_points, errors=errors)
    return [*rules, rule] if place is None else [*rules[:place], rule, *rules[place + 1 :]]


def _gift(part: str, kind: str, form: Mapping[str, str], amount: Any, errors: dict[str, str]) -> dict[str, Any]:
    """A share or an amount, as the fields of a part of the form say."""
    field = f"{part}_amount"
    if kind == "percent":
        points = _basis_points(form.get(field, ""))
        if not points or points > _WHOLE:
            errors[field] = "above_nothing" if points == 0 else "percent" if form.get(field, "").strip() else "required"
        return {"kind": kind, "basis_points": points}
    minor = amount(field)
    if not minor and field not in errors:
        errors[field] = "required" if minor is None else "above_nothing"
    return {"kind": kind, "amount_minor": minor}


def _discount(form: Mapping[str, str], amount: Any, errors: dict[str, str]) -> dict[str, Any]:
    give = _gift("discount", form.get("discount_kind", "fixed"), form, amount, errors)
    return {"give": give, "which": form.get("discount_which", "first")}


def _limited(rule: dict[str, Any], per_order: int | None, per_month: int | None) -> dict[str, Any]:
    """An ambassador's rule with the form's caps; a cap of another period or by amount stays."""
    if rule["to"] != "ambassador":
        return rule
    caps = dict(rule.get("limits") or {})
    known = caps.get("per_ambassador") or {}
    if per_month is not None:
        caps["per_ambassador"] = {"count": per_month, "period": "month"}
    elif known.get("period") == "month" and known.get("count"):
        caps["per_ambassador"] = None
    return {**rule, "limits": {**caps, "per_order_minor": per_order}}


def _basis_points(text: str) -> int | None:
    """A share in hundredths of a percent; None if it cannot be read."""
    whole, _, part = _plain(text.strip().removesuffix("%")).partition(".")
    if not (
        whole.isascii()
        and whole.isdecimal()
        and len(whole) <= 5
        and len(part) <= 2
        and (not part or (part.isascii() and part.isdecimal()))
    ):
        return None
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def _plain(text: str) -> str:
    return text.replace("\u00a0", "").replace(" ", "").replace(",", ".")


def _rule(program: Program, side: str) -> RewardRule | None:
    return next((rule for rule in program.rewards if rule.to == side), None)


def _amount(rule: RewardRule | Discount, currency: str) -> str:
    if isinstance(rule.give, Percent):
        return f"{rule.give.basis_points / 100:.2f}".rstrip("0").rstrip(".")
    return _decimal(rule.give.amount_minor, currency)


def _decimal(minor: int | None, currency: str) -> str:
    if minor is None:
        return ""
    text = f"{to_decimal(minor, currency):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
