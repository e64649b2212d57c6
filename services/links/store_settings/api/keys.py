"""The console's pages of API keys: which there are and what they may do, one with its end, and a form to make one.

A key is shown in the answer to the form that makes it, and never again; the same form sent twice makes one key.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.common.scopes import ALL, NAMED_ONLY, SECRET, TRACK, USUAL
from services.kernel.auth.api_keys import KeyKind, issue
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.links.embed.actions import SCRIPTS
from services.links.embed.domain.script import tag
from services.links.keys import actions, sql
from services.links.keys.schemas import KeyCreated, KeyIn
from services.links.keys.sql import Key
from services.links.store_settings.words import areas, hint, kind_text, may_do, summary
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.words import KEYS, settings_bar
from services.ui import Chip, Choice, Column, Fact, Name, Pagination, Reader, Row, Speech, Table
from services.ui.forms import new_once, once_of

router = APIRouter(include_in_schema=False)

_ROWS: Final = 50
_LONGEST: Final = 120
_ACTIVITY: Final = "/console/analytics/activity"


@router.get(KEYS)
async def get_list(
    request: Request, call: Annotated[Call, viewer("keys:read")], cursor: Cursor = None, lang: str = ""
) -> Response:
    """All keys of the store, youngest first, without the keys themselves."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        found = await sql.page(tx, call.store_id, before=start[0] if start else None, limit=_ROWS + 1)
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    page = page_of(found, _ROWS, show=lambda key: key, after=lambda key: (key.key_id,))
    table = Table(
        name=speech.say("API keys"),
        listing=True,
        columns=[
            Column("name", speech.label("head", "Key")),
            Column("kind", speech.label("head", "Kind")),
            Column("may", speech.label("head", "May"), minor=True),
            Column("made", speech.label("head", "Made")),
            Column("used", speech.label("head", "Last used")),
            Column("state", speech.label("head", "Status")),
        ],
        rows=[_row(key, reader) for key in page.data],
    )
    count = len(page.data)
    return reader.page(
        "store_settings/keys.html",
        title=speech.say("API keys"),
        table=table,
        paging=Pagination(
            speech.count("%(n)s key on this page", "%(n)s keys on this page", count, n=reader.fmt.number(count)),
            previous=KEYS if cursor else "",
            next=f"{KEYS}?cursor={page.next_cursor}" if page.next_cursor else "",
        ),
        may_change="keys:write" in call.caller.scopes,
        **settings_bar(speech, KEYS),
    )


@router.get(f"{KEYS}/new")
async def get_new(request: Request, call: Annotated[Call, viewer("keys:write")], lang: str = "") -> Response:
    """The form of a key to make."""
    ticked = (USUAL & call.caller.scopes) - NAMED_ONLY
    return await _form(request, call, kind="secret", label="", ticked=ticked, once=new_once())


@router.post(KEYS)
async def post_new(request: Request, call: Annotated[Call, viewer("keys:write")]) -> Response:
    """Makes a key from the form, and shows it."""
    await request.body()  # kept, for what the answer is remembered by
    sent = await request.form()
    kind: KeyKind = "pk" if sent.get("kind") == "publishable" else "sk"
    label = str(sent.get("label", "")).strip()
    chosen = _chosen(sent)
    once = once_of(str(sent.get("once", "")))
    wrong = "scopes" if kind == "sk" and not chosen else ""
    try:
        wanted = KeyIn.model_validate({"label": label, "scopes": (TRACK,) if kind == "pk" else chosen or ("",)})
    except ValidationError:
        wrong = wrong or "label"
    if wrong:
        shown = "publishable" if kind == "pk" else "secret"
        return await _form(
            request,
            call,
            kind=shown,
            label=label[:_LONGEST],
            ticked=frozenset(chosen),
            once=once,
            wrong=wrong,
            status=422,
        )
    response = await call.once(
        lambda tx: actions.create(
            tx, call.store_id, kind=kind, scopes=wanted.scopes, label=label, within=call.caller.scopes
        ),
        answer=KeyCreated.of,
        key=once,
    )
    made = KeyCreated.model_validate_json(bytes(response.body))
    key = issue(call.ctx.ring, kind=kind, store_id=call.store_id, key_id=made.id, scopes=made.scopes)
    return await _made(request, call, made, key)


