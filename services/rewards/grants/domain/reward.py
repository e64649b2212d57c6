"""A reward: what one beneficiary is owed for one thing, and every figure that its amount follows from. Pure.

That thing is its source: an order, of which a rule gives a share, a custom event, for which a rule gives an amount, a
milestone that an ambassador reached, what a buyer spent in all, or a person of the store, who gave it by hand.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from contracts.events.rewards import RewardStatus
from contracts.splits import WHOLE
from services.rewards.rules.domain import PayAs, Reason, Side, SourceKind

RewardKey = tuple[str, str, int, Side, str]
"""Program, rule, level, side, beneficiary: unique within a source."""

Decider = Literal["person", "store"]
"""Whose word a reward waits for: somebody who looks at it, or the store's own server."""
Why = Literal["by_hand", "flagged", "unanswered", "asked"]
"""Why it waits: the store approves each by hand, somebody wants it looked at, the store's server did not answer in
time; or that server is being asked.
"""


class Reward(Struct, frozen=True, kw_only=True):
    """The whole state of a reward. Amounts are minor units of `unit`, or points.

    `base_minor` is what the terms give before refunds, `want_minor` what is left of it after them, `bound_minor` the
    most that caps allowed when it last changed (None: no cap), `target_minor` the smaller of the two: what it is worth.
    `settled_minor` is what was left when the order settled (None before), and `want_minor` is never more.
    """

    store_id: str
    reward_id: str
    source_kind: SourceKind = "order"
    source_id: str
    """The order's id; of a custom event, the store's own of that; of what a person gave, the goodwill's; of a
    milestone, whose it is and what was reached; of a plan's target, whose it is and in which period; of cashback, which
    order reached what.
    """
    event_name: str | None = None
    """Of a custom event: its name."""
    order_revision: int
    """Of the order's state that it follows from; 0 where its source is none."""
    program_id: str
    program_version: int
    rule: str
    """Name of the rule that gives it; empty where none does, which no rule is called."""
    level: int
    side: Side
    beneficiary_id: str
    ambassador_id: str
    """Who brought the buyer, or, of a sponsor's, the sponsor; empty where nobody did. Limits count by it."""
    pay_as: PayAs
    unit: str
    currency: str
    placed_at: datetime
    day: date
    """Calendar day of the purchase, or of the gift, where the store is: periods of limits are made of it."""
    base_minor: int
    total_minor: int
    refunded_minor: int
    want_minor: int
    bound_minor: int | None
    target_minor: int
    reason: Reason
    revision: int
    settled_at: datetime | None
    available_at: datetime
    created_at: datetime
    granted_at: datetime | None
    """When its amount rose above zero for the first time."""
    changed_at: datetime
    approved_at: datetime | None = None
    released_at: datetime | None = None
    rejected_at: datetime | None = None
    settled_minor: int | None = None
    note: str | None = None
    """Why it was rejected, or is to be looked at, in the words of who did. No event carries it."""
    waits_for: Decider | None = None
    """Whose word stands before its release: it is not released before, however long that takes."""
    waits_why: Why | None = None
    waits_since: datetime | None = None
    tier: str | None = None
    """The tier that its ambassador was in at its first grant; None for none."""
    multiplier: int | None = None
    """By how many basis points that multiplied it; None where the program had no tiers."""
    won_by: str | None = None
    """Of a sponsor's: who brought the order, above whom the beneficiary stands `level` levels; `ambassador_id` is the
    sponsor. None of all others.
    """
    sponsor_active: bool | None = None
    """Whether the sponsor counted as active when this was first decided; None where the rule did not ask."""
    split: int | None = None
    """Of a rule that is shared with the friend: the ambassador's part in basis points, the rest is the friend's."""
    granted_by: int | None = None
    """Number of the posting set that last raised it: corrections name it."""
    lot_id: str | None = None
    """In which lot it lies, once points or store credit are released."""
    plan_target: int | None = None
    """Of a plan's target, as it was when the reward last changed: the target, None where it was taken away; what of it
    there was; and what was sold in the period, in minor units of `currency`.
    """
    plan_counted: int | None = None
    plan_sold: int | None = None

    @property
    def key(self) -> RewardKey:
        """Program, rule, level, side, beneficiary."""
        return self.program_id, self.rule, self.level, self.side, self.beneficiary_id

    @property
    def counted(self) -> bool:
        """Whether limits by number count it. What is shared counts once: the friend's part, which has the odd cent."""
        return self.side == "friend" or self.split is None or self.split == WHOLE

    @property
    def sponsor_level(self) -> int | None:
        """How many levels its sponsor stands above who brought the order; None of who is no sponsor."""
        return None if self.won_by is None else self.level

    @property
    def brought_by(self) -> str | None:
        """Who brought the order or did what it is for; None where nobody did."""
        return self.won_by or self.ambassador_id or None

    @property
    def order_id(self) -> str | None:
        """The order that it is for; None where it is for none."""
        return self.source_id if self.source_kind == "order" else None

    @property
    def status(self) -> RewardStatus:
        """Where it stands. `rejected` with amount 0 and no `rejected_at` means that a cap left nothing, so far."""
        if self.rejected_at is not None:
            return "rejected"
        if self.target_minor == 0:
            return "rejected" if self.granted_at is None else "reversed"
        if self.released_at is not None:
            return "available"
        return "pending" if self.approved_at is None else "approved"

    @property
    def refused_minor(self) -> int:
        """What caps refuse of what it wants."""
        return self.want_minor - self.target_minor

    @property
    def decided(self) -> bool:
        """Whether nothing is left to be decided about it: it is released, or refused for good."""
        return self.released_at is not None or self.rejected_at is not None

    @property
    def basis(self) -> Mapping[str, int | str | None]:
        """What the amount follows from, as it is written into the ledger."""
        if self.source_kind == "event":
            return {
                "base": self.base_minor,
                "bound": self.bound_minor,
                "event": self.source_id,
                "event_name": self.event_name,
                "event_revision": self.order_revision,
                "program_version": self.program_version,
                "reason": str(self.reason),
                "rule": self.rule,
                "target": self.target_minor,
                "want": self.want_minor,
            }
        if self.source_kind in ("period", "cashback"):
            return {
                "base": self.base_minor,
                "bound": self.bound_minor,
                self._counted_as: self.source_id,
                "program_version": self.program_version,
                "reason": str(self.reason),
                "rule": self.rule,
                "target": self.target_minor,
                "want": self.want_minor,
                **self._plan,
            }
        if self.source_kind == "person":
            return {
                "bound": self.bound_minor,
                "goodwill": self.source_id,
                "program_version": self.program_version,
                "reason": str(self.reason),
                "target": self.target_minor,
            }
        return {
            "base": self.base_minor,
            "bound": self.bound_minor,
            "order": self.source_id,
            "order_revision": self.order_revision,
            "program_version": self.program_version,
            "reason": str(self.reason),
            "refunded": self.refunded_minor,
            "rule": self.rule,
            "target": self.target_minor,
            "total": self.total_minor,
            "want": self.want_minor,
            **self._frozen,
        }

    @property
    def _frozen(self) -> Mapping[str, int | str | None]:
        """What was fixed at its first decision, where there is any."""
        found: dict[str, int | str | None] = {}
        if self.multiplier is not None:
            found |= {"tier": self.tier, "multiplier": self.multiplier}
        if self.split is not None:
            found["split"] = self.split
        if self.won_by is not None:
            found |= {"level": self.level, "won_by": self.won_by}
        return found

    @property
    def _counted_as(self) -> str:
        if self.source_kind == "cashback":
            return "cashback"
        return "milestone" if self.plan_counted is None else "plan"

    @property
    def _plan(self) -> Mapping[str, int | None]:
        if self.plan_counted is None:
            return {}
        return {"counted": self.plan_counted, "plan_target": self.plan_target, "sold": self.plan_sold}


class Change(Struct, frozen=True):
    """A reward before and after a decision; `before` is None where it comes into being."""

    before: Reward | None
    after: Reward

    @property
    def difference(self) -> int:
        """What has to be posted."""
        return self.after.target_minor - (self.before.target_minor if self.before else 0)

    @property
    def worth_announcing(self) -> bool:
        """Whether others learn of it: only of rewards that were ever worth something, and only if they see a change."""
        before, after = self.before, self.after
        if after.granted_at is None:
            return False
        return before is None or _seen(before) != _seen(after)


def _seen(reward: Reward) -> tuple[object, ...]:
    return (
        reward.granted_at,
        reward.target_minor,
        reward.status,
        reward.available_at,
        reward.program_version,
        reward.brought_by,
        reward.placed_at,
        reward.split,
    )
