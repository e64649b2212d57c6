"""Reports of pages: made into a line at the edge, and lines into facts and events by the drain."""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from contracts.events import EVENTS
from contracts.events.tracking import (
    Customer,
    CustomerIdentified,
    ShareRecorded,
    SignupRecorded,
    TokenClaims,
    TrackingPayload,
    VisitRecorded,
    WidgetViewed,
)
from services.attribution.tracking import domain, sql
from services.attribution.tracking.schemas import TrackedCustomer, TrackIn
from services.attribution.tracking.sql import StoredTrack
from services.common import click_token, identify
from services.common.click_token import ReadToken
from services.common.codes import fold_slug
from services.common.contacts import contact_hashes, contact_in, without_nobodys
from services.kernel import trace
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Tx
from services.kernel.ids import named_id, new_id
from services.kernel.outbox import encode_data, encode_head, encode_row, with_trace

_PAYLOADS: dict[str, type[TrackingPayload]] = {
    "visit": VisitRecorded,
    "identify": CustomerIdentified,
    "signup": SignupRecorded,
    "share": ShareRecorded,
    "widget_view": WidgetViewed,
}
_SAME_WITHIN_S = 1800
_DAY_S = 86_400
_OF_A_VIEW = frozenset({"store_id", "visitor_id", "customer", "placement"})
"""What tells one view of the invitation from another of its day."""
_NAMING: tuple[type[TrackingPayload], ...] = (CustomerIdentified, SignupRecorded)


def proven(ring: KeyRing, store_id: str, reported: TrackIn, revoked: Collection[str]) -> bool:
    """Whether a report names a customer and carries the proof that the store's server knows who that is."""
    if (
        reported.proof is None
        or _PAYLOADS[reported.type] not in _NAMING
        or reported.customer is None
        or reported.customer.id is None
    ):
        return False
    return identify.proves(ring, revoked, store_id, reported.customer.id, reported.proof)


class Line(NamedTuple):
    """A report on its way to the database, and the id by which the same report is known again."""

    track_id: str
    text: bytes


def line_of(
    ring: KeyRing,
    store_id: str,
    reported: TrackIn,
    now: datetime,
    *,
    token: ReadToken | None = None,
    is_proven: bool = False,
    nobody: Collection[str] = frozenset(),
) -> Line:
    """The report as one line: type, trace and payload, without anything personal. `token`: what its token proves, where
    that was asked before.

    A view of the invitation to share is one for a visitor, a day and a placement, whatever token comes along.

    A proof is one of the customer id, and of nothing that is said beside it: mail and phone are then left out. Equal
    reports of one half hour are one, as a visit of half an hour is one; of nobody at all each is its own. `nobody`:
    names that stand for nobody at this store by its own word.
    """
    kind = _PAYLOADS[reported.type]
    # Written without the payload's model, which would cost more than all the rest; a test reads it back through it.
    fields: dict[str, Any] = {"store_id": store_id}
    if reported.visitor_id is not None:
        fields["visitor_id"] = contact_in(ring, reported.visitor_id) or reported.visitor_id
    if reported.channel is not None:
        fields["channel"] = reported.channel
    if reported.seen:
        fields["seen"] = True
    if token is None and reported.token is not None:
        token = click_token.read(ring, reported.token, store_id=store_id)
    # Asked for None first: whether something is a model takes a third of a microsecond to find out.
    if token is not None:
        if isinstance(token, TokenClaims):
            fields["token"] = token.__dict__
        else:
            fields["token_problem"] = token.value
    if kind is VisitRecorded:
        if (host := reported.url_host) is not None:
            fields["url_host"] = host
    elif is_proven and reported.customer is not None:
        fields["customer"] = _customer(ring, TrackedCustomer(id=reported.customer.id), nobody)
        fields["vouched"] = "proof"
    else:
        fields["customer"] = _customer(ring, reported.customer, nobody)
    same, within_s = fields, _SAME_WITHIN_S
    if kind is ShareRecorded and reported.slug is not None and (slug := fold_slug(reported.slug)) is not None:
        fields["slug"] = slug
    if kind is WidgetViewed:
        if reported.placement is not None:
            fields["placement"] = reported.placement
        same, within_s = {name: fields[name] for name in fields if name in _OF_A_VIEW}, _DAY_S
    body = orjson.dumps(fields)
    named = body if same is fields else orjson.dumps(same)
    track_id = _track_id(kind, named, now, within_s=within_s) if _somebody(same) else new_id("trk", at=now)
    head = orjson.dumps({"track_id": track_id, "at": now})
    trace_now = (trace.current() or "").encode()
    return Line(track_id, b"%s\t%s\t%s,%s" % (kind.TYPE.encode(), trace_now, head[:-1], body[1:]))


