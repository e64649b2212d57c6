"""Rewards for sponsors as fields of the form: the shares of the levels, and what goes with them. Pure.

The form shows a program's first rule of that kind, and leaves the others as they are.
"""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from contracts.expiry import LONGEST_DAYS
from contracts.program import Program
from contracts.sponsors import MOST_LEVELS

EMPTY: Final = {
    "sponsor_levels": "",
    "sponsor_most": "",
    "sponsor_which": "every",
    "sponsor_pay_as": "cash",
    "sponsor_active": "",
    "sponsor_per_order": "",
    "sponsor_hold": "14",
    "sponsor_expires": "",
    "sponsor_by_referral": "",
}
_WHOLE: Final = 10_000

Amount = Callable[[str], int | None]
Whole = Callable[[str, int, int], int | None]
Share = Callable[[str], int | None]


def fields(program: Program, decimal: Callable[[int | None, str], str]) -> dict[str, str]:
    """The fields of a program's rule for sponsors; `decimal` writes money."""
    found = {"sponsor_by_referral": "1" if program.sponsor_by_referral else ""}
    if not program.sponsor_rewards:
        return found
    rule = program.sponsor_rewards[0]
    return {
        **found,
        "sponsor_levels": "; ".join(map(_percent, rule.levels)),
        "sponsor_most": "" if rule.at_most_basis_points is None else _percent(rule.at_most_basis_points),
        "sponsor_which": rule.which,
        "sponsor_pay_as": rule.pay_as,
        "sponsor_active": str(rule.active_days or ""),
        "sponsor_per_order": decimal(rule.limits.per_order_minor, program.currency),
        "sponsor_hold": str(rule.hold_days),
        "sponsor_expires": str(rule.expires_after_days or ""),
    }


def read(
    form: Mapping[str, str],
    before: Program | None,
    amount: Amount,
    whole: Whole,
    share: Share,
    errors: dict[str, str],
) -> list[dict[str, Any]]:
    """The rules with the first as the form has it, as JSON; as they were where it asks for none. What is wrong goes to
    `errors`, by field. Without levels there is no such rule.
    """
    known = [rule.model_dump(mode="json") for rule in before.sponsor_rewards] if before is not None else []
    if "sponsor_levels" not in form:
        return known
    levels = _levels(form["sponsor_levels"], share, errors)
    if not levels:
        return known[1:]
    most = share(form["sponsor_most"]) if form.get("sponsor_most", "").strip() else None
    if form.get("sponsor_most", "").strip() and not (most and levels[0] <= most <= _WHOLE):
        errors["sponsor_most"] = "sponsor_most"
    elif most is None and sum(levels) > _WHOLE:
        errors.setdefault("sponsor_levels", "sponsor_sum")
    old: dict[str, Any] = known[0] if known else {"name": _fresh(before)}
    which = form.get("sponsor_which", "every")
    rule = {
        **old,
        "levels": levels,
        "at_most_basis_points": most,
        "which": which,
        "span": old.get("span") if which == "every" else None,
        "pay_as": form.get("sponsor_pay_as", "cash"),
        "active_days": whole("sponsor_active", 1, 366),
        "limits": {**old.get("limits", {}), "per_order_minor": amount("sponsor_per_order")},
        "hold_days": whole("sponsor_hold", 0, 365) or 0,
        "expires_after_days": None
        if form.get("sponsor_pay_as") == "cash"
        else whole("sponsor_expires", 1, LONGEST_DAYS),
    }
    return [rule, *known[1:]]


def _levels(text: str, share: Share, errors: dict[str, str]) -> list[int]:
    """Shares with semicolons or spaces between them: a comma may be a decimal one."""
    parts = [part for part in re.split(r"[;\s]+", text.replace("%", " ")) if part]
    found = [share(part) for part in parts]
    levels = [one for one in found if one and one <= _WHOLE]
    if len(levels) != len(parts) or len(parts) > MOST_LEVELS:
        errors["sponsor_levels"] = "sponsor_levels"
    elif any(higher >= lower for lower, higher in pairwise(levels)):
        errors["sponsor_levels"] = "sponsor_falls"
    return levels if len(levels) == len(parts) else levels[:1] or [1]


def _percent(basis_points: int) -> str:
    return f"{basis_points / 100:g}"


def _fresh(before: Program | None) -> str:
    """A name that no rule of the program has."""
    others = () if before is None else (*before.all_rules, *before.milestone_rewards, *before.cashback_rewards)
    taken = {rule.name for rule in others}
    return next(name for name in ("sponsor", *(f"sponsor-{n}" for n in range(2, 99))) if name not in taken)
