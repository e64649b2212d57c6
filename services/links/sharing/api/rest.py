"""HTTP of sharing: where an offer stands, and what a page shows; the hot path answers pages."""

from typing import Annotated, cast

from fastapi import APIRouter, Request, Response

from services.kernel.http.call import CONTEXT, Call, require
from services.kernel.http.hot import HotAnswer
from services.links.redirect.hot.handler import Redirect
from services.links.sharing import actions
from services.links.sharing.hot import Share
from services.links.sharing.schemas import Places, ShareAsk, ShareOffer

router = APIRouter(tags=["sharing"])


@router.get("/v1/programs/{program_id}/places")
async def get_places(program_id: str, call: Annotated[Call, require("programs:read")]) -> Places:
    """Where the program's offer to share stands on the store's pages."""
    async with call.transaction() as tx:
        return await actions.places(tx, call.store_id, program_id)


@router.put("/v1/programs/{program_id}/places")
async def put_places(program_id: str, body: Places, call: Annotated[Call, require("programs:write")]) -> Places:
    """Says where it stands: all rules at once. Pages follow within two seconds."""
    async with call.transaction() as tx:
        return await actions.put_places(tx, call.store_id, program_id, body)


@router.post("/v1/share", status_code=200, response_model=ShareOffer)
async def post_share(body: ShareAsk, call: Annotated[Call, require("track")], request: Request) -> Response:
    """What <kith-share> shows: the offer of a program, where it stands, and the link of who is known. For browsers:
    takes a publishable key, and JSON as text/plain too.

    404 where nothing is offered at the moment.
    """
    redirect = cast(Redirect, request.scope[CONTEXT].resources)
    return HotAnswer(Share(call.ctx, redirect).handle)
