"""Payouts: money on its way to an ambassador, and where it goes. One payload of a payout, the whole state, ordered by
`revision`. No account, no name: whoever needs them asks rewards.
"""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.fields import Currency, Id, Minor, Moment

PayoutStatus = Literal[
    "draft", "approved", "submitting", "submitted", "in_transit", "unknown", "paid", "failed", "returned", "cancelled"
]


class Payout(Payload):
    """One payout: what an ambassador had available when it was prepared."""

    TOPIC: ClassVar[Topic] = Topic.REWARDS

    payout_id: Id
    revision: int = Field(ge=1)
    batch_id: Id
    ambassador_id: Id
    amount_minor: Minor
    currency: Currency
    method: str = Field(description="iban, paypal, wallet or other.")
    provider: str = Field(description="By what it is sent: manual, csv, bank_file, http or paypal.")
    status: PayoutStatus
    reason: str | None = None
    prepared_at: Moment
    changed_at: Moment

    def subject(self) -> str:
        return self.payout_id


class PayoutPrepared(Payout):
    """Money was set aside for it."""

    TYPE: ClassVar[str] = "kith.payout.prepared.v1"


class PayoutApproved(Payout):
    """It may be sent."""

    TYPE: ClassVar[str] = "kith.payout.approved.v1"


class PayoutSubmitted(Payout):
    """It is with whoever pays: told to, taken, or on its way (`status` says which)."""

    TYPE: ClassVar[str] = "kith.payout.submitted.v1"


class PayoutUnanswered(Payout):
    """It was sent and nobody knows yet whether it arrived; it is looked up until somebody does."""

    TYPE: ClassVar[str] = "kith.payout.unanswered.v1"


class PayoutCompleted(Payout):
    """It was paid."""

    TYPE: ClassVar[str] = "kith.payout.completed.v1"


class PayoutFailed(Payout):
    """It was not paid; the money is available again."""

    TYPE: ClassVar[str] = "kith.payout.failed.v1"


class PayoutReturned(Payout):
    """It was paid and came back; the money is available again."""

    TYPE: ClassVar[str] = "kith.payout.returned.v1"


class PayoutCancelled(Payout):
    """It was called off before it was sent; the money is available again."""

    TYPE: ClassVar[str] = "kith.payout.cancelled.v1"


class DestinationChanged(Payload):
    """An ambassador said where their money goes from now on: whoever reaches them tells them so, in case it was not
    them.
    """

    TYPE: ClassVar[str] = "kith.destination.changed.v1"
    TOPIC: ClassVar[Topic] = Topic.REWARDS

    ambassador_id: Id
    destination_id: Id
    method: str = Field(description="iban, paypal, wallet or other.")
    is_first: bool = Field(description="They had none before.")
    usable_at: Moment = Field(description="Nothing is paid there before.")
    changed_at: Moment

    def subject(self) -> str:
        return self.ambassador_id
