"""The API of the catalogue and of redemptions."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of
from services.rewards.catalogue import sql
from services.rewards.catalogue.actions import items, redeem
from services.rewards.catalogue.domain import ItemStatus, Redemption, RedemptionStatus
from services.rewards.catalogue.schemas import (
    CSV_COLUMNS,
    CallOffIn,
    ItemIn,
    ItemOut,
    ItemPatch,
    RedemptionIn,
    RedemptionOut,
    TakeBackIn,
)
from services.rewards.slices.actions import Labels

router = APIRouter(tags=["catalogue"])

Id = Annotated[str, Path(max_length=64)]


@router.post("/v1/catalogue-items", status_code=201, response_model=ItemOut)
async def post_item(body: ItemIn, call: Annotated[Call, require("rewards:write")]) -> Response:
    """Adds something to the catalogue of a program."""
    return await call.once(lambda tx: items.add(tx, call.store_id, body.program_id, body.wanted()), answer=ItemOut.of)


@router.get("/v1/catalogue-items")
async def get_items(
    call: Annotated[Call, require("rewards:read")],
    program_id: Annotated[str | None, Query(max_length=64)] = None,
    status: ItemStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ItemOut]:
    """Lists the catalogue, youngest first."""
    start = cursors.decode(cursor, str)
    asked = {"program_id": program_id, "status": status}
    filters = {name: str(value) for name, value in asked.items() if value is not None}
    async with call.transaction() as tx:
        before = start[0] if start else None
        found = await sql.items(tx, call.store_id, before=before, count=limit + 1, filters=filters)
    return page_of(found, limit, show=ItemOut.of, after=lambda item: (item.item_id,))


@router.get("/v1/catalogue-items/{item_id}")
async def get_item(item_id: Id, call: Annotated[Call, require("rewards:read")]) -> ItemOut:
    """One item, as it is now."""
    async with call.transaction() as tx:
        return ItemOut.of(await items.get(tx, call.store_id, item_id))


@router.patch("/v1/catalogue-items/{item_id}")
async def patch_item(item_id: Id, body: ItemPatch, call: Annotated[Call, require("rewards:write")]) -> ItemOut:
    """Changes an item; null empties `stock`, `pool_id`, `from`, `until`. What was redeemed before stays as it was."""
    async with call.transaction() as tx:
        return ItemOut.of(await items.change(tx, call.store_id, item_id, body.changes()))


@router.post("/v1/redemptions", status_code=201, response_model=RedemptionOut)
async def post_redemption(body: RedemptionIn, call: Annotated[Call, require("credit:write")]) -> Response:
    """Redeems something for an ambassador: takes what it costs of their points or credit, and one of the stock. With a
    pool it is fulfilled at once, and the answer has the `code`; else it waits for the store.

    Send an Idempotency-Key: a repeat without one redeems again.
    """
    return await call.once(
        lambda tx: redeem.redeem(tx, call.store_id, body.ambassador_id, body.item_id, price=body.price),
        answer=RedemptionOut.of,
    )


@router.get("/v1/redemptions", response_model=Page[RedemptionOut])
async def get_redemptions(
    call: Annotated[Call, require("rewards:read")],
    status: RedemptionStatus | None = None,
    ambassador_id: Annotated[str | None, Query(max_length=255)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[RedemptionOut] | Response:
    """Lists what was redeemed, youngest first."""
    start = cursors.decode(cursor, str)
    asked = {"status": status, "ambassador_id": ambassador_id}
    filters = {name: str(value) for name, value in asked.items() if value is not None}
    if format == "csv":
        return await download(call, filters, start=start)
    async with call.transaction() as tx:
        before = start[0] if start else None
        found = await sql.listed(tx, call.store_id, before=before, count=limit + 1, filters=filters)
    return page_of(found, limit, show=RedemptionOut.of, after=lambda one: (one.redemption_id,))


@router.get("/v1/redemptions/{redemption_id}")
async def get_redemption(redemption_id: Id, call: Annotated[Call, require("rewards:read")]) -> RedemptionOut:
    """One redemption."""
    async with call.transaction() as tx:
        return RedemptionOut.of(await redeem.get(tx, call.store_id, redemption_id))


@router.post("/v1/redemptions/{redemption_id}/fulfil", response_model=RedemptionOut)
async def post_fulfil(redemption_id: Id, call: Annotated[Call, require("rewards:write")]) -> Response:
    """Says that it was sent, or done. A repeat changes nothing."""
    return await call.once(
        lambda tx: redeem.fulfil(tx, call.store_id, redemption_id), status=200, answer=RedemptionOut.of
    )


@router.post("/v1/redemptions/{redemption_id}/cancel", response_model=RedemptionOut)
async def post_cancel_redemption(
    redemption_id: Id, call: Annotated[Call, require("rewards:write")], body: CallOffIn | None = None
) -> Response:
    """Calls off what was not fulfilled yet: what it cost goes back to its lots, the piece to the stock."""
    reason = body.reason if body is not None else None
    return await call.once(
        lambda tx: redeem.cancel(tx, call.store_id, redemption_id, reason=reason), status=200, answer=RedemptionOut.of
    )


@router.post("/v1/redemptions/{redemption_id}/return", response_model=RedemptionOut)
async def post_return_redemption(
    redemption_id: Id, call: Annotated[Call, require("rewards:write")], body: TakeBackIn | None = None
) -> Response:
    """Takes back what was fulfilled: what it cost goes back to its lots, the piece to the stock. A code that was given
    stays given: make it void in your shop.
    """
    wanted = body or TakeBackIn()
    return await call.once(
        lambda tx: redeem.take_back(tx, call.store_id, redemption_id, restock=wanted.restock, reason=wanted.reason),
        status=200,
        answer=RedemptionOut.of,
    )


async def download(call: Call, filters: dict[str, str], *, start: tuple[str] | None = None) -> Response:
    """What was redeemed as CSV, youngest first."""
    labels = Labels()

    async def fetch(before: tuple[str] | None, count: int) -> Sequence[Redemption]:
        async with call.transaction() as tx:
            after = before[0] if before else None
            found = await sql.listed(tx, call.store_id, before=after, count=count, filters=filters)
            await labels.learn(tx, call.store_id, (one.ambassador_id for one in found))
            return found

    return await csv_download(
        fetch,
        after=lambda one: (one.redemption_id,),
        show=lambda one: RedemptionOut.of(one).flat() | labels.of(one.ambassador_id),
        columns=CSV_COLUMNS,
        filename="redemptions",
        start=start,
    )
