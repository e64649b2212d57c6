"""The portal's page of payouts: what can be paid, where it goes, what was paid.

Where money goes is changed only by somebody who has signed in just now by their own mail: neither a forgotten session
nor one that the store opened will do.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response

from services.common.portal_bar import SHARE, portal_bar
from services.common.portal_session import SIGN_IN_PATH, PortalSession, read_portal_visitor
from services.common.store_look import look_of
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Conflict, NotFound
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.rewards.destinations import actions as destinations
from services.rewards.destinations import sql as places
from services.rewards.destinations.domain import METHODS, Refused, Wrong, checked
from services.rewards.destinations.sql import Destination
from services.rewards.ledger import sql as ledger
from services.rewards.ledger.domain import Holding
from services.rewards.pages import Reader, reader_of
from services.rewards.payouts import words
from services.rewards.payouts.actions import terms as setting
from services.rewards.payouts.sql import payouts as sql
from services.rewards.payouts.sql import ready as books
from services.rewards.payouts.sql import terms as rows
from services.rewards.rules.domain import POINTS
from services.rewards.slices import sql as slices
from services.ui import Choice, Column, Fact, Name, Row, Table

router = APIRouter(include_in_schema=False)

PAGE: Final = "/p/payouts"
_HISTORY: Final = 50
_Text = Annotated[str, Form(max_length=300)]


@dataclass(frozen=True, slots=True)
class _Written:
    """What was sent and refused, shown again but for the account."""

    method: str = "iban"
    holder: str = ""
    field: str = ""
    wrong: Wrong | None = None


@router.get(PAGE)
async def get_page(request: Request, lang: str = "", saved: str = "") -> Response:
    """What can be paid, where it goes, and what was paid."""
    return await _page(request, saved=bool(saved))


@router.post(f"{PAGE}/destination", dependencies=[limit("payout-destination", per_minute=10)])
async def post_destination(request: Request, method: _Text = "", holder: _Text = "", value: _Text = "") -> Response:
    """Says where the money goes from now on."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    if not who.is_fresh:
        return await _page(request, status=403)
    chosen = next((one for one in METHODS if one == method), METHODS[0])
    try:
        details = checked(chosen, holder=holder, value=value)
    except Refused as error:
        return await _page(request, written=_Written(chosen, holder, error.field, error.wrong), status=422)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        await tx.lock_stores([who.store_id])  # nobody is erased between the question and the answer
        await _refuse_gone(tx, who)
        await destinations.set_destination(tx, ctx.require_sealing(), who.store_id, who.ambassador_id, details)
    return Response(status_code=303, headers={"location": f"{PAGE}?saved=1#destination"})


