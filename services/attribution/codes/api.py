"""The API of codes at checkout. Making codes is the matter of links."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.attribution.codes import actions
from services.attribution.codes.schemas import CodeState, Redeemed, RedeemIn
from services.attribution.settings import CODE_CHECKS_PER_MINUTE
from services.kernel.db import Tx
from services.kernel.http.call import Call, require
from services.kernel.http.limits import limit

router = APIRouter(tags=["codes"])

CodeText = Annotated[str, Path(min_length=1, max_length=256, description="As the buyer typed it.")]
_LIMIT = limit("code-check", per_minute=CODE_CHECKS_PER_MINUTE)


@router.post("/v1/codes/{code}/check", status_code=200, response_model=CodeState, dependencies=[_LIMIT])
async def post_check(code: CodeText, call: Annotated[Call, require("orders:write")]) -> Response:
    """Says whether a code would count for an order placed now, and what it promises the friend. Uses nothing up."""

    async def check(tx: Tx) -> CodeState:
        state = await actions.check(tx, call.store_id, code)
        call.ctx.sightings.note(call.store_id, "code", call.ctx.live.microseconds(), reason=state.reason or "")
        return state

    return await call.once(check, status=200, answer=lambda state: state)


@router.post("/v1/codes/{code}/redeem", status_code=200, response_model=Redeemed, dependencies=[_LIMIT])
async def post_redeem(code: CodeText, body: RedeemIn, call: Annotated[Call, require("orders:write")]) -> Response:
    """Counts a use of a limited code ahead of its order. 409 when there is none left."""
    return await call.once(
        lambda tx: actions.redeem(tx, call.store_id, code, body), status=200, answer=lambda redeemed: redeemed
    )
