"""Reading what forms of goodwill send, and saying what is wrong with it."""

from typing import Final

from contracts.expiry import LONGEST_DAYS
from services.common.money import known
from services.common.periods import Period
from services.kernel.errors import AppError, Invalid
from services.rewards.goodwill.domain import PERIODS
from services.rewards.pages import Reader
from services.rewards.rules.domain import POINTS, PayAs

LONGEST: Final = 2_000
"""Letters of a field: a page of text."""
_WAYS: Final[tuple[PayAs, ...]] = ("cash", "store_credit", "points")


def reason_of(text: str) -> str:
    """Why, in somebody's words. Raises `Invalid` for none."""
    reason = text.strip()[:500]
    if not reason:
        raise Invalid.field("reason", "Say why.", code="missing")
    return reason


def pay_as_of(text: str) -> PayAs:
    """What it is given as. Raises `Invalid`."""
    found = next((one for one in _WAYS if one == text), None)
    if found is None:
        raise Invalid.field("pay_as", "Choose what to give.")
    return found


def expires_of(text: str, pay_as: PayAs) -> int | None:
    """Days after which it expires; None where the field is empty. Raises `Invalid`, also for money."""
    text = text.strip()
    if not text:
        return None
    days = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= days <= LONGEST_DAYS or (pay_as == "cash" and days):
        raise Invalid.field("expires", f"Write a number of days up to {LONGEST_DAYS}; money does not expire.")
    return days


def period_of(text: str) -> Period:
    """A period of a limit. Raises `Invalid`."""
    found = next((one for one in PERIODS if one == text), None)
    if found is None:
        raise Invalid.field("period", "Choose a period.")
    return found


def unit_of(text: str) -> str:
    """A currency, or points. Raises `Invalid`."""
    if text != POINTS and not known(text):
        raise Invalid.field("unit", "Choose a currency, or points.")
    return text


def wrong_text(reader: Reader, wrong: AppError | None) -> str:
    """What to mend, in the reader's words; empty where nothing is wrong."""
    say = reader.speech.say
    if wrong is None:
        return ""
    field = wrong.errors[0].field if wrong.errors else ""
    if field == "expires":
        most = reader.fmt.number(LONGEST_DAYS)
        return say("Write a number of days, at most %(most)s; money does not expire.", most=most)
    return {
        "ambassador_not_found": say("There is no such ambassador, or no longer."),
        "ambassador_blocked": say("This ambassador is blocked: unblock them first."),
        "budget_used_up": say("The program’s budget has not that much left."),
        "goodwill_state": say("It has moved on meanwhile."),
        "not_that_much_left": say("Not that much is left of it."),
        "second_person_needed": say("Somebody other than who asked for it must approve it."),
    }.get(wrong.code, say("Say why.") if field == "reason" else say("Write an amount, such as 25.00."))
