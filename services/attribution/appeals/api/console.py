"""The console's queue of appeals, and one with the form that answers it."""

from typing import Annotated
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Path, Query, Request, Response

from services.attribution.appeals import actions, sql
from services.attribution.appeals.actions import AlreadyAnswered, Prospect
from services.attribution.appeals.api import words as shown
from services.attribution.appeals.domain import LONGEST, State, Verdict
from services.attribution.appeals.sql import Appeal
from services.attribution.decisions.actions import view
from services.attribution.decisions.api.asked import LIST as ORDERS
from services.attribution.decisions.api.console import reader_of
from services.attribution.decisions.schemas.explain import Words, explanation
from services.attribution.decisions.schemas.out import DecisionBody
from services.attribution.slices import sql as slices_sql
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.ui import Choice, Column, Fact, Name, Pagination, Reader, Row, Table

router = APIRouter(include_in_schema=False)

LIST = "/console/attribution/appeals"
NAMES = "/console/links/names"
_ROWS = 25
_STATES: tuple[State, ...] = ("open", "accepted", "refused", "withdrawn")
_AppealId = Annotated[str, Path(max_length=64)]


@router.get(LIST)
async def list_page(
    call: Annotated[Call, viewer("orders:read")], state: State = "open", cursor: Cursor = None
) -> Response:
    """Appeals of one state: of the open ones those first that have waited longest."""
    start = cursors.decode(cursor, str)
    place = start[0] if start else None
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        if state == "open":
            rows = await sql.oldest(tx, call.store_id, after=place, count=_ROWS + 1)
        else:
            rows = await sql.newest(tx, call.store_id, state=state, before=place, count=_ROWS + 1)
        codes = await slices_sql.code_names(tx, call.store_id, [one.ambassador_id for one in rows])
    speech = reader.speech
    page = page_of(rows, _ROWS, show=lambda one: one, after=lambda one: (one.appeal_id,))
    return reader.page(
        "appeals/list.html",
        freshness=reader.read_now(),
        title=speech.say("Appeals"),
        states=[Choice(shown.state_text(speech, one), href=f"?state={one}", current=one == state) for one in _STATES],
        chosen=shown.state_text(speech, state),
        waiting=state == "open",
        table=_table(reader, page.data, codes),
        paging=Pagination(
            speech.count("%(n)s appeal on this page", "%(n)s appeals on this page", len(page.data)),
            previous=f"?state={state}" if cursor else "",
            next=f"?state={state}&cursor={page.next_cursor}" if page.next_cursor else "",
        ),
    )


def _table(reader: Reader, rows: list[Appeal], codes: dict[str, str]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Appeals"),
        columns=[
            Column("about", speech.label("head", "About")),
            Column("who", speech.label("head", "Ambassador")),
            Column("opened", speech.label("head", "Written")),
            Column("state", speech.label("head", "Status")),
        ],
        rows=[
            Row(
                cells={
                    "about": Name(
                        shown.kind_text(speech, one.kind),
                        below=shown.about_text(reader, one),
                        href=f"{LIST}/{one.appeal_id}",
                    ),
                    "who": Name(codes.get(one.ambassador_id, "–"), fill=one.ambassador_id),
                    "opened": fmt.moment(one.opened_at),
                    "state": shown.state_chip(speech, one),
                },
                key_figure=fmt.date(one.opened_at.astimezone(reader.zone)),
                facts=[codes.get(one.ambassador_id, "–"), shown.state_text(speech, one.state)],
            )
            for one in rows
        ],
        listing=True,
        names_src=NAMES,
    )


