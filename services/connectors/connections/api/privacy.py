"""What platforms ask in people's name, and what is kept of the orders that they name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter

from services.connectors.accounts import actions as accounts
from services.connectors.connections.api.rest import ConnectionId
from services.connectors.connections.schemas import KeptOrder, PrivacyRequestOut
from services.connectors.inbox import sql
from services.connectors.inbox.domain import BODY
from services.connectors.inbox.domain.facts import named
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.settings import DELIVERIES_KEPT
from services.kernel.errors import Invalid
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Page

router = APIRouter(tags=["connections"])
_MOST = 200


@router.get("/v1/connections/{connection_id}/privacy-requests")
async def get_privacy_requests(
    connection_id: ConnectionId, call: Annotated[Call, require("orders:read")]
) -> Page[PrivacyRequestOut]:
    """What it asked within 14 days in the name of customers or of the shop, the newest first; what is kept
    now of the orders that it named.
    """
    sealing = call.ctx.require_sealing()
    async with call.transaction() as tx:
        account = await accounts.get(tx, call.store_id, connection_id)
        about = PLATFORMS[account.platform]
        asked = []
        for one in await sql.of_topics(tx, call.store_id, connection_id, about.privacy_topics, most=_MOST):
            try:
                request = about.privacy(one.topic, sealing.open(BODY, one.body, owner=one.delivery_id))
            except (Invalid, ValueError):  # no such request, or sealed with a key that is gone
                continue
            if request is None or account.host not in {None, request.host.lower()}:
                continue
            names = None if request.orders is None else [named(account.order_prefix, name) for name in request.orders]
            asked.append((one, request.kind, names))
        wanted = {name for _, _, names in asked for name in names or ()}
        kept = await sql.kept_of(tx, call.store_id, connection_id, sorted(wanted)) if wanted else {}
    found = [
        PrivacyRequestOut(
            id=one.delivery_id,
            kind=kind,
            at=one.received_at,
            orders=None if names is None else [_kept(name, kept) for name in names],
        )
        for one, kind, names in asked
    ]
    return Page(data=found, next_cursor=None)


def _kept(name: str, kept: Mapping[str, tuple[int, datetime]]) -> KeptOrder:
    if name not in kept:
        return KeptOrder(order_id=name, deliveries=0, kept_until=None)
    count, newest = kept[name]
    return KeptOrder(order_id=name, deliveries=count, kept_until=newest + DELIVERIES_KEPT)
