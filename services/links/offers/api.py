"""HTTP of offers."""

from typing import Annotated

from fastapi import APIRouter

from services.kernel.http.call import Call, require
from services.links.offers import actions
from services.links.offers.schemas import OfferIn, OfferOut

router = APIRouter(tags=["codes"])


@router.post("/v1/offers", status_code=200)
async def post_offer(body: OfferIn, call: Annotated[Call, require("orders:write")]) -> OfferOut:
    """Says what a friend who came by a share link is promised, so that the shop takes the discount off by itself.

    Uses nothing up, and proves nothing: the order still has to carry the tokens, or the code.
    """
    async with call.transaction() as tx:
        return await actions.offer(tx, call.ctx.ring, call.store_id, body.tokens)
