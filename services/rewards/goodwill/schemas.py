"""Bodies of goodwill's API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from contracts.expiry import LONGEST_DAYS
from contracts.fields import Currency
from services.common.money import in_units
from services.common.periods import Period
from services.kernel.errors import Invalid
from services.rewards.goodwill.actions.give import Wish
from services.rewards.goodwill.domain import MOST, GivingLimit, Goodwill, Status, Step, StepKind, Terms
from services.rewards.rules.domain import POINTS, PayAs

_IN = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
Amount = Annotated[int, Field(gt=0, le=MOST, strict=True)]
Words = Annotated[str, Field(min_length=1, max_length=500)]


class GoodwillIn(BaseModel):
    """What to give an ambassador: an amount of money with its currency, or points."""

    model_config = _IN | ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ambassador_id": "amb_01k9x0p7v1x5z9c3e7g1j5m9q3",
                    "amount_minor": 1500,
                    "currency": "EUR",
                    "reason": "Helped three customers in our forum.",
                }
            ]
        }
    )

    ambassador_id: str = Field(min_length=1, max_length=255)
    amount_minor: Amount | None = Field(None, description="Money, in minor units; with `currency`.")
    currency: Currency | None = Field(None, description="The one in which the ambassador's program pays.")
    points: Amount | None = Field(None, description="Points, instead of money.")
    pay_as: Literal["cash", "store_credit"] = Field("cash", description="What money is given as.")
    reason: Words = Field(description="For the store's own people; no event carries it.")
    expires_after_days: int | None = Field(
        None,
        ge=0,
        le=LONGEST_DAYS,
        strict=True,
        description="Whole days after the day of the grant in which store credit or points can be used; 0 for never."
        " Left out: as the program's `goodwill_expires_after_days` says.",
    )

    def wish(self) -> Wish:
        """As the action takes it. Raises `Invalid` if it is neither money nor points, or both."""
        if (self.amount_minor is None) == (self.points is None):
            raise Invalid.field(
                "amount_minor", "Give either amount_minor with its currency, or points.", code="missing"
            )
        if (self.amount_minor is None) != (self.currency is None):
            raise Invalid.field("currency", "Say the currency of amount_minor; points have none.", code="missing")
        return Wish(
            ambassador_id=self.ambassador_id,
            pay_as="points" if self.points is not None else self.pay_as,
            unit=self.currency or POINTS,
            amount_minor=self.amount_minor or self.points or 0,
            reason=self.reason,
            expires_after_days=self.expires_after_days,
        )


class RefuseIn(BaseModel):
    """Why it is refused, if there is something to say."""

    model_config = _IN

    reason: Annotated[str, Field(max_length=500)] | None = Field(None, description="For the store's own people.")


class TakeBackIn(BaseModel):
    """How much of it to take back, and why."""

    model_config = _IN | ConfigDict(json_schema_extra={"examples": [{"amount": 500, "reason": "Given twice."}]})

    amount: Amount | None = Field(
        None, description="Minor units of its currency, or points. Left out: all that is left."
    )
    reason: Words = Field(description="For the store's own people; no event carries it.")


class GoodwillOut(BaseModel):
    """Something given by hand, or asked for."""

    id: str
    ambassador_id: str
    program_id: str
    kind: PayAs
    amount_minor: int | None = Field(description="Null for points.")
    points: int | None = Field(description="Null for money.")
    currency: str | None = Field(description="Null for points.")
    left: int = Field(description="What its reward is worth now, in minor units or points.")
    reason: str = Field(description="Empty once the ambassador was erased.")
    status: Status = Field(description="waiting (for a second principal), granted or refused.")
    made_by: str = Field(description="Id of the principal: a key, or the key that opened a session of the console.")
    made_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reward_id: str | None = Field(description="The reward that it became.")
    expires_after_days: int | None = Field(
        None, description="Whole days after the day of the grant; null where it never expires."
    )

    @classmethod
    def of(cls, one: Goodwill) -> Self:
        """As callers see it."""
        points = one.unit == POINTS
        return cls(
            id=one.goodwill_id,
            ambassador_id=one.ambassador_id,
            program_id=one.program_id,
            kind=one.pay_as,
            amount_minor=None if points else one.amount_minor,
            points=one.amount_minor if points else None,
            currency=None if points else one.unit,
            left=one.left_minor,
            reason=one.reason,
            status=one.status,
            made_by=one.made_by,
            made_at=one.made_at,
            decided_by=one.decided_by,
            decided_at=one.decided_at,
            reward_id=one.reward_id,
            expires_after_days=one.expires_after_days,
        )

    def flat(self) -> dict[str, object]:
        """As a row of a spreadsheet: money in units, points as they are."""
        return self.model_dump() | {
            "amount": in_units(self.amount_minor, self.currency),
            "left": in_units(self.left, self.currency),
        }


CSV_COLUMNS = (
    *("id", "ambassador_id", "ambassador_code", "program_id", "kind", "amount", "points", "currency", "left", "reason"),
    *("status", "made_by", "made_at", "decided_by", "decided_at", "reward_id", "expires_after_days"),
)


class StepOut(BaseModel):
    """A moment of its life."""

    kind: StepKind
    amount: int = Field(description="What it was about, in minor units or points.")
    reason: str | None
    by: str = Field(description="Id of the principal.")
    at: datetime

    @classmethod
    def of(cls, step: Step) -> Self:
        """As callers see it."""
        return cls(kind=step.kind, amount=step.amount_minor, reason=step.reason, by=step.actor_id, at=step.at)


class GoodwillLifeOut(GoodwillOut):
    """One with its life, oldest first."""

    life: list[StepOut]

    @classmethod
    def whole(cls, one: Goodwill, steps: Sequence[Step]) -> Self:
        """As callers see it."""
        return cls(**GoodwillOut.of(one).model_dump(), life=[StepOut.of(step) for step in steps])


class TermsIn(BaseModel):
    """What one principal may give alone."""

    model_config = _IN | ConfigDict(json_schema_extra={"examples": [{"limit": 10000, "period": "month"}]})

    limit: Annotated[int, Field(ge=0, le=MOST, strict=True)] = Field(
        description="Minor units of the currency, or points, per period. 0: all of it waits for a second principal."
        " Looser than before, it holds after 24 hours; the first one is."
    )
    period: Period = Field("month", description="Whole days, weeks (from Monday), months or years where the store is.")


class TermsOut(BaseModel):
    """What one principal may give alone, of a currency or of points."""

    unit: str = Field(description="A currency, or points.")
    limit: int = Field(description="As it was set.")
    period: Period
    limit_holds: int = Field(description="The limit that holds now.")
    period_holds: Period
    limit_from: datetime | None = Field(
        description="Since when, or from when, what was set holds, where it was looser than before."
    )

    @classmethod
    def of(cls, terms: Terms, holds: GivingLimit) -> Self:
        """As callers see it; `holds` is the limit that holds now."""
        return cls(
            unit=terms.unit,
            limit=terms.limit.amount_minor,
            period=terms.limit.period,
            limit_holds=holds.amount_minor,
            period_holds=holds.period,
            limit_from=terms.looser_at,
        )


class AllTermsOut(BaseModel):
    """Limits of all units that one is set for; in every other unit all goodwill waits for a second principal."""

    data: list[TermsOut]
