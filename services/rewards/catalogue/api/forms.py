"""Reading the form of an item, and filling it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from contracts.program import Program
from services.common.periods import local_day
from services.common.words import Translatable, _
from services.kernel.errors import AppError, Invalid
from services.rewards.catalogue import words
from services.rewards.catalogue.actions.items import Wanted
from services.rewards.catalogue.domain import (
    ITEM_KINDS,
    ITEM_STATUSES,
    MOST,
    MOST_STOCK,
    PAID_IN,
    Item,
)
from services.rewards.lots.domain import Kind as PaidIn
from services.rewards.pages import Reader
from services.rewards.payouts.api.forms import amount_in
from services.rewards.payouts.api.forms import shown as amount_shown
from services.rewards.pools.api.forms import name_of
from services.rewards.pools.domain import Pool
from services.rewards.rules.domain import POINTS
from services.ui import Choice, mistakes

LONGEST: Final = 600
"""Letters of a field."""
MOST_FIELDS: Final = 40
"""With one for each tier."""
FIELDS: Final = (
    *("kind", "name", "description", "paid_in", "price", "stock", "stock_was", "pool_id", "from", "until", "status"),
)


def wanted_of(form: Mapping[str, str], program: Program, zone: ZoneInfo) -> Wanted:
    """The item that a form describes. Raises `Invalid`, of a field."""
    paid_in: PaidIn = next((one for one in PAID_IN if one == form["paid_in"]), "points")
    unit = POINTS if paid_in == "points" else program.currency
    name = name_of(form["name"])
    if not form["price"].strip():
        raise Invalid.field("price", Translatable(_("Write what it costs.")))
    return Wanted(
        kind=next((one for one in ITEM_KINDS if one == form["kind"]), ITEM_KINDS[0]),
        name=name,
        description=form["description"].strip()[:500],
        paid_in=paid_in,
        price=amount_in(form["price"], unit, "price", most=MOST),
        tier_prices={
            tier: amount_in(form[field], unit, field, most=MOST)
            for field, tier in tier_fields(program)
            if form.get(field, "").strip()
        },
        stock=_stock(form["stock"]),
        pool_id=form["pool_id"] or None,
        from_at=_moment(form["from"], "from", zone),
        until_at=_moment(form["until"], "until", zone, after=1),
        status=next((one for one in ITEM_STATUSES if one == form["status"]), ITEM_STATUSES[0]),
    )


def changes_of(form: Mapping[str, str], program: Program, item: Item, zone: ZoneInfo) -> dict[str, Any]:
    """What a form changes of an item. A stock that was left as the form showed it stays what it is meanwhile."""
    wanted = wanted_of({**form, "paid_in": item.paid_in}, program, zone)
    found = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
    if form["stock"].strip() == form["stock_was"].strip():
        del found["stock"]
        if wanted.pool_id is not None:
            found["stock"] = None
    return found


def shown(item: Item, program: Program, zone: ZoneInfo) -> dict[str, str]:
    """An item as the form holds it."""
    stock = "" if item.stock is None else str(item.stock)
    form = {
        "kind": item.kind,
        "name": item.name,
        "description": item.description,
        "paid_in": item.paid_in,
        "price": amount_shown(item.price, item.unit),
        "stock": stock,
        "stock_was": stock,
        "pool_id": item.pool_id or "",
        "from": _day(item.from_at, zone),
        "until": _day(item.until_at, zone, before=1),
        "status": item.status,
    }
    prices = {
        field: amount_shown(item.tier_prices[tier], item.unit) if tier in item.tier_prices else ""
        for field, tier in tier_fields(program)
    }
    return form | prices


def tier_fields(program: Program) -> list[tuple[str, str]]:
    """The fields of a program's tiers, each with the tier's name."""
    steps = program.tiers.steps if program.tiers else ()
    return [(f"tier_{number}", step.name) for number, step in enumerate(steps)]


def parts(
    reader: Reader, form: Mapping[str, str], program: Program, pools: Sequence[Pool], wrong: AppError | None
) -> dict[str, Any]:
    """What the form's template shows."""
    speech = reader.speech
    tiers = tier_fields(program)
    fields = (*FIELDS, *(field for field, _ in tiers))
    chosen = form.get("pool_id", "")
    return {
        "form": dict.fromkeys(fields, "") | dict(form),
        "errors": dict.fromkeys((*fields, ""), "") | _by_field(mistakes(speech, wrong), tiers),
        "kinds": [Choice(words.kind_label(speech, k), value=k, current=k == form.get("kind")) for k in ITEM_KINDS],
        "units": [
            Choice(speech.say("Points"), value="points", current=form.get("paid_in") != "store_credit"),
            Choice(
                speech.say("Store credit, %(currency)s", currency=program.currency),
                value="store_credit",
                current=form.get("paid_in") == "store_credit",
            ),
        ],
        "pools": [
            Choice(speech.say("None: we fulfil it ourselves"), value="", current=not chosen),
            *(Choice(one.name, value=one.pool_id, current=one.pool_id == chosen) for one in pools),
        ],
        "statuses": [
            Choice(words.item_status_label(speech, one), value=one, current=one == form.get("status"))
            for one in ITEM_STATUSES
        ],
        "tiers": tiers,
    }


def _by_field(found: Mapping[str, str], tiers: Sequence[tuple[str, str]]) -> dict[str, str]:
    names = {f"tier_prices.{tier}": field for field, tier in tiers}
    return {names.get(field, field): text for field, text in found.items()}


def _stock(text: str) -> int | None:
    written = "".join(text.split())
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and len(written) < 11 and int(written) <= MOST_STOCK):
        raise Invalid.field("stock", Translatable(_("Write how many there are, or nothing.")))
    return int(written)


def _moment(text: str, field: str, zone: ZoneInfo, *, after: int = 0) -> datetime | None:
    """The midnight at which a day begins where the store is, or so many days after it."""
    if not text.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()) + timedelta(days=after), time(), zone)
    except (ValueError, OverflowError):
        raise Invalid.field(field, Translatable(_("Write a day."))) from None


def _day(moment: datetime | None, zone: ZoneInfo, *, before: int = 0) -> str:
    return "" if moment is None else (local_day(moment, zone) - timedelta(days=before)).isoformat()
