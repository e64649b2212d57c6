"""The console's pages of one batch, and of one payout with its life."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Path, Response, UploadFile

from services.common.words import Translatable, _
from services.kernel.errors import AppError, Conflict, Forbidden, Invalid
from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, viewer
from services.rewards.destinations import sql as destinations
from services.rewards.destinations.sql import Destination
from services.rewards.pages import Reader, reader_of
from services.rewards.payouts import words
from services.rewards.payouts.actions import batch as batches
from services.rewards.payouts.actions import results
from services.rewards.payouts.actions.results import OUTCOMES, Result
from services.rewards.payouts.api.console import BATCHES, LIST
from services.rewards.payouts.api.rest import file_of
from services.rewards.payouts.domain.states import SENT, UNSENT, Payout
from services.rewards.payouts.sql import calls
from services.rewards.payouts.sql import payouts as sql
from services.rewards.payouts.sql import ready as books
from services.rewards.payouts.sql.calls import Called
from services.rewards.payouts.sql.payouts import Batch, Step
from services.rewards.payouts.sql.ready import Part
from services.ui import Choice, Column, Fact, Happening, Name, Row, Table, mistake

router = APIRouter(include_in_schema=False)

Id = Annotated[str, Path(max_length=64)]
_Text = Annotated[str, Form(max_length=200)]
_NAMES: Final = "/console/links/names"
_SHOWN: Final = 200
_PARTS: Final = 50


@router.get(BATCHES + "/{batch_id}")
async def batch_page(batch_id: Id, call: Annotated[Call, viewer("payouts:read")]) -> Response:
    """One batch: totals, what can be done, its payouts."""
    return await _batch(call, batch_id)


@router.post(BATCHES + "/{batch_id}/approve")
async def approve_form(batch_id: Id, call: Annotated[Call, viewer("payouts:write")]) -> Response:
    """The button that approves."""
    return await _step(call, batch_id, batches.approve)


@router.post(BATCHES + "/{batch_id}/send")
async def send_form(batch_id: Id, call: Annotated[Call, viewer("payouts:write")]) -> Response:
    """The button that sends."""
    return await _step(call, batch_id, batches.send)


@router.post(BATCHES + "/{batch_id}/cancel")
async def cancel_form(batch_id: Id, call: Annotated[Call, viewer("payouts:write")]) -> Response:
    """The button that calls off."""
    return await _step(call, batch_id, batches.cancel)


async def _step(call: Call, batch_id: str, action: Any) -> Response:
    try:
        async with call.transaction() as tx:
            await action(tx, call.store_id, batch_id)
    except (Conflict, Forbidden) as error:
        return await _batch(call, batch_id, wrong=error, status=error.status)
    return _to(f"{BATCHES}/{batch_id}")


@router.get(BATCHES + "/{batch_id}/file")
async def file_page(
    batch_id: Id, call: Annotated[Call, viewer("payouts:write")], format: Literal["csv", "bank_file"] = "csv"
) -> Response:
    """The batch's file, made for this download."""
    return await file_of(call, batch_id, format)


@router.post(BATCHES + "/{batch_id}/results")
@takes_up_to(1024 * 1024)
async def results_form(
    batch_id: Id, call: Annotated[Call, viewer("payouts:write")], file: UploadFile | None = None, csv: str = Form("")
) -> Response:
    """Takes a list of what became of payouts: a file, or its text."""
    try:
        text = csv if file is None or not file.size else (await file.read()).decode("utf-8-sig")
        listed = results.results_of(text)
        async with call.transaction() as tx:
            await results.of_batch(tx, call.store_id, batch_id, listed)
    except UnicodeDecodeError:
        wrong = Invalid.field("csv", Translatable(_("This is no text: save the list as CSV, UTF-8.")))
        return await _batch(call, batch_id, wrong=wrong, status=422)
    except (Conflict, Invalid) as error:
        return await _batch(call, batch_id, wrong=error, status=error.status)
    return _to(f"{BATCHES}/{batch_id}")


async def _batch(call: Call, batch_id: str, *, wrong: AppError | None = None, status: int = 200) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        batch = await batches.get(tx, call.store_id, batch_id)
        tally = await sql.tally(tx, call.store_id, batch_id)
        second = batch.status == "draft" and await batches.needs_second(tx, call.store_id, batch)
        found = await sql.listed(tx, call.store_id, before=None, count=_SHOWN + 1, filters={"batch_id": batch_id})
        places = await destinations.several(tx, call.store_id, [one.destination_id for one in found])
    speech, fmt = reader.speech, reader.fmt
    may = "payouts:write" in call.caller.scopes
    return reader.page(
        "payouts/batch.html",
        status=status,
        freshness=reader.read_now(),
        title=speech.say("Payouts of %(day)s", day=fmt.date(batch.made_at)),
        nav_current=LIST,
        back=LIST,
        base=f"{BATCHES}/{batch_id}",
        batch=batch,
        chip=words.status_chip(speech, batch.status),
        facts=_batch_facts(reader, batch),
        standing=[
            Fact(
                words.status_label(speech, one),
                f"{fmt.number(count)} · {fmt.money(amount, batch.currency)}",
            )
            for one, (count, amount) in sorted(tally.items())
        ],
        table=_payouts(reader, found[:_SHOWN], places),
        more=speech.say("The newest %(n)s are shown; the CSV list has all.", n=_SHOWN) if len(found) > _SHOWN else "",
        own=second and batch.made_by == call.caller.principal.id,
        second=second,
        may_approve=may and batch.status == "draft",
        may_send=may and batch.status == "approved",
        may_cancel=may and batch.status in ("draft", "approved"),
        has_file=may and batch.status == "sent",
        is_bank=batch.provider == "bank_file",
        may_report=may and any(one in tally for one in (*SENT, "paid")),
        error=_wrong_text(reader, wrong),
    )


