"""Bodies of the memberships' API."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.rewards.memberships.actions import Holding
from services.rewards.memberships.domain import Purchase, Span


class PurchaseSourceOut(BaseModel):
    """What bought a membership."""

    kind: Literal["order", "event"]
    id: str = Field(description="The order's id, or the store's own of the event.")


class PurchaseOut(BaseModel):
    """One purchase, and the time that it is good for."""

    source: PurchaseSourceOut
    bought_at: datetime
    ended_at: datetime | None = Field(description="When it was undone: cancelled, called off, or refunded in full.")
    since: datetime | None = Field(description="Null where it was undone before it began to run.")
    until: datetime | None = Field(description="The first moment at which it is good no longer.")

    @classmethod
    def of(cls, purchase: Purchase, spans: Iterable[Span]) -> Self:
        """As callers see it."""
        span = next((one for one in spans if one.purchase is purchase), None)
        return cls(
            source=PurchaseSourceOut(kind=purchase.kind, id=purchase.source_id),
            bought_at=purchase.bought_at,
            ended_at=purchase.ended_at,
            since=None if span is None else span.since,
            until=None if span is None else span.until,
        )


class MembershipOut(BaseModel):
    """A membership of a program, of somebody who has bought it."""

    program_id: str
    name: str
    active: bool = Field(description="Whether they hold it now.")
    since: datetime | None = Field(description="Since when without a gap, or when they last held it; null for never.")
    until: datetime | None = Field(description="The first moment at which they no longer hold it.")
    purchases: list[PurchaseOut] = Field(description="The oldest first.")

    @classmethod
    def of(cls, holding: Holding, now: datetime) -> Self:
        """As callers see it."""
        held = holding.held
        return cls(
            program_id=holding.program_id,
            name=holding.membership,
            active=any(span.since <= now < span.until for span in holding.spans),
            since=None if held is None else held.since,
            until=None if held is None else held.until,
            purchases=[PurchaseOut.of(one, holding.spans) for one in holding.purchases],
        )


class MembershipsOut(BaseModel):
    """What somebody has bought, by program and membership."""

    data: list[MembershipOut]
