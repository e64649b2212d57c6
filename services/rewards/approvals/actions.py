"""Deciding about many rewards at once. Each says what became of it; none holds up the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from services.kernel.db import Tx
from services.rewards.grants.actions import review
from services.rewards.grants.actions.regrant import settle_changes
from services.rewards.grants.domain.plan import approved, rejected
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.grants.sql import rewards as rewards_sql

MOST: Final = 200
"""Rewards of one decision: as many as the store's lock is held for without keeping others waiting."""

Outcome = Literal["done", "unchanged", "not_pending", "not_found"]
"""What a decision did to one reward. `unchanged`: it was decided so before. `not_pending`: it is decided otherwise."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One of the rewards that a decision named, and how it is now; None where there is none such."""

    reward_id: str
    outcome: Outcome
    reward: Reward | None


async def approve(tx: Tx, store_id: str, ids: Sequence[str]) -> list[Decided]:
    """A person's yes to each of these, of what it is worth now. A repeat changes nothing.

    Whose hold is over is released by the job that this wakes.
    """

    def outcome(reward: Reward) -> Outcome:
        if reward.status == "approved":
            return "unchanged"
        return "done" if reward.status == "pending" else "not_pending"

    return await _decide(tx, store_id, ids, outcome, lambda one: approved(one, now=tx.now), "reward.approved")


async def reject(tx: Tx, store_id: str, ids: Sequence[str], *, note: str) -> list[Decided]:
    """A person's no to each of these, for good. A repeat changes nothing. What is available already is not rejected by
    the dozen: `reject` of the single reward takes that back.
    """

    def outcome(reward: Reward) -> Outcome:
        if reward.rejected_at is not None:
            return "unchanged"
        return "done" if reward.status in ("pending", "approved") else "not_pending"

    return await _decide(
        tx, store_id, ids, outcome, lambda one: rejected(one, note=note, now=tx.now), "reward.rejected"
    )


async def _decide(
    tx: Tx,
    store_id: str,
    ids: Sequence[str],
    outcome_of: Callable[[Reward], Outcome],
    change_of: Callable[[Reward], Change],
    action: str,
) -> list[Decided]:
    await tx.lock_stores([store_id])
    wanted = list(dict.fromkeys(ids))
    found = await rewards_sql.several(tx, store_id, wanted)
    decided: list[Decided] = []
    changes: list[Change] = []
    for one in wanted:
        reward = found.get(one)
        outcome: Outcome = "not_found" if reward is None else outcome_of(reward)
        if reward is not None and outcome == "done":
            change = change_of(reward)
            changes.append(change)
            review.noted(tx, action, reward, change.after)
            reward = change.after
        decided.append(Decided(one, outcome, reward))
    await settle_changes(tx, changes)
    return decided
