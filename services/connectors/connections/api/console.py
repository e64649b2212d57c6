"""The console's pages of connections: all of them, one with its guide and its deliveries, and one delivery."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response

from services.connectors.accounts import actions as accounts
from services.connectors.accounts import domain as secrets
from services.connectors.accounts import sql
from services.connectors.accounts.domain import Access
from services.connectors.accounts.sql import Account
from services.connectors.connections import actions
from services.connectors.connections import words as shown
from services.connectors.connections.api import privacy
from services.connectors.connections.domain import without_people
from services.connectors.guides.api.console import guide_of
from services.connectors.guides.domain.registry import GUIDES
from services.connectors.guides.words import HOME as GUIDES_HOME
from services.connectors.history.api import console as histories
from services.connectors.inbox import sql as inbox
from services.connectors.inbox.domain import BODY
from services.connectors.inbox.sql import Delivery
from services.connectors.pages import reader_of
from services.connectors.platforms.domain.port import Options
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.platforms.domain.rules import QUESTIONS
from services.connectors.polls.api import console as polls
from services.connectors.store_codes.domain.port import CARRY_CODES
from services.kernel.errors import AppError, NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.ui import Choice, Column, Fact, Name, Pagination, Reader, Row, Table

router = APIRouter(include_in_schema=False)

LIST: Final = "/console/connectors/connections"
_DELIVERY: Final = "/console/connectors/deliveries"
_ROWS: Final = 25
ConnectionId = Annotated[str, Path(max_length=64)]
DeliveryId = Annotated[str, Path(max_length=64)]


@router.get(LIST)
async def list_page(call: Annotated[Call, viewer("orders:read")], platform: str = "") -> Response:
    """All connections, and the form for another once a platform is chosen."""
    return await _list(call, platform)


@router.post(LIST)
async def make_form(request: Request, call: Annotated[Call, viewer("orders:write")]) -> Response:
    """The form of the list: makes a connection, and shows its address and secret this once."""
    form = {name: str(value).strip() for name, value in (await request.form()).items()}
    platform = form.get("platform", "")
    if platform not in PLATFORMS:
        raise NotFound("There is no such platform.")
    options = Options(form.get("currency", "").upper() or None, form.get("paid_on_arrival") == "1")
    try:
        async with call.transaction() as tx:
            account = await actions.create(
                tx,
                call.ctx,
                call.store_id,
                platform=platform,
                secret=form.get("secret") or None,
                order_prefix=form.get("order_prefix"),
                options=options,
                host=form.get("host") or None,
                access=_access(form),
            )
    except AppError as error:
        return await _list(call, platform, given=form, error=error, status=422)
    return await _one(call, account.account_id, fresh=not form.get("secret"), guided=True)


async def _list(
    call: Call, platform: str, *, given: dict[str, str] | None = None, error: AppError | None = None, status: int = 200
) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        found = await sql.page(tx, call.store_id)
        others = await sql.ever_any(tx, call.store_id)
        last = await inbox.newest(tx, call.store_id, [one.account_id for one in found])
    speech, about = reader.speech, PLATFORMS.get(platform)
    fields = [one.field.rpartition(".")[2] for one in error.errors] if error is not None else []
    wrong = {field: shown.wrong_text(speech, field) for field in fields}
    if error is not None and not fields:
        wrong["form"] = speech.say("A store has 20 connections at most. Delete one first.")
    return reader.page(
        "connections/list.html",
        status=status,
        freshness=reader.read_now(),
        title=speech.say("Connections"),
        nav_current=LIST,
        table=_connections(reader, found, last),
        base=LIST,
        may_change="orders:write" in call.caller.scopes,
        platforms=[
            Choice(one.title, href=f"{LIST}?platform={one.name}#new", current=one is about)
            for one in PLATFORMS.values()
        ],
        chosen=about.title if about else speech.say("Choose a platform"),
        about=about,
        given=given or {},
        wrong=wrong,
        others=others,
    )


def _connections(reader: Reader, found: list[Account], last: dict[str, Delivery]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    rows = []
    for one in found:
        newest = last.get(one.account_id)
        chip = shown.outcome_chip(speech, newest.outcome) if newest else None
        below = [one.account_id, *([f"{one.order_prefix}…"] if one.order_prefix else [])]
        when = fmt.moment(newest.received_at) if newest else speech.say("nothing yet")
        rows.append(
            Row(
                cells={
                    "platform": Name(
                        PLATFORMS[one.platform].title, below=" · ".join(below), href=f"{LIST}/{one.account_id}"
                    ),
                    "last": when,
                    "state": chip or "–",
                },
                key_figure=chip.label if chip else "–",
                facts=[when],
            )
        )
    return Table(
        name=speech.say("Connections"),
        columns=[
            Column("platform", speech.label("head", "Platform")),
            Column("last", speech.label("head", "Last")),
            Column("state", speech.label("head", "Status")),
        ],
        rows=rows,
        listing=True,
    )


@router.get(LIST + "/{connection_id}")
async def connection_page(
    connection_id: ConnectionId, call: Annotated[Call, viewer("orders:read")], cursor: Cursor = None
) -> Response:
    """One connection: its address, its rules, and what came."""
    return await _one(call, connection_id, cursor=cursor)


@router.post(LIST + "/{connection_id}/secret")
async def secret_form(
    connection_id: ConnectionId, request: Request, call: Annotated[Call, viewer("orders:write")]
) -> Response:
    """Gives it another secret; the one before is believed for a day."""
    given = str((await request.form()).get("secret", "")).strip()
    try:
        async with call.transaction() as tx:
            await actions.rotate(
                tx, call.ctx, call.store_id, connection_id, secret=given or None, overlap=timedelta(hours=24)
            )
    except NotFound:
        raise
    except AppError as error:
        return await _one(call, connection_id, wrong=error.errors[0].field if error.errors else "secret", status=422)
    return await _one(call, connection_id, fresh=not given)


@router.post(LIST + "/{connection_id}/access")
async def access_form(
    connection_id: ConnectionId, request: Request, call: Annotated[Call, viewer("orders:write")]
) -> Response:
    """Gives Kith access to the platform's API."""
    form = {name: str(value).strip() for name, value in (await request.form()).items()}
    try:
        async with call.transaction() as tx:
            await actions.change(
                tx, call.ctx, call.store_id, connection_id, host=form.get("host") or None, access=_access(form)
            )
    except NotFound:
        raise
    except AppError as error:
        wrong = error.errors[0].field.partition(".")[0] if error.errors else "access"
        return await _one(call, connection_id, wrong=wrong, status=422)
    return Response(status_code=303, headers={"location": f"{LIST}/{quote(connection_id, safe='')}"})


