"""Events about rewards: whole states, ordered by revision."""

from collections.abc import Iterable

from contracts.events.rewards import (
    Beneficiary,
    RewardAdjusted,
    RewardGranted,
    RewardReleased,
    RewardReversed,
)
from contracts.events.rewards import (
    Reward as RewardState,
)
from services.kernel.db import Tx
from services.rewards.grants.domain.reward import Change, Reward


def announce(tx: Tx, changes: Iterable[Change]) -> None:
    """Emits what each change is to others: granted, adjusted or reversed; nothing where they would see no change."""
    for one in changes:
        if one.worth_announcing:
            tx.emit(state_of(one.after, _kind(one)))


def announce_released(tx: Tx, rewards: Iterable[Reward]) -> None:
    """Emits that these rewards became available."""
    for reward in rewards:
        tx.emit(state_of(reward, RewardReleased))


def _kind(one: Change) -> type[RewardState]:
    if one.after.target_minor == 0:
        return RewardReversed
    if one.before is None or one.before.granted_at is None:
        return RewardGranted
    return RewardAdjusted


def state_of(reward: Reward, kind: type[RewardState]) -> RewardState:
    """The payload of that kind for a reward that was granted."""
    return kind(
        store_id=reward.store_id,
        reward_id=reward.reward_id,
        revision=reward.revision,
        order_id=reward.order_id,
        program_id=reward.program_id,
        program_version=reward.program_version,
        rule=reward.rule,
        level=reward.level,
        beneficiary=Beneficiary(kind=reward.side, id=reward.beneficiary_id),
        ambassador_id=reward.ambassador_id,
        pay_as=reward.pay_as,
        amount_minor=reward.target_minor,
        currency=reward.currency,
        status=reward.status,
        reason=reward.reason,
        available_at=reward.available_at,
        placed_at=reward.placed_at,
        granted_at=reward.granted_at or reward.created_at,
        changed_at=reward.changed_at,
    )
