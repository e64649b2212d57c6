"""Bodies of the API of the queue."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from services.rewards.approvals.actions import MOST, Decided, Outcome
from services.rewards.grants.domain.reward import Decider, Reward, Why
from services.rewards.grants.schemas import RewardOut
from services.rewards.release_rules.sql import Asked

Ids = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]],
    Field(min_length=1, max_length=MOST, description="Ids of rewards; each is decided by itself."),
]


class QuestionOut(BaseModel):
    """What became of the question to the store's server."""

    outcome: str = Field(description="waiting, allowed, refused, unanswered, obsolete.")
    tries: int
    status: int | None = Field(description="HTTP status of the newest answer.")
    reason: str | None = Field(description="Why the newest try was no answer.")
    asked_at: datetime
    next_try_at: datetime | None

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """As callers see it."""
        return cls(
            outcome=asked.outcome,
            tries=asked.tries,
            status=asked.status,
            reason=asked.reason,
            asked_at=asked.asked_at,
            next_try_at=asked.next_at,
        )


class WaitingOut(BaseModel):
    """A reward that waits for somebody's word, and why."""

    waits_for: Decider
    why: Why = Field(
        description="by_hand: the store's rule. flagged: somebody wants it looked at (`reward.note` says why)."
        " unanswered: the store's server did not answer for three days. asked: it is being asked."
    )
    since: datetime
    question: QuestionOut | None
    reward: RewardOut

    @classmethod
    def of(cls, reward: Reward, asked: Asked | None) -> Self:
        """As callers see it. The reward must wait."""
        if reward.waits_for is None or reward.waits_why is None or reward.waits_since is None:
            raise ValueError(f"reward {reward.reward_id} waits for nobody")
        return cls(
            waits_for=reward.waits_for,
            why=reward.waits_why,
            since=reward.waits_since,
            question=None if asked is None else QuestionOut.of(asked),
            reward=RewardOut.of(reward),
        )


class ApproveAllIn(BaseModel):
    """Which rewards are approved."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"ids": ["rwd_1", "rwd_2"]}]}
    )

    ids: Ids


class RejectAllIn(BaseModel):
    """Which rewards are refused, and why."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"ids": ["rwd_1", "rwd_2"], "reason": "Bought by themselves"}]},
    )

    ids: Ids
    reason: str = Field(min_length=1, max_length=500, description="For the store's own people; no event carries it.")


class FlagIn(BaseModel):
    """Why somebody should look at it."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{"reason": "Same card"}]})

    reason: str = Field(min_length=1, max_length=500, description="For the store's own people; no event carries it.")


class DecidedOut(BaseModel):
    """What became of one of them."""

    id: str
    outcome: Outcome = Field(
        description="done; unchanged: decided so before; not_pending: decided otherwise, or released; not_found."
    )
    reward: RewardOut | None


class AllDecidedOut(BaseModel):
    """What became of each, in the order given, and how many were decided now."""

    done: int
    data: list[DecidedOut]

    @classmethod
    def of(cls, decided: list[Decided]) -> Self:
        """As callers see it."""
        return cls(
            done=sum(one.outcome == "done" for one in decided),
            data=[
                DecidedOut(
                    id=one.reward_id,
                    outcome=one.outcome,
                    reward=None if one.reward is None else RewardOut.of(one.reward),
                )
                for one in decided
            ],
        )
