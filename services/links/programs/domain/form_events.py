"""Rules for events that are no orders, as fields of the form: a row for each, and one to add another. Pure."""

import re
from collections.abc import Callable, Mapping, Set
from typing import Any, Final

from contracts.expiry import Expiring
from contracts.program import EventRule, Program

MOST: Final = 20
"""Rules that a program may have, as its model says."""
_OF_A_ROW: Final = {
    "name": "",
    "on": "",
    "to": "ambassador",
    "amount": "",
    "which": "first",
    "pay_as": "store_credit",
    "hold_days": "14",
    "per_month": "",
    "drop": "",
}
"""What a row holds, and what an empty one begins with. `name` is the rule's own, by which its limits are counted."""
_EVENT: Final = re.compile(r"[a-z0-9_.]{1,40}", re.ASCII)
_FIELD: Final = re.compile(r"event_(0|1?[0-9])_([a-z_]+)", re.ASCII)
_POINTS: Final = 10**12
_LONGEST_NAME: Final = 40

Amount = Callable[[str], int | None]
Whole = Callable[[str, int, int], int | None]


def field_of(row: int, part: str) -> str:
    """What a field is called."""
    return f"event_{row}_{part}"


def blank(row: int) -> dict[str, str]:
    """The fields of a row that is not written yet."""
    return {field_of(row, part): text for part, text in _OF_A_ROW.items()}


def fields(program: Program, decimal: Callable[[int, str], str]) -> dict[str, str]:
    """The rows of a program's rules; `decimal` writes money."""
    found: dict[str, str] = {}
    for row, rule in enumerate(program.event_rewards):
        minor = rule.give.amount_minor
        cap = rule.limits.per_ambassador
        values = {
            "name": rule.name,
            "on": rule.on,
            "to": rule.to,
            "amount": str(minor) if rule.pay_as == "points" else decimal(minor, program.currency),
            "which": rule.which,
            "pay_as": rule.pay_as,
            "hold_days": str(rule.hold_days),
            "per_month": str(cap.count) if cap and cap.count and cap.period == "month" else "",
            "drop": "",
        }
        found |= {field_of(row, part): text for part, text in values.items()}
    return found


def rows_of(form: Mapping[str, str]) -> list[int]:
    """The rows to show: those that the form has, and one to add another while there is room."""
    last = max(_written(form), default=-1)
    return list(range(min(last + 2, MOST)))


def labelled(labels: Mapping[str, str]) -> dict[str, str]:
    """What the fields of all rows are called; `labels` say it of a row's."""
    return {field_of(row, part): text for row in range(MOST) for part, text in labels.items()}


def read(
    form: Mapping[str, str],
    before: Program | None,
    amount: Amount,
    whole: Whole,
    errors: dict[str, str],
) -> list[dict[str, Any]]:
    """The rules that a form has, as JSON; as they were before where the form asks for none. What is wrong goes to
    `errors`, by field. A row without event and amount is none; one that is ticked off is taken away.
    """
    known = {rule.name: rule for rule in before.event_rewards} if before else {}
    if not any(_FIELD.fullmatch(field) for field in form):
        return [rule.model_dump(mode="json") for rule in known.values()]
    taken = {rule.name for rule in before.all_rules} if before else set()
    found: list[dict[str, Any]] = []
    for row in sorted(_written(form)):
        if form.get(field_of(row, "drop")):
            continue
        rule = _read(row, form, known, amount, whole, errors)
        if rule["name"] is None:
            rule["name"] = _fresh(rule["on"], rule["to"], taken)
        taken.add(rule["name"])
        found.append(rule)
    return found


def _written(form: Mapping[str, str]) -> set[int]:
    """The rows in which something says that they are a rule."""
    found = set()
    for field, text in form.items():
        named = _FIELD.fullmatch(field)
        if named is not None and named[2] in ("name", "on", "amount") and text.strip():
            found.add(int(named[1]))
    return found


def _read(
    row: int,
    form: Mapping[str, str],
    known: Mapping[str, EventRule],
    amount: Amount,
    whole: Whole,
    errors: dict[str, str],
) -> dict[str, Any]:
    def text(part: str) -> str:
        return form.get(field_of(row, part), _OF_A_ROW[part]).strip()

    on, gift = text("on"), field_of(row, "amount")
    if _EVENT.fullmatch(on) is None:
        errors[field_of(row, "on")] = "event_name" if on else "required"
    minor = whole(gift, 1, _POINTS) if text("pay_as") == "points" else amount(gift)
    if not minor and gift not in errors:
        errors[gift] = "required" if minor is None else "above_zero"
    hold_days = whole(field_of(row, "hold_days"), 0, 365)
    before = known.get(text("name"))
    return {
        "name": before.name if before else None,
        "on": on,
        "to": text("to"),
        "which": text("which"),
        "give": {"kind": "fixed", "amount_minor": minor},
        "pay_as": text("pay_as"),
        "hold_days": 14 if hold_days is None else hold_days,
        **(_expiry(before) if before and text("pay_as") != "cash" else {}),
        "limits": _limits(before, whole(field_of(row, "per_month"), 1, 1_000_000)),
    }


def _expiry(before: EventRule) -> dict[str, Any]:
    """How long it can be used: the form shows nothing of it, and leaves it as it is."""
    return before.model_dump(mode="json", include=set(Expiring.model_fields))


def _limits(before: EventRule | None, per_month: int | None) -> dict[str, Any]:
    """The form's cap, on rewards a month; what else is limited stays, but of another period once there is that cap."""
    cap = before.limits.per_ambassador if before else None
    monthly = cap.model_dump() if cap is not None and cap.period == "month" else {"period": "month"}
    if per_month is not None:
        return {"per_ambassador": monthly | {"count": per_month}}
    if cap is None or cap.period != "month":
        return {"per_ambassador": cap.model_dump() if cap else None}
    return {"per_ambassador": cap.model_dump() | {"count": None} if cap.amount_minor is not None else None}


def _fresh(on: str, to: str, taken: Set[str]) -> str:
    """A name for a new rule: what it is about, with a number where a rule of the program is called so."""
    usual = f"{on.replace('.', '-').strip('-_') or 'event'}-{to}"[:_LONGEST_NAME]
    names = (usual, *(f"{usual[: _LONGEST_NAME - 4]}-{n}" for n in range(2, MOST + 1 + len(taken))))
    return next(name for name in names if name not in taken)
