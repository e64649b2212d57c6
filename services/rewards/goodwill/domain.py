"""What is given by hand, who may give how much alone, and the reward that it becomes. Pure."""

from datetime import date, datetime
from typing import Final, Literal, get_args

from msgspec import Struct

from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.rules.domain import PayAs, Period, Reason

Status = Literal["waiting", "granted", "refused"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
StepKind = Literal["asked", "granted", "approved", "refused", "taken_back"]
PERIODS: Final[tuple[Period, ...]] = get_args(Period)
MOST: Final = 1_000_000_000_000
"""The largest amount, in minor units or points, that is given at once."""


class Terms(Struct, frozen=True, kw_only=True):
    """What one principal may give alone, of a currency or of points. Without any set: nothing."""

    unit: str
    limit_minor: int = 0
    period: Period = "month"

    def needs_second(self, amount_minor: int, *, given: int) -> bool:
        """Whether that much more waits for somebody else, where one has `given` so much alone in this period."""
        return given + amount_minor > self.limit_minor


class Goodwill(Struct, frozen=True, kw_only=True):
    """Something given by hand, or asked for. Amounts are minor units of `unit`, or points."""

    store_id: str
    goodwill_id: str
    ambassador_id: str
    program_id: str
    pay_as: PayAs
    unit: str
    currency: str
    amount_minor: int
    reason: str
    """In the words of who made it. Empty once the ambassador was erased."""
    status: Status
    made_by: str
    """Id of the principal."""
    made_at: datetime
    day: date
    """Where the store is: periods of limits are made of it."""
    unaided: bool
    """Granted at once, within the limit of who made it. Only this counts against that limit."""
    decided_by: str | None = None
    decided_at: datetime | None = None
    reward_id: str | None = None
    left_minor: int = 0
    """What its reward is worth now."""


class Step(Struct, frozen=True, kw_only=True):
    """A moment of its life."""

    kind: StepKind
    amount_minor: int
    reason: str | None
    actor_kind: str
    actor_id: str
    at: datetime


def reward_of(goodwill: Goodwill, *, reward_id: str, program_version: int, room: int | None, now: datetime) -> Change:
    """The reward that it becomes. Nothing about it can change by itself any more, so that it is settled at once.

    `room` is what the program's budget has left; None where it has none.
    """
    amount = goodwill.amount_minor
    reward = Reward(
        store_id=goodwill.store_id,
        reward_id=reward_id,
        source_kind="person",
        source_id=goodwill.goodwill_id,
        order_revision=0,
        program_id=goodwill.program_id,
        program_version=program_version,
        rule="",
        level=1,
        side="ambassador",
        beneficiary_id=goodwill.ambassador_id,
        ambassador_id=goodwill.ambassador_id,
        pay_as=goodwill.pay_as,
        unit=goodwill.unit,
        currency=goodwill.currency,
        placed_at=now,
        day=goodwill.day,
        base_minor=amount,
        total_minor=0,
        refunded_minor=0,
        want_minor=amount,
        bound_minor=room,
        target_minor=amount,
        reason=Reason.GOODWILL,
        revision=1,
        settled_at=now,
        available_at=now,
        created_at=now,
        granted_at=now,
        changed_at=now,
        settled_minor=amount,
    )
    return Change(None, reward)
