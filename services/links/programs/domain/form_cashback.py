"""Cashback as fields of the form: what buyers get for so much that they spend themselves. Pure.

The form shows a program's first rule of that kind, and leaves the others as they are.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.cashback import MOST_TIMES
from contracts.program import Program
from services.links.programs.domain import form_expiry
from services.links.programs.domain.form_rows import listed, names

EMPTY: Final = {
    "cashback_amount": "",
    "cashback_per": "",
    "cashback_pay_as": "store_credit",
    "cashback_most": "",
    "cashback_hold": "0",
    "cashback_expires": "",
    "cashback_memberships": "",
    "cashback_expires_from": "release",
    "cashback_notice": "",
}
_POINTS: Final = 10**12

Amount = Callable[[str], int | None]
Whole = Callable[[str, int, int], int | None]


def fields(program: Program, decimal: Callable[[int, str], str]) -> dict[str, str]:
    """The fields of a program's cashback; `decimal` writes money."""
    if not program.cashback_rewards:
        return {}
    rule = program.cashback_rewards[0]
    minor = rule.give.amount_minor
    return {
        "cashback_amount": str(minor) if rule.pay_as == "points" else decimal(minor, program.currency),
        "cashback_per": decimal(rule.per_minor, program.currency),
        "cashback_pay_as": rule.pay_as,
        "cashback_most": str(rule.at_most or ""),
        "cashback_hold": str(rule.hold_days),
        **form_expiry.fields("cashback", rule),
        "cashback_memberships": listed(rule.memberships),
    }


def read(
    form: Mapping[str, str], before: Program | None, amount: Amount, whole: Whole, errors: dict[str, str]
) -> list[dict[str, Any]]:
    """The rules with the first as the form has it, as JSON; as they were where it asks for none. What is wrong goes to
    `errors`, by field. Without an amount and what it is for there is no such rule.
    """
    known = [rule.model_dump(mode="json") for rule in before.cashback_rewards] if before is not None else []
    if "cashback_amount" not in form:
        return known
    if not (form["cashback_amount"].strip() or form.get("cashback_per", "").strip()):
        return known[1:]
    points = form.get("cashback_pay_as") == "points"
    minor = whole("cashback_amount", 1, _POINTS) if points else amount("cashback_amount")
    found = {"cashback_amount": minor, "cashback_per": amount("cashback_per")}
    for field, value in found.items():
        if not value and field not in errors:
            errors[field] = "required" if value is None else "above_zero"
    rule = {
        **(known[0] if known else {"name": _fresh(before)}),
        "per_minor": found["cashback_per"],
        "give": {"kind": "fixed", "amount_minor": minor},
        "pay_as": form.get("cashback_pay_as", "store_credit"),
        "at_most": whole("cashback_most", 1, MOST_TIMES),
        "hold_days": whole("cashback_hold", 0, 365) or 0,
    }
    if "cashback_memberships" in form:
        rule["memberships"] = names(form["cashback_memberships"])
    return [rule | form_expiry.read("cashback", rule, form, whole, errors), *known[1:]]


def _fresh(before: Program | None) -> str:
    """A name that no rule of the program has."""
    rules = () if before is None else (*before.all_rules, *before.milestone_rewards, *before.plan_rewards)
    taken = {rule.name for rule in rules}
    return next(name for name in ("cashback", *(f"cashback-{n}" for n in range(2, 99))) if name not in taken)
