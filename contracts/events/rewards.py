"""Rewards: what each side is owed, and for what. One payload, the whole state, ordered by `revision`.

Version 1 is a reward of an order. Version 2 is one of any other source: it names the source and no order. A reward is
told in one of the two all its life, by where it comes from.
"""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.base import Payload, Topic
from contracts.fields import Currency, Id, Minor, Moment

RewardStatus = Literal["pending", "approved", "available", "paid", "redeemed", "reversed", "rejected", "expired"]


class Beneficiary(BaseModel):
    """Who gets it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["ambassador", "friend"]
    id: Id


class Source(BaseModel):
    """What a reward is for, where that is no order. Readers take kinds that they do not know for what they are: money
    that somebody is owed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(
        description="person: given by hand, and `id` is the goodwill's. event: a custom event, and `id` is the store's"
        " own of it. period: a milestone, and `id` says whose, by which rule, and what was reached:"
        " `amb_…/five/every/5/friends/10`; or a plan's target, and `id` says whose, by which rule, and in which period:"
        " `amb_…/bonus/month/revenue/2027-03`. cashback: for a buyer's own orders, and `id` says by which order,"
        " by which rule, for each how much, and which times: `1001/free/5000/1-3`. Other kinds may follow."
    )
    id: Id


class Reward(Payload):
    """One reward of an order: `amount_minor` is what it is worth now, after refunds and caps."""

    TOPIC: ClassVar[Topic] = Topic.REWARDS

    reward_id: Id
    revision: int = Field(ge=1)
    order_id: Id
    program_id: Id
    program_version: int
    rule: str
    level: int = 1
    beneficiary: Beneficiary
    ambassador_id: Id | None = Field(None, description="Who brought the order: also for the friend's reward.")
    pay_as: Literal["cash", "store_credit", "points"]
    amount_minor: Minor
    currency: Currency
    status: RewardStatus
    reason: str
    available_at: Moment | None = None
    tier: str | None = Field(None, description="The tier that its ambassador was in when it was first granted.")
    multiplier_basis_points: int | None = Field(
        None, description="What that tier multiplied it by; left out where the program had no tiers."
    )
    sponsor_level: int | None = Field(
        None,
        ge=1,
        description="Of a sponsor's reward: 1 for the sponsor of who brought the order, 2 for that one's. The"
        " beneficiary is an ambassador then, and another than `ambassador_id`. Left out of all others.",
    )
    split: int | None = Field(
        None,
        ge=0,
        le=10_000,
        description="Of a rule that is shared with the friend: the ambassador's part, in basis points. The rest is the"
        " friend's: one rule then gives each side a reward.",
    )
    placed_at: Moment
    granted_at: Moment
    changed_at: Moment

    def subject(self) -> str:
        return self.reward_id


class RewardGranted(Reward):
    """A reward came into being."""

    TYPE: ClassVar[str] = "kith.reward.granted.v1"


class RewardAdjusted(Reward):
    """Its amount changed and is still above zero."""

    TYPE: ClassVar[str] = "kith.reward.adjusted.v1"


class RewardReversed(Reward):
    """Its amount fell to zero after having been more."""

    TYPE: ClassVar[str] = "kith.reward.reversed.v1"


class RewardReleased(Reward):
    """The hold is over: it can be used."""

    TYPE: ClassVar[str] = "kith.reward.released.v1"


class SourcedReward(Payload):
    """One reward of another source than an order: `amount_minor` is what it is worth now."""

    TOPIC: ClassVar[Topic] = Topic.REWARDS

    reward_id: Id
    revision: int = Field(ge=1)
    source: Source
    program_id: Id
    program_version: int
    beneficiary: Beneficiary
    ambassador_id: Id | None = Field(None, description="Left out where nobody referred the buyer.")
    pay_as: Literal["cash", "store_credit", "points"]
    amount_minor: Minor
    currency: Currency
    status: RewardStatus
    reason: str
    available_at: Moment | None = None
    event_name: str | None = Field(None, description="Of a custom event: its name.")
    rule: str | None = Field(None, description="The rule that gives it, where one does.")
    earned_at: Moment = Field(description="When what it is for happened.")
    granted_at: Moment
    changed_at: Moment

    def subject(self) -> str:
        return self.reward_id


class SourcedRewardGranted(SourcedReward):
    """A reward came into being."""

    TYPE: ClassVar[str] = "kith.reward.granted.v2"


class SourcedRewardAdjusted(SourcedReward):
    """Its amount changed and is still above zero."""

    TYPE: ClassVar[str] = "kith.reward.adjusted.v2"


class SourcedRewardReversed(SourcedReward):
    """Its amount fell to zero after having been more."""

    TYPE: ClassVar[str] = "kith.reward.reversed.v2"


class SourcedRewardReleased(SourcedReward):
    """It can be used."""

    TYPE: ClassVar[str] = "kith.reward.released.v2"


AnyReward = Reward | SourcedReward
"""A reward as it travels, whatever it is for."""
