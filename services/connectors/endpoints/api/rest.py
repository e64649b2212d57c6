"""The API of webhooks out: endpoints, their deliveries, and sending again."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Response

from services.connectors.endpoints.actions import again, manage
from services.connectors.endpoints.actions.manage import Made
from services.connectors.endpoints.domain.tries import State
from services.connectors.endpoints.schemas import (
    DeliveryDetail,
    DeliveryOut,
    EndpointIn,
    EndpointMade,
    EndpointOut,
    EndpointPatch,
    ReplayIn,
    ReplayOut,
    RequestOut,
    RotateIn,
    TestIn,
    TryOut,
)
from services.connectors.endpoints.sql import endpoints as sql
from services.connectors.endpoints.sql import sendings
from services.connectors.endpoints.sql.endpoints import Endpoint
from services.connectors.endpoints.sql.sendings import Sending
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.limits import limit
from services.kernel.http.pages import Cursor, Limit, Page, page_of

router = APIRouter(tags=["webhooks"])

EndpointId = Annotated[str, Path(max_length=64)]
DeliveryId = Annotated[str, Path(max_length=64)]
_SEPARATOR = "."


@router.post("/v1/webhook-endpoints", status_code=201, response_model=EndpointMade)
async def post_endpoint(body: EndpointIn, call: Annotated[Call, require("webhooks:write")]) -> Response:
    """Makes an endpoint, which is notified of what happens from now on. The secret is in this answer only."""
    return await call.once(
        lambda tx: manage.create(tx, call.ctx, call.store_id, url=body.url, events=body.events),
        answer=_made,
        reveal=lambda answer: _revealed(call, answer),
    )


@router.get("/v1/webhook-endpoints")
async def get_endpoints(call: Annotated[Call, require("webhooks:read")]) -> Page[EndpointOut]:
    """Lists the store's endpoints."""
    async with call.transaction() as tx:
        found = await sql.page(tx, call.store_id)
    return Page(data=[_out(one) for one in found], next_cursor=None)


@router.get("/v1/webhook-endpoints/{endpoint_id}")
async def get_endpoint(endpoint_id: EndpointId, call: Annotated[Call, require("webhooks:read")]) -> EndpointOut:
    """One endpoint: whether it is on, and since when it fails."""
    async with call.transaction() as tx:
        return _out(await manage.get(tx, call.store_id, endpoint_id))


@router.patch("/v1/webhook-endpoints/{endpoint_id}")
async def patch_endpoint(
    endpoint_id: EndpointId, body: EndpointPatch, call: Annotated[Call, require("webhooks:write")]
) -> EndpointOut:
    """Changes the address or the events, or turns the endpoint on or off. What waits goes to the new address."""
    async with call.transaction() as tx:
        changed = await manage.change(tx, call.ctx, call.store_id, endpoint_id, url=body.url, events=body.events)
        if body.enabled is not None:
            changed = await manage.turn(tx, call.store_id, endpoint_id, on=body.enabled)
        return _out(changed)


@router.delete("/v1/webhook-endpoints/{endpoint_id}", status_code=204)
async def delete_endpoint(endpoint_id: EndpointId, call: Annotated[Call, require("webhooks:write")]) -> Response:
    """Ends an endpoint. What waits for it is not sent."""
    async with call.transaction() as tx:
        await manage.delete(tx, call.store_id, endpoint_id)
    return Response(status_code=204)


@router.post("/v1/webhook-endpoints/{endpoint_id}/secret", status_code=201, response_model=EndpointMade)
async def post_secret(
    endpoint_id: EndpointId, body: RotateIn, call: Annotated[Call, require("webhooks:write")]
) -> Response:
    """Gives the endpoint another secret, shown in this answer only. The former one signs as well until the overlap is
    over.
    """
    overlap = timedelta(hours=body.overlap_hours)
    return await call.once(
        lambda tx: manage.rotate(tx, call.ctx, call.store_id, endpoint_id, overlap=overlap),
        answer=_made,
        reveal=lambda answer: _revealed(call, answer),
    )


@router.post(
    "/v1/webhook-endpoints/{endpoint_id}/test",
    status_code=202,
    response_model=DeliveryOut,
    dependencies=[limit("webhook-tests", per_minute=30)],
)
async def post_test(
    endpoint_id: EndpointId, body: TestIn, call: Annotated[Call, require("webhooks:write")]
) -> Response:
    """Sends a sample with the header `webhook-test: true`. What came of it is in the delivery's tries."""
    return await call.once(
        lambda tx: again.send_test(tx, call.store_id, endpoint_id, type_=body.type), answer=_delivery, status=202
    )


