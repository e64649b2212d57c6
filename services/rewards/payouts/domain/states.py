"""A payout's states, and how it moves from one to the next. Pure.

draft → approved → (submitting →) submitted → in transit → paid. Money is set aside from the draft on. What was sent and
not answered is *unknown*, and stays so until somebody knows: nothing is ever sent again under another key.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from contracts.events.payouts import PayoutStatus
from services.rewards.destinations.domain import Method
from services.rewards.ledger.domain import Movement
from services.rewards.providers.domain.port import KINDS, Kind
from services.rewards.providers.domain.port import METHODS as PAID_BY_CALL

Provider = Literal["manual", "csv", "bank_file", "http", "paypal"]
PROVIDERS: Final[tuple[Provider, ...]] = get_args(Provider)
BY_CALL: Final[Mapping[Provider, Kind]] = {kind: kind for kind in KINDS}
"""Providers that are called; of the others a person reports what became of payouts."""
METHODS_OF: Final[Mapping[Provider, frozenset[Method]]] = {
    "manual": frozenset(get_args(Method)),
    "csv": frozenset(get_args(Method)),
    "bank_file": frozenset({"iban"}),
    "http": PAID_BY_CALL["http"],
    "paypal": PAID_BY_CALL["paypal"],
}
"""Where a provider can send money to."""

LIVE: Final[tuple[PayoutStatus, ...]] = ("draft", "approved", "submitting", "submitted", "in_transit", "unknown")
UNSENT: Final[frozenset[PayoutStatus]] = frozenset({"draft", "approved"})
SENT: Final[frozenset[PayoutStatus]] = frozenset({"submitting", "submitted", "in_transit", "unknown"})

_FROM: Final[Mapping[PayoutStatus, frozenset[PayoutStatus]]] = {
    "approved": frozenset({"draft"}),
    "cancelled": UNSENT,
    "submitting": frozenset({"approved"}),
    "submitted": frozenset({"approved", "submitting", "unknown"}),
    "in_transit": frozenset({"submitting", "submitted", "unknown"}),
    "unknown": frozenset({"submitting"}),
    "paid": SENT,
    "failed": SENT,
    "returned": SENT | {"paid"},
}
_BEHIND: Final[Mapping[PayoutStatus, frozenset[PayoutStatus]]] = {
    "submitted": frozenset({"in_transit", "paid", "returned", "failed"}),
    "in_transit": frozenset({"paid", "returned", "failed"}),
    "unknown": frozenset({"submitted", "in_transit", "paid", "returned", "failed"}),
    "failed": frozenset({"returned"}),
}
"""Changes that came too late: the payout is further already. `failed` of what came back is the same change again: a
bank's list that brought a paid one back may be given twice.
"""


class Impossible(ValueError):
    """A payout that stands there cannot come to be that."""


class Payout(Struct, frozen=True, kw_only=True):
    """The whole state of a payout."""

    store_id: str
    payout_id: str
    batch_id: str
    ambassador_id: str
    currency: str
    amount_minor: int
    destination_id: str
    method: Method
    provider: Provider
    status: PayoutStatus
    reason: str | None = None
    reference: str | None = None
    """What whoever paid calls it."""
    fee_minor: int | None = None
    """What that cost, as it was reported: for the accountant, it moves nothing."""
    revision: int = 1
    after_number: int
    reserve_number: int
    last_number: int
    prepared_at: datetime
    sent_at: datetime | None = None
    changed_at: datetime

    @property
    def key(self) -> str:
        """What a provider knows it by, for good: there is one try to send a payout, and one key."""
        return self.payout_id


class StatusChange(Struct, frozen=True, kw_only=True):
    """What somebody says became of a payout."""

    status: PayoutStatus
    reason: str | None = None
    reference: str | None = None
    fee_minor: int | None = None


def moved(payout: Payout, change: StatusChange, *, now: datetime) -> tuple[Payout, Movement | None] | None:
    """The payout after the change, and what moves in the books. None where it changes nothing: it is so already, or
    further. Raises `Impossible`.

    Of what was paid, `failed` means that it came back.
    """
    status: PayoutStatus = "returned" if payout.status == "paid" and change.status == "failed" else change.status
    if status == payout.status or payout.status in _BEHIND.get(status, ()):
        return None
    if payout.status not in _FROM.get(status, ()):
        raise Impossible(f"{payout.payout_id} is {payout.status} and cannot become {status}")
    after = replace(
        payout,
        status=status,
        reason=change.reason,
        reference=change.reference or payout.reference,
        fee_minor=payout.fee_minor if change.fee_minor is None else change.fee_minor,
        revision=payout.revision + 1,
        sent_at=now if payout.status == "approved" and status in SENT else payout.sent_at,
        changed_at=now,
    )
    return after, _movement(payout.status, status)


def _movement(before: PayoutStatus, after: PayoutStatus) -> Movement | None:
    if after == "paid":
        return Movement.PAY_OUT
    if after == "returned" and before == "paid":
        return Movement.RETURN
    return Movement.UNRESERVE if after in ("cancelled", "failed", "returned") else None
