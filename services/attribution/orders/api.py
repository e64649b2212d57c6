"""Orders by the API: the order call (the hot path answers it), refunds and cancellations."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.attribution.orders import actions, sql
from services.attribution.orders.hot.handler import Orders
from services.attribution.orders.schemas import ORDER_ID, Accepted, CancelIn, OrderIn, RefundIn
from services.common import order_facts
from services.common.order_facts import Clock, ReportedFact
from services.kernel.db import Tx
from services.kernel.http.call import CONTEXT, Call, require
from services.kernel.http.hot import HotAnswer

router = APIRouter(tags=["orders"])

PathOrderId = Annotated[
    str, Path(min_length=1, max_length=200, pattern=ORDER_ID, description="The store's own order id.")
]


@router.post("/v1/orders", status_code=202, response_model=Accepted)
async def post_order(body: OrderIn, call: Annotated[Call, require("orders:write")], request: Request) -> Response:
    """Reports an order, or another revision of one. Safe when answered; decided a moment later."""
    orders: Orders = request.scope[CONTEXT].resources[Orders]
    return HotAnswer(orders.handle)


@router.post("/v1/orders/{order_id}/refunds", status_code=202, response_model=Accepted)
async def post_refund(
    order_id: PathOrderId, body: RefundIn, call: Annotated[Call, require("orders:write")]
) -> Response:
    """Reports money that went back, in all or by line. The order need not be known yet: the refund waits for it.

    One refund may be reported again with its newest state: lowered, or failed.
    """
    return await call.once(
        lambda tx: _keep(
            tx, order_facts.refund(call.store_id, order_id, actions.refund_of(body), Clock(tx.now, tx.offset))
        ),
        status=202,
        answer=lambda kept: kept,
    )


@router.post("/v1/orders/{order_id}/cancel", status_code=202, response_model=Accepted)
async def post_cancel(
    order_id: PathOrderId, call: Annotated[Call, require("orders:write")], body: CancelIn | None = None
) -> Response:
    """Reports that an order was cancelled. The order need not be known yet. A paid revision that is newer reopens it,
    until it settles.
    """
    reported = body or CancelIn()
    return await call.once(
        lambda tx: _cancel(tx, call.store_id, order_id, reported), status=202, answer=lambda kept: kept
    )


async def _cancel(tx: Tx, store_id: str, order_id: str, reported: CancelIn) -> Accepted:
    # Told without its time, and with nothing reported since the last cancellation, it is that one again.
    if reported.at is None and await sql.cancelled_last(tx, store_id, order_id):
        return Accepted(order_id=order_id, duplicate=True)
    return await _keep(tx, order_facts.cancel(store_id, order_id, reported.at, Clock(tx.now, tx.offset)))


async def _keep(tx: Tx, fact: ReportedFact) -> Accepted:
    (is_new,) = await actions.keep(tx, [fact])
    return Accepted(order_id=fact.order_id, duplicate=not is_new)