@router.get("/v1/webhook-endpoints/{endpoint_id}/deliveries")
async def get_deliveries(
    endpoint_id: EndpointId,
    call: Annotated[Call, require("webhooks:read")],
    state: State | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryOut]:
    """An endpoint's deliveries of the last 30 days, the newest first."""
    start = cursors.decode(cursor, datetime, str)
    async with call.transaction() as tx:
        await manage.get(tx, call.store_id, endpoint_id)
        found = await sendings.page(tx, call.store_id, endpoint_id, state=state, before=start, count=limit + 1)
    return page_of(found, limit, show=_delivery, after=lambda one: (one.created_at, one.delivery_id))


@router.post(
    "/v1/webhook-endpoints/{endpoint_id}/replay",
    status_code=202,
    response_model=ReplayOut,
    dependencies=[limit("webhook-replays", per_minute=60)],
)
async def post_replay_since(
    endpoint_id: EndpointId, body: ReplayIn, call: Annotated[Call, require("webhooks:write")]
) -> Response:
    """Sends again what the endpoint did not take since a moment: with the ids of then and the secret of now."""

    async def replay(tx: Tx) -> tuple[int, datetime | None]:
        return await again.replay_since(tx, call.store_id, endpoint_id, since=body.since, all_=body.all)

    return await call.once(replay, answer=lambda done: ReplayOut(count=done[0], next_since=done[1]), status=202)


@router.get("/v1/deliveries/{delivery_id}")
async def get_delivery(delivery_id: DeliveryId, call: Annotated[Call, require("webhooks:read")]) -> DeliveryDetail:
    """One delivery: what is sent, each try, and what was answered."""
    async with call.transaction() as tx:
        found = await sendings.one(tx, call.store_id, delivery_id)
        if found is None:
            raise NotFound("There is no such delivery.")
        body = await sendings.body(tx, call.store_id, delivery_id)
        tries = await sendings.tries(tx, call.store_id, delivery_id)
    return DeliveryDetail(
        **_delivery(found).model_dump(),
        body=orjson.loads(body) if body is not None else None,
        attempts=[
            TryOut(
                number=one.number,
                at=one.at,
                took_ms=one.took_ms,
                status=one.status,
                reason=one.reason,
                answer=one.answer,
                request=RequestOut(url=one.request.url, headers=dict(one.request.headers)) if one.request else None,
            )
            for one in tries
        ],
    )


@router.post(
    "/v1/deliveries/{delivery_id}/replay",
    status_code=202,
    response_model=DeliveryOut,
    dependencies=[limit("webhook-replays", per_minute=60)],
)
async def post_replay(delivery_id: DeliveryId, call: Annotated[Call, require("webhooks:write")]) -> Response:
    """Sends one delivery again, also to an endpoint that is off. It says nothing about the endpoint's health."""
    return await call.once(lambda tx: again.replay(tx, call.store_id, delivery_id), answer=_delivery, status=202)


def _out(endpoint: Endpoint) -> EndpointOut:
    return EndpointOut(
        id=endpoint.endpoint_id,
        url=endpoint.url,
        events=endpoint.events,
        enabled=endpoint.off is None,
        disabled=endpoint.off,
        disabled_at=endpoint.off_at,
        failing_since=endpoint.failing_since,
        created_at=endpoint.created_at,
    )


def _made(made: Made) -> EndpointMade:
    """As it may be kept for who repeats the request: with the secret sealed."""
    sealed = made.secret_id + _SEPARATOR + b64encode(made.sealed).decode()
    return EndpointMade(**_out(made.endpoint).model_dump(), secret=sealed)


def _revealed(call: Call, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """As it is sent."""
    secret_id, _, sealed = str(answer["secret"]).partition(_SEPARATOR)
    return {**answer, "secret": manage.show(call.ctx.require_sealing(), secret_id, b64decode(sealed))}


def _delivery(found: Sending) -> DeliveryOut:
    return DeliveryOut(
        id=found.delivery_id,
        endpoint_id=found.endpoint_id,
        message_id=found.message_id,
        type=found.type,
        test=found.test,
        state=found.state,
        tries=found.tries,
        next_try_at=found.next_at,
        status=found.status,
        reason=found.reason,
        at=found.at,
        created_at=found.created_at,
    )
