"""The console's pages of webhooks: endpoints, one with its log, and one delivery."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Final
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Path, Query, Response
from fastapi import Request as HttpRequest
from pydantic import AwareDatetime
from starlette.datastructures import FormData

from services.connectors.endpoints.actions import again, manage
from services.connectors.endpoints.actions.manage import Made
from services.connectors.endpoints.api import words as shown
from services.connectors.endpoints.domain.signing import Request
from services.connectors.endpoints.domain.tries import State
from services.connectors.endpoints.domain.webhooks import TYPES
from services.connectors.endpoints.sql import endpoints as sql
from services.connectors.endpoints.sql import sendings
from services.connectors.endpoints.sql.endpoints import Endpoint
from services.connectors.endpoints.sql.sendings import Sending
from services.connectors.pages import reader_of
from services.kernel.errors import AppError, Invalid, NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.limits import limit
from services.kernel.http.pages import Cursor, page_of
from services.ui import Choice, Column, Fact, Name, Pagination, Reader, Row, Table

router = APIRouter(include_in_schema=False)

LIST: Final = "/console/connectors/webhooks"
_DELIVERY: Final = "/console/connectors/webhook-deliveries"
_ROWS: Final = 25
_OVERLAPS: Final = (0, 1, 24, 168)
EndpointId = Annotated[str, Path(max_length=64)]
DeliveryId = Annotated[str, Path(max_length=64)]


@router.get(LIST)
async def list_page(call: Annotated[Call, viewer("webhooks:read")]) -> Response:
    """All endpoints, and the form for another."""
    return await _list(call)


@router.post(LIST)
async def make_form(request: HttpRequest, call: Annotated[Call, viewer("webhooks:write")]) -> Response:
    """The form of the list: makes an endpoint, and shows its secret this once."""
    form = await request.form()
    url, events = str(form.get("url", "")).strip(), _events(form)
    try:
        async with call.transaction() as tx:
            made = await manage.create(tx, call.ctx, call.store_id, url=url, events=events)
    except AppError as error:
        wrong = error.errors[0].field if error.errors else "url"
        return await _list(call, url=url, events=events, wrong=wrong, status=422)
    return await _one(call, made.endpoint.endpoint_id, made=made)


async def _list(
    call: Call, *, url: str = "", events: list[str] | None = None, wrong: str = "", status: int = 200
) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        found = await sql.page(tx, call.store_id)
        counts = await sendings.counts(tx, call.store_id, since=tx.now - timedelta(days=7))
    speech = reader.speech
    return reader.page(
        "endpoints/list.html",
        status=status,
        freshness=reader.read_now(),
        title=speech.say("Webhooks"),
        nav_current=LIST,
        table=_endpoints(reader, found, counts),
        off=[one for one in found if one.off == "failing"],
        base=LIST,
        may_change="webhooks:write" in call.caller.scopes,
        url=url,
        types=[(one, events is None or one in events) for one in TYPES],
        error_url=_wrong_url(reader) if wrong == "url" else "",
        error_events=speech.say("Choose one event at least.") if wrong == "events" else "",
    )


def _wrong_url(reader: Reader) -> str:
    return reader.speech.say("Give a public https address, as in https://shop.example/kith. A store has 20 at most.")


def _endpoints(reader: Reader, found: list[Endpoint], counts: dict[str, tuple[int, int]]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Endpoints"),
        columns=[
            Column("url", speech.label("head", "Address")),
            Column("state", speech.label("head", "Status")),
            Column("waiting", speech.label("head", "Waiting"), figure=True),
            Column("failed", speech.label("head", "Failed"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "url": Name(one.url, below=", ".join(one.events), href=f"{LIST}/{one.endpoint_id}"),
                    "state": shown.health_chip(speech, one),
                    "waiting": fmt.number(counts.get(one.endpoint_id, (0, 0))[0]),
                    "failed": fmt.number(counts.get(one.endpoint_id, (0, 0))[1]),
                },
                key_figure=shown.health_chip(speech, one).label,
            )
            for one in found
        ],
        listing=True,
    )


@router.get(LIST + "/{endpoint_id}")
async def endpoint_page(
    endpoint_id: EndpointId,
    call: Annotated[Call, viewer("webhooks:read")],
    state: State | None = None,
    cursor: Cursor = None,
    sent: Annotated[int | None, Query(ge=0, le=again.AT_ONCE)] = None,
    since: AwareDatetime | None = None,
    all_: Annotated[bool, Query(alias="all")] = False,
) -> Response:
    """One endpoint: how it stands, what can be done, and its log. `sent`: how much was just sent again, `since` when
    there is more, and `all` whether what arrived was sent as well.
    """
    return await _one(call, endpoint_id, state=state, cursor=cursor, sent=sent, since=since, all_=all_)


async def _one(
    call: Call,
    endpoint_id: str,
    *,
    state: State | None = None,
    cursor: str | None = None,
    made: Made | None = None,
    sent: int | None = None,
    since: datetime | None = None,
    typed: str = "",
    all_: bool = False,
    wrong: str = "",
    status: int = 200,
) -> Response:
    start = cursors.decode(cursor, datetime, str)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        endpoint = await manage.get(tx, call.store_id, endpoint_id)
        rows = await sendings.page(tx, call.store_id, endpoint_id, state=state, before=start, count=_ROWS + 1)
    speech, fmt = reader.speech, reader.fmt
    local = shown.local_moment(since, fmt.zone) if since else ""
    page = page_of(rows, _ROWS, show=lambda one: one, after=lambda one: (one.created_at, one.delivery_id))
    kept = f"state={state}&" if state else ""
    return reader.page(
        "endpoints/one.html",
        status=status,
        headers={"cache-control": "no-store"},
        freshness=reader.read_now(),
        title=speech.say("Webhook endpoint"),
        nav_current=LIST,
        chip=shown.health_chip(speech, endpoint),
        endpoint=endpoint,
        base=f"{LIST}/{endpoint_id}",
        back=LIST,
        secret=manage.show(call.ctx.require_sealing(), made.secret_id, made.sealed) if made else "",
        notice=shown.off_text(speech, endpoint.off),
        failing=fmt.moment(endpoint.failing_since) if endpoint.failing_since and endpoint.off is None else "",
        may_change="webhooks:write" in call.caller.scopes,
        types=[(one, one in endpoint.events) for one in TYPES],
        samples=[(one, _written(again.sample(one, endpoint.created_at))) for one in endpoint.events],
        tests=[Choice(one, value=one, current=one == endpoint.events[0]) for one in TYPES],
        overlaps=_overlaps(reader),
        error=_wrong_url(reader) if wrong == "url" else "",
        error_events=speech.say("Choose one event at least.") if wrong == "events" else "",
        sent=shown.sent_text(speech, fmt, sent, since if local else None) if sent is not None else "",
        since=typed or local or shown.local_moment(endpoint.created_at, fmt.zone),
        all=all_,
        error_since=speech.say("Give a day and a time.") if wrong == "since" else "",
        states=[
            Choice(speech.say("All"), href="?", current=state is None),
            *(Choice(shown.state_chip(speech, s).label, href=f"?state={s}", current=s == state) for s in shown.STATES),
        ],
        chosen=shown.state_chip(speech, state).label if state else speech.say("All"),
        table=_log(reader, page.data),
        paging=Pagination(
            "",
            previous=f"?{kept}" if cursor else "",
            next=f"?{kept}cursor={page.next_cursor}" if page.next_cursor else "",
        ),
    )


def _overlaps(reader: Reader) -> list[Choice]:
    speech, fmt = reader.speech, reader.fmt
    return [
        Choice(
            speech.say("at once") if hours == 0 else fmt.duration(3600 * hours), value=str(hours), current=hours == 24
        )
        for hours in _OVERLAPS
    ]


def _log(reader: Reader, rows: list[Sending]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Deliveries"),
        columns=[
            Column("type", speech.label("head", "Event")),
            Column("state", speech.label("head", "Status")),
            Column("answer", speech.label("head", "Answer")),
            Column("tries", speech.label("head", "Tries"), figure=True),
            Column("next", speech.label("head", "Next try"), minor=True),
        ],
        rows=[
            Row(
                cells={
                    "type": Name(
                        one.type,
                        below=f"{fmt.moment(one.created_at)}{' · ' + speech.say('sample') if one.test else ''}",
                        href=f"{_DELIVERY}/{one.delivery_id}",
                    ),
                    "state": shown.state_chip(speech, one.state),
                    "answer": shown.answer_text(speech, one),
                    "tries": fmt.number(one.tries),
                    "next": fmt.moment(one.next_at) if one.next_at else "–",
                },
                key_figure=shown.state_chip(speech, one.state).label,
                facts=[shown.answer_text(speech, one)],
            )
            for one in rows
        ],
        listing=True,
    )


@router.post(LIST + "/{endpoint_id}")
async def change_form(
    endpoint_id: EndpointId, request: HttpRequest, call: Annotated[Call, viewer("webhooks:write")]
) -> Response:
    """The form of one endpoint: another address, other events."""
    form = await request.form()
    try:
        async with call.transaction() as tx:
            await manage.change(
                tx, call.ctx, call.store_id, endpoint_id, url=str(form.get("url", "")).strip(), events=_events(form)
            )
    except NotFound:
        raise
    except AppError as error:
        return await _one(call, endpoint_id, wrong=error.errors[0].field if error.errors else "url", status=422)
    return _to(endpoint_id)


@router.post(LIST + "/{endpoint_id}/turn")
async def turn_form(
    endpoint_id: EndpointId, request: HttpRequest, call: Annotated[Call, viewer("webhooks:write")]
) -> Response:
    """Turns it on or off."""
    on = (await request.form()).get("on") == "1"
    async with call.transaction() as tx:
        await manage.turn(tx, call.store_id, endpoint_id, on=on)
    return _to(endpoint_id)


@router.post(LIST + "/{endpoint_id}/secret")
async def secret_form(
    endpoint_id: EndpointId, request: HttpRequest, call: Annotated[Call, viewer("webhooks:write")]
) -> Response:
    """Gives it another secret, and shows that this once."""
    hours = str((await request.form()).get("overlap_hours", ""))
    overlap = timedelta(hours=int(hours) if hours.isascii() and hours.isdigit() and len(hours) < 4 else 24)
    async with call.transaction() as tx:
        made = await manage.rotate(tx, call.ctx, call.store_id, endpoint_id, overlap=overlap)
    return await _one(call, endpoint_id, made=made)


@router.post(LIST + "/{endpoint_id}/test", dependencies=[limit("webhook-tests", per_minute=30)])
async def test_form(
    endpoint_id: EndpointId, request: HttpRequest, call: Annotated[Call, viewer("webhooks:write")]
) -> Response:
    """Sends a sample."""
    type_ = str((await request.form()).get("type", ""))
    async with call.transaction() as tx:
        sent = await again.send_test(tx, call.store_id, endpoint_id, type_=type_)
    return _shows(sent.delivery_id)


@router.post(LIST + "/{endpoint_id}/replay", dependencies=[limit("webhook-replays", per_minute=60)])
async def replay_form(endpoint_id: EndpointId, call: Annotated[Call, viewer("webhooks:write")]) -> Response:
    """Sends again what did not arrive within the time that messages are kept."""
    async with call.transaction() as tx:
        endpoint = await manage.get(tx, call.store_id, endpoint_id)
        await again.replay_since(tx, call.store_id, endpoint_id, since=endpoint.created_at, all_=False)
    return _to(endpoint_id)


@router.post(LIST + "/{endpoint_id}/replay-since", dependencies=[limit("webhook-replays", per_minute=60)])
async def since_form(
    endpoint_id: EndpointId, request: HttpRequest, call: Annotated[Call, viewer("webhooks:write")]
) -> Response:
    """Sends again what did not arrive since a moment, or all of it; says how much that is, and where to go on."""
    form = await request.form()
    typed, all_ = str(form.get("since", "")), form.get("all") == "1"
    try:
        async with call.transaction() as tx:
            reader = await reader_of(request, tx, call.store_id)
            since = _since(typed, reader.fmt.zone)
            count, go_on = await again.replay_since(tx, call.store_id, endpoint_id, since=since, all_=all_)
    except Invalid:
        return await _one(call, endpoint_id, typed=typed, all_=all_, wrong="since", status=422)
    more = f"&since={quote(go_on.isoformat())}{'&all=1' if all_ else ''}" if go_on else ""
    return Response(status_code=303, headers={"location": f"{LIST}/{quote(endpoint_id, safe='')}?sent={count}{more}"})


@router.post(LIST + "/{endpoint_id}/delete")
async def delete_form(endpoint_id: EndpointId, call: Annotated[Call, viewer("webhooks:write")]) -> Response:
    """Deletes it."""
    async with call.transaction() as tx:
        await manage.delete(tx, call.store_id, endpoint_id)
    return Response(status_code=303, headers={"location": LIST})


@router.get(_DELIVERY + "/{delivery_id}")
async def delivery_page(delivery_id: DeliveryId, call: Annotated[Call, viewer("webhooks:read")]) -> Response:
    """One delivery: what is sent, and each try."""
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        found = await sendings.one(tx, call.store_id, delivery_id)
        if found is None:
            raise NotFound("There is no such delivery.")
        endpoint = await manage.get(tx, call.store_id, found.endpoint_id)
        body = await sendings.body(tx, call.store_id, delivery_id)
        tries = await sendings.tries(tx, call.store_id, delivery_id)
    speech, fmt = reader.speech, reader.fmt
    return reader.page(
        "endpoints/delivery.html",
        freshness=reader.read_now(),
        title=found.type,
        nav_current=LIST,
        chip=shown.state_chip(speech, found.state),
        back=f"{LIST}/{endpoint.endpoint_id}",
        base=f"{_DELIVERY}/{delivery_id}",
        body=_written(body) if body is not None else "",
        may_change="webhooks:write" in call.caller.scopes and body is not None,
        facts=[
            Fact(speech.say("Address"), endpoint.url),
            Fact("webhook-id", found.message_id),
            Fact(speech.say("Happened"), fmt.moment(found.at)),
            *([Fact(speech.say("Next try"), fmt.moment(found.next_at))] if found.next_at else []),
        ],
        tries=[
            (
                f"{one.number} · {fmt.moment(one.at)}",
                f"{shown.reason_text(speech, one.status, one.reason)} · {fmt.number(one.took_ms)} ms",
                one.answer or "",
                _sent(one.request) if one.request is not None else "",
            )
            for one in tries
        ],
    )


@router.post(_DELIVERY + "/{delivery_id}/replay", dependencies=[limit("webhook-replays", per_minute=60)])
async def again_form(delivery_id: DeliveryId, call: Annotated[Call, viewer("webhooks:write")]) -> Response:
    """Sends it again."""
    async with call.transaction() as tx:
        await again.replay(tx, call.store_id, delivery_id)
    return _shows(delivery_id)


def _sent(request: Request) -> str:
    return "\n".join([f"POST {request.url}", *(f"{name}: {value}" for name, value in request.headers.items())])


def _since(typed: str, zone: tzinfo) -> datetime:
    """The moment that somebody typed, by the store's clock. Raises `Invalid`."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.field("since", "This is no moment.") from None


def _events(form: FormData) -> list[str]:
    return [one for one in TYPES if form.get(one) == "1"]


def _written(body: bytes) -> str:
    return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()


def _to(endpoint_id: str) -> Response:
    return Response(status_code=303, headers={"location": f"{LIST}/{quote(endpoint_id, safe='')}"})


def _shows(delivery_id: str) -> Response:
    return Response(status_code=303, headers={"location": f"{_DELIVERY}/{quote(delivery_id, safe='')}"})
