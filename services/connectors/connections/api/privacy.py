"""What platforms ask in people's name, and what is kept of the orders that they name."""

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
    sealing, found = call.ctx.require_sealing(), []
    async with call.transaction() as tx:
        account = await accounts.get(tx, call.store_id, connection_id)
        about = PLATFORMS[account.platform]
        for one in await sql.of_topics(tx, call.store_id, connection_id, about.privacy_topics, most=_MOST):
            try:
                asked = about.privacy(one.topic, sealing.open(BODY, one.body, owner=one.delivery_id))
            except (Invalid, ValueError):  # no such request, or sealed with a key that is gone
                continue
            if asked is None or account.host not in {None, asked.host.lower()}:
                continue
            names = None if asked.orders is None else [named(account.order_prefix, name) for name in asked.orders]
            kept = await sql.kept_of(tx, call.store_id, connection_id, names or [])
            orders = (
                None
                if names is None
                else [
                    KeptOrder(
                        order_id=name,
                        deliveries=kept[name][0] if name in kept else 0,
                        kept_until=kept[name][1] + DELIVERIES_KEPT if name in kept else None,
                    )
                    for name in names
                ]
            )
            found.append(PrivacyRequestOut(id=one.delivery_id, kind=asked.kind, at=one.received_at, orders=orders))
    return Page(data=found, next_cursor=None)
