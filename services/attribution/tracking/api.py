"""Tracking as the API's description shows it; the hot path answers."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.attribution.tracking.hot import Tracks
from services.attribution.tracking.schemas import Tracked, TrackIn
from services.kernel.http.call import CONTEXT, Call, require
from services.kernel.http.hot import HotAnswer

router = APIRouter(tags=["tracking"])


@router.post("/v1/track", status_code=202, response_model=Tracked)
async def post_track(body: TrackIn, call: Annotated[Call, require("track")], request: Request) -> Response:
    """Reports what a visitor of the store does. For browsers: takes a publishable key, and JSON as text/plain too."""
    tracks: Tracks = request.scope[CONTEXT].resources[Tracks]
    return HotAnswer(tracks.handle)
