"""Reading what forms of goodwill send, and saying what is wrong with it."""

import re
import secrets
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from services.common.money import known, to_decimal
from services.common.periods import Period
from services.kernel.errors import AppError, Invalid
from services.rewards.goodwill.domain import MOST, PERIODS
from services.rewards.pages import Reader
from services.rewards.payouts.api.forms import amount_of
from services.rewards.rules.domain import POINTS, PayAs

_LONGEST: Final = 2_000
_WAYS: Final[tuple[PayAs, ...]] = ("cash", "store_credit", "points")


def amount_in(text: str, unit: str, field: str = "amount") -> int:
    """An amount of money, or a number of points, above zero. Raises `Invalid`, of `field`."""
    if unit != POINTS:
        amount = amount_of(text, unit, field)
    else:
        written = text.strip().replace("\u00a0", "").replace(" ", "")
        amount = int(written) if written.isascii() and written.isdigit() and len(written) < 20 else None
    if not amount or amount > MOST:
        raise Invalid.field(field, "Write an amount above zero.", code="amount")
    return amount


async def sent(request: Request) -> Mapping[str, str]:
    """What a form sends, by its fields, each up to a page of text. The body is kept: answers are remembered by it."""
    await request.body()
    form = await request.form(max_fields=10, max_files=0)
    return {name: value[:_LONGEST] for name, value in form.items() if isinstance(value, str)}


def shown(amount_minor: int, unit: str) -> str:
    """An amount as a field of a form holds it."""
    return str(amount_minor) if unit == POINTS else str(to_decimal(amount_minor, unit))


def reason_of(text: str) -> str:
    """Why, in somebody's words. Raises `Invalid` for none."""
    reason = text.strip()[:500]
    if not reason:
        raise Invalid.field("reason", "Say why.", code="missing")
    return reason


def new_once() -> str:
    """A key that makes a form's second pressing harmless."""
    return secrets.token_hex(16)


def once_of(text: str) -> str:
    """The key that a form brings; a new one where it brings none of ours."""
    return text if re.fullmatch(r"[0-9a-f]{32}", text) else new_once()


def pay_as_of(text: str) -> PayAs:
    """What it is given as. Raises `Invalid`."""
    found = next((one for one in _WAYS if one == text), None)
    if found is None:
        raise Invalid.field("pay_as", "Choose what to give.")
    return found


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
    return {
        "ambassador_not_found": say("There is no such ambassador, or no longer."),
        "ambassador_blocked": say("This ambassador is blocked: unblock them first."),
        "budget_used_up": say("The program’s budget has not that much left."),
        "goodwill_state": say("It has moved on meanwhile."),
        "not_that_much_left": say("Not that much is left of it."),
        "second_person_needed": say("Somebody other than who asked for it must approve it."),
    }.get(wrong.code, say("Say why.") if field == "reason" else say("Write an amount, such as 25.00."))
