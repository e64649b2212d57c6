"""The API of the queue."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_of
from services.rewards.approvals import actions, sql
from services.rewards.approvals.schemas import AllDecidedOut, ApproveAllIn, FlagIn, RejectAllIn, WaitingOut
from services.rewards.grants.actions import review
from services.rewards.grants.domain.reward import Decider, Why
from services.rewards.grants.schemas import RewardOut
from services.rewards.release_rules import sql as rules

router = APIRouter(tags=["rewards"])

_Id = Annotated[str | None, Query(max_length=255)]


@router.get("/v1/rewards/queue")
async def get_queue(
    call: Annotated[Call, require("rewards:read")],
    waits_for: Annotated[
        Decider, Query(description="person: the queue itself; store: what is being asked.")
    ] = "person",
    why: Why | None = None,
    ambassador_id: _Id = None,
    program_id: _Id = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[WaitingOut]:
    """Lists rewards that wait for somebody's word before they become available, the longest waiting first."""
    start = cursors.decode(cursor, datetime, str)
    asked = {"why": why, "ambassador_id": ambassador_id, "program_id": program_id}
    async with call.snapshot() as tx:
        found = await sql.waiting(
            tx,
            call.store_id,
            whose=waits_for,
            after=start,
            count=limit + 1,
            filters={name: value for name, value in asked.items() if value is not None},
        )
        questions = await rules.asked(tx, call.store_id, [one.reward_id for one in found])
    return page_of(
        found,
        limit,
        show=lambda one: WaitingOut.of(one, questions.get(one.reward_id)),
        after=lambda one: (one.waits_since or one.created_at, one.reward_id),
    )


@router.post("/v1/rewards/approve", response_model=AllDecidedOut)
async def post_approve_all(body: ApproveAllIn, call: Annotated[Call, require("rewards:write")]) -> Response:
    """Approves rewards, up to 200 at once, each as far as it is worth now. Whose hold is over becomes available."""
    return await call.once(lambda tx: actions.approve(tx, call.store_id, body.ids), status=200, answer=AllDecidedOut.of)


@router.post("/v1/rewards/reject", response_model=AllDecidedOut)
async def post_reject_all(body: RejectAllIn, call: Annotated[Call, require("rewards:write")]) -> Response:
    """Refuses rewards for good, up to 200 at once, as far as they are not available yet."""
    return await call.once(
        lambda tx: actions.reject(tx, call.store_id, body.ids, note=body.reason),
        status=200,
        answer=AllDecidedOut.of,
    )


@router.post("/v1/rewards/{reward_id}/flag", response_model=RewardOut)
async def post_flag(reward_id: str, body: FlagIn, call: Annotated[Call, require("rewards:write")]) -> Response:
    """Holds a reward back until somebody has looked at it, whatever the store's rule: no time-out releases it."""
    return await call.once(
        lambda tx: review.flag(tx, call.store_id, reward_id, note=body.reason), status=200, answer=RewardOut.of
    )