def _wrong_text(reader: Reader, wrong: AppError | None) -> str:
    say = reader.speech.say
    if wrong is None:
        return ""
    if wrong.code == "second_person_needed":
        return say("Somebody other than who prepared it must approve this batch.")
    if wrong.code == "batch_state":
        return say("The batch has moved on meanwhile.")
    if wrong.code == "payout_busy":
        return say("The provider is being asked about it at this moment. Wait a minute, and look again.")
    if wrong.code == "provider_not_set":
        return say("Set this way to send payouts up first.")
    if wrong.code == "payout_state":
        payout = wrong.members.get("payout_id", "")
        return say("Nothing was taken: payout %(id)s stands where it cannot become that.", id=payout)
    if wrong.errors:
        place, detail = wrong.errors[0].field, mistake(reader.speech, wrong.errors[0].detail)
        return say("Nothing was taken. Look at %(place)s: %(detail)s", place=place, detail=detail)
    return say("Nothing was taken: the list has no line with a result.")


def _batch_facts(reader: Reader, batch: Batch) -> list[Fact]:
    say, fmt = reader.speech.say, reader.fmt
    facts = [
        Fact(say("Amount"), fmt.money(batch.amount_minor, batch.currency), strong=True),
        Fact(say("Payouts"), fmt.number(batch.payouts)),
        Fact(say("Way to pay"), words.provider_label(reader.speech, batch.provider)),
        Fact(say("Prepared"), fmt.moment(batch.made_at)),
    ]
    if batch.approved_at is not None:
        facts.append(Fact(say("Approved"), fmt.moment(batch.approved_at)))
    if batch.sent_at is not None:
        facts.append(Fact(say("Sent"), fmt.moment(batch.sent_at)))
    return facts


def _payouts(reader: Reader, found: Sequence[Payout], places: Mapping[str, Destination]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Payouts"),
        columns=[
            Column("who", speech.label("head", "Ambassador")),
            Column("where", speech.label("head", "Destination"), minor=True),
            Column("status", speech.label("head", "Status")),
            Column("amount", speech.label("head", "Amount"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "who": Name(
                        one.ambassador_id,
                        below=words.reason_text(speech, one.reason),
                        href=f"{LIST}/{one.payout_id}",
                        fill=one.ambassador_id,
                    ),
                    "where": _place(places.get(one.destination_id)),
                    "status": words.status_chip(speech, one.status),
                    "amount": fmt.money(one.amount_minor, one.currency),
                },
                key_figure=fmt.money(one.amount_minor, one.currency),
                facts=[words.status_label(speech, one.status), _place(places.get(one.destination_id))],
            )
            for one in found
        ],
        listing=True,
        names_src=_NAMES,
    )


def _place(place: Destination | None) -> str:
    return "—" if place is None or not place.hint else place.hint


@router.get(LIST + "/{payout_id}")
async def payout_page(payout_id: Id, call: Annotated[Call, viewer("payouts:read")]) -> Response:
    """One payout: what it is made of, its life, what can be reported of it."""
    return await _payout(call, payout_id)


@router.post(LIST + "/{payout_id}/mark")
async def mark_form(
    payout_id: Id,
    call: Annotated[Call, viewer("payouts:write")],
    outcome: _Text = "",
    reference: _Text = "",
    reason: _Text = "",
) -> Response:
    """The form that says what became of it."""
    chosen = next((one for one in OUTCOMES if one == outcome), None)
    if chosen is None:
        raise Invalid.field("outcome", "Choose what became of it.")
    result = Result(
        payout_id=payout_id,
        outcome=chosen,
        reference=reference.strip()[:100] or None,
        reason=reason.strip()[:100] or None,
    )
    try:
        async with call.transaction() as tx:
            await results.get(tx, call.store_id, payout_id)
            await results.settle(tx, call.store_id, [result])
    except Conflict as error:
        return await _payout(call, payout_id, wrong=error, status=error.status)
    return _to(f"{LIST}/{payout_id}")


@router.post(LIST + "/{payout_id}/look-up")
async def look_up_form(payout_id: Id, call: Annotated[Call, viewer("payouts:write")]) -> Response:
    """The button that has the provider asked."""
    try:
        async with call.transaction() as tx:
            await results.look_up(tx, call.store_id, payout_id)
    except Conflict as error:
        return await _payout(call, payout_id, wrong=error, status=error.status)
    return _to(f"{LIST}/{payout_id}")


