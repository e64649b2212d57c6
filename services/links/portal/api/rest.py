"""The API by which a store's server opens an ambassador's page."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response

from services.common.portal_session import PortalEntry
from services.kernel.http.call import Call, require
from services.links.entries import actions
from services.links.portal.schemas import PortalSessionIn, PortalSessionOut

router = APIRouter(tags=["portal"])


@router.post("/v1/portal-sessions", status_code=201, response_model=PortalSessionOut)
async def post_portal_session(body: PortalSessionIn, call: Annotated[Call, require("ambassadors:write")]) -> Response:
    """Makes an address that opens an ambassador's page once, within five minutes: for customers whom your store has
    signed in. Send the customer's browser there; it shows a button, so that what only looks at addresses uses up none.
    """

    def with_url(answer: dict[str, Any]) -> dict[str, Any]:
        ends = datetime.fromisoformat(answer["expires_at"])
        entry = PortalEntry(call.store_id, answer["ambassador_id"], answer["id"], "server", ends)
        return {**answer, "url": actions.address_of(call.ctx, entry)}

    return await call.once(
        lambda tx: actions.make_entry(tx, call.store_id, body.ambassador_id, way="server"),
        answer=lambda made: PortalSessionOut(
            id=made.nonce, ambassador_id=made.ambassador_id, expires_at=made.expires_at
        ),
        reveal=with_url,
    )
