"""The console's pages of goodwill: what was given or waits, giving, and how much one person may give alone."""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request, Response

from services.kernel.db import Tx
from services.kernel.errors import AppError, Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.rewards.goodwill import sql, words
from services.rewards.goodwill.actions import give
from services.rewards.goodwill.actions import terms as setting
from services.rewards.goodwill.api.forms import (
    LONGEST,
    expires_of,
    pay_as_of,
    period_of,
    reason_of,
    unit_of,
    wrong_text,
)
from services.rewards.goodwill.domain import MOST, PERIODS, STATUSES, GivingLimit, Goodwill, Status, Terms
from services.rewards.goodwill.schemas import GoodwillOut
from services.rewards.pages import Reader, reader_of
from services.rewards.payouts.api.forms import amount_in
from services.rewards.rules.domain import POINTS
from services.rewards.slices import sql as slices
from services.ui import Choice, Column, Name, Pagination, Row, Table
from services.ui.forms import new_once, once_of, sent

router = APIRouter(include_in_schema=False)

LIST: Final = "/console/rewards/goodwill"
NAMES: Final = "/console/links/names"
_ROWS: Final = 25
_REWARDS: Final = "/console/rewards/rewards"
_Text = Annotated[str, Form(max_length=600)]
_Ambassador = Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the page is about, what its forms hold, and what went wrong."""

    ambassador: str = ""
    status: Status | None = None
    cursor: str | None = None
    form: dict[str, str] = field(default_factory=dict)
    wrong: AppError | None = None


@router.get(LIST)
async def list_page(
    call: Annotated[Call, viewer("rewards:read")],
    ambassador: _Ambassador = "",
    status: Status | None = None,
    cursor: Cursor = None,
) -> Response:
    """What was given by hand or waits, youngest first; for one ambassador with the form that gives."""
    return await _page(call, _Asked(ambassador, status, cursor))


@router.post(LIST)
async def give_form(request: Request, call: Annotated[Call, viewer("goodwill:write")]) -> Response:
    """Gives, and leads to what was given. `once` makes the form's second pressing harmless."""
    form = await sent(request, longest=LONGEST)
    ambassador = form.get("ambassador", "")[:64]
    try:
        kind = pay_as_of(form.get("pay_as", ""))
        async with call.transaction() as tx:
            currency = await _currency(tx, call.store_id, ambassador)
        unit = POINTS if kind == "points" else currency
        wish = give.Wish(
            ambassador_id=ambassador,
            pay_as=kind,
            unit=unit,
            amount_minor=amount_in(form.get("amount", ""), unit, "amount", most=MOST),
            reason=reason_of(form.get("reason", "")),
            expires_after_days=expires_of(form.get("expires", ""), kind),
        )
        answer = await call.once(
            lambda tx: give.give(tx, call.store_id, wish),
            answer=GoodwillOut.of,
            key=once_of(form.get("once", "")),
        )
    except AppError as error:
        return await _page(call, _Asked(ambassador, form=form, wrong=error), status=error.status)
    made = GoodwillOut.model_validate_json(bytes(answer.body))
    return Response(status_code=303, headers={"location": f"{LIST}/{made.id}"})


@router.post(LIST + "/terms")
async def terms_form(
    call: Annotated[Call, viewer("payouts:write")], unit: _Text = "", limit: _Text = "", period: _Text = ""
) -> Response:
    """Sets what one person may give alone; an empty limit is none at all."""
    try:
        wanted = unit_of(unit)
        minor = amount_in(limit, wanted, "limit", most=MOST) if limit.strip() not in ("", "0") else 0
        async with call.transaction() as tx:
            terms = Terms(unit=wanted, limit=GivingLimit(minor, period_of(period)))
            await setting.put(tx, call.store_id, terms)
    except Invalid as error:
        return await _page(call, _Asked(form={"unit": unit, "limit": limit}, wrong=error), status=error.status)
    return Response(status_code=303, headers={"location": LIST})


async def _currency(tx: Tx, store_id: str, ambassador_id: str) -> str:
    """The currency of an ambassador's program. Raises `AmbassadorNotFound`."""
    known = await slices.ambassador(tx, store_id, ambassador_id)
    program = None if known is None else await slices.newest(tx, store_id, known.program_id)
    if program is None:
        raise give.AmbassadorNotFound(ambassador_id)
    return program.currency