@router.get(KEYS + "/{key_id}")
async def get_one(
    key_id: str, request: Request, call: Annotated[Call, viewer("keys:read")], lang: str = ""
) -> Response:
    """What a key may do, and its end."""
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        key = await actions.get(tx, call.store_id, key_id)
        reader = reader_of(request, own, tx.now)
    speech, fmt = reader.speech, reader.fmt
    facts = [
        Fact(speech.say("Kind"), kind_text(key.kind, speech)),
        Fact(speech.say("Has in it"), hint(key.key_id)),
        Fact(speech.say("Made"), fmt.moment(key.created_at)),
        Fact(speech.say("Last used"), fmt.moment(key.last_used_at) if key.last_used_at else None),
    ]
    if key.revoked_at is not None:
        facts.append(Fact(speech.say("Revoked"), fmt.moment(key.revoked_at)))
    return reader.page(
        "store_settings/key.html",
        title=key.label or speech.say("API key"),
        key=key,
        chip=_chip(key, speech),
        facts=facts,
        may=may_do(key, speech),
        own_key=key.key_id == call.caller.key_id,
        activity=f"{_ACTIVITY}?actor={key.key_id}" if "audit:read" in call.caller.scopes else "",
        may_change="keys:write" in call.caller.scopes,
        **settings_bar(speech, KEYS),
    )


@router.post(KEYS + "/{key_id}/revoke")
async def post_revoke(key_id: str, call: Annotated[Call, viewer("keys:write")]) -> Response:
    """Bars a key everywhere. Who signed in with it is signed out by that."""
    async with call.transaction() as tx:
        await actions.revoke(tx, call.store_id, key_id)
    await call.ctx.live.refresh()
    return Response(status_code=303, headers={"location": KEYS})


async def _form(
    request: Request,
    call: Call,
    *,
    kind: str,
    label: str,
    ticked: frozenset[str],
    once: str,
    wrong: str = "",
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    texts = {
        "scopes": speech.say("Choose what the key may do."),
        "label": speech.say("At most %(n)s letters.", n=_LONGEST),
    }
    return reader.page(
        "store_settings/new_key.html",
        status=status,
        title=speech.say("New API key"),
        kinds=[
            Choice(kind_text("sk", speech), value="secret", current=kind == "secret"),
            Choice(kind_text("pk", speech), value="publishable", current=kind == "publishable"),
        ],
        purpose=label,
        areas=areas(call.caller.scopes & SECRET, ticked, speech),
        wrong={wrong: texts[wrong]} if wrong else {},
        once=once,
        **settings_bar(speech, KEYS),
    )


async def _made(request: Request, call: Call, made: KeyCreated, key: str) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    base, in_pages = call.ctx.settings.base_url, made.kind == "publishable"
    page = reader.page(
        "store_settings/made_key.html",
        title=reader.speech.say("The new key"),
        made=made,
        key=key,
        snippet=tag(base, SCRIPTS["kith"], key) if in_pages else "",
        pinned=tag(base, SCRIPTS["kith"], key, pinned=True) if in_pages else "",
        **settings_bar(reader.speech, KEYS),
    )
    page.headers["cache-control"] = "no-store"
    return page


def _chosen(sent: FormData) -> tuple[str, ...]:
    given = {str(one) for one in sent.getlist("scopes")}
    return tuple(scope for scope in ALL if scope in given and scope in SECRET)


def _row(key: Key, reader: Reader) -> Row:
    speech, fmt = reader.speech, reader.fmt
    kind, chip = kind_text(key.kind, speech), _chip(key, speech)
    used = fmt.ago(key.last_used_at) if key.last_used_at else None
    return Row(
        {
            "name": Name(key.label or speech.say("API key"), below=hint(key.key_id), href=f"{KEYS}/{key.key_id}"),
            "kind": kind,
            "may": summary(key, speech),
            "made": fmt.date(key.created_at.astimezone(reader.zone)),
            "used": used,
            "state": chip,
        },
        key_figure=chip.label,
        facts=[kind, used or speech.say("not used yet")],
    )


def _chip(key: Key, speech: Speech) -> Chip:
    if key.revoked_at is not None:
        return Chip(speech.label("chip", "Revoked"), "neutral", "dash")
    return Chip(speech.label("chip", "In use"), "good", "disc")
