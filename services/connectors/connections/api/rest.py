"""The API of connections: a store's accounts with platforms."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, cast

import structlog
from fastapi import APIRouter, Path, Request, Response

from services.connectors.accounts import actions as accounts
from services.connectors.accounts import domain, sql
from services.connectors.accounts.domain import Access
from services.connectors.accounts.sql import Account
from services.connectors.connections import actions
from services.connectors.connections.schemas import (
    AccessIn,
    CodesOut,
    ConnectionIn,
    ConnectionMade,
    ConnectionOut,
    ConnectionPatch,
    LastDelivery,
    OptionsIn,
    OptionsOut,
    PlatformName,
    RotateIn,
)
from services.connectors.inbox import sql as inbox
from services.connectors.inbox.hot.door import Door
from services.connectors.inbox.sql import Delivery
from services.connectors.platforms.domain.port import Options
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.store_codes.actions import summary
from services.connectors.store_codes.actions.summary import Summary
from services.connectors.store_codes.domain.port import APPLY_CODES, CARRY_CODES, STATES
from services.kernel.db import Tx
from services.kernel.http.call import CONTEXT, Call, require
from services.kernel.http.hot import HotAnswer
from services.kernel.http.pages import Page

router = APIRouter(tags=["connections"])
NOTHING_CARRIED: Final[Mapping[str, Summary]] = {}
ConnectionId = Annotated[str, Path(max_length=64)]


@router.post("/v1/connections", status_code=201, response_model=ConnectionMade)
async def post_connection(body: ConnectionIn, call: Annotated[Call, require("orders:write")]) -> Response:
    """Connects a platform: makes the address that it delivers to. A secret that was made is in this answer only."""

    async def make(tx: Tx) -> Account:
        return await actions.create(
            tx,
            call.ctx,
            call.store_id,
            platform=body.platform,
            secret=body.secret,
            order_prefix=body.order_prefix,
            options=_options(body.options) or Options(),
            host=body.host,
            access=_access(body.access),
        )

    made = body.secret is None
    return await call.once(
        make,
        answer=lambda account: _made(call, account, made=made),
        reveal=lambda answer: _revealed(call, answer),
    )


@router.get("/v1/connections")
async def get_connections(call: Annotated[Call, require("orders:read")]) -> Page[ConnectionOut]:
    """Lists the store's connections."""
    async with call.transaction() as tx:
        found = await sql.page(tx, call.store_id)
        last = await inbox.newest(tx, call.store_id, [one.account_id for one in found])
        codes = await summary.of_store(tx, call.store_id)
    return Page(data=[_out(call, one, last.get(one.account_id), codes) for one in found], next_cursor=None)


@router.get("/v1/connections/{connection_id}")
async def get_connection(connection_id: ConnectionId, call: Annotated[Call, require("orders:read")]) -> ConnectionOut:
    """One connection."""
    async with call.transaction() as tx:
        return await _read(call, tx, await accounts.get(tx, call.store_id, connection_id))


@router.patch("/v1/connections/{connection_id}")
async def patch_connection(
    connection_id: ConnectionId, body: ConnectionPatch, call: Annotated[Call, require("orders:write")]
) -> ConnectionOut:
    """Changes what may change. The prefix of its orders may not: they would be other orders."""
    async with call.transaction() as tx:
        account = await actions.change(
            tx,
            call.ctx,
            call.store_id,
            connection_id,
            options=_options(body.options),
            host=body.host,
            access=_access(body.access),
            codes=body.codes,
            applies_discounts=body.applies_discounts,
        )
        return await _read(call, tx, account)


@router.post("/v1/connections/{connection_id}/secret", status_code=201, response_model=ConnectionMade)
async def post_connection_secret(
    connection_id: ConnectionId, body: RotateIn, call: Annotated[Call, require("orders:write")]
) -> Response:
    """Gives it another secret; the one of before is believed until the overlap ends."""
    overlap, made = timedelta(hours=body.overlap_hours), body.secret is None
    return await call.once(
        lambda tx: actions.rotate(tx, call.ctx, call.store_id, connection_id, secret=body.secret, overlap=overlap),
        answer=lambda account: _made(call, account, made=made),
        reveal=lambda answer: _revealed(call, answer),
    )