def _access(form: Mapping[str, str]) -> Access | None:
    return Access(form.get("user") or None, form["password"]) if form.get("password") else None


@router.post(LIST + "/{connection_id}/delete")
async def delete_form(connection_id: ConnectionId, call: Annotated[Call, viewer("orders:write")]) -> Response:
    """Ends it."""
    async with call.transaction() as tx:
        await actions.delete(tx, call.store_id, connection_id)
    return Response(status_code=303, headers={"location": LIST})


async def _one(
    call: Call,
    connection_id: str,
    *,
    cursor: str | None = None,
    fresh: bool = False,
    guided: bool = False,
    wrong: str = "",
    status: int = 200,
) -> Response:
    start = cursors.decode(cursor, datetime, str)
    sealing = call.ctx.require_sealing()
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        account = await accounts.get(tx, call.store_id, connection_id)
        rows = await inbox.page(tx, call.store_id, connection_id, before=start, count=_ROWS + 1)
        known = accounts.secrets_of(sealing, account, tx.now)
        poll = await polls.part(tx, reader, call.store_id, connection_id)
        history = await histories.part(tx, reader, account)
        asked = await privacy.part(tx, call.ctx, reader, account)
    speech, about = reader.speech, PLATFORMS[account.platform]
    secret = known[0].decode() if known else ""
    page = page_of(rows, _ROWS, show=lambda one: one, after=lambda one: (one.received_at, one.delivery_id))
    holds = account.former_ends_at if len(known) > 1 else None
    return reader.page(
        "connections/one.html",
        status=status,
        headers={"cache-control": "no-store"},
        freshness=reader.read_now(),
        title=about.title,
        nav_current=LIST,
        back=LIST,
        base=f"{LIST}/{connection_id}",
        **guide_of(call, reader, GUIDES[account.platform], account, secret if fresh else ""),
        secret=secret if fresh and not about.key_in_address else "",
        fresh=fresh,
        guided=guided,
        about=about,
        host=account.host or "",
        carries=account.platform in CARRY_CODES,
        has_access=account.access is not None,
        needs_access=about.question is not None and account.access is None,
        made_here=about.secret_of is not None,
        guide=f"{GUIDES_HOME}/{account.platform}?connection={connection_id}",
        facts=_facts(reader, account, secret, holds),
        rules=[
            Fact(speech.say(question), speech.say(getattr(about.rules, name))) for name, question in QUESTIONS.items()
        ],
        wrong=shown.wrong_text(speech, wrong) if wrong else "",
        may_change="orders:write" in call.caller.scopes,
        poll=poll,
        history=history,
        privacy=asked,
        table=_deliveries(reader, page.data),
        paging=Pagination(
            "",
            previous="?" if cursor else "",
            next=f"?cursor={page.next_cursor}" if page.next_cursor else "",
        ),
    )