@router.post(LIST + "/{payout_id}/cancel")
async def cancel_payout_form(payout_id: Id, call: Annotated[Call, viewer("payouts:write")]) -> Response:
    """The button that takes it out of its batch."""
    try:
        async with call.transaction() as tx:
            await results.cancel(tx, call.store_id, payout_id)
    except Conflict as error:
        return await _payout(call, payout_id, wrong=error, status=error.status)
    return _to(f"{LIST}/{payout_id}")


async def _payout(call: Call, payout_id: str, *, wrong: AppError | None = None, status: int = 200) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        payout = await results.get(tx, call.store_id, payout_id)
        places = await destinations.several(tx, call.store_id, [payout.destination_id])
        parts = await books.parts(
            tx,
            call.store_id,
            ambassador_id=payout.ambassador_id,
            currency=payout.currency,
            after=payout.after_number,
            before=payout.reserve_number,
            count=_PARTS + 1,
        )
        life = await sql.life(tx, call.store_id, payout_id)
        called = (await calls.several(tx, call.store_id, [payout_id])).get(payout_id)
    speech, fmt = reader.speech, reader.fmt
    may = "payouts:write" in call.caller.scopes
    possible = OUTCOMES if payout.status in SENT else ("returned",) if payout.status == "paid" else ()
    return reader.page(
        "payouts/payout.html",
        status=status,
        freshness=reader.read_now(),
        title=speech.say("Payout of %(amount)s", amount=fmt.money(payout.amount_minor, payout.currency)),
        nav_current=LIST,
        names=_NAMES,
        back=f"{BATCHES}/{payout.batch_id}",
        base=f"{LIST}/{payout_id}",
        payout=payout,
        chip=words.status_chip(speech, payout.status),
        reason=words.reason_text(speech, payout.reason),
        facts=_payout_facts(reader, payout, places.get(payout.destination_id)),
        parts=_parts(reader, parts[:_PARTS], payout.currency),
        more=speech.say("The first %(n)s are shown.", n=_PARTS) if len(parts) > _PARTS else "",
        life=[_happening(reader, one) for one in life],
        outcomes=[Choice(words.status_label(speech, one), value=one) for one in possible] if may else [],
        may_cancel=may and payout.status in UNSENT,
        called=None if called is None else _called_facts(reader, called),
        at_odds=called is not None and called.at_odds,
        may_ask=may and called is not None,
        ledger=f"/console/rewards/ledger?payout_id={payout_id}",
        error=_wrong_text(reader, wrong),
    )


def _payout_facts(reader: Reader, payout: Payout, place: Destination | None) -> list[Fact]:
    say, fmt = reader.speech.say, reader.fmt
    facts = [
        Fact(say("Amount"), fmt.money(payout.amount_minor, payout.currency), strong=True),
        Fact(words.method_label(reader.speech, payout.method), _place(place)),
        Fact(say("Way to pay"), words.provider_label(reader.speech, payout.provider)),
        Fact(say("Number"), payout.payout_id),
    ]
    if payout.reference:
        facts.append(Fact(say("Their number"), payout.reference))
    if payout.fee_minor is not None:
        facts.append(Fact(say("Fee"), fmt.money(payout.fee_minor, payout.currency)))
    return facts


def _called_facts(reader: Reader, called: Called) -> list[Fact]:
    say, fmt = reader.speech.say, reader.fmt
    facts = [Fact(say("Sent under"), called.sending_key), Fact(say("Tries"), fmt.number(called.tries))]
    if called.tried_at is not None:
        facts.append(Fact(say("First tried"), fmt.moment(called.tried_at)))
    if called.word:
        facts.append(Fact(say("It said"), called.word, strong=True))
    if called.detail:
        facts.append(Fact(say("And explained"), called.detail))
    if called.told_at is not None:
        facts.append(Fact(say("At"), fmt.moment(called.told_at)))
    return facts


def _parts(reader: Reader, parts: Sequence[Part], currency: str) -> Table:
    speech = reader.speech
    return Table(
        name=speech.say("What it is made of"),
        columns=[
            Column("what", speech.label("head", "Reward")),
            Column("amount", speech.label("head", "Amount"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "what": Name(one.reward_id, href=f"/console/rewards/rewards/{one.reward_id}")
                    if one.reward_id
                    else Name(
                        one.payout_id or "", below=speech.say("An earlier payout"), href=f"{LIST}/{one.payout_id}"
                    ),
                    "amount": reader.fmt.money(one.amount_minor, currency),
                }
            )
            for one in parts
        ],
    )


def _happening(reader: Reader, step: Step) -> Happening:
    return Happening(
        words.status_label(reader.speech, step.status),
        reader.fmt.moment(step.at),
        below=words.reason_text(reader.speech, step.reason),
    )


def _to(place: str) -> Response:
    return Response(status_code=303, headers={"location": place})