@router.delete("/v1/connections/{connection_id}", status_code=204)
async def delete_connection(connection_id: ConnectionId, call: Annotated[Call, require("orders:write")]) -> Response:
    """Takes no more deliveries at this address."""
    async with call.transaction() as tx:
        await actions.delete(tx, call.store_id, connection_id)
    return Response(status_code=204)


@router.post("/in/{platform}/{connection_id}", status_code=200)
async def post_delivery(platform: str, connection_id: str, request: Request) -> Response:
    """Takes a platform's delivery, signed with the connection's secret. 401 for every other request."""
    door: Door = request.scope[CONTEXT].resources[Door]
    return HotAnswer(door.handle)


@router.post("/in/{platform}/{connection_id}/{key}", status_code=200)
async def post_keyed_delivery(platform: str, connection_id: str, key: str, request: Request) -> Response:
    """Takes a delivery of a platform that signs nothing: the secret stands in the address."""
    door: Door = request.scope[CONTEXT].resources[Door]
    return HotAnswer(door.handle)


async def _read(call: Call, tx: Tx, account: Account) -> ConnectionOut:
    last = await inbox.newest(tx, call.store_id, [account.account_id])
    codes = await summary.of_store(tx, call.store_id, account.account_id)
    return _out(call, account, last.get(account.account_id), codes)


def _options(given: OptionsIn | None) -> Options | None:
    return None if given is None else Options(currency=given.currency, paid_on_arrival=given.paid_on_arrival)


def _access(given: AccessIn | None) -> Access | None:
    return None if given is None else Access(given.user, given.password, given.app_secret)


def _out(
    call: Call, account: Account, last: Delivery | None = None, codes: Mapping[str, Summary] = NOTHING_CARRIED
) -> ConnectionOut:
    try:
        secret = call.ctx.require_sealing().open(domain.SECRET, account.secret, owner=account.account_id).decode()
        hint: str | None = domain.masked(secret)
    except ValueError as error:
        structlog.get_logger().error("connection.secret_lost", connection=account.account_id, error=str(error))
        hint = None
    shown = accounts.hint_of(call.ctx, account)
    holds = account.former_ends_at is not None and account.former_ends_at > call.ctx.live.now()
    return ConnectionOut(
        id=account.account_id,
        platform=cast(PlatformName, account.platform),
        url=accounts.url_of(call.ctx, account),
        secret_hint=hint,
        former_secret_until=account.former_ends_at if holds else None,
        order_prefix=account.order_prefix,
        options=OptionsOut(currency=account.options.currency, paid_on_arrival=account.options.paid_on_arrival),
        host=account.host,
        has_access=shown is not None,
        access_hint=shown,
        codes=_codes(account, codes.get(account.account_id)),
        topics=list(PLATFORMS[account.platform].topics),
        last_delivery=None
        if last is None
        else LastDelivery(id=last.delivery_id, at=last.received_at, outcome=last.outcome, reason=last.reason),
        created_at=account.created_at,
    )


def _codes(account: Account, found: Summary | None) -> CodesOut | None:
    if account.platform not in CARRY_CODES:
        return None
    found = found or Summary(on=False, problem=None, counts={})
    counts = {state: found.counts.get(state, 0) for state in STATES}
    return CodesOut(
        on=found.on,
        problem=found.problem,
        applies_discounts=found.applies and account.platform in APPLY_CODES,
        discount_hosts=list(found.hosts),
        **counts,
    )


def _made(call: Call, account: Account, *, made: bool) -> ConnectionMade:
    """As it is kept for who repeats the request: the secret sealed."""
    hidden = b64encode(account.secret).decode() if made else None
    return ConnectionMade(**_out(call, account).model_dump(), secret=hidden)


def _revealed(call: Call, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """As it is sent."""
    if answer.get("secret") is None:
        return answer
    account_id = str(answer["id"])
    plain = call.ctx.require_sealing().open(domain.SECRET, b64decode(answer["secret"]), owner=account_id).decode()
    return {**answer, "secret": plain, "url": str(answer["url"]).replace("…", plain)}
