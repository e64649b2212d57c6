"""Reports of pages: made into a line at the edge, and lines into facts and events by the drain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

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
from services.attribution.tracking import store
from services.attribution.tracking.schemas import TrackIn
from services.attribution.tracking.store import StoredTrack
from services.kernel import trace
from services.kernel.auth import click_token
from services.kernel.auth.contacts import contact_hashes
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
    token = click_token.read(ring, told.token, store_id=store_id) if told.token else None
    kind = _PAYLOADS[told.type]
    fields: dict[str, Any] = {
        "store_id": store_id,
        "track_id": new_id("trk", at=now),
        "at": now,
        "visitor_id": told.visitor_id,
        "token": token if isinstance(token, TokenClaims) else None,
        "token_problem": token.value if token is not None and not isinstance(token, TokenClaims) else None,
        "channel": told.channel,
    }
    if kind is VisitRecorded:
        fields["url_host"] = told.url_host
    else:
        who = told.customer
        hashes = contact_hashes(ring, email=who.email, phone=who.phone) if who else ()
        fields["customer"] = Customer.model_construct(None, id=who.id if who else None, contact_hashes=hashes)
    payload = kind.model_construct(None, **fields)
    body = payload.__pydantic_serializer__.to_json(payload, exclude_none=True)
    return b"%s\t%s\t%s" % (kind.TYPE.encode(), (trace.current() or "").encode(), body)


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
