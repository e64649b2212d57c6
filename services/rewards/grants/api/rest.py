"""The API of rewards."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from contracts.events.rewards import RewardStatus
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of
from services.rewards.grants.actions import review
from services.rewards.grants.actions.explain import lines_behind
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.schemas import CSV_COLUMNS, ApproveIn, LineGiftOut, OneRewardOut, RejectIn, RewardOut
from services.rewards.grants.sql import rewards
from services.rewards.rules.domain import SourceKind
from services.rewards.slices.actions import Labels

router = APIRouter(tags=["rewards"])

_Id = Annotated[str | None, Query(max_length=255)]


@router.get("/v1/rewards", response_model=Page[RewardOut])
async def get_rewards(
    call: Annotated[Call, require("rewards:read")],
    order_id: _Id = None,
    event_id: Annotated[str | None, Query(max_length=255, description="Rewards of this custom event.")] = None,
    ambassador_id: Annotated[
        str | None,
        Query(
            max_length=255,
            description="Rewards of orders that this ambassador brought, and those that they get as a sponsor.",
        ),
    ] = None,
    beneficiary_id: Annotated[str | None, Query(max_length=255, description="Rewards that this one gets.")] = None,
    sponsor_id: Annotated[
        str | None, Query(max_length=255, description="Rewards that this one gets as a sponsor.")
    ] = None,
    program_id: _Id = None,
    status: RewardStatus | None = None,
    source: Annotated[SourceKind | None, Query(description="What they are for.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[RewardOut] | Response:
    """Lists rewards, youngest first."""
    start = cursors.decode(cursor, str)
    filters = {
        "order_id": order_id,
        "event_id": event_id,
        "ambassador_id": ambassador_id,
        "beneficiary_id": beneficiary_id,
        "sponsor_id": sponsor_id,
        "program_id": program_id,
        "status": status,
        "source": source,
    }
    given = {name: value for name, value in filters.items() if value is not None}
    if format == "csv":
        return await download(call, given, start=start)
    async with call.transaction() as tx:
        before = start[0] if start else None
        found = await rewards.listed(tx, call.store_id, before=before, count=limit + 1, filters=given)
    return page_of(found, limit, show=RewardOut.of, after=lambda one: (one.reward_id,))


@router.get("/v1/rewards/{reward_id}")
async def get_reward(reward_id: str, call: Annotated[Call, require("rewards:read")]) -> OneRewardOut:
    """One reward, with what each line gave where lines differ."""
    async with call.transaction() as tx:
        reward = await review.get(tx, call.store_id, reward_id)
        lines = await lines_behind(tx, reward)
    shown = [LineGiftOut.of(*one) for one in lines]
    return OneRewardOut(**dict(RewardOut.of(reward)), lines=shown)


@router.post("/v1/rewards/{reward_id}/approve", response_model=RewardOut)
async def post_approve(
    reward_id: str, call: Annotated[Call, require("rewards:write")], body: ApproveIn | None = None
) -> Response:
    """Notes that a person has checked a pending reward. It stays on hold until `available_at`."""
    return await call.once(lambda tx: review.approve(tx, call.store_id, reward_id), status=200, answer=RewardOut.of)


@router.post("/v1/rewards/{reward_id}/reject", response_model=RewardOut)
async def post_reject(reward_id: str, body: RejectIn, call: Annotated[Call, require("rewards:write")]) -> Response:
    """Sets a reward to zero for good, whatever happens to its order later."""
    return await call.once(
        lambda tx: review.reject(tx, call.store_id, reward_id, note=body.reason), status=200, answer=RewardOut.of
    )


async def download(call: Call, filters: Mapping[str, str], *, start: tuple[str] | None) -> Response:
    """The rewards as CSV, youngest first."""
    labels = Labels()

    async def fetch(before: tuple[str] | None, count: int) -> Sequence[Reward]:
        async with call.transaction() as tx:
            after = before[0] if before else None
            found = await rewards.listed(tx, call.store_id, before=after, count=count, filters=filters)
            await labels.learn(tx, call.store_id, (one.brought_by for one in found))
            return found

    return await csv_download(
        fetch,
        after=lambda one: (one.reward_id,),
        show=lambda one: RewardOut.of(one).flat() | labels.of(one.brought_by),
        columns=CSV_COLUMNS,
        filename="rewards",
        start=start,
    )