def _facts(reader: Reader, account: Account, secret: str, former_until: datetime | None) -> list[Fact]:
    speech, fmt = reader.speech, reader.fmt
    facts = [Fact(speech.say("Secret"), secrets.masked(secret) if secret else speech.say("its sealing key is gone"))]
    if former_until is not None:
        facts.append(Fact(speech.say("The former secret is believed until"), fmt.moment(former_until)))
    if account.order_prefix:
        facts.append(Fact(speech.say("Before the ids of its orders"), account.order_prefix))
    if account.host is not None:
        facts.append(Fact(speech.say("Host"), account.host))
    return facts


def _deliveries(reader: Reader, rows: list[Delivery]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Deliveries"),
        columns=[
            Column("at", speech.label("head", "When")),
            Column("state", speech.label("head", "Status")),
            Column("order", speech.label("head", "Order")),
            Column("reason", speech.label("head", "Reason"), minor=True),
        ],
        rows=[
            Row(
                cells={
                    "at": Name(fmt.moment(one.received_at), below=one.topic, href=f"{_DELIVERY}/{one.delivery_id}"),
                    "state": shown.outcome_chip(speech, one.outcome),
                    "order": one.order_id or "–",
                    "reason": shown.reason_text(speech, one.reason) or "–",
                },
                key_figure=shown.outcome_chip(speech, one.outcome).label,
                facts=[one.order_id or shown.reason_text(speech, one.reason)],
            )
            for one in rows
        ],
        listing=True,
    )


@router.get(_DELIVERY + "/{inbound_id}")
async def delivery_page(inbound_id: DeliveryId, call: Annotated[Call, viewer("orders:read")]) -> Response:
    """One delivery: what became of it, and its body without what names anybody."""
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        found = await inbox.get(tx, call.store_id, inbound_id)
        if found is None:
            raise NotFound("There is no such delivery.")
    try:
        body = without_people(call.ctx.require_sealing().open(BODY, found.body, owner=inbound_id))
    except ValueError:
        body = ""
    speech, fmt = reader.speech, reader.fmt
    reason = shown.reason_text(speech, found.reason)
    return reader.page(
        "connections/delivery.html",
        freshness=reader.read_now(),
        title=speech.say("Delivery"),
        nav_current=LIST,
        chip=shown.outcome_chip(speech, found.outcome),
        back=f"{LIST}/{quote(found.hook_id, safe='')}",
        platform=PLATFORMS[found.platform].title,
        body=body,
        facts=[
            Fact(speech.say("Arrived"), fmt.moment(found.received_at)),
            *([Fact(speech.say("Event"), found.topic)] if found.topic else []),
            *([Fact(speech.say("Order"), found.order_id)] if found.order_id else []),
            *([Fact(speech.say("Reason"), reason)] if reason else []),
            Fact("id", found.delivery_id),
        ],
    )
