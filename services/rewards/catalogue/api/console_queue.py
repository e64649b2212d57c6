"""The console's pages of redemptions: what waits for the store, and one with what can be done about it."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Response

from services.kernel.errors import AppError, NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.rewards.catalogue import sql, words
from services.rewards.catalogue.actions import redeem
from services.rewards.catalogue.api.console import LIST, NAV, QUEUE
from services.rewards.catalogue.api.rest import download
from services.rewards.catalogue.domain import REDEMPTION_STATUSES, Redemption, RedemptionStatus
from services.rewards.pages import Reader, reader_of
from services.ui import Choice, Column, Fact, Happening, Name, Pagination, Row, Table

router = APIRouter(include_in_schema=False)

_NAMES: Final = "/console/links/names"
_ROWS: Final = 25
Id = Annotated[str, Path(max_length=64)]
_Text = Annotated[str, Form(max_length=600)]


@router.get(QUEUE)
async def queue_page(
    call: Annotated[Call, viewer("rewards:read")],
    status: RedemptionStatus | None = None,
    ambassador: Annotated[str, Query(max_length=64)] = "",
    cursor: Cursor = None,
    format: Literal["html", "csv"] = "html",
) -> Response:
    """What was redeemed, youngest first."""
    start = cursors.decode(cursor, str)
    filters = {} if status is None else {"status": str(status)}
    if ambassador:
        filters["ambassador_id"] = ambassador
    if format == "csv":
        return await download(call, filters)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        before = start[0] if start else None
        found = await sql.listed(tx, call.store_id, before=before, count=_ROWS + 1, filters=filters)
    page = page_of(found, _ROWS, show=lambda one: one, after=lambda one: (one.redemption_id,))
    speech = reader.speech
    kept = {"ambassador": ambassador} if ambassador else {}
    asked = kept | ({"status": status} if status else {})
    return reader.page(
        "catalogue/queue.html",
        title=speech.say("Redemptions"),
        nav_current=NAV,
        freshness=reader.read_now(),
        back=LIST,
        names=_NAMES,
        statuses=[
            Choice(words.status_label(speech, one), href=_href({**kept, "status": one}), current=one == status)
            for one in REDEMPTION_STATUSES
        ],
        active=[Choice(words.status_label(speech, status), href=_href(kept))] if status else [],
        csv_href=_href({**asked, "format": "csv"}),
        table=_table(reader, page.data),
        paging=Pagination(
            speech.count("%(n)s redemption on this page", "%(n)s redemptions on this page", len(page.data)),
            previous=_href(asked) if cursor else "",
            next=_href({**asked, "cursor": page.next_cursor}) if page.next_cursor else "",
        ),
    )


@router.get(QUEUE + "/{redemption_id}")
async def redemption_page(redemption_id: Id, call: Annotated[Call, viewer("rewards:read")]) -> Response:
    """One redemption."""
    return await _page(call, redemption_id)


@router.post(QUEUE + "/{redemption_id}/fulfil")
async def fulfil_form(redemption_id: Id, call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """It was sent, or done."""
    try:
        async with call.transaction() as tx:
            await redeem.fulfil(tx, call.store_id, redemption_id)
    except NotFound:
        raise
    except AppError as error:
        return await _page(call, redemption_id, wrong=error)
    return _to(redemption_id)


@router.post(QUEUE + "/{redemption_id}/cancel")
async def cancel_form(
    redemption_id: Id, call: Annotated[Call, viewer("rewards:write")], reason: _Text = ""
) -> Response:
    """It comes to nothing."""
    try:
        async with call.transaction() as tx:
            await redeem.cancel(tx, call.store_id, redemption_id, reason=reason.strip()[:500] or None)
    except NotFound:
        raise
    except AppError as error:
        return await _page(call, redemption_id, wrong=error)
    return _to(redemption_id)


@router.post(QUEUE + "/{redemption_id}/return")
async def return_form(
    redemption_id: Id, call: Annotated[Call, viewer("rewards:write")], reason: _Text = "", restock: _Text = ""
) -> Response:
    """It came back."""
    try:
        async with call.transaction() as tx:
            await redeem.take_back(
                tx, call.store_id, redemption_id, restock=bool(restock), reason=reason.strip()[:500] or None
            )
    except NotFound:
        raise
    except AppError as error:
        return await _page(call, redemption_id, wrong=error)
    return _to(redemption_id)


async def _page(call: Call, redemption_id: str, *, wrong: AppError | None = None) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        one = await redeem.get(tx, call.store_id, redemption_id)
    speech = reader.speech
    may = "rewards:write" in call.caller.scopes
    return reader.page(
        "catalogue/redemption.html",
        status=200 if wrong is None else wrong.status,
        title=one.name,
        nav_current=NAV,
        freshness=reader.read_now(),
        back=QUEUE,
        names=_NAMES,
        base=f"{QUEUE}/{redemption_id}",
        item_href=f"{LIST}/{one.item_id}",
        one=one,
        chip=words.status_chip(speech, one.status),
        facts=_facts(reader, one),
        life=_life(reader, one),
        cost=words.cost_text(reader, one),
        may_decide=may and one.status == "requested",
        may_return=may and one.status == "fulfilled",
        problem=words.wrong_text(reader, wrong),
    )


def _facts(reader: Reader, one: Redemption) -> list[Fact]:
    say = reader.speech.say
    facts = [
        Fact(say("What it cost"), words.cost_text(reader, one), strong=True),
        Fact(say("Kind"), words.kind_label(reader.speech, one.kind)),
    ]
    if one.tier is not None:
        facts.append(Fact(say("Tier"), one.tier))
    return facts


def _life(reader: Reader, one: Redemption) -> list[Happening]:
    say, moment = reader.speech.say, reader.fmt.moment
    found = [Happening(say("Redeemed"), moment(one.made_at))]
    if one.fulfilled_at is not None:
        text = say("The code was given") if one.code is not None else say("Fulfilled")
        found.append(Happening(text, moment(one.fulfilled_at)))
    if one.ended_at is not None:
        text = say("Cancelled: what it cost was given back")
        if one.status == "returned":
            text = say("Returned: what it cost was given back")
        found.append(Happening(text, moment(one.ended_at), below=one.reason or ""))
    return found


def _table(reader: Reader, found: Sequence[Redemption]) -> Table:
    speech = reader.speech
    return Table(
        name=speech.say("Redemptions"),
        listing=True,
        names_src=_NAMES,
        columns=[
            Column("what", speech.label("head", "What")),
            Column("who", speech.label("head", "Ambassador")),
            Column("status", speech.label("head", "Status")),
            Column("when", speech.label("head", "When"), minor=True),
            Column("cost", speech.label("head", "Cost"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "what": Name(one.name, href=f"{QUEUE}/{one.redemption_id}"),
                    "who": Name(speech.say("Ambassador"), fill=one.ambassador_id),
                    "status": words.status_chip(speech, one.status),
                    "when": reader.fmt.date(one.made_at),
                    "cost": words.cost_text(reader, one),
                },
                key_figure=words.cost_text(reader, one),
                facts=[words.status_label(speech, one.status), reader.fmt.date(one.made_at)],
            )
            for one in found
        ],
    )


def _href(parameters: dict[str, str]) -> str:
    return f"{QUEUE}?{urlencode(parameters)}" if parameters else QUEUE


def _to(redemption_id: str) -> Response:
    return Response(status_code=303, headers={"location": f"{QUEUE}/{redemption_id}"})
