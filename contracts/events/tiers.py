"""Tiers of ambassadors: who is in which now. The whole state, ordered by `revision`."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.base import Payload, Topic
from contracts.fields import Id, Moment


class Rank(BaseModel):
    """A tier as somebody is in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    multiplier_basis_points: int = Field(description="What rewards are multiplied by; 10,000 leaves them as they are.")
    privileges: tuple[str, ...] = Field((), description="What else the store does for who is in it, in its own words.")


class TierChanged(Payload):
    """An ambassador is in another tier than before. Rewards that were granted before keep their multiplier."""

    TYPE: ClassVar[str] = "kith.tier.changed.v1"
    TOPIC: ClassVar[Topic] = Topic.REWARDS

    ambassador_id: Id
    program_id: Id
    program_version: int = Field(description="The version whose tiers say so.")
    tier: Rank | None = Field(None, description="Left out where they are in none.")
    before: str | None = Field(None, description="Name of the tier that they were in; left out for none.")
    why: Literal["reached", "fell", "program_changed"] = Field(
        description="The count reached it; the count fell below the one before; or the program has other tiers now."
    )
    changed_at: Moment
    revision: int = Field(ge=1)

    def subject(self) -> str:
        return self.ambassador_id
