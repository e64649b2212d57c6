"""Other terms for some goods, and boosts, as rows of a rule's part of the form: one for each, and one to add another.
Pure.

A row that says nothing is none, so that blanking one takes it away.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final

from contracts.program import RewardRule
from contracts.reward_terms import ForEach

MOST: Final = 50
"""Terms, and boosts, that a rule may have, as its model says."""
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "term": ("products", "categories", "kind", "amount"),
    "boost": ("first", "last", "share", "categories", "groups"),
}
_DECISIVE: Final[Mapping[str, tuple[str, ...]]] = {
    "term": ("products", "categories", "amount"),
    "boost": ("first", "last", "share", "categories", "groups"),
}
"""What makes a row one: what is chosen from a list says nothing."""
_WHOLE: Final = 10_000
_POINTS: Final = 10**12
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

Amount = Callable[[str], int | None]
Whole = Callable[[str, int, int], int | None]
Share = Callable[[str], int | None]


def field_of(side: str, kind: str, row: int, part: str) -> str:
    """What a field is called: `ambassador_term_0_products`."""
    return f"{side}_{kind}_{row}_{part}"


def blank(side: str, kind: str, row: int) -> dict[str, str]:
    """The fields of a row that is not written yet."""
    return {field_of(side, kind, row, part): "percent" if part == "kind" else "" for part in _PARTS[kind]}


def labelled(sides: Iterable[str], labels: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What the fields of all rows are called; `labels` say it of a row's, by kind."""
    return {
        field_of(side, kind, row, part): text
        for side in sides
        for kind, texts in labels.items()
        for row in range(MOST)
        for part, text in texts.items()
    }


def fields(side: str, rule: RewardRule, decimal: Callable[[int | None], str]) -> dict[str, str]:
    """The rows of a rule; `decimal` writes money."""
    found: dict[str, str] = {}
    for row, term in enumerate(rule.terms):
        give = term.give
        if isinstance(give, ForEach):
            kind, text = "fixed", str(give.amount_minor) if rule.pay_as == "points" else decimal(give.amount_minor)
        else:
            kind, text = "percent", share_text(give.basis_points)
        values = {"products": listed(term.products), "categories": listed(term.categories)}
        found |= _row(side, "term", row, values | {"kind": kind, "amount": text})
    for row, boost in enumerate(rule.boosts):
        values = {
            "first": boost.first_day.isoformat(),
            "last": boost.last_day.isoformat(),
            "share": share_text(boost.basis_points),
            "categories": listed(boost.categories),
            "groups": listed(boost.groups),
        }
        found |= _row(side, "boost", row, values)
    return found


def _row(side: str, kind: str, row: int, values: Mapping[str, str]) -> dict[str, str]:
    return {field_of(side, kind, row, part): text for part, text in values.items()}


def rows_of(side: str, kind: str, form: Mapping[str, str]) -> list[int]:
    """The rows to show: those that the form has, and one to add another while there is room."""
    return list(range(min(max(_written(side, kind, form), default=-1) + 2, MOST)))


def read_terms(
    side: str,
    rule: Mapping[str, Any],
    form: Mapping[str, str],
    amount: Amount,
    whole: Whole,
    share: Share,
    errors: dict[str, str],
) -> list[dict[str, Any]]:
    """The rule's other terms as the form has them; as they were where it has no such rows. What is wrong goes to
    `errors`, by field.
    """
    if not _has_rows(side, "term", form):
        return list(rule.get("terms") or ())
    found, taken = [], set[tuple[str, str]]()
    for row in sorted(_written(side, "term", form)):
        goods = {what: names(form.get(field_of(side, "term", row, what), "")) for what in ("products", "categories")}
        if not any(goods.values()):
            errors[field_of(side, "term", row, "products")] = "required"
        for what, named in goods.items():
            own = {(what, name.casefold()) for name in named}
            if taken & own:
                errors[field_of(side, "term", row, what)] = "goods_twice"
            taken |= own
        field = field_of(side, "term", row, "amount")
        text = form.get(field, "").strip()
        if form.get(field_of(side, "term", row, "kind"), "percent") == "percent":
            points = share(text)
            if points is None or points > _WHOLE:
                errors[field] = "percent" if text else "required"
            give: dict[str, Any] = {"kind": "percent", "basis_points": points}
        else:
            minor = whole(field, 0, _POINTS) if rule.get("pay_as") == "points" else amount(field)
            if minor is None and field not in errors:
                errors[field] = "required"
            give = {"kind": "fixed", "amount_minor": minor}
        found.append({**goods, "give": give})
    return found


def read_boosts(
    side: str, rule: Mapping[str, Any], form: Mapping[str, str], share: Share, errors: dict[str, str]
) -> list[dict[str, Any]]:
    """The same of its boosts."""
    if not _has_rows(side, "boost", form):
        return list(rule.get("boosts") or ())
    found = []
    for row in sorted(_written(side, "boost", form)):
        days = {part: form.get(field_of(side, "boost", row, part), "").strip() for part in ("first", "last")}
        for part, text in days.items():
            if not is_day(text):
                errors[field_of(side, "boost", row, part)] = "day" if text else "required"
        if is_day(days["first"]) and is_day(days["last"]) and days["last"] < days["first"]:
            errors[field_of(side, "boost", row, "last")] = "ends_early"
        field = field_of(side, "boost", row, "share")
        points = share(form.get(field, ""))
        if not points or points > _WHOLE:
            errors[field] = "percent" if form.get(field, "").strip() else "required"
        found.append(
            {
                "first_day": days["first"],
                "last_day": days["last"],
                "basis_points": points,
                "categories": names(form.get(field_of(side, "boost", row, "categories"), "")),
                "groups": names(form.get(field_of(side, "boost", row, "groups"), "")),
            }
        )
    return found


def names(text: str) -> list[str]:
    """Names with commas between them, each once: large and small letters are alike."""
    found: dict[str, str] = {}
    for one in text.split(","):
        if name := one.strip():
            found.setdefault(name.casefold(), name)
    return list(found.values())


def listed(some: Iterable[str]) -> str:
    """Names as a field has them."""
    return ", ".join(some)


def share_text(basis_points: int) -> str:
    """A share as a field has it: 12, 7.5."""
    return f"{basis_points / 100:.2f}".rstrip("0").rstrip(".")


def is_day(text: str) -> bool:
    """Whether it is a calendar day such as 2027-03-08."""
    if _DAY.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _has_rows(side: str, kind: str, form: Mapping[str, str]) -> bool:
    return field_of(side, kind, 0, _PARTS[kind][0]) in form


def _written(side: str, kind: str, form: Mapping[str, str]) -> set[int]:
    """The rows in which something says that they are one."""
    return {
        row
        for row in range(MOST)
        if any(form.get(field_of(side, kind, row, part), "").strip() for part in _DECISIVE[kind])
    }
