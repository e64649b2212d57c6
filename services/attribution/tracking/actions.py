"""Reports of pages: made into a line at the edge, and lines into facts and events by the drain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from contracts.events.tracking import (
    CustomerIdentified,
    ShareRecorded,
    SignupRecorded,
    TokenClaims,
    TrackingPayload,
    VisitRecorded,
    WidgetViewed,
)
from services.attribution.tracking import store
from services.attribution.tracking.schemas import TrackedCustomer, TrackIn
from services.attribution.tracking.store import StoredTrack
from services.kernel import trace
from services.kernel.auth import click_token
from services.kernel.auth.contacts import contact_hashes, contact_in
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Tx
from services.kernel.ids import new_id
from services.kernel.outbox import Outgoing

_PAYLOADS: dict[str, type[TrackingPayload]] = {
    "visit": VisitRecorded,
    "identify": CustomerIdentified,
    "signup": SignupRecorded,
    "share": ShareRecorded,
    "widget_view": WidgetViewed,
}
_NAMING = frozenset({CustomerIdentified.TYPE, SignupRecorded.TYPE})


def line_of(ring: KeyRing, store_id: str, told: TrackIn, now: datetime) -> bytes:
    """The report as one line: type, trace and payload, without anything personal. Its token is read here, once."""
    kind = _PAYLOADS[told.type]
    # Written without the payload's model, which would cost more than all the rest; a test reads it back through it.
    fields: dict[str, Any] = {"store_id": store_id, "track_id": new_id("trk", at=now), "at": now}
    if told.visitor_id is not None:
        fields["visitor_id"] = contact_in(ring, told.visitor_id) or told.visitor_id
    if told.channel is not None:
        fields["channel"] = told.channel
    if told.token is not None:
        token = click_token.read(ring, told.token, store_id=store_id)
        if isinstance(token, TokenClaims):
            fields["token"] = token.__dict__
        else:
            fields["token_problem"] = token.value
    if kind is VisitRecorded:
        if (host := told.url_host) is not None:
            fields["url_host"] = host
    else:
        fields["customer"] = _customer(ring, told.customer)
    return b"%s\t%s\t%s" % (kind.TYPE.encode(), (trace.current() or "").encode(), orjson.dumps(fields))


def _customer(ring: KeyRing, told: TrackedCustomer | None) -> dict[str, Any]:
    if told is None:
        return {}
    hashes = contact_hashes(ring, email=told.email, phone=told.phone)
    if told.id is None:
        return {"contact_hashes": hashes}
    contact = contact_in(ring, told.id)
    if contact is None:
        return {"id": told.id, "contact_hashes": hashes}
    return {"contact_hashes": tuple(dict.fromkeys((*hashes, contact)))}


async def take_lines(tx: Tx, lines: Sequence[bytes]) -> None:
    """Gives lines their effect: an event each, and a fact where a decision may depend on it."""
    tracks: list[StoredTrack] = []
    outgoing: list[Outgoing] = []
    for line in lines:
        kind, traceparent, body = line.split(b"\t", 2)
        told = orjson.loads(body)
        at = datetime.fromisoformat(told["at"])
        name = kind.decode()
        outgoing.append(
            Outgoing(
                event_id=f"evt_{told['track_id'][4:]}",
                topic=str(VisitRecorded.TOPIC),
                key=told["store_id"],
                type=name,
                store_id=told["store_id"],
                subject=told["store_id"],
                at=at,
                traceparent=traceparent.decode() or None,
                data=body,
            )
        )
        track = _stored(name, told, at, body)
        if track is not None:
            tracks.append(track)
    await tx.see({track.store_id for track in tracks})
    await store.insert(tx, tracks)
    tx.emit_all(outgoing)


def _stored(kind: str, told: dict[str, object], at: datetime, body: bytes) -> StoredTrack | None:
    """The fact, or None for a report that no decision can depend on."""
    token, customer = told.get("token"), told.get("customer")
    names = (
        kind in _NAMING and isinstance(customer, dict) and bool(customer.get("id") or customer.get("contact_hashes"))
    )
    if not names and token is None and told.get("token_problem") is None:
        return None
    visitor = told.get("visitor_id")
    return StoredTrack(
        store_id=str(told["store_id"]),
        track_id=str(told["track_id"]),
        type=kind,
        seq=None,
        at=at,
        visitor_id=str(visitor) if visitor is not None else None,
        click_id=str(token["click_id"]) if isinstance(token, dict) else None,
        names=names,
        person_id=None,
        body=body,
    )
