"""How long what a rule gives can be used, as fields of the form, and back. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.expiry import LONGEST_DAYS, LONGEST_NOTICE_DAYS, Expiring
from services.links.programs.domain.form_rows import Whole

PARTS: Final = ("expires", "expires_from", "notice")
FROM: Final = ("release", "activity")
"""What the days are counted from."""


def fields(part: str, rule: Expiring) -> dict[str, str]:
    """The fields of a rule; `part` is what they begin with."""
    days = rule.expires_after_days if rule.expiry is None else rule.expiry.days
    return {
        f"{part}_expires": str(days or ""),
        f"{part}_expires_from": "release" if rule.expiry is None else "activity",
        f"{part}_notice": str(rule.expiry_notice_days or ""),
    }


def read(part: str, rule: Mapping[str, Any], form: Mapping[str, str], whole: Whole, errors: dict[str, str]) -> Any:
    """What the form says of a rule as it is: cash never expires. What is wrong goes to `errors`, by field. A form
    without these fields changes nothing else.
    """
    if rule["pay_as"] == "cash":
        return {"expires_after_days": None, "expiry": None, "expiry_notice_days": None}
    if f"{part}_expires" not in form:
        return {}
    days = whole(f"{part}_expires", 1, LONGEST_DAYS)
    idle = rule.get("expiry") is not None
    if f"{part}_expires_from" in form:
        idle = form[f"{part}_expires_from"] == "activity"
    notice = rule.get("expiry_notice_days")
    if f"{part}_notice" in form:
        notice = whole(f"{part}_notice", 1, LONGEST_NOTICE_DAYS)
    if days is None:
        notice = None
    elif notice is not None and notice >= days:
        errors.setdefault(f"{part}_notice", "notice_late")
    return {
        "expires_after_days": None if idle else days,
        "expiry": {"kind": "idle", "days": days} if idle and days is not None else None,
        "expiry_notice_days": notice,
    }
