"""The redirect as the API's description shows it; the same handler answers."""

from typing import cast

from fastapi import APIRouter, Request, Response

from services.kernel.http.call import CONTEXT
from services.kernel.http.hot import HotAnswer
from services.links.redirect.hot.handler import Redirect

router = APIRouter(tags=["redirect"])


@router.get("/r/{slug}", status_code=302, response_class=Response)
async def get_redirect(slug: str, request: Request) -> Response:
    """Sends a friend to the store's page, with the click's token in `kith=`.

    404 for a slug that nobody has, 410 for one that is over.
    """
    redirect = cast(Redirect, request.scope[CONTEXT].resources)
    return HotAnswer(redirect.handle)
