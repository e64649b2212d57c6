"""Custom events: something a person did that is no order, as the store's server reports it, and who referred them.

They are called actions here, since an event is what travels. A report is one fact that never changes; it may be called
off once. A decision is one payload, the whole state, ordered by `revision`.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.events.conversions import Named, Winner
from contracts.events.tracking import Customer, TokenClaims, TokenProblem
from contracts.fields import Id, Moment
from contracts.program import EventName

CancelReason = Literal["undone", "mistake", "fraud", "other"]
"""Why an event does not count after all: the person took it back, the report was wrong, it was no honest one."""


class ActionFact(Payload):
    """Base of what a store reports of a custom event."""

    TOPIC: ClassVar[Topic] = Topic.ORDERS

    event_id: Id = Field(description="The store's own id of the event: reported twice it is one.")
    received_at: Moment

    def subject(self) -> str:
        return self.event_id


class ActionReported(ActionFact):
    """A person did something that is no order."""

    TYPE: ClassVar[str] = "kith.action.reported.v1"

    name: EventName
    happened_at: Moment
    customer: Customer = Customer()
    visitor_id: Id | None = None
    tokens: tuple[TokenClaims, ...] = ()
    token_problems: tuple[TokenProblem, ...] = Field((), description="Why tokens that came along prove no click.")
    codes: tuple[str, ...] = ()


class ActionCancelled(ActionFact):
    """The event does not count after all. Nothing brings it back."""

    TYPE: ClassVar[str] = "kith.action.cancelled.v1"

    reason: CancelReason


class Action(Payload):
    """The state of the decision on one event. Readers keep the highest revision and ignore the type."""

    TOPIC: ClassVar[Topic] = Topic.CONVERSIONS

    event_id: Id
    name: EventName
    revision: int = Field(ge=1)
    status: Literal["attributed", "unattributed", "rejected", "pending"]
    reason: str = Field(description="Machine word for why: of the winner, or of the last refusal.")
    cancelled: bool = False
    cancel_reason: CancelReason | None = None
    cancelled_at: Moment | None = Field(None, description="When it was called off, where it was.")
    settled_at: Moment | None = Field(None, description="Since when the winner is fixed.")
    happened_at: Moment
    decided_at: Moment
    friend_id: Id = Field(description="Who did it: a customer id, else a contact hash, else the event.")
    friend_contacts: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    event_number: int = Field(ge=1, description="1 for the friend's first event of this name that stands.")
    new_customer: bool = Field(False, description="Whether no order of theirs stood before it.")
    program_id: Id | None = None
    program_version: int | None = None
    ambassador_id: Id | None = None
    winner: Winner | None = None
    named: tuple[Named, ...] = Field(
        (), max_length=20, description="Whom proofs named, the best first, where nobody was found or it is undecided."
    )
    engine: str

    def subject(self) -> str:
        return self.event_id


class ActionAttributed(Action):
    """An ambassador was found."""

    TYPE: ClassVar[str] = "kith.action.attributed.v1"


class ActionRejected(Action):
    """Something named an ambassador, and every candidate was refused."""

    TYPE: ClassVar[str] = "kith.action.rejected.v1"


class ActionUnattributed(Action):
    """Nothing named an ambassador within its window."""

    TYPE: ClassVar[str] = "kith.action.unattributed.v1"


class ActionReversed(Action):
    """A decision that stood no longer does: the event was called off, or waits for a missing piece again."""

    TYPE: ClassVar[str] = "kith.action.reversed.v1"


class ActionSettled(Action):
    """The winner is fixed; from here on only a cancellation still counts."""

    TYPE: ClassVar[str] = "kith.action.settled.v1"
