"""Memberships as fields of the form: a row for each that can be bought, and one to add another. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.memberships import LONGEST_DAYS, LONGEST_MONTHS, MOST
from contracts.program import Program
from services.links.programs.domain.form_rows import listed, names

PARTS: Final = ("name", "products", "event", "days", "months")
_FIELD: Final = re.compile(r"membership_([0-9])_(name|products|event|days|months)", re.ASCII)
_EVENT: Final = re.compile(r"[a-z0-9_.]{1,40}", re.ASCII)
_LONGEST_NAME: Final = 40

Whole = Callable[[str, int, int], int | None]


def field_of(row: int, part: str) -> str:
    """What a field is called."""
    return f"membership_{row}_{part}"


def fields(program: Program) -> dict[str, str]:
    """The fields of a program's memberships."""
    found: dict[str, str] = {}
    for row, one in enumerate(program.memberships):
        found |= {
            field_of(row, "name"): one.name,
            field_of(row, "products"): listed(one.bought_by.products),
            field_of(row, "event"): one.bought_by.event or "",
            field_of(row, "days"): str(one.lasts.days or ""),
            field_of(row, "months"): str(one.lasts.months or ""),
        }
    return found


def rows_of(form: Mapping[str, str]) -> list[int]:
    """The rows to show: those that the form has, and one to add another while there is room."""
    return list(range(min(max(_written(form), default=-1) + 2, MOST)))


def blank(row: int) -> dict[str, str]:
    """The fields of a row that is not written yet."""
    return {field_of(row, part): "" for part in PARTS}


def read(form: Mapping[str, str], before: Program | None, whole: Whole, errors: dict[str, str]) -> list[dict[str, Any]]:
    """The memberships that a form has, as JSON; as they were before where the form has no such fields. What is wrong
    goes to `errors`, by field. A row with nothing in it is none.
    """
    if field_of(0, "name") not in form:
        return [one.model_dump(mode="json") for one in before.memberships] if before is not None else []
    found: list[dict[str, Any]] = []
    for row in sorted(_written(form)):
        one = _read(row, form, whole, errors)
        if one["name"].casefold() in {other["name"].casefold() for other in found}:
            errors[field_of(row, "name")] = "membership_twice"
        found.append(one)
    return found


def check_asked(document: Mapping[str, Any], errors: dict[str, str]) -> None:
    """Notes in `errors` which rules of the form ask for a membership that the program, as read, does not have."""
    there = {one["name"].casefold() for one in document["memberships"]}
    asked: dict[str, list[str] | None] = {}
    for rule in document["rewards"]:
        asked.setdefault(f"{rule['to']}_memberships", (rule.get("when") or {}).get("memberships"))
    for rule in document["cashback_rewards"]:
        asked.setdefault("cashback_memberships", rule.get("memberships"))
    for field, some in asked.items():
        if any(name.casefold() not in there for name in some or ()):
            errors.setdefault(field, "membership_unknown")


def _read(row: int, form: Mapping[str, str], whole: Whole, errors: dict[str, str]) -> dict[str, Any]:
    def text(part: str) -> str:
        return form.get(field_of(row, part), "").strip()

    name, products, event = text("name"), names(text("products")), text("event") or None
    if not name or len(name) > _LONGEST_NAME:
        errors[field_of(row, "name")] = "tier_name" if name else "required"
    if bool(products) == (event is not None):
        errors[field_of(row, "products")] = "bought_by"
    if event is not None and _EVENT.fullmatch(event) is None:
        errors[field_of(row, "event")] = "event_name"
    days = whole(field_of(row, "days"), 1, LONGEST_DAYS)
    months = whole(field_of(row, "months"), 1, LONGEST_MONTHS)
    if bool(text("days")) == bool(text("months")):
        errors[field_of(row, "days")] = "lasts"
    return {
        "name": name,
        "bought_by": {"products": products, "event": event},
        "lasts": {"days": days, "months": months},
    }


def _written(form: Mapping[str, str]) -> set[int]:
    """The rows in which something is written."""
    found = set()
    for field, text in form.items():
        named = _FIELD.fullmatch(field)
        if named is not None and text.strip() and int(named[1]) < MOST:
            found.add(int(named[1]))
    return found
