"""Appeals: an ambassador said that a decision is wrong, and the store answered. Nobody's words are in here."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.fields import Id, Moment


class AppealAnswered(Payload):
    """The store answered an appeal, once and for all. The ambassador reads the words at the portal."""

    TYPE: ClassVar[str] = "kith.appeal.answered.v1"
    TOPIC: ClassVar[Topic] = Topic.CONVERSIONS

    appeal_id: Id
    ambassador_id: Id
    kind: Literal["wrong", "missing"]
    friend_number: int | None = Field(None, ge=1, description="The ambassador's own number of the friend.")
    order_id: Id | None = Field(None, description="The order that was meant, as far as that is known.")
    verdict: Literal["accepted", "refused"]
    outcome: Literal["attributed", "stands", "goodwill", "nothing"] = Field(
        description="Of an accepted appeal: the order counts as the ambassador's now, or did already, or nothing can be"
        " decided any more and the store mends it by goodwill. Of a refused one: nothing."
    )
    opened_at: Moment
    answered_at: Moment

    def subject(self) -> str:
        return self.appeal_id
