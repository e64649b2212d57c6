"""Memberships that people bought: until when who holds what. The whole state, ordered by `revision`."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.fields import Id, Moment


class MembershipChanged(Payload):
    """A buyer holds a membership from or until another moment than before. That its time is over is no event: `until`
    says it beforehand.
    """

    TYPE: ClassVar[str] = "kith.membership.changed.v1"
    TOPIC: ClassVar[Topic] = Topic.REWARDS

    program_id: Id
    membership: str = Field(description="Its name in the program.")
    customer_id: Id = Field(description="The buyer: a customer id, else a contact hash.")
    ambassador_id: Id | None = Field(None, description="Where the buyer is known as an ambassador of the program.")
    since: Moment | None = Field(None, description="Since when they hold it, or last held it; left out for never.")
    until: Moment | None = Field(None, description="The first moment at which they no longer do.")
    why: Literal["began", "extended", "shortened", "ended"] = Field(
        description="The first purchase; another one; one of several was undone; nothing is left of what was bought."
    )
    changed_at: Moment
    revision: int = Field(ge=1, description="Of this buyer's membership.")

    def subject(self) -> str:
        return self.customer_id
