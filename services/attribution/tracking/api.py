"""Tracking as the API's description shows it; the hot path answers."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.attribution.joins import actions as joins
from services.attribution.tracking import actions
from services.attribution.tracking.hot import Tracks
from services.attribution.tracking.schemas import Identified, IdentifyIn, Tracked, TrackIn
from services.common.own_placeholders import OwnPlaceholders
from services.kernel.db import Tx
from services.kernel.http.call import CONTEXT, Call, require
from services.kernel.http.hot import HotAnswer

router = APIRouter(tags=["tracking"])


@router.post("/v1/track", status_code=202, response_model=Tracked)
async def post_track(body: TrackIn, call: Annotated[Call, require("track")], request: Request) -> Response:
    """Reports what a visitor of the store does. For browsers: takes a publishable key, and JSON as text/plain too."""
    tracks: Tracks = request.scope[CONTEXT].resources[Tracks]
    return HotAnswer(tracks.handle)


@router.post("/v1/identify", status_code=202, response_model=Identified)
async def post_identify(body: IdentifyIn, call: Annotated[Call, require("orders:write")]) -> Response:
    """Names the customer behind a visitor, in the word of the store's server: all the names it gives are one person's.

    The visitor's clicks then count for that person's orders. A click that reaches several people in no other way than
    by being reported serves the first. What was earned under contacts that are `verified` is the customer's from now
    on, once for each contact: it stays with the customer who was named first.
    """

    placeholders: OwnPlaceholders = call.ctx.resources[OwnPlaceholders]
    nobody = placeholders.of(call.store_id)

    customer = actions.customer_of(call.ctx.ring, body.customer, nobody)

    async def name(tx: Tx) -> Identified:
        is_new = await actions.name_customer(tx, call.ctx.ring, call.store_id, body.visitor_id, customer)
        joined = (
            await joins.join(tx, joins.contacts_of(call.store_id, customer.id, customer.contact_hashes))
            if body.customer.verified
            else None
        )
        return Identified(duplicate=not is_new, joined=joined)

    return await call.once(name, status=202, answer=lambda reported: reported)
