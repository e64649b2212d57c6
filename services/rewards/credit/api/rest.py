"""The API of store credit at the checkout."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.kernel.errors import Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_of
from services.rewards.credit import actions
from services.rewards.credit.schemas import CaptureIn, CreditReservationIn, CreditReservationOut
from services.rewards.spending.domain import Status
from services.rewards.spending.sql import spends

router = APIRouter(tags=["store credit"])

Id = Annotated[str, Path(max_length=64)]
_Filter = Annotated[str | None, Query(max_length=200)]


@router.post("/v1/credit-reservations", status_code=201, response_model=CreditReservationOut)
async def post_reservation(body: CreditReservationIn, call: Annotated[Call, require("credit:write")]) -> Response:
    """Sets points or store credit aside for an order or a cart, those that expire first. Once for each: the same again
    answers the reservation that there is, which then stands until the later end, until it is captured or released.
    """
    holder, purpose = body.holder(call.store_id), body.purpose
    return await call.once(
        lambda tx: actions.reserve(tx, holder, body.amount, purpose=purpose, expires_in=body.expires_in),
        answer=CreditReservationOut.of,
    )


@router.post("/v1/credit-reservations/{reservation_id}/capture", response_model=CreditReservationOut)
async def post_capture(
    reservation_id: Id, call: Annotated[Call, require("credit:write")], body: CaptureIn | None = None
) -> Response:
    """Uses what is reserved, once the order is paid. What it took less is available again at once."""
    asked = body or CaptureIn()
    return await call.once(
        lambda tx: actions.capture(tx, call.store_id, reservation_id, asked.amount, order_id=asked.order_id),
        status=200,
        answer=CreditReservationOut.of,
    )


@router.post("/v1/credit-reservations/{reservation_id}/release", response_model=CreditReservationOut)
async def post_release(reservation_id: Id, call: Annotated[Call, require("credit:write")]) -> Response:
    """Lets go what is reserved, because the order was not placed."""
    return await call.once(
        lambda tx: actions.release(tx, call.store_id, reservation_id), status=200, answer=CreditReservationOut.of
    )


@router.get("/v1/credit-reservations")
async def get_reservations(
    call: Annotated[Call, require("rewards:read")],
    order_id: _Filter = None,
    cart_id: _Filter = None,
    customer_id: _Filter = None,
    ambassador_id: _Filter = None,
    status: Status | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CreditReservationOut]:
    """Lists reservations for orders and carts, youngest first."""
    if order_id is not None and cart_id is not None:
        raise Invalid.field("order_id", "Name one: order_id or cart_id.", code="missing")
    if customer_id is not None and ambassador_id is not None:
        raise Invalid.field("customer_id", "Name one: customer_id or ambassador_id.", code="missing")
    side = None if customer_id is ambassador_id is None else "friend" if customer_id is not None else "ambassador"
    kind = None if order_id is cart_id is None else "order" if order_id is not None else "cart"
    asked = {"purpose": kind, "purpose_id": order_id or cart_id, "owner": customer_id or ambassador_id, "side": side}
    filters = {name: str(value) for name, value in (asked | {"status": status}).items() if value is not None}
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        before = start[0] if start else None
        found = await spends.listed(tx, call.store_id, before=before, count=limit + 1, filters=filters)
    return page_of(found, limit, show=CreditReservationOut.of, after=lambda one: (one.spend_id,))


@router.get("/v1/credit-reservations/{reservation_id}")
async def get_reservation(reservation_id: Id, call: Annotated[Call, require("rewards:read")]) -> CreditReservationOut:
    """One reservation, and how it stands."""
    async with call.transaction() as tx:
        return CreditReservationOut.of(await actions.get(tx, call.store_id, reservation_id))
