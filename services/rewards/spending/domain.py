"""What somebody spends of their points or store credit: what for, how much, and how it stands. Pure.

A spend begins as `reserved`, and ends as `captured` (used, some of it perhaps returned later) or as `released` (nothing
of it was used).
"""

from datetime import datetime
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from services.kernel.errors import Conflict
from services.rewards.ledger.domain import Movement, Posting, spend_step
from services.rewards.lots.domain import Holder

EXPIRY_JOB: Final = "spend-expiry"

PurposeKind = Literal["order", "cart", "redemption"]
Status = Literal["reserved", "captured", "released"]


class Purpose(NamedTuple):
    """What is paid for: an order or a cart by the store's own id, or a redemption. Of each, one spend at most lives."""

    kind: PurposeKind
    id: str


class Spend(Struct, frozen=True, kw_only=True):
    """A spend as it stands. Amounts are minor units of the holder's currency, or points."""

    spend_id: str
    holder: Holder
    purpose: Purpose
    amount: int
    """What was reserved at first."""
    captured: int = 0
    given_back: int = 0
    """How much of `captured` was returned."""
    status: Status = "reserved"
    number: int
    """Of the set by which it was reserved. The lots that it came of are that set's, the oldest-expiring first."""
    reserved_at: datetime
    expires_at: datetime | None
    """When it is released, unless it was captured before; None for never."""
    ended_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether something is reserved or used by it: not where it was released, or given back in whole."""
        return self.status == "reserved" or self.used > 0

    @property
    def reserved(self) -> int:
        """What is set aside now."""
        return self.amount if self.status == "reserved" else 0

    @property
    def used(self) -> int:
        """What is spent now."""
        return self.captured - self.given_back

    def posting(self, movement: Movement, amount: int, *, step: str) -> Posting:
        """The set by which so much of it moves on, or back."""
        holder = self.holder
        return spend_step(
            movement,
            store_id=holder.store_id,
            side=holder.side,
            beneficiary_id=holder.owner,
            unit=holder.unit,
            amount=amount,
            corrects=self.number if movement in (Movement.LET_GO, Movement.GIVE_BACK) else None,
            basis={"spend": self.spend_id, "for": self.purpose.kind, "of": self.purpose.id, "step": step},
        )


class NotEnough(Conflict):
    """There is less than somebody wants to spend."""

    code = "not_enough"

    def __init__(self, spendable: int) -> None:
        super().__init__(
            f"Only {spendable} can be spent now: reserve that much or less.", members={"spendable": str(spendable)}
        )
        self.spendable = spendable