def _somebody(fields: Mapping[str, Any]) -> bool:
    """Whether anything tells this report's visitor from another's."""
    return "visitor_id" in fields or "token" in fields or any(fields.get("customer", {}).values())


def _track_id(kind: type[TrackingPayload], body: bytes, now: datetime, *, within_s: int) -> str:
    span = int(now.timestamp()) // within_s * within_s
    name = hashlib.blake2b(body, digest_size=16, person=kind.__name__.encode()[:16]).digest()
    return named_id("trk", milliseconds=span * 1000, name=name)


def _customer(ring: KeyRing, reported: TrackedCustomer | None, nobody: Collection[str]) -> dict[str, Any]:
    if reported is None:
        return {}
    customer_id, hashes = reported.id, contact_hashes(ring, email=reported.email, phone=reported.phone)
    if customer_id is not None and (contact := contact_in(ring, customer_id)) is not None:
        customer_id, hashes = None, tuple(dict.fromkeys((*hashes, contact)))
    customer_id, hashes = without_nobodys(ring, nobody, customer_id, hashes)
    return {"contact_hashes": hashes} if customer_id is None else {"id": customer_id, "contact_hashes": hashes}


async def take_lines(tx: Tx, lines: Sequence[bytes]) -> None:
    """Gives lines their effect: an event each, and a fact where a decision may depend on it."""
    tracks: list[StoredTrack] = []
    rows: dict[bytes, bytes] = {}
    for line in lines:
        kind, traceparent, body = line.split(b"\t", 2)
        track, at, store_id = _beginning(body)
        if track in rows:
            continue
        row = encode_row(_row_head(kind, store_id), b"evt_" + track, at, encode_data(body))
        rows[track] = with_trace(row, traceparent)
        if b'"token' in body or b'"vouched"' in body:  # without these no decision can depend on it
            payload = EVENTS[kind.decode()].model_validate_json(body)
            assert isinstance(payload, TrackingPayload)
            if domain.bears(payload):
                tracks.append(sql.stored(payload))
    await tx.see({track.store_id for track in tracks})
    await sql.insert(tx, tracks)
    tx.emit_encoded(rows.values())


_BEGINNING = re.compile(rb'\{"track_id":"trk_([0-9a-z]+)","at":"([0-9T:.+-]+)","store_id":"([0-9a-z_]+)"')


def _beginning(body: bytes) -> tuple[bytes, bytes, bytes]:
    """Of a report: its id without the prefix, its moment, its store. Read off where it is written as `line_of` does."""
    found = _BEGINNING.match(body)
    if found is not None:
        return found[1], found[2], found[3]
    fields = orjson.loads(body)
    return fields["track_id"][4:].encode(), fields["at"].encode(), fields["store_id"].encode()


@lru_cache(maxsize=4096)
def _row_head(kind: bytes, store_id: bytes) -> bytes:
    store = store_id.decode()
    return encode_head(topic=str(VisitRecorded.TOPIC), type=kind.decode(), key=store, store_id=store, subject=store)


def customer_of(ring: KeyRing, reported: TrackedCustomer, nobody: Collection[str] = frozenset()) -> Customer:
    """The customer as events know one. `nobody`: names that stand for nobody at this store by its own word."""
    return Customer.model_validate(_customer(ring, reported, nobody))


async def name_customer(tx: Tx, ring: KeyRing, store_id: str, visitor_id: str | None, customer: Customer) -> bool:
    """Keeps that the store's server named a visitor's customer, and sends the event. False if that is known."""
    payload = CustomerIdentified(
        store_id=store_id,
        track_id=new_id("trk", at=tx.now),
        at=tx.now,
        visitor_id=None if visitor_id is None else contact_in(ring, visitor_id) or visitor_id,
        customer=customer,
        vouched="server",
    )
    if not await sql.insert(tx, [sql.stored(payload)]):
        return False
    tx.emit(payload)
    return True
