"""The API of goodwill."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of
from services.rewards.goodwill import sql
from services.rewards.goodwill.actions import give
from services.rewards.goodwill.actions import terms as setting
from services.rewards.goodwill.domain import GivingLimit, Goodwill, Status, Terms
from services.rewards.goodwill.schemas import (
    CSV_COLUMNS,
    AllTermsOut,
    GoodwillIn,
    GoodwillLifeOut,
    GoodwillOut,
    RefuseIn,
    TakeBackIn,
    TermsIn,
    TermsOut,
)
from services.rewards.slices.actions import Labels

router = APIRouter(tags=["goodwill"])

Id = Annotated[str, Path(max_length=64)]
Unit = Annotated[str, Path(max_length=64, description="A currency, or points.")]


@router.post("/v1/goodwill", status_code=201, response_model=GoodwillOut)
async def post_goodwill(body: GoodwillIn, call: Annotated[Call, require("goodwill:write")]) -> Response:
    """Gives an ambassador money or points by hand. Within what the caller may give alone it is available at once; above
    that it waits for another principal (`status`).
    """
    return await call.once(lambda tx: give.give(tx, call.store_id, body.wish()), answer=GoodwillOut.of)


@router.get("/v1/goodwill", response_model=Page[GoodwillOut])
async def get_all_goodwill(
    call: Annotated[Call, require("rewards:read")],
    status: Status | None = None,
    ambassador_id: Annotated[str | None, Query(max_length=255)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[GoodwillOut] | Response:
    """Lists what was given by hand, or waits, youngest first."""
    start = cursors.decode(cursor, str)
    asked = {"status": status, "ambassador_id": ambassador_id}
    filters = {name: str(value) for name, value in asked.items() if value is not None}
    labels = Labels()

    async def fetch(before: tuple[str] | None, count: int) -> Sequence[Goodwill]:
        async with call.transaction() as tx:
            after = before[0] if before else None
            found = await sql.listed(tx, call.store_id, before=after, count=count, filters=filters)
            if format == "csv":
                await labels.learn(tx, call.store_id, (one.ambassador_id for one in found))
            return found

    if format == "csv":
        return await csv_download(
            fetch,
            after=lambda one: (one.goodwill_id,),
            show=lambda one: GoodwillOut.of(one).flat() | labels.of(one.ambassador_id),
            columns=CSV_COLUMNS,
            filename="goodwill",
            start=start,
        )
    return page_of(await fetch(start, limit + 1), limit, show=GoodwillOut.of, after=lambda one: (one.goodwill_id,))


@router.get("/v1/goodwill/{goodwill_id}")
async def get_goodwill(goodwill_id: Id, call: Annotated[Call, require("rewards:read")]) -> GoodwillLifeOut:
    """One with its life."""
    async with call.snapshot() as tx:
        one = await give.get(tx, call.store_id, goodwill_id)
        return GoodwillLifeOut.whole(one, await sql.steps(tx, call.store_id, goodwill_id))


@router.post("/v1/goodwill/{goodwill_id}/approve", response_model=GoodwillOut)
async def post_approve_goodwill(goodwill_id: Id, call: Annotated[Call, require("goodwill:write")]) -> Response:
    """Grants what waits. Another principal does so than the one that asked for it."""
    return await call.once(lambda tx: give.approve(tx, call.store_id, goodwill_id), status=200, answer=GoodwillOut.of)


@router.post("/v1/goodwill/{goodwill_id}/refuse", response_model=GoodwillOut)
async def post_refuse_goodwill(
    goodwill_id: Id, call: Annotated[Call, require("goodwill:write")], body: RefuseIn | None = None
) -> Response:
    """Ends what waits: nothing is granted. Whoever asked for it may do so too."""
    reason = body.reason if body is not None else None
    return await call.once(
        lambda tx: give.refuse(tx, call.store_id, goodwill_id, reason=reason), status=200, answer=GoodwillOut.of
    )


@router.post("/v1/goodwill/{goodwill_id}/take-back", response_model=GoodwillOut)
async def post_take_back(
    goodwill_id: Id, body: TakeBackIn, call: Annotated[Call, require("goodwill:write")]
) -> Response:
    """Takes back some of what was given, or all that is left of it. Send an Idempotency-Key: a repeat without one takes
    back again.
    """
    return await call.once(
        lambda tx: give.take_back(tx, call.store_id, goodwill_id, amount_minor=body.amount, reason=body.reason),
        status=200,
        answer=GoodwillOut.of,
    )


@router.get("/v1/goodwill-terms")
async def get_goodwill_terms(call: Annotated[Call, require("rewards:read")]) -> AllTermsOut:
    """What one principal may give alone, by currency and of points."""
    async with call.transaction() as tx:
        day = await give.today(tx, call.store_id)
        found = await sql.all_terms(tx, call.store_id)
        return AllTermsOut(data=[TermsOut.of(one, one.limit_at(tx.now, day)) for one in found])


@router.put("/v1/goodwill-terms/{unit}")
async def put_goodwill_terms(unit: Unit, body: TermsIn, call: Annotated[Call, require("payouts:write")]) -> TermsOut:
    """Sets what one principal may give alone. With the right over payouts, not that of giving: nobody raises their own
    limit. A tighter one holds at once, a looser one a day later, also the first.
    """
    async with call.transaction() as tx:
        wanted = Terms(unit=unit, limit=GivingLimit(body.limit, body.period))
        kept = await setting.put(tx, call.store_id, wanted)
        return TermsOut.of(kept, kept.limit_at(tx.now, await give.today(tx, call.store_id)))
