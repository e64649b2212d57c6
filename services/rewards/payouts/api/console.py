"""The console's pages of payouts: batches with what can be prepared now, and the store's terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Response

from services.common.money import known, to_decimal
from services.kernel.errors import AppError, Conflict, Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.rewards.ledger import sql as ledger
from services.rewards.ledger.domain import Account
from services.rewards.pages import Reader, reader_of
from services.rewards.payouts import words
from services.rewards.payouts.actions import batch as batches
from services.rewards.payouts.actions import terms as setting
from services.rewards.payouts.actions.batch import Preview
from services.rewards.payouts.api.forms import amount_of
from services.rewards.payouts.domain.states import PROVIDERS, Provider
from services.rewards.payouts.domain.terms import Terms
from services.rewards.payouts.sql import payouts as sql
from services.rewards.payouts.sql import terms as rows
from services.rewards.payouts.sql.payouts import Batch
from services.rewards.providers.api.console import PAGE as PROVIDERS_PAGE
from services.rewards.rules.domain import POINTS
from services.ui import Choice, Column, Fact, Name, Pagination, Row, Table

router = APIRouter(include_in_schema=False)

LIST: Final = "/console/rewards/payouts"
BATCHES: Final = "/console/rewards/payout-batches"
_ROWS: Final = 25
_Text = Annotated[str, Form(max_length=200)]
_Currency = Annotated[str, Query(max_length=3)]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the page is about, and what went wrong."""

    currency: str = ""
    provider: str = "manual"
    cursor: str | None = None
    wrong: AppError | None = None


@router.get(LIST)
async def list_page(
    call: Annotated[Call, viewer("payouts:read")],
    currency: _Currency = "",
    provider: Annotated[str, Query(max_length=20)] = "manual",
    cursor: Cursor = None,
) -> Response:
    """Batches, youngest first; what one prepared now would hold; the terms."""
    return await _page(call, _Asked(currency, provider, cursor))


@router.post(LIST)
async def prepare_form(
    call: Annotated[Call, viewer("payouts:write")], currency: _Text = "", provider: _Text = "", asked: _Text = ""
) -> Response:
    """Prepares a batch, and leads to it."""
    try:
        async with call.transaction() as tx:
            batch = await batches.prepare(
                tx, call.store_id, currency=currency, provider=_provider(provider), asked=bool(asked)
            )
    except (Conflict, Invalid) as error:
        return await _page(call, _Asked(currency, provider, wrong=error), status=error.status)
    return Response(status_code=303, headers={"location": f"{BATCHES}/{batch.batch_id}"})


@router.post(LIST + "/terms")
async def terms_form(
    call: Annotated[Call, viewer("payouts:write")],
    currency: _Text = "",
    minimum: _Text = "",
    approval: _Text = "",
    may_request: _Text = "",
    holder: _Text = "",
    iban: _Text = "",
) -> Response:
    """Sets the terms of a currency; an empty account is left as it was."""
    try:
        if not known(currency):
            raise Invalid.field("currency", "This is no currency.")
        async with call.transaction() as tx:
            before = await rows.terms(tx, call.store_id, currency)
            wanted = Terms(
                currency=currency,
                minimum_minor=amount_of(minimum, currency, "minimum") or 1,
                approval_minor=amount_of(approval, currency, "approval"),
                may_request=bool(may_request),
                columns=before.columns,
            )
            payer = (holder, iban) if holder.strip() or iban.strip() else None
            await setting.put(tx, call.ctx.require_sealing(), call.store_id, wanted, payer=payer)
    except Invalid as error:
        return await _page(call, _Asked(currency, wrong=error), status=error.status)
    return Response(status_code=303, headers={"location": f"{LIST}?currency={currency}"})


def _provider(text: str) -> Provider:
    found = next((one for one in PROVIDERS if one == text), None)
    if found is None:
        raise Invalid.field("provider", "Choose one of the ways to pay.")
    return found


async def _page(call: Call, asked: _Asked, *, status: int = 200) -> Response:
    start = cursors.decode(asked.cursor, str)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        found = await sql.batches(tx, call.store_id, before=start[0] if start else None, count=_ROWS + 1)
        kept = await rows.all_terms(tx, call.store_id)
        totals = await ledger.totals_of(tx, call.store_id)
        currencies = _currencies(kept, totals)
        currency = asked.currency if known(asked.currency) else (currencies[0] if currencies else "EUR")
        terms = next((one for one in kept if one.currency == currency), Terms(currency=currency))
        provider: Provider = next((one for one in PROVIDERS if one == asked.provider), "manual")
        preview = await batches.preview(tx, call.store_id, currency=currency, provider=provider)
    page = page_of(found, _ROWS, show=lambda one: one, after=lambda one: (one.batch_id,))
    speech = reader.speech
    return reader.page(
        "payouts/list.html",
        status=status,
        freshness=reader.read_now(),
        title=speech.say("Payouts"),
        nav_current=LIST,
        table=_batches(reader, page.data),
        paging=Pagination(
            speech.count("%(n)s batch on this page", "%(n)s batches on this page", len(page.data)),
            previous=LIST if asked.cursor else "",
            next=f"{LIST}?cursor={page.next_cursor}" if page.next_cursor else "",
        ),
        may_write="payouts:write" in call.caller.scopes,
        base=LIST,
        providers_href=PROVIDERS_PAGE,
        **_now(reader, preview, currency, provider, currencies),
        **_terms(reader, terms, asked.wrong),
    )


