"""A small HTTP service for tests of the kernel's edge, on the toy's tables, and a client that speaks to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import APIRouter, Form, Response
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from services.common.scopes import SCOPES
from services.kernel.auth import api_keys
from services.kernel.auth.opening import Opening
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.context import Context
from services.kernel.db import Database, Tx
from services.kernel.errors import Conflict
from services.kernel.http.app import Edge
from services.kernel.http.call import Call, operator, require, viewer
from services.kernel.http.credentials import authorize
from services.kernel.http.hot import HotRoute, answer_json, headers_of, parse, read_body
from services.kernel.http.limits import limit
from services.kernel.live import LiveState
from services.kernel.service import Service
from services.kernel.settings import Settings
from services.ui import Pages
from tests.support.toy import METADATA

STORE, OTHER_STORE = "str_a", "str_b"
OPERATOR_KEY = "operator-key-of-the-tests-0123456789"
RING = KeyRing(
    secret_keys="k1:a-secret-of-the-tests-0123456789", contact_key="contacts", operator_key=OPERATOR_KEY, scopes=SCOPES
)

SEALING = Sealing("c1:the-keys-of-one-service-in-the-tests", before=RING)
OPENING = Opening("o1:the-keys-of-its-workers-in-the-tests", before=SEALING)
"""What a service that seals its rows is given alone."""


class NoteIn(BaseModel, extra="forbid"):
    """What is posted."""

    note: Annotated[str, Field(min_length=1, max_length=100)]
    amount_minor: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    items: list["NoteIn"] = []


class NoteOut(BaseModel):
    """What is answered."""

    id: str
    note: str


DEADLOCKS: list[tuple[str, str]] = []
"""In which order the next notes called `deadlock 0` and `deadlock 1` lock two other notes."""
MEETING: asyncio.Barrier | None = None
"""Where they wait for each other once, each with its first lock."""

router = APIRouter()


async def _lock_crosswise(tx: Tx, notes: tuple[str, str]) -> None:
    global MEETING
    lock = "select note from notes where note = :note for update"
    await tx.execute(lock, note=notes[0])
    if MEETING is not None:
        await MEETING.wait()
        MEETING = None
    await tx.execute(lock, note=notes[1])


async def _write(tx: Tx, store_id: str, note: str) -> NoteOut:
    if note.startswith("deadlock"):
        await _lock_crosswise(tx, DEADLOCKS[int(note[-1])])
    if note == "conflict":
        raise Conflict("That note contradicts the others.")
    await tx.execute("insert into notes (note) values (:note)", note=note)
    row = await tx.scalar(
        "insert into seen (store_id, event_id, track_id) values (:s, 'e', :n) returning n", s=store_id, n=note
    )
    return NoteOut(id=f"note_{row}", note=note)


@router.post("/v1/notes", status_code=201, response_model=NoteOut)
async def post_note(body: NoteIn, call: Annotated[Call, require("links:write")]) -> Response:
    """Writes a note; a second note of the same text fails in the database."""
    return await call.once(
        lambda tx: _write(tx, call.store_id, body.note),
        answer=lambda made: made,
        reveal=(lambda answer: {**answer, "secret": f"s-{answer['id']}"}) if body.note.startswith("secret") else None,
    )


@router.post("/v1/operator-notes", status_code=201, response_model=NoteOut)
async def post_operator_note(body: NoteIn, call: Annotated[Call, operator()]) -> Response:
    """The same for the operator, in a store that comes into being."""
    return await call.once(lambda tx: _write(tx, "str_new", body.note), answer=lambda made: made, stores=["str_new"])


@router.get("/v1/notes/{note_id}")
async def get_note(note_id: str, call: Annotated[Call, require("links:read")], limit: int = 1) -> NoteOut:
    """Answers what it was asked."""
    return NoteOut(id=note_id, note=call.store_id * limit)


@router.get("/v1/numbers/{number}")
async def get_number(number: int) -> NoteOut:
    """Takes a number in the path."""
    return NoteOut(id=str(number), note="")


@router.post("/v1/tracked")
async def post_tracked(call: Annotated[Call, require("track")]) -> NoteOut:
    """For publishable keys."""
    return NoteOut(id=call.caller.kind, note="")


@router.get("/v1/limited", dependencies=[limit("limited", per_minute=3)])
async def get_limited() -> NoteOut:
    """May be asked three times a minute."""
    return NoteOut(id="", note="")


@router.get("/v1/broken")
async def get_broken() -> NoteOut:
    """A bug."""
    raise RuntimeError("anna@example.com must not be shown")


@router.get("/v1/away")
async def get_away() -> NoteOut:
    """A dependency that is down."""
    raise ConnectionRefusedError


@router.get("/console/toy/notes")
async def notes_page(call: Annotated[Call, viewer("links:read")]) -> Response:
    """A page."""
    return Response(f"<p>{call.store_id}</p>", media_type="text/html")


@router.post("/console/toy/notes")
async def notes_form(note: Annotated[str, Form()], call: Annotated[Call, viewer("links:write")]) -> Response:
    """A form."""
    return Response(f"<p>{call.store_id} {len(note)}</p>", media_type="text/html")


def hot_routes(ctx: Context) -> tuple[HotRoute, ...]:
    """Hot routes that do what most do; the second may be called by pages of other origins."""

    async def note(scope: Scope, receive: Receive, send: Send) -> int:
        authorize(ctx, headers_of(scope), "orders:write")
        body = parse(NoteIn, await read_body(scope, receive))
        return await answer_json(send, 202, b'{"note":"%s"}' % body.note.encode())

    async def track(scope: Scope, receive: Receive, send: Send) -> int:
        await read_body(scope, receive)
        return await answer_json(send, 202, b"{}")

    return HotRoute("POST", "/v1/hot", note), HotRoute("POST", "/v1/track", track, cors=True)


SERVICE = Service(
    name="toy",
    package="services.links",
    metadata=METADATA,
    routes=("/v1/notes*", "/v1/hot*"),
    routers=(router,),
    hot=hot_routes,
    pages=Pages(),
)


def make_context(
    db: Database,
    *,
    name: str = "toy",
    sealing: Sealing | None = None,
    opening: Opening | None = None,
    **settings: object,
) -> Context:
    """A context on a database, or on one that is never asked."""
    return Context(
        service=name,
        settings=Settings(public_url="https://kith.example", **settings),  # type: ignore[arg-type]  # parsed
        db=db,
        ring=RING,
        live=LiveState(db),
        sealing=sealing,
        opening=opening,
    )


def no_database() -> Database:
    """A database that nobody connects to."""
    return Database("postgresql://nobody@127.0.0.1:1/none", schema="toy")


def key(*scopes: str, store: str = STORE, kind: api_keys.KeyKind = "sk", key_id: str = "key_1") -> dict[str, str]:
    """Headers with an API key."""
    text = api_keys.issue(RING, kind=kind, store_id=store, key_id=key_id, scopes=scopes or None)
    return {"authorization": f"Bearer {text}"}


@asynccontextmanager
async def client(context: Context) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service, without a socket between."""
    transport = httpx.ASGITransport(app=Edge(SERVICE, context))
    async with httpx.AsyncClient(transport=transport, base_url="https://kith.example") as made:
        yield made
