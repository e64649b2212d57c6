"""Bodies of the rewards' API."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.rewards import RewardStatus
from services.common.money import in_units
from services.rewards.grants.domain.reward import Decider, Reward, Why
from services.rewards.rules.domain import POINTS, LineGift, PayAs, Side, SourceKind


class BeneficiaryOut(BaseModel):
    """Who gets it."""

    kind: Side
    id: str


class SourceOut(BaseModel):
    """What a reward is for."""

    kind: SourceKind = Field(
        description="order; event: something a friend did; period: a milestone; cashback; person: somebody"
        " of the store gave it."
    )
    id: str = Field(
        description="The order's id, the store's own of the event, the goodwill's; of a milestone, whose it is and what"
        " was reached; of cashback, which order reached what."
    )


class CalculationOut(BaseModel):
    """How the amount came about: the smaller of `want` and `bound`. In minor units, or points."""

    base: int = Field(description="What the rule gives before refunds, by the tier, its limit per order applied.")
    order_total_minor: int = Field(description="0 where the source is no order.")
    order_refunded_minor: int
    want: int = Field(description="base × (total − refunded) / total, rounded half up.")
    bound: int | None = Field(description="The most that budget and limits allowed; null if there are none.")
    refused: int = Field(
        description="What budget and limits refuse of `want`: where the program says `retry_capped`, it is given once"
        " there is room, the oldest purchase first."
    )


class LineGiftOut(BaseModel):
    """What a line of the order gives before limits and refunds, and by which of the rule's terms."""

    line_id: str | None
    product_id: str | None
    sku: str | None
    category: str | None
    amount_minor: int = Field(description="What the line costs, before refunds.")
    by: Literal["product", "category", "rule"] = Field(
        description="What won: a term that names the product, one that names the category, or the rule's own gift."
    )
    basis_points: int | None = Field(description="The share of the line, boosts included; null for a fixed amount.")
    boost_basis_points: int = Field(description="What boosts of the day added to it.")
    gives: int = Field(description="In minor units, or points. All lines add up to what the terms give.")

    @classmethod
    def of(cls, gift: LineGift, gives: int) -> Self:
        """As callers see it."""
        return cls(
            line_id=gift.line.line_id,
            product_id=gift.line.product_id,
            sku=gift.line.sku,
            category=gift.line.category,
            amount_minor=gift.line.amount_minor,
            by=gift.by,
            basis_points=gift.basis_points,
            boost_basis_points=gift.boost,
            gives=gives,
        )


class RewardOut(BaseModel):
    """What one side is owed, and for what."""

    id: str
    source: SourceOut
    order_id: str | None = Field(description="Null where the source is no order.")
    event_name: str | None = Field(description="Of a custom event; null where the source is none.")
    program_id: str
    program_version: int
    rule: str | None = Field(description="Null where no rule gave it.")
    level: int
    beneficiary: BeneficiaryOut
    ambassador_id: str | None = Field(
        description="Who brought the order: also for rewards of the friend and of sponsors. Null where nobody did."
    )
    sponsor_level: int | None = Field(
        None, description="Of a sponsor's: 1 for the sponsor of who brought the order, 2 for that one's."
    )
    kind: PayAs
    amount_minor: int | None = Field(description="What it is worth now, after refunds and caps; null for points.")
    points: int | None = Field(description="The same for points; null for money.")
    currency: str | None = Field(description="Null for points.")
    status: RewardStatus
    reason: str = Field(description="Machine word: granted, partly_refunded, capped_budget, cancelled …")
    note: str | None = Field(description="Why it was rejected or held back, in the words of who did.")
    placed_at: datetime
    granted_at: datetime | None
    settled_at: datetime | None
    available_at: datetime = Field(
        description="When it becomes available at the earliest: hold_days × 24 hours after the purchase, "
        "and not before the order settles."
    )
    released_at: datetime | None
    changed_at: datetime
    waits_for: Decider | None = Field(
        None, description="Whose word it waits for before it becomes available: a person's, or the store's server's."
    )
    waits_why: Why | None = Field(None, description="by_hand, flagged, unanswered, asked.")
    waits_since: datetime | None = None
    tier: str | None = Field(None, description="The tier that the ambassador was in at the first grant.")
    multiplier_basis_points: int | None = Field(
        None, description="What that multiplied it by; null where the program had no tiers, and for friends."
    )
    split: int | None = Field(
        None, description="Of a rule that is shared with the friend: the ambassador's part, in basis points."
    )
    calculation: CalculationOut

    @classmethod
    def of(cls, reward: Reward) -> Self:
        """As callers see it."""
        points = reward.unit == POINTS
        return cls(
            id=reward.reward_id,
            source=SourceOut(kind=reward.source_kind, id=reward.source_id),
            order_id=reward.order_id,
            event_name=reward.event_name,
            program_id=reward.program_id,
            program_version=reward.program_version,
            rule=reward.rule or None,
            level=reward.level,
            beneficiary=BeneficiaryOut(kind=reward.side, id=reward.beneficiary_id),
            ambassador_id=reward.brought_by,
            sponsor_level=reward.sponsor_level,
            kind=reward.pay_as,
            amount_minor=None if points else reward.target_minor,
            points=reward.target_minor if points else None,
            currency=None if points else reward.currency,
            status=reward.status,
            reason=reward.reason,
            note=reward.note,
            placed_at=reward.placed_at,
            granted_at=reward.granted_at,
            settled_at=reward.settled_at,
            available_at=reward.available_at,
            released_at=reward.released_at,
            changed_at=reward.changed_at,
            waits_for=reward.waits_for,
            waits_why=reward.waits_why,
            waits_since=reward.waits_since,
            tier=reward.tier,
            split=reward.split,
            multiplier_basis_points=reward.multiplier,
            calculation=CalculationOut(
                base=reward.base_minor,
                order_total_minor=reward.total_minor,
                order_refunded_minor=reward.refunded_minor,
                want=reward.want_minor,
                bound=reward.bound_minor,
                refused=reward.refused_minor,
            ),
        )

    def flat(self) -> dict[str, object]:
        """As a row of a spreadsheet."""
        row = self.model_dump(exclude={"source", "beneficiary", "calculation"})
        return row | {
            "source_kind": self.source.kind,
            "source_id": self.source.id,
            "beneficiary_kind": self.beneficiary.kind,
            "beneficiary_id": self.beneficiary.id,
            "amount": in_units(self.amount_minor, self.currency),
            "want": in_units(self.calculation.want, self.currency),
            "bound": in_units(self.calculation.bound, self.currency),
        }


class OneRewardOut(RewardOut):
    """A reward with what made it."""

    lines: list[LineGiftOut] = Field(
        description="What each line of the order gives, where the rule has terms for some goods; else empty."
    )


CSV_COLUMNS = (
    *("id", "order_id", "program_id", "program_version", "rule", "beneficiary_kind", "beneficiary_id"),
    *("ambassador_id", "ambassador_code", "kind", "amount", "points", "currency", "status", "reason", "want", "bound"),
    *("placed_at", "granted_at", "settled_at", "available_at", "released_at", "changed_at", "source_kind", "source_id"),
    *("tier", "multiplier_basis_points", "sponsor_level"),
)


class RejectIn(BaseModel):
    """Why a reward is refused."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500, description="For the store's own people; no event carries it.")


class ApproveIn(BaseModel):
    """Nothing needs to be said."""

    model_config = ConfigDict(extra="forbid")
