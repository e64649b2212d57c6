"""What platforms ask in people's name, what is kept of the orders that they name, and whether it was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Response

from services.connectors.accounts import actions as accounts
from services.connectors.accounts.sql import Account
from services.connectors.connections import words as shown
from services.connectors.connections.api.rest import ConnectionId
from services.connectors.connections.schemas import KeptOrder, PrivacyRequestOut
from services.connectors.inbox import sql
from services.connectors.inbox.domain import BODY
from services.connectors.inbox.domain.facts import named
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.settings import DELIVERIES_KEPT
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound
from services.kernel.http.call import Call, require, viewer
from services.kernel.http.pages import Page
from services.ui import Reader

router = APIRouter(tags=["connections"])
_MOST: Final = 200
_PAGE: Final = "/console/connectors/connections"
DeliveryId = Annotated[str, Path(max_length=64)]


@dataclass(frozen=True, slots=True)
class Shown:
    """A request as a connection's page shows it. `done`: when it was, in words; empty while it was not."""

    id: str
    title: str
    facts: str
    done: str


@router.get("/v1/connections/{connection_id}/privacy-requests")
async def get_privacy_requests(
    connection_id: ConnectionId, call: Annotated[Call, require("orders:read")]
) -> Page[PrivacyRequestOut]:
    """What it asked within 30 days in the name of customers or of the shop, the newest first, but for what was done 14
    days ago; what is kept now of the orders that it named, and whether somebody said that it was done.
    """
    async with call.transaction() as tx:
        account = await accounts.get(tx, call.store_id, connection_id)
        return Page(data=await _requests(tx, call.ctx, account), next_cursor=None)


@router.post("/v1/connections/{connection_id}/privacy-requests/{inbound_id}/done", status_code=204)
async def post_done(
    connection_id: ConnectionId, inbound_id: DeliveryId, call: Annotated[Call, require("orders:write")]
) -> Response:
    """Says that what it asks was done: the customer was answered, or forgotten wherever else the store keeps them."""
    async with call.transaction() as tx:
        await _mark_done(tx, call.store_id, connection_id, inbound_id)
    return Response(status_code=204)


@router.post(_PAGE + "/{connection_id}/privacy-requests/{inbound_id}/done", include_in_schema=False)
async def done_form(
    connection_id: ConnectionId, inbound_id: DeliveryId, call: Annotated[Call, viewer("orders:write")]
) -> Response:
    """The same, from the connection's page."""
    async with call.transaction() as tx:
        await _mark_done(tx, call.store_id, connection_id, inbound_id)
    return Response(status_code=303, headers={"location": f"{_PAGE}/{quote(connection_id, safe='')}#privacy"})


async def part(tx: Tx, ctx: Context, reader: Reader, account: Account) -> list[Shown]:
    """What the connection's page shows of them: what is open first."""
    speech, fmt = reader.speech, reader.fmt
    found = []
    for one in sorted(await _requests(tx, ctx, account), key=lambda one: one.done_at is not None):
        about = [fmt.moment(one.at)]
        if one.orders is not None:
            ids = ", ".join(order.order_id for order in one.orders)
            about.append(speech.say("Orders: %(ids)s", ids=ids) if ids else speech.say("no orders"))
        kept = sum(order.deliveries for order in one.orders or ())
        if kept:
            about.append(speech.say("Deliveries kept: %(n)s", n=fmt.number(kept)))
        done = speech.say("Done %(moment)s", moment=fmt.moment(one.done_at)) if one.done_at else ""
        found.append(Shown(one.id, shown.privacy_text(speech, one.kind), " · ".join(about), done))
    return found


async def _mark_done(tx: Tx, store_id: str, connection_id: str, request_id: str) -> None:
    account = await accounts.get(tx, store_id, connection_id)
    asked = await sql.get(tx, store_id, request_id)
    topics = PLATFORMS[account.platform].privacy_topics
    if asked is None or asked.hook_id != connection_id or asked.topic not in topics:
        raise NotFound("There is no such request.")
    if await sql.mark_done(tx, asked):  # the first who says so is noted
        tx.note("privacy.done", on=connection_id)


async def _requests(tx: Tx, ctx: Context, account: Account) -> list[PrivacyRequestOut]:
    sealing, about = ctx.require_sealing(), PLATFORMS[account.platform]
    store_id, connection_id = account.ref
    if not about.privacy_topics:
        return []
    asked = []
    for one in await sql.asked(tx, store_id, connection_id, most=_MOST):
        try:
            request = about.privacy(one.topic, sealing.open(BODY, one.body, owner=one.delivery_id))
        except (Invalid, ValueError):  # no such request, or sealed with a key that is gone
            continue
        if request is None or account.host not in {None, request.host.lower()}:
            continue
        names = None if request.orders is None else [named(account.order_prefix, name) for name in request.orders]
        asked.append((one, request.kind, names))
    wanted = {name for _, _, names in asked for name in names or ()}
    kept = await sql.kept_of(tx, store_id, connection_id, sorted(wanted)) if wanted else {}
    return [
        PrivacyRequestOut(
            id=one.delivery_id,
            kind=kind,
            at=one.received_at,
            orders=None if names is None else [_kept(name, kept) for name in names],
            done_at=one.done_at,
        )
        for one, kind, names in asked
    ]


def _kept(name: str, kept: Mapping[str, tuple[int, datetime]]) -> KeptOrder:
    if name not in kept:
        return KeptOrder(order_id=name, deliveries=0, kept_until=None)
    count, newest = kept[name]
    return KeptOrder(order_id=name, deliveries=count, kept_until=newest + DELIVERIES_KEPT)
