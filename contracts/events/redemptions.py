"""Redemptions: what was redeemed for points or store credit. The whole state, ordered by `revision`."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.fields import Currency, Id, Minor, Moment


class Redemption(Payload):
    """A redemption, with its item as it was when it was redeemed."""

    TOPIC: ClassVar[Topic] = Topic.REWARDS

    redemption_id: Id
    revision: int = Field(ge=1)
    ambassador_id: Id
    program_id: Id
    item_id: Id
    item_version: int
    item_name: str
    kind: str = Field(description="discount, goods or service. Other kinds may follow.")
    points: int | None = Field(None, description="What it cost, in points.")
    amount_minor: Minor | None = Field(None, description="What it cost of store credit.")
    currency: Currency | None = None
    tier: str | None = Field(None, description="The tier by which it cost that.")
    code: str | None = Field(None, description="The code that was given: of a pool, good once.")
    status: Literal["requested", "fulfilled", "cancelled", "returned"]
    requested_at: Moment
    changed_at: Moment

    def subject(self) -> str:
        return self.redemption_id


class RedemptionRequested(Redemption):
    """It was redeemed, and waits for the store."""

    TYPE: ClassVar[str] = "kith.redemption.requested.v1"


class RedemptionFulfilled(Redemption):
    """It was sent or done; of a coupon: its code was given."""

    TYPE: ClassVar[str] = "kith.redemption.fulfilled.v1"


class RedemptionCancelled(Redemption):
    """It came to nothing before it was fulfilled: what it cost was given back."""

    TYPE: ClassVar[str] = "kith.redemption.cancelled.v1"


class RedemptionReturned(Redemption):
    """It came back after it was fulfilled: what it cost was given back, and its code, if any, is void."""

    TYPE: ClassVar[str] = "kith.redemption.returned.v1"
