"""Shopify's deliveries as the API's description shows them; the hot path answers."""

from fastapi import APIRouter, Request, Response

from services.connectors.shopify.hot import Shopify
from services.kernel.http.call import CONTEXT
from services.kernel.http.hot import HotAnswer

router = APIRouter(tags=["hooks"])


@router.post("/v1/hooks/shopify/{hook_id}", status_code=200)
async def post_delivery(hook_id: str, request: Request) -> Response:
    """Takes a delivery of Shopify, signed with the hook's secret. 401 for every other request."""
    shopify: Shopify = request.scope[CONTEXT].resources[Shopify]
    return HotAnswer(shopify.handle)
