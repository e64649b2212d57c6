"""HTTP of the demo clock. Without the demo setting there is no such address."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http.call import Call, operator
from services.links.clock import actions, sql
from services.links.clock.schemas import ClockIn, ClockOut
from services.links.clock.sql import Clock

router = APIRouter(tags=["clock"])


@router.post("/v1/clock", status_code=200, response_model=ClockOut)
async def post_clock(body: ClockIn, call: Annotated[Call, operator()]) -> Response:
    """Moves the time of the whole product."""
    _demo_only(call)

    async def move(tx: Tx) -> Clock:
        return await actions.advance(tx, seconds=body.advance_seconds)

    answer = await call.once(move, answer=ClockOut.of, status=200)
    await call.ctx.live.refresh()
    return answer


@router.get("/v1/clock")
async def get_clock(call: Annotated[Call, operator()]) -> ClockOut:
    """What time it is in the product."""
    _demo_only(call)
    async with call.transaction() as tx:
        return ClockOut.of(await sql.read(tx))


def _demo_only(call: Call) -> None:
    if not call.ctx.settings.demo:
        raise NotFound("The clock can be moved in a demo only (KITH_DEMO=1).")
