"""Custom events by the API: reported, read, called off."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request, Response

from services.attribution.custom_events.actions import keep
from services.attribution.custom_events.schemas import EventAccepted, EventCancelIn, EventIn, EventOut
from services.attribution.custom_events.sql import events as sql
from services.attribution.orders.schemas import ORDER_ID
from services.attribution.pages import PAGES
from services.common.order import Event
from services.common.order_facts import Clock
from services.common.own_placeholders import OwnPlaceholders
from services.kernel.db import Tx
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_of

router = APIRouter(tags=["events"])

PathEventId = Annotated[
    str, Path(min_length=1, max_length=200, pattern=ORDER_ID, description="The store's own id of the event.")
]


@router.post("/v1/events", status_code=202, response_model=EventAccepted)
async def post_event(body: EventIn, call: Annotated[Call, require("orders:write")]) -> Response:
    """Reports that a person did something that is no order, and that a program may reward. Safe when answered; decided
    a moment later, by the same proofs and windows as orders. The same event again changes nothing; another one under
    its id is refused (409). All names that it gives are one person's, as those of `POST /v1/identify` are.
    """
    placeholders: OwnPlaceholders = call.ctx.resources[OwnPlaceholders]
    nobody = placeholders.of(call.store_id)
    event = msgspec.convert(body.model_dump(), Event)

    async def report(tx: Tx) -> EventAccepted:
        reported = keep.report_of(call.ctx.ring, call.store_id, event, Clock(tx.now, tx.offset), nobody)
        return EventAccepted(event_id=event.event_id, duplicate=not await keep.report(tx, reported))

    return await call.once(report, status=202, answer=lambda accepted: accepted)


@router.post("/v1/events/{event_id}/cancel", status_code=202, response_model=EventAccepted)
async def post_event_cancel(
    event_id: PathEventId, body: EventCancelIn, call: Annotated[Call, require("orders:write")]
) -> Response:
    """Calls an event off, for good: what was given for it is taken back, also after it has become available."""

    async def cancel(tx: Tx) -> EventAccepted:
        is_new = await keep.cancel(tx, call.store_id, event_id, reason=body.reason)
        return EventAccepted(event_id=event_id, duplicate=not is_new)

    return await call.once(cancel, status=202, answer=lambda accepted: accepted)


@router.get("/v1/events")
async def get_events(
    request: Request, call: Annotated[Call, require("orders:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[EventOut]:
    """Custom events with their decisions, the newest first."""
    start, speech = cursors.decode(cursor, datetime, str), PAGES.speech(PAGES.language(request))
    async with call.transaction() as tx:
        rows = await sql.listed(tx, call.store_id, before=start, count=limit + 1)
    return page_of(
        rows, limit, show=lambda row: EventOut.of(row, speech), after=lambda row: (row.happened_at, row.event_id)
    )


@router.get("/v1/events/{event_id}")
async def get_event(request: Request, event_id: PathEventId, call: Annotated[Call, require("orders:read")]) -> EventOut:
    """An event, who referred the person, and why."""
    async with call.transaction() as tx:
        row = await keep.get(tx, call.store_id, event_id)
    return EventOut.of(row, PAGES.speech(PAGES.language(request)))
