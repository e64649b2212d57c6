"""Reading what forms of the simulator send."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from contracts.countries import COUNTRIES
from contracts.events.conversions import Circumstances
from contracts.program import EvidenceKind, Program
from services.common.money import from_decimal
from services.common.words import Translatable, _
from services.kernel.errors import Invalid
from services.kernel.http.problems import field_path
from services.rewards.simulations.domain.trial import Imagined

MOST_LETTERS: Final = 100_000
WAYS: Final[tuple[EvidenceKind | Literal["nobody"], ...]] = ("click", "code", "customer", "nobody")


def amount_of(text: str, currency: str, field: str) -> int:
    """An amount as people write it, in minor units. Raises `Invalid`, of `field`."""
    amount = from_decimal(text.replace("\u00a0", "").replace(" ", "").replace(",", "."), currency, field=field)
    if amount < 0:
        raise Invalid.field(field, "An amount is not below zero.")
    return amount


def draft_of(text: str) -> Program | None:
    """The rules that a field holds as JSON; None for an empty one. Raises `Invalid` with the path of each mistake."""
    if not text.strip():
        return None
    try:
        return Program.model_validate_json(text)
    except ValidationError as error:
        places = dict.fromkeys(field_path(one["loc"]) for one in error.errors(include_url=False))
        mend = _("These are no rules as a program has them. Look at: %(places)s")
        raise Invalid.field("draft", Translatable(mend, places=", ".join(places))) from None


def day_of(text: str, field: str) -> date:
    """A day. Raises `Invalid`, of `field`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid.field(field, "This is no day.") from None


def span_of(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Whole days where the store is, as moments."""
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


def imagined_of(form: Mapping[str, str], program_id: str, currency: str, now: datetime) -> Imagined:
    """The order that a form describes. Raises `Invalid`."""
    total = amount_of(form.get("total", ""), currency, "total")
    spent = form.get("spent", "").strip()
    is_new = form.get("buyer", "new") == "new"
    by = next((way for way in WAYS if way == form.get("by", "")), WAYS[0])
    return Imagined(
        program_id=program_id,
        total_minor=total,
        subtotal_minor=total,
        currency=currency,
        placed_at=now,
        by=by,
        new_customer=is_new,
        order_number=1 if form.get("number", "1") != "2" else 2,
        memberships=tuple(name.strip() for name in form.get("memberships", "").split(",") if name.strip()),
        spent_minor=amount_of(spent, currency, "spent") if spent else 0,
        circumstances=Circumstances(brought_at=now, country=_country(form.get("country", ""))),
    )


def _country(text: str) -> str | None:
    code = text.strip().upper()
    if code and code not in COUNTRIES:
        raise Invalid.field("country", f"{text!r} is no country's code of two letters.")
    return code or None
