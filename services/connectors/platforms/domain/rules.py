"""What each platform's owner asks first, in one table: the console, the documents and the code have it from here."""

from dataclasses import dataclass, fields
from typing import Final

from services.common.words import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One platform's answers."""

    proof: str
    order_id: str
    duplicates: str
    refunds: str
    paid: str
    tests: str
    cannot: str


QUESTIONS: Final = {
    "proof": _("Who sent it"),
    "order_id": _("The order's id"),
    "duplicates": _("What comes twice"),
    "refunds": _("Refunds"),
    "paid": _("When an order is paid"),
    "tests": _("Test orders"),
    "cannot": _("What it cannot tell"),
}
"""What each field answers, in the order in which they are shown."""

assert tuple(QUESTIONS) == tuple(one.name for one in fields(Rules))  # a field without a question

SAME_BODY: Final = _("The same body is one delivery, and equal reports are one fact.")
EACH_REFUND: Final = _("Each by its own id, so that it counts once; one that failed takes nothing back.")
"""Answers that several platforms share."""