@router.get(LIST + "/{appeal_id}")
async def appeal_page(
    appeal_id: _AppealId,
    call: Annotated[Call, viewer("orders:read")],
    order: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """One appeal: what was written, what was decided, and the form. `order` is which order a missing friend made."""
    return await _page(call, appeal_id, order=order.strip())


async def _page(
    call: Call, appeal_id: str, *, order: str = "", words: str = "", wrong: str = "", status: int = 200
) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        appeal = await actions.get(tx, call.store_id, appeal_id)
        about = appeal.order_id or order or appeal.order_number or ""
        decided = await _decided(tx, reader, call.store_id, about)
        found = await actions.prospect(tx, appeal, about) if about and appeal.state == "open" else None
        codes = await slices_sql.code_names(tx, call.store_id, [appeal.ambassador_id])
    speech = reader.speech
    return reader.page(
        "appeals/one.html",
        status=status,
        freshness=reader.read_now(),
        title=shown.kind_text(speech, appeal.kind),
        nav_current=LIST,
        chip=shown.state_chip(speech, appeal),
        appeal=appeal,
        names=NAMES,
        facts=_facts(reader, appeal, codes.get(appeal.ambassador_id, "–")),
        decided=decided,
        about=about,
        order_href=f"{ORDERS}/{quote(about, safe='')}" if decided else "",
        outcome=shown.outcome_text(speech, appeal),
        prospect=_prospect(reader, found, appeal, about),
        may_answer="orders:write" in call.caller.scopes and appeal.state == "open",
        base=f"{LIST}/{appeal_id}",
        longest=LONGEST,
        given=words,
        error=shown.wrong_text(speech, wrong),
        wrong_order=wrong == "order_id",
    )


async def _decided(tx: Tx, reader: Reader, store_id: str, order_id: str) -> str:
    """The decision on the order in a sentence; nothing for an order that is not there."""
    if not order_id or "\0" in order_id:
        return ""
    try:
        found = await view.order(tx, store_id, order_id)
    except NotFound:
        return ""
    if found is None:
        return reader.speech.say("The order is not decided yet.")
    body = DecisionBody.model_validate(found.body)
    return explanation(body, Words(reader.speech, reader.fmt, found.names, found.slugs))


def _prospect(reader: Reader, found: Prospect | None, appeal: Appeal, about: str) -> str:
    """What accepting would bring about."""
    if appeal.state != "open":
        return ""
    if found is None:
        say = reader.speech.say
        return say("There is no decided order with this number.") if about else say("Say which order it was.")
    return shown.prospect_text(reader, found)


def _facts(reader: Reader, appeal: Appeal, code: str) -> list[Fact]:
    say, fmt = reader.speech.say, reader.fmt
    facts = [
        Fact(say("Ambassador"), Name(code, fill=appeal.ambassador_id)),
        Fact(say("Written"), fmt.moment(appeal.opened_at)),
        Fact(say("About"), shown.about_text(reader, appeal)),
    ]
    if appeal.order_number and appeal.order_number != appeal.order_id:
        facts.append(Fact(say("Order number that they gave"), appeal.order_number))
    if appeal.answered_at is not None:
        facts.append(Fact(say("Answered"), fmt.moment(appeal.answered_at)))
    return facts


@router.post(LIST + "/{appeal_id}/answer")
async def answer_form(
    appeal_id: _AppealId, call: Annotated[Call, viewer("orders:write")], request: Request
) -> Response:
    """The form on the appeal's page."""
    try:
        sent = dict(parse_qsl((await request.body()).decode("utf-8", "strict"), max_num_fields=10))
    except ValueError:
        raise Invalid.field("words", "The form cannot be read.") from None
    verdict: Verdict = "accept" if sent.get("verdict") == "accept" else "refuse"
    words, order = sent.get("words", "")[: 4 * LONGEST], sent.get("order", "").strip()[:200].replace("\0", "")
    try:
        async with call.transaction() as tx:
            await actions.answer(tx, call.store_id, appeal_id, verdict=verdict, words=words, order_id=order or None)
    except Invalid as error:
        field = error.errors[0].field
        return await _page(call, appeal_id, order=order, words=words, wrong=field, status=422)
    except AlreadyAnswered:
        return _to(appeal_id)
    return _to(appeal_id)


def _to(appeal_id: str) -> Response:
    return Response(status_code=303, headers={"location": f"{LIST}/{quote(appeal_id, safe='')}"})