def _currencies(kept: Sequence[Terms], totals: Sequence[tuple[str, str, int, int]]) -> list[str]:
    """Currencies that ambassadors have something in, or that terms are set for; where most is first."""
    held = {u: credits - debits for account, u, debits, credits in totals if account == Account.AMBASSADOR_AVAILABLE}
    found = {unit for unit in held if unit != POINTS} | {one.currency for one in kept}
    return sorted(found, key=lambda unit: (-held.get(unit, 0), unit))


def _now(
    reader: Reader, preview: Preview, currency: str, provider: Provider, currencies: Sequence[str]
) -> dict[str, Any]:
    speech, fmt = reader.speech, reader.fmt
    choices = currencies if currency in currencies else [currency, *currencies]
    return {
        "currency": currency,
        "provider": provider,
        "way": words.provider_label(speech, provider),
        "currencies": [
            Choice(one, href=f"{LIST}?currency={one}&provider={provider}", current=one == currency) for one in choices
        ],
        "providers": [
            Choice(
                words.provider_label(speech, one),
                href=f"{LIST}?currency={currency}&provider={one}",
                current=one == provider,
            )
            for one in PROVIDERS
        ],
        "ready": [
            Fact(speech.say("Can be paid now"), fmt.money(preview.amount_minor, currency), strong=True),
            Fact(speech.say("Ambassadors"), fmt.number(len(preview.ready))),
        ],
        "anybody": bool(preview.ready),
        "left_out": Table(
            name=speech.say("Left out"),
            columns=[
                Column("why", speech.label("head", "Reason")),
                Column("people", speech.label("head", "Ambassadors"), figure=True),
                Column("amount", speech.label("head", "Available"), figure=True),
            ],
            rows=[
                Row(
                    cells={
                        "why": words.left_out_text(speech, why),
                        "people": fmt.number(people),
                        "amount": fmt.money(amount, currency),
                    }
                )
                for why, (people, amount) in preview.left_out.items()
            ],
        )
        if preview.left_out
        else None,
    }


def _terms(reader: Reader, terms: Terms, wrong: AppError | None) -> dict[str, Any]:
    speech = reader.speech
    errors = {one.field: one.code for one in wrong.errors} if wrong is not None else {}
    general = ""
    if wrong is not None and wrong.code == "nobody_ready":
        general = speech.say("Nobody can be paid this way now.")
    elif wrong is not None and wrong.code == "provider_not_set":
        general = speech.say("Set this way to send payouts up first.")
    elif "not_paid_there" in errors.values():
        general = speech.say("PayPal does not pay in this currency.")
    elif "payer" in errors.values():
        general = speech.say("Set the account that money comes from first.")
    amount = speech.say("Write an amount, such as 25.00.")
    return {
        "error": general,
        "errors": {
            "minimum": amount if "minimum" in errors else "",
            "approval": amount if "approval" in errors else "",
            "holder": speech.say("Write whose account it is.") if "payer.holder" in errors else "",
            "iban": speech.say("This is no valid IBAN.") if "payer.iban" in errors else "",
        },
        "minimum": "" if terms.minimum_minor == 1 else str(to_decimal(terms.minimum_minor, terms.currency)),
        "approval": "" if terms.approval_minor is None else str(to_decimal(terms.approval_minor, terms.currency)),
        "tighter": _tighter(reader, terms),
        "may_request": terms.may_request,
        "has_payer": terms.payer is not None,
    }


def _tighter(reader: Reader, terms: Terms) -> str:
    """That the limit of before still holds; empty where it does not."""
    if terms.looser_at is None or terms.former_minor is None or terms.looser_at <= reader.now:
        return ""
    return reader.speech.say(
        "Until %(moment)s a batch above %(amount)s still needs a second person: a looser limit holds after a day.",
        moment=reader.fmt.moment(terms.looser_at),
        amount=reader.fmt.money(terms.former_minor, terms.currency),
    )


def _batches(reader: Reader, found: Sequence[Batch]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Batches"),
        columns=[
            Column("made", speech.label("head", "Prepared")),
            Column("status", speech.label("head", "Status")),
            Column("way", speech.label("head", "Way to pay"), minor=True),
            Column("payouts", speech.label("head", "Payouts"), figure=True),
            Column("amount", speech.label("head", "Amount"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "made": Name(fmt.moment(one.made_at), href=f"{BATCHES}/{one.batch_id}"),
                    "status": words.status_chip(speech, one.status),
                    "way": words.provider_label(speech, one.provider),
                    "payouts": fmt.number(one.payouts),
                    "amount": fmt.money(one.amount_minor, one.currency),
                },
                key_figure=fmt.money(one.amount_minor, one.currency),
                facts=[words.status_label(speech, one.status), words.provider_label(speech, one.provider)],
            )
            for one in found
        ],
        listing=True,
    )
