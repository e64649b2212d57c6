"""Events about rewards: whole states, ordered by revision. Those of orders travel as version 1, others as version 2."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from contracts.events.rewards import (
    AnyReward,
    Beneficiary,
    RewardAdjusted,
    RewardGranted,
    RewardReleased,
    RewardReversed,
    Source,
    SourcedReward,
    SourcedRewardAdjusted,
    SourcedRewardGranted,
    SourcedRewardReleased,
    SourcedRewardReversed,
)
from contracts.events.rewards import (
    Reward as OrderReward,
)
from services.kernel.db import Tx
from services.rewards.grants.domain.reward import Change, Reward

Happened = Literal["granted", "adjusted", "reversed", "released"]

_OF_ORDERS: Final[Mapping[Happened, type[OrderReward]]] = {
    "granted": RewardGranted,
    "adjusted": RewardAdjusted,
    "reversed": RewardReversed,
    "released": RewardReleased,
}
_OF_OTHERS: Final[Mapping[Happened, type[SourcedReward]]] = {
    "granted": SourcedRewardGranted,
    "adjusted": SourcedRewardAdjusted,
    "reversed": SourcedRewardReversed,
    "released": SourcedRewardReleased,
}


def announce(tx: Tx, changes: Iterable[Change]) -> None:
    """Emits what each change is to others: granted, adjusted or reversed; nothing where they would see no change."""
    for one in changes:
        if one.worth_announcing:
            tx.emit(state_of(one.after, _kind(one)))


def announce_released(tx: Tx, rewards: Iterable[Reward]) -> None:
    """Emits that these rewards became available."""
    for reward in rewards:
        tx.emit(state_of(reward, "released"))


def _kind(one: Change) -> Happened:
    if one.after.target_minor == 0:
        return "reversed"
    if one.before is None or one.before.granted_at is None:
        return "granted"
    return "adjusted"


def state_of(reward: Reward, happened: Happened) -> AnyReward:
    """The payload that reports it, for a reward that was granted."""
    common: dict[str, Any] = {
        "store_id": reward.store_id,
        "reward_id": reward.reward_id,
        "revision": reward.revision,
        "program_id": reward.program_id,
        "program_version": reward.program_version,
        "beneficiary": Beneficiary(kind=reward.side, id=reward.beneficiary_id),
        "ambassador_id": reward.brought_by,
        "pay_as": reward.pay_as,
        "amount_minor": reward.target_minor,
        "currency": reward.currency,
        "status": reward.status,
        "reason": reward.reason,
        "available_at": reward.available_at,
        "granted_at": reward.granted_at or reward.created_at,
        "changed_at": reward.changed_at,
    }
    if reward.order_id is None:
        return _OF_OTHERS[happened](
            source=Source(kind=reward.source_kind, id=reward.source_id),
            event_name=reward.event_name,
            rule=reward.rule or None,
            earned_at=reward.placed_at,
            **common,
        )
    return _OF_ORDERS[happened](
        order_id=reward.order_id,
        rule=reward.rule,
        level=reward.level,
        placed_at=reward.placed_at,
        tier=reward.tier,
        split=reward.split,
        multiplier_basis_points=reward.multiplier,
        sponsor_level=reward.sponsor_level,
        **common,
    )
