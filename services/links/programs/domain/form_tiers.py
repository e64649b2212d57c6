"""Tiers as fields of the form: what is counted, and a row for each tier, and one to add another. Pure."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from contracts.program import Program
from contracts.tiers import CalendarWindow, OneStep, RollingWindow

MOST: Final = 10
"""Tiers that a program may have, as its model says."""
EMPTY: Final = {
    "tiers_of": "",
    "tiers_window": "ever",
    "tiers_days": "90",
    "tiers_below": "keep",
    "tiers_grace": "30",
}
_PARTS: Final = ("name", "at", "times", "hold", "privileges")
_FIELD: Final = re.compile(r"tier_([0-9])_(name|at)", re.ASCII)
_TIMES: Final = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,4})?", re.ASCII)
_MOST_OF_A_COUNT: Final = 1_000_000_000
_LONGEST_NAME: Final = 40
_MOST_PRIVILEGES: Final = 10
_LONGEST_PRIVILEGE: Final = 160

Amount = Callable[[str], int | None]
Whole = Callable[[str, int, int], int | None]


def field_of(row: int, part: str) -> str:
    """What a field is called."""
    return f"tier_{row}_{part}"


def fields(program: Program, decimal: Callable[[int, str], str]) -> dict[str, str]:
    """The fields of a program's tiers; `decimal` writes money."""
    tiers = program.tiers
    if tiers is None:
        return {}
    window, below = tiers.window, tiers.when_below
    found = {
        **EMPTY,
        "tiers_of": tiers.measure,
        "tiers_window": window.period if isinstance(window, CalendarWindow) else window.kind,
        "tiers_days": str(window.days) if isinstance(window, RollingWindow) else EMPTY["tiers_days"],
        "tiers_below": below.then,
        "tiers_grace": str(below.grace_days) if isinstance(below, OneStep) else EMPTY["tiers_grace"],
    }
    for row, tier in enumerate(tiers.steps):
        found |= {
            field_of(row, "name"): tier.name,
            field_of(row, "at"): decimal(tier.at, program.currency) if tiers.measure == "revenue" else str(tier.at),
            field_of(row, "times"): f"{(Decimal(tier.multiplier_basis_points) / 10_000).normalize():f}",
            field_of(row, "hold"): "" if tier.hold_days is None else str(tier.hold_days),
            field_of(row, "privileges"): "; ".join(tier.privileges),
        }
    return found


def rows_of(form: Mapping[str, str]) -> list[int]:
    """The rows to show: those that the form has, and one to add another while there is room."""
    return list(range(min(max(_written(form), default=-1) + 2, MOST)))


def blank(row: int) -> dict[str, str]:
    """The fields of a row that is not written yet."""
    return {field_of(row, part): "" for part in _PARTS}


def read(
    form: Mapping[str, str], before: Program | None, amount: Amount, whole: Whole, errors: dict[str, str]
) -> dict[str, Any] | None:
    """The tiers that a form has, as JSON; as they were before where the form asks for none. What is wrong goes to
    `errors`, by field. A row without a name and a count is none.
    """
    if "tiers_of" not in form:
        return before.tiers.model_dump(mode="json") if before is not None and before.tiers is not None else None
    of = form["tiers_of"]
    if not of:
        return None
    rows = sorted(_written(form))
    if not rows:
        errors[field_of(0, "name")] = "required"
    found: list[dict[str, Any]] = []
    for row in rows:
        step = _read(row, of, form, amount, whole, errors)
        if found and step["at"] is not None and found[-1]["at"] is not None and step["at"] <= found[-1]["at"]:
            errors[field_of(row, "at")] = "rises"
        if step["name"].casefold() in {one["name"].casefold() for one in found}:
            errors[field_of(row, "name")] = "name_twice"
        found.append(step)
    by_time = of == "tenure"
    return {
        "of": "friends" if of == "clicks" else of,
        "by": "clicks" if of == "clicks" else "orders",
        "window": {"kind": "ever"} if by_time else _window(form, whole, errors),
        "when_below": {"then": "keep"} if by_time else _below(form, whole, errors),
        "steps": found,
    }


def _window(form: Mapping[str, str], whole: Whole, errors: dict[str, str]) -> dict[str, Any]:
    kind = form.get("tiers_window", "ever")
    if kind == "rolling":
        return {"kind": kind, "days": _needed("tiers_days", whole("tiers_days", 1, 366), errors)}
    return {"kind": "ever"} if kind == "ever" else {"kind": "calendar", "period": kind}


def _below(form: Mapping[str, str], whole: Whole, errors: dict[str, str]) -> dict[str, Any]:
    then = form.get("tiers_below", "keep")
    if then == "one_step":
        return {"then": then, "grace_days": _needed("tiers_grace", whole("tiers_grace", 1, 366), errors)}
    return {"then": then}


def _read(
    row: int, of: str, form: Mapping[str, str], amount: Amount, whole: Whole, errors: dict[str, str]
) -> dict[str, Any]:
    name, at = form.get(field_of(row, "name"), "").strip(), field_of(row, "at")
    if not name or len(name) > _LONGEST_NAME:
        errors[field_of(row, "name")] = "tier_name" if name else "required"
    least = amount(at) if of == "revenue" else whole(at, 0, 1_200 if of == "tenure" else _MOST_OF_A_COUNT)
    text = form.get(field_of(row, "times"), "").strip().replace(",", ".").removeprefix("×") or "1"
    points = int(Decimal(text) * 10_000) if _TIMES.fullmatch(text) else 0
    if not 1 <= points <= 100_000:
        errors[field_of(row, "times")] = "times"
    privileges = [one.strip() for one in form.get(field_of(row, "privileges"), "").split(";") if one.strip()]
    if len(privileges) > _MOST_PRIVILEGES or any(len(one) > _LONGEST_PRIVILEGE for one in privileges):
        errors[field_of(row, "privileges")] = "privileges"
    return {
        "name": name,
        "at": _needed(at, least, errors),
        "multiplier_basis_points": points,
        "hold_days": whole(field_of(row, "hold"), 0, 365),
        "privileges": privileges,
    }


def _needed(field: str, value: int | None, errors: dict[str, str]) -> int | None:
    if value is None and field not in errors:
        errors[field] = "required"
    return value


def _written(form: Mapping[str, str]) -> set[int]:
    """The rows in which something says that they are a tier."""
    found = set()
    for field, text in form.items():
        named = _FIELD.fullmatch(field)
        if named is not None and text.strip():
            found.add(int(named[1]))
    return found
