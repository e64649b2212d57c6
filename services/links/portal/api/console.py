"""The console's way into an ambassador's page, to help them: noted, and by an address that is good once."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.kernel.http.call import Call, viewer
from services.links.entries import actions

router = APIRouter(include_in_schema=False)


@router.post("/console/links/ambassadors/{ambassador_id}/portal")
async def post_portal(ambassador_id: str, call: Annotated[Call, viewer("ambassadors:write")]) -> Response:
    """Leads to the button that opens the page."""
    async with call.transaction() as tx:
        entry = await actions.make_entry(tx, call.store_id, ambassador_id, way="member")
    headers = {
        "location": actions.address_of(call.ctx, entry),
        "cache-control": "no-store",
        "referrer-policy": "same-origin",
    }
    return Response(status_code=303, headers=headers)
