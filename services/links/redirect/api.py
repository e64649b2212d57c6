"""The redirect as the API's description shows it; the same handler answers."""

from typing import Annotated, cast

from fastapi import APIRouter, Request, Response

from services.kernel.http.call import CONTEXT, Call, require
from services.kernel.http.hot import HotAnswer
from services.links.redirect.hot.handler import Redirect
from services.links.redirect.hot.own_address import OwnAddress
from services.links.redirect.schemas import ClickIn, ClickOut

router = APIRouter(tags=["redirect"])


@router.get("/r/{slug}", status_code=302, response_class=Response)
async def get_redirect(slug: str, request: Request) -> Response:
    """Sends a friend to the store's page, with the click's token in `kith=`.

    404 for a slug that nobody has, 410 for one that is over.
    """
    redirect = cast(Redirect, request.scope[CONTEXT].resources)
    return HotAnswer(redirect.handle)


@router.post(
    "/v1/clicks", status_code=201, response_model=ClickOut, responses={410: {"description": "The link has ended."}}
)
async def post_click(body: ClickIn, call: Annotated[Call, require("track")], request: Request) -> Response:
    """Gives a page of the store that was opened with `?ref=SLUG` the click's token. For browsers: takes a publishable
    key, and JSON as text/plain too. Origin must be one of the store's domains.

    404 for a slug that the store does not have, 410 for a link that is over.
    """
    redirect = cast(Redirect, request.scope[CONTEXT].resources)
    return HotAnswer(OwnAddress(call.ctx, redirect).handle)
