"""What people decide about single rewards: have it looked at, approve, or reject for good."""

from services.kernel.db import Tx
from services.kernel.errors import Conflict, NotFound
from services.rewards.grants.actions.regrant import settle_changes
from services.rewards.grants.domain.plan import approved, rejected, waiting
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import rewards as rewards_sql


class RewardNotFound(NotFound):
    """No reward has this id in this store."""

    code = "reward_not_found"

    def __init__(self, reward_id: str) -> None:
        super().__init__(f"There is no reward {reward_id}.")


class NotApprovable(Conflict):
    """Only a pending reward can be approved."""

    code = "reward_not_pending"

    def __init__(self, reward: Reward) -> None:
        super().__init__(f"Reward {reward.reward_id} is {reward.status}; only a pending reward can be approved.")


class NotFlaggable(Conflict):
    """Only what is not available yet can be held back."""

    code = "reward_decided"

    def __init__(self, reward: Reward) -> None:
        super().__init__(
            f"Reward {reward.reward_id} is {reward.status}; only what is not available yet can be held back."
        )


async def approve(tx: Tx, store_id: str, reward_id: str) -> Reward:
    """Notes that a person has checked a pending reward and what it is worth now: one that rises afterwards is pending
    again. It shortens no hold; what waited for this word is released as soon as its hold is over. A repeat changes
    nothing.

    Raises `RewardNotFound`, or `NotApprovable` for a reward that is no longer pending.
    """
    await tx.lock_stores([store_id])
    before = await get(tx, store_id, reward_id)
    if before.status == "approved":
        return before
    if before.status != "pending":
        raise NotApprovable(before)
    change = approved(before, now=tx.now)
    noted(tx, "reward.approved", before, change.after)
    await settle_changes(tx, [change])
    return change.after


async def reject(tx: Tx, store_id: str, reward_id: str, *, note: str) -> Reward:
    """Sets a reward to zero for good, whatever happens to its order later. A repeat changes nothing.

    What it took of budgets and limits is free again. Raises `RewardNotFound`.
    """
    await tx.lock_stores([store_id])
    before = await get(tx, store_id, reward_id)
    if before.rejected_at is not None:
        return before
    change = rejected(before, note=note, now=tx.now)
    noted(tx, "reward.rejected", before, change.after)
    await settle_changes(tx, [change])
    return change.after


async def flag(tx: Tx, store_id: str, reward_id: str, *, note: str) -> Reward:
    """Holds a reward back until somebody has looked at it, whatever the store's rule; an approval of before is none any
    more. A repeat changes nothing.

    Raises `RewardNotFound`, or `NotFlaggable` for one that is available, rejected or worth nothing.
    """
    await tx.lock_stores([store_id])
    before = await get(tx, store_id, reward_id)
    if before.waits_why == "flagged":
        return before
    if before.decided or before.target_minor == 0:
        raise NotFlaggable(before)
    change = waiting(before, whose="person", why="flagged", now=tx.now, note=note)
    noted(tx, "reward.flagged", before, change.after)
    await settle_changes(tx, [change])
    return change.after


async def get(tx: Tx, store_id: str, reward_id: str) -> Reward:
    """One reward. Raises `RewardNotFound`."""
    reward = await rewards_sql.one(tx, store_id, reward_id)
    if reward is None:
        raise RewardNotFound(reward_id)
    return reward


def noted(tx: Tx, action: str, before: Reward, after: Reward) -> None:
    """Notes what was decided about a reward, and what it changed."""
    tx.note(action, on=after.reward_id, before=_figures(before), after=_figures(after))


def _figures(reward: Reward) -> dict[str, str | int | None]:
    return {"status": reward.status, "amount_minor": reward.target_minor, "currency": reward.unit}