async def _page(call: Call, asked: _Asked, *, status: int = 200) -> Response:
    start = cursors.decode(asked.cursor, str)
    kept = {"ambassador": asked.ambassador} if asked.ambassador else {}
    filters = {"ambassador_id": asked.ambassador} if asked.ambassador else {}
    if asked.status:
        filters["status"] = asked.status
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        before = start[0] if start else None
        found = await sql.listed(tx, call.store_id, before=before, count=_ROWS + 1, filters=filters)
        terms = await sql.all_terms(tx, call.store_id)
        day = await give.today(tx, call.store_id)
        units, allowances = [], []
        if asked.ambassador:
            try:
                units = [await _currency(tx, call.store_id, asked.ambassador), POINTS]
            except give.AmbassadorNotFound:
                units = []
            allowances = [(unit, await give.allowance_of(tx, call.store_id, unit)) for unit in units]
        shop = await slices.shop(tx, call.store_id)
    page = page_of(found, _ROWS, show=lambda one: one, after=lambda one: (one.goodwill_id,))
    speech = reader.speech
    return reader.page(
        "goodwill/list.html",
        status=status,
        freshness=reader.read_now(),
        title=speech.say("Goodwill"),
        nav_current=_REWARDS,
        names=NAMES,
        base=LIST,
        ambassador=asked.ambassador,
        table=_table(reader, page.data),
        statuses=[
            Choice(words.status_label(speech, one), href=_href({**kept, "status": one}), current=one == asked.status)
            for one in STATUSES
        ],
        active=_active(reader, asked),
        paging=Pagination(
            speech.count("%(n)s entry on this page", "%(n)s entries on this page", len(page.data)),
            previous=_href(kept) if asked.cursor else "",
            next=_href({**kept, "cursor": page.next_cursor}) if page.next_cursor else "",
        ),
        may_give=bool(units) and "goodwill:write" in call.caller.scopes,
        ways=[
            Choice(words.pay_as_label(speech, one), value=one, current=one == asked.form.get("pay_as"))
            for one in ("cash", "store_credit", "points")
        ],
        alone=[_alone(reader, unit, allowance) for unit, allowance in allowances],
        currency=units[0] if units else "",
        once=new_once(),
        form=dict.fromkeys(("amount", "expires", "reason", "limit"), "") | asked.form,
        error="" if asked.wrong is not None and asked.wrong.errors else wrong_text(reader, asked.wrong),
        errors=_errors(reader, asked.wrong),
        may_set="payouts:write" in call.caller.scopes,
        limits=[_limit(reader, one, day) for one in terms],
        units=_units(reader, terms, shop.currency, asked.form.get("unit")),
        periods=[Choice(words.period_label(speech, one), value=one, current=one == "month") for one in PERIODS],
    )


def _errors(reader: Reader, wrong: AppError | None) -> dict[str, str]:
    """What to mend, by the form's fields."""
    wrongs = {one.field: wrong_text(reader, wrong) for one in wrong.errors} if wrong is not None else {}
    return dict.fromkeys(("amount", "expires", "reason", "limit"), "") | wrongs


def _href(parameters: dict[str, str]) -> str:
    return "?" + "&".join(f"{name}={value}" for name, value in parameters.items()) if parameters else LIST


def _active(reader: Reader, asked: _Asked) -> list[Choice]:
    speech, found = reader.speech, []
    if asked.ambassador:
        rest = {"status": asked.status} if asked.status else {}
        found.append(Choice(speech.say("One ambassador"), href=_href(dict(rest))))
    if asked.status:
        kept = {"ambassador": asked.ambassador} if asked.ambassador else {}
        found.append(Choice(words.status_label(speech, asked.status), href=_href(kept)))
    return found


def _alone(reader: Reader, unit: str, allowance: give.Allowance) -> str:
    """How much whoever reads may give alone now."""
    say = reader.speech.say
    if allowance.limit.amount_minor == 0:
        return say("%(unit)s: each gift waits for a second person.", unit=words.unit_label(reader.speech, unit))
    return say(
        "%(unit)s: you may give %(left)s more alone (%(limit)s %(period)s); what is above waits for a second person.",
        unit=words.unit_label(reader.speech, unit),
        left=reader.amount(allowance.left, unit),
        limit=reader.amount(allowance.limit.amount_minor, unit),
        period=words.period_label(reader.speech, allowance.limit.period),
    )


def _limit(reader: Reader, terms: Terms, day: date) -> str:
    """The limit that holds, and the looser one that comes to hold."""
    now = _limit_text(reader, terms.unit, terms.limit_at(reader.now, day))
    if terms.looser_at is None or terms.looser_at <= reader.now:
        return now
    return " ".join(
        (
            now,
            reader.speech.say(
                "From %(moment)s on: %(limit)s %(period)s. A looser limit holds after a day.",
                moment=reader.fmt.moment(terms.looser_at),
                limit=reader.amount(terms.limit.amount_minor, terms.unit),
                period=words.period_label(reader.speech, terms.limit.period),
            ),
        )
    )


def _limit_text(reader: Reader, unit: str, limit: GivingLimit) -> str:
    say = reader.speech.say
    if limit.amount_minor == 0:
        return say("%(unit)s: each gift waits for a second person.", unit=words.unit_label(reader.speech, unit))
    return say(
        "%(unit)s: %(limit)s %(period)s",
        unit=words.unit_label(reader.speech, unit),
        limit=reader.amount(limit.amount_minor, unit),
        period=words.period_label(reader.speech, limit.period),
    )


def _units(reader: Reader, terms: list[Terms], currency: str, chosen: str | None) -> list[Choice]:
    found = dict.fromkeys([*([currency] if currency else []), *(one.unit for one in terms), POINTS])
    return [Choice(words.unit_label(reader.speech, one), value=one, current=one == chosen) for one in found]


def _table(reader: Reader, found: list[Goodwill]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Goodwill"),
        columns=[
            Column("who", speech.label("head", "Ambassador")),
            Column("why", speech.label("head", "Reason"), minor=True),
            Column("status", speech.label("head", "Status")),
            Column("left", speech.label("head", "Left of it"), figure=True, minor=True),
            Column("amount", speech.label("head", "Amount"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "who": Name(fmt.moment(one.made_at), href=f"{LIST}/{one.goodwill_id}", fill=one.ambassador_id),
                    "why": one.reason,
                    "status": words.status_chip(speech, one),
                    "left": reader.amount(one.left_minor, one.unit),
                    "amount": reader.amount(one.amount_minor, one.unit),
                },
                key_figure=reader.amount(one.amount_minor, one.unit),
                facts=[words.status_label(speech, words.shown_status(one))],
            )
            for one in found
        ],
        listing=True,
        names_src=NAMES,
    )