@router.post(f"{PAGE}/request", dependencies=[limit("payout-request", per_minute=10)])
async def post_request(request: Request, currency: Annotated[str, Form(max_length=3)] = "") -> Response:
    """Asks for the money in a currency."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    try:
        async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
            await _refuse_gone(tx, who)
            await setting.ask(tx, who.store_id, who.ambassador_id, currency)
    except Conflict:
        return await _page(request, status=409)
    return Response(status_code=303, headers={"location": PAGE})


async def _refuse_gone(tx: Tx, who: PortalSession) -> None:
    if await slices.portal_is_closed(tx, who.store_id, who.ambassador_id):
        raise NotFound("There is no such ambassador.")


async def _page(
    request: Request, *, written: _Written = _Written(), saved: bool = False, status: int = 200
) -> Response:
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        await _refuse_gone(tx, who)
        reader = await reader_of(request, tx, who.store_id)
        place = await places.current(tx, who.store_id, who.ambassador_id)
        holdings = await ledger.holdings_of(tx, who.store_id, owner=who.ambassador_id, side="ambassador")
        money = [await _money(tx, reader, who, unit, held) for unit, held in holdings.items() if unit != POINTS]
        history = await _history(tx, reader, who)
        blocked = bool(await places.blocked(tx, who.store_id, [who.ambassador_id]))
    speech = reader.speech
    return reader.page(
        "payouts/portal.html",
        status=status,
        headers={"cache-control": "private, no-store"},
        title=speech.say("Payouts"),
        style=look_of(who.store_id),
        bar=portal_bar(speech, SHARE),
        money=money,
        history=history,
        saved=saved,
        blocked=blocked,
        is_fresh=who.is_fresh,
        sign_in=SIGN_IN_PATH,
        place=_place(reader, place),
        methods=[Choice(words.method_label(speech, one), value=one, current=one == written.method) for one in METHODS],
        holder=written.holder,
        error_holder=_wrong(reader, written) if written.field == "holder" else "",
        error_value=_wrong(reader, written) if written.field == "value" else "",
    )


async def _money(tx: Tx, reader: Reader, who: PortalSession, unit: str, held: Holding) -> dict[str, Any]:
    """What one currency's part of the page says."""
    terms = await rows.terms(tx, who.store_id, unit)
    payable = await books.payable(tx, who.store_id, who.ambassador_id, unit)
    asked = await rows.has_asked(tx, who.store_id, who.ambassador_id, unit)
    say, amount = reader.speech.say, reader.amount
    facts = [
        Fact(say("On its way to you"), amount(held.in_payout, unit)),
        Fact(say("Paid so far"), amount(held.paid, unit)),
    ]
    note = ""
    if payable < 0:
        note = say("More was taken back than you had left. New rewards make up for it first.")
    elif terms.minimum_minor > 1:
        note = say("Paid out from %(minimum)s.", minimum=amount(terms.minimum_minor, unit))
        if 0 <= payable < terms.minimum_minor:
            missing = amount(terms.minimum_minor - payable, unit)
            note = say(
                "Paid out from %(minimum)s: %(missing)s to go.",
                minimum=amount(terms.minimum_minor, unit),
                missing=missing,
            )
    return {
        "currency": unit,
        "payable": amount(payable, unit),
        "facts": facts,
        "note": note,
        "asked": asked,
        "may_ask": terms.may_request and not asked and payable >= terms.minimum_minor,
    }


async def _history(tx: Tx, reader: Reader, who: PortalSession) -> Table | None:
    found = await sql.listed(
        tx, who.store_id, before=None, count=_HISTORY, filters={"ambassador_id": who.ambassador_id}
    )
    if not found:
        return None
    hints = await places.several(tx, who.store_id, [one.destination_id for one in found])
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Your payouts"),
        columns=[
            Column("when", speech.label("head", "Date")),
            Column("status", speech.label("head", "Status")),
            Column("amount", speech.label("head", "Amount"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "when": Name(
                        fmt.date(one.changed_at),
                        below=hints[one.destination_id].hint if one.destination_id in hints else "",
                    ),
                    "status": words.status_chip(speech, _shown_status(one.status)),
                    "amount": fmt.money(one.amount_minor, one.currency),
                },
                key_figure=fmt.money(one.amount_minor, one.currency),
                facts=[words.status_label(speech, _shown_status(one.status))],
            )
            for one in found
        ],
        listing=True,
    )


def _shown_status(status: str) -> str:
    """A status as its ambassador is shown it: how far the store is inside is the store's own."""
    if status in ("draft", "approved"):
        return "draft"
    return "in_transit" if status in ("submitting", "submitted", "unknown") else status


def _place(reader: Reader, place: Destination | None) -> list[Fact]:
    if place is None:
        return []
    facts = [Fact(words.method_label(reader.speech, place.method), place.hint)]
    if place.usable_at > reader.now:
        facts.append(Fact(reader.speech.say("Used from"), reader.fmt.moment(place.usable_at)))
    return facts


def _wrong(reader: Reader, written: _Written) -> str:
    say = reader.speech.say
    if written.wrong == "card":
        return say("Never write a card number here. Give a bank account, or another way without it.")
    if written.wrong == "holder":
        return say("Write the full name of whoever it belongs to.")
    if written.wrong == "iban":
        return say("This is no valid IBAN. Compare it with your bank’s app.")
    if written.wrong == "paypal":
        return say("Write the mail address of your PayPal account.")
    return say("Write where the money should go, in 4 to 140 signs.")
