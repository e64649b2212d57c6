"""What is given by hand, who may give how much alone, and the reward that it becomes. Pure."""

from datetime import date, datetime
from typing import Final, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from services.common.periods import Period, window
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.payouts.domain.terms import LOOSER_AFTER
from services.rewards.rules.domain import PayAs, Reason

Status = Literal["waiting", "granted", "refused"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
StepKind = Literal["asked", "granted", "approved", "refused", "taken_back"]
PERIODS: Final[tuple[Period, ...]] = get_args(Period)
MOST: Final = 1_000_000_000_000
"""The largest amount, in minor units or points, that is given at once."""


class GivingLimit(Struct, frozen=True):
    """How much in which period: minor units of a currency, or points. Nothing: all waits for a second principal."""

    amount_minor: int = 0
    period: Period = "month"

    def covers(self, other: "GivingLimit", day: date) -> bool:
        """Whether nothing that the other refuses on that day, or on a later one of its period, passes this one."""
        (first, last), (from_, to) = window(self.period, day), window(other.period, day)
        return self.amount_minor == 0 or (self.amount_minor <= other.amount_minor and first <= from_ and to <= last)

    def with_(self, other: "GivingLimit", day: date) -> "GivingLimit":
        """One that covers both on that day: the smaller amount, in the period that began first."""
        longer = min(
            (self, other), key=lambda one: (window(one.period, day)[0], -window(one.period, day)[1].toordinal())
        )
        return GivingLimit(min(self.amount_minor, other.amount_minor), longer.period)


class Terms(Struct, frozen=True, kw_only=True):
    """What one principal may give alone, of a currency or of points. Without any set: nothing."""

    unit: str
    limit: GivingLimit = GivingLimit()
    """The limit that was set last."""
    former: GivingLimit | None = None
    """The tighter one of before, which holds beside it until `looser_at`."""
    looser_at: datetime | None = None

    def limit_at(self, now: datetime, day: date) -> GivingLimit:
        """The limit that holds at a moment; `day` is that moment's where the store is."""
        if self.former is None or self.looser_at is None or now >= self.looser_at:
            return self.limit
        return self.limit.with_(self.former, day)

    def set_after(self, before: "Terms", *, now: datetime, day: date) -> "Terms":
        """These, with the moment from which their limit alone holds: at once, or a day later where it lets anything
        pass that the one which holds now does not. Setting the same again puts nothing off.
        """
        holds = before.limit_at(now, day)
        if self.limit.covers(holds, day):
            return replace(self, former=None, looser_at=None)
        if before.looser_at is not None and self.limit == before.limit:
            return replace(self, former=before.former, looser_at=before.looser_at)
        return replace(self, former=holds, looser_at=now + LOOSER_AFTER)


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
    expires_after_days: int | None = None
    """Whole days after the day on which it is granted; None for never."""


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
