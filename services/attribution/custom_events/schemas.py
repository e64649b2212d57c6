"""What stores send about custom events, and what they are answered."""

from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from contracts.events.actions import CancelReason
from contracts.events.conversions import Winner
from contracts.program import FRIEND_JOINED, EventName
from services.attribution.custom_events.domain import PREFIX
from services.attribution.custom_events.sql.events import EventRow
from services.attribution.decisions.schemas.out import CandidateOut, CheckOut, Status
from services.attribution.orders.schemas import ORDER_ID, Incoming, OwnId
from services.attribution.tracking.domain import known_customer
from services.common.reasons import reason_text
from services.kernel.http.fields import Blank, NoBlanks, When
from services.ui import Speech

EventId = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=ORDER_ID, description="The store's own id of the event."),
]


class DoerIn(Incoming):
    """Who did it. Addresses and numbers are hashed at once and kept nowhere."""

    id: Annotated[OwnId | None, BeforeValidator(known_customer), Blank] = Field(
        None, description="The store's own customer id. What stands for any guest (0, null, guest) is as none."
    )
    email: Annotated[str, Field(max_length=320)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None


def _reported_by_the_store(name: str) -> str:
    if name == FRIEND_JOINED:
        raise ValueError(f"{FRIEND_JOINED} is no event to report: it is found out here, from those who join")
    return name


def _no_id_of_ours(event_id: str) -> str:
    if event_id.startswith(PREFIX):
        raise ValueError(f"ids that begin with {PREFIX} are those of friends who joined; give the event another one")
    return event_id


class EventIn(Incoming):
    """Something that a person did and that is no order: a sign-up, a trial, a survey."""

    event_id: Annotated[EventId, AfterValidator(_no_id_of_ours)]
    name: Annotated[EventName, AfterValidator(_reported_by_the_store)] = Field(
        description="`signup`, `trial.started`: programs have rules for names."
    )
    happened_at: When
    customer: DoerIn = Field(description="Somebody: an id, an address or a number, one of them at least.")
    token: Annotated[Annotated[str, Field(max_length=2048)] | None, Blank] = Field(
        None, description="The click token that kith.js keeps."
    )
    tokens: Annotated[tuple[Annotated[str, Field(max_length=2048)], ...], NoBlanks] = Field((), max_length=20)
    visitor_id: Annotated[Annotated[str, Field(min_length=1, max_length=200)] | None, Blank] = None
    codes: Annotated[tuple[Annotated[str, Field(max_length=256)], ...], NoBlanks] = Field((), max_length=20)


class EventCancelIn(Incoming):
    """Calls an event off, for good."""

    reason: CancelReason = Field(description="`undone` by the person, a `mistake` of the report, `fraud`, or `other`.")


class EventAccepted(BaseModel):
    """The fact is safe; what follows from it can be read a moment later."""

    event_id: str
    status: Literal["accepted"] = "accepted"
    duplicate: bool = Field(False, description="Whether this was reported before; then nothing has changed.")


class EventDecisionOut(BaseModel):
    """Who referred the person, and why."""

    status: Status
    reason: str
    text: str = Field(description="The reason in the language of Accept-Language.")
    revision: int
    decided_at: datetime
    settled_at: datetime | None = Field(description="Since when it is fixed.")
    settles_at: datetime | None = Field(description="When it may settle, if nothing changes.")
    pending: tuple[str, ...] = ()
    friend_id: str
    event_number: int = Field(description="1 for the friend's first event of this name that stands.")
    new_customer: bool
    ambassador_id: str | None = None
    program_id: str | None = None
    program_version: int | None = None
    order_id: str | None = Field(None, description="Of `friend.joined`: the order by which the friend was brought.")
    winner: Winner | None = None
    candidates: tuple[CandidateOut, ...] = ()
    candidates_total: int = 0
    checks: tuple[CheckOut, ...] = ()


class EventOut(BaseModel):
    """A custom event with its decision."""

    event_id: str
    name: str
    happened_at: datetime
    received_at: datetime
    cancelled_at: datetime | None
    cancel_reason: CancelReason | None
    decision: EventDecisionOut | None = Field(description="Null for the moment in which nothing is decided yet.")

    @classmethod
    def of(cls, row: EventRow, speech: Speech) -> "EventOut":
        """As callers see it."""
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "decision"}
        return cls(**fields, decision=_decision(row, speech))


def _decision(row: EventRow, speech: Speech) -> EventDecisionOut | None:
    if row.decision is None or row.decided_at is None:
        return None
    body: dict[str, Any] = orjson.loads(row.decision)
    reviewed = {name: [_worded(one, speech) for one in body[name]] for name in ("candidates", "checks")}
    return EventDecisionOut.model_validate(
        body
        | reviewed
        | {
            "event_number": body["number"],
            "text": reason_text(body["reason"], speech),
            "revision": row.revision,
            "decided_at": row.decided_at,
            "settled_at": row.settled_at,
            "settles_at": row.settle_at if row.settled_at is None else None,
        }
    )


def _worded(one: dict[str, Any], speech: Speech) -> dict[str, Any]:
    return one | {"text": reason_text(one["reason"], speech) if one.get("reason") else ""}
