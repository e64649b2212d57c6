"""The API of appeals."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.attribution.appeals import actions, sql
from services.attribution.appeals.domain import State
from services.attribution.appeals.schemas import AnsweredOut, AnswerIn, AppealOut
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_of

router = APIRouter(tags=["appeals"])

AppealId = Annotated[str, Path(max_length=64)]


@router.get("/v1/appeals")
async def get_appeals(
    call: Annotated[Call, require("orders:read")],
    state: State | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AppealOut]:
    """What ambassadors say is wrong, the newest first."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        rows = await sql.newest(tx, call.store_id, state=state, before=start[0] if start else None, count=limit + 1)
    return page_of(rows, limit, show=AppealOut.of, after=lambda one: (one.appeal_id,))


@router.get("/v1/appeals/{appeal_id}")
async def get_appeal(appeal_id: AppealId, call: Annotated[Call, require("orders:read")]) -> AppealOut:
    """One appeal."""
    async with call.transaction() as tx:
        return AppealOut.of(await actions.get(tx, call.store_id, appeal_id))


@router.post("/v1/appeals/{appeal_id}/answer", status_code=200, response_model=AnsweredOut)
async def answer_appeal(
    appeal_id: AppealId, body: AnswerIn, call: Annotated[Call, require("orders:write")]
) -> Response:
    """Answers an appeal, once. Accepting one has its order count as the ambassador's where the program's rules allow it
    and the order has not settled; else the outcome is `goodwill`, and the store mends it by itself.
    """
    return await call.once(
        lambda tx: actions.answer(
            tx, call.store_id, appeal_id, verdict=body.verdict, words=body.words, order_id=body.order_id
        ),
        status=200,
        answer=AnsweredOut.of,
    )
