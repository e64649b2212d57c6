"""An imagined order, and what it would bring."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.countries import Country
from contracts.events.conversions import Circumstances
from contracts.fields import MAX_MINOR, Currency, Minor, Moment, Role
from contracts.limits import PerAmbassador
from contracts.program import EvidenceKind
from contracts.reward_terms import MembershipNames
from contracts.splits import Share
from contracts.sponsors import MOST_LEVELS
from services.rewards.grants.schemas import LineGiftOut
from services.rewards.rules.domain import POINTS, Line, PayAs, Side
from services.rewards.simulations.domain.plans import Bonus
from services.rewards.simulations.domain.trial import NOBODY, Back, Gift, Imagined, Trial, Way

_YEARS: Final = range(1970, 3000)


def _within_years(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError(f"give a moment of the years {_YEARS[0]} to {_YEARS[-1]}")
    return moment


OurMoment = Annotated[Moment, AfterValidator(_within_years)]
"""A moment to which a hold can be added, and which every zone and the database know."""


class ImaginedLineIn(BaseModel):
    """A line of the order: net of tax, after discounts."""

    model_config = ConfigDict(extra="forbid")

    amount_minor: Minor
    gift_card: bool = False
    product_id: str | None = Field(None, max_length=255)
    sku: str | None = Field(None, max_length=255)
    category: str | None = Field(None, max_length=255)
    quantity: int = Field(1, ge=1, le=1_000_000, strict=True)


class ImaginedOrderIn(BaseModel):
    """An order that nobody placed."""

    model_config = ConfigDict(extra="forbid")

    total_minor: Minor = Field(description="What is paid.")
    subtotal_minor: Minor | None = Field(
        None, description="Goods after discounts, without gift cards. Left out: the sum of the lines, or the total."
    )
    currency: Currency | None = Field(None, description="Left out: the program's.")
    items: list[ImaginedLineIn] = Field([], max_length=500)
    by: EvidenceKind | Literal["nobody"] = Field(
        "click", description="What proves the ambassador: a click, a code, a known customer; or nobody referred it."
    )
    spent_minor: Minor = Field(0, description="Of `nobody`: what the buyer spent before in such orders.")
    new_customer: bool = True
    order_number: int = Field(1, ge=1, le=1_000_000, strict=True, description="1 for this friend's first order.")
    ambassador_id: str | None = Field(
        None, max_length=64, description="Whose limits count. Left out: somebody who got nothing so far."
    )
    sponsors: list[Annotated[str, Field(min_length=1, max_length=64)]] | None = Field(
        None,
        max_length=MOST_LEVELS,
        description="Who stands above the ambassador, level 1 first. Left out: as many as the rules give something to,"
        " who got nothing so far.",
    )
    placed_at: OurMoment | None = Field(None, description="Left out: now.")
    group: str | None = Field(None, max_length=60, description="The ambassador's.")
    role: Role | None = Field(None, description="The ambassador's.")
    tier: str | None = Field(None, max_length=40, description="The ambassador's. Left out: the one that they are in.")
    channel: str | None = Field(None, max_length=60, description="How the link was passed on: `telegram`.")
    country: Country | None = Field(None, description="Where it goes: ISO 3166-1 alpha-2.")
    memberships: MembershipNames = Field(
        (), description="What the ambassador holds at the purchase, by name; of `nobody`, what the buyer holds."
    )
    brought_at: OurMoment | None = Field(
        None, description="When the first order was placed by which the program won this friend. Left out: this one."
    )

    split: Share | None = Field(
        None, description="The ambassador's part in basis points, as link or code says. Left out: the program's usual."
    )

    def imagined(self, program_id: str, *, currency: str, now: datetime) -> Imagined:
        """The order with what was left out."""
        goods = sum(line.amount_minor for line in self.items if not line.gift_card)
        subtotal = self.subtotal_minor
        if subtotal is None:
            subtotal = min(goods, MAX_MINOR) if self.items else self.total_minor
        placed_at = self.placed_at or now
        return Imagined(
            program_id=program_id,
            total_minor=self.total_minor,
            subtotal_minor=subtotal,
            currency=self.currency or currency,
            placed_at=placed_at,
            by=self.by,
            new_customer=self.new_customer,
            order_number=self.order_number,
            spent_minor=self.spent_minor,
            memberships=self.memberships,
            ambassador_id=self.ambassador_id or NOBODY,
            tier=self.tier,
            sponsors=None if self.sponsors is None else tuple(self.sponsors),
            split=self.split,
            lines=tuple(
                Line(
                    None,
                    line.amount_minor,
                    not line.gift_card,
                    line.product_id,
                    line.sku,
                    line.category,
                    line.quantity,
                )
                for line in self.items
            ),
            circumstances=Circumstances(
                group=self.group,
                role=self.role,
                channel=self.channel,
                brought_at=self.brought_at or placed_at,
                country=self.country,
            ),
        )


class GiftOut(BaseModel):
    """What a rule gives, with what made it so. In minor units of `unit`, or points."""

    rule: str
    to: Side
    kind: PayAs
    unit: str
    basis_points: int | None = Field(description="The share, of `of_minor`; null for a fixed amount.")
    of_minor: int | None
    tier: str | None = Field(None, description="The tier that the ambassador is in.")
    multiplier_basis_points: int | None = Field(None, description="What that multiplies it by; null where none does.")
    before_caps: int = Field(description="By the terms and the tier alone.")
    per_order_limit: int | None
    base: int = Field(description="After the limit per order.")
    bound: int | None = Field(description="The most that budget and limit per ambassador leave; null: no such cap.")
    amount: int
    reason: str = Field(description="As of rewards: granted, partly_capped, capped_budget, not_first_order …")
    per_ambassador: PerAmbassador | None
    used_count: int = Field(description="Rewards that count against that limit already.")
    used: int = Field(description="Their sum.")
    available_at: datetime
    lines: list[LineGiftOut] = Field(description="What each line gives by the terms alone, where lines differ.")
    sponsor_level: int | None = Field(
        None, description="Of a sponsor's: how many levels above the ambassador; null of others."
    )

    @classmethod
    def of(cls, gift: Gift) -> Self:
        """As callers see it."""
        return cls(
            rule=gift.rule,
            to=gift.side,
            kind=gift.pay_as,
            unit=gift.unit,
            basis_points=gift.basis_points,
            of_minor=gift.of_minor,
            tier=gift.grade.tier if gift.grade else None,
            multiplier_basis_points=gift.grade.multiplier if gift.grade else None,
            before_caps=gift.whole_minor,
            per_order_limit=gift.per_order_minor,
            base=gift.base_minor,
            bound=gift.bound_minor,
            amount=gift.amount_minor,
            reason=gift.reason,
            per_ambassador=gift.limit,
            used_count=gift.used_count,
            used=gift.used_minor,
            available_at=gift.available_at,
            lines=[LineGiftOut.of(*one) for one in gift.lines],
            sponsor_level=gift.sponsor_level,
        )


class WayOut(BaseModel):
    """What the order would do for a milestone, once it has settled. Minor units, or points."""

    rule: str
    of: Literal["friends", "orders", "revenue"]
    counted: int = Field(description="The ambassador's count as it stands.")
    with_order: int = Field(description="The count with this order: a friend's first one is a friend more.")
    unit: str
    amount: int = Field(description="What the steps that it reaches would give together.")

    @classmethod
    def read(cls, way: Way, currency: str) -> Self:
        """As callers see it."""
        return cls(
            rule=way.rule.name,
            of=way.rule.on.of,
            counted=way.before,
            with_order=way.after,
            unit=POINTS if way.rule.pay_as == "points" else currency,
            amount=way.amount_minor,
        )


class BackOut(BaseModel):
    """What the order would bring its buyer, where nobody referred it, once it has settled. Minor units, or points."""

    rule: str
    times: int = Field(description="How often the rule's sum was reached before.")
    with_order: int = Field(description="The same with this order.")
    unit: str
    amount: int = Field(description="What the order brings, as far as the budget allows.")

    @classmethod
    def read(cls, back: Back, currency: str) -> Self:
        """As callers see it."""
        unit = POINTS if back.rule.pay_as == "points" else currency
        return cls(rule=back.rule.name, times=back.before, with_order=back.after, unit=unit, amount=back.amount_minor)


class PlanOut(BaseModel):
    """What the order would do for the ambassador's target, once it has settled. Minor units, or points."""

    rule: str
    period: str = Field(description="The one that the order falls into: `2027-03`, `2027-Q1` or `2027`.")
    of: Literal["revenue", "orders", "friends"]
    target: int | None = Field(description="Null where none is set: nothing comes of it then.")
    counted: int = Field(description="The ambassador's count as it stands.")
    with_order: int = Field(description="The count with this order.")
    unit: str
    amount: int = Field(description="What the bonus would be worth with it, in all.")

    @classmethod
    def read(cls, one: Bonus, currency: str) -> Self:
        """As callers see it."""
        return cls(
            rule=one.rule.name,
            period=one.period.text,
            of=one.rule.on.of,
            target=one.target,
            counted=one.before,
            with_order=one.after,
            unit=POINTS if one.rule.pay_as == "points" else currency,
            amount=one.amount_minor,
        )


class TrialOut(BaseModel):
    """What an imagined order would bring. Nothing was written."""

    refusal: str | None = Field(description="Why the order would not count at all: below_minimum, not_new_customer …")
    discount_minor: int = Field(description="What the shop would take off at the checkout, where a code is given.")
    budget_minor: int | None
    spent_minor: int = Field(description="Of that budget, so far.")
    rewards: list[GiftOut]
    milestones: list[WayOut]
    plans: list[PlanOut]
    cashback: list[BackOut] = Field(description="Where the order is by `nobody`.")

    @classmethod
    def of(cls, trial: Trial) -> Self:
        """As callers see it."""
        return cls(
            refusal=trial.refusal,
            discount_minor=trial.discount_minor,
            budget_minor=trial.budget_minor,
            spent_minor=trial.spent_minor,
            rewards=[GiftOut.of(one) for one in trial.gifts],
            milestones=[WayOut.read(one, trial.currency) for one in trial.milestones],
            plans=[PlanOut.read(one, trial.currency) for one in trial.plans],
            cashback=[BackOut.read(one, trial.currency) for one in trial.cashback],
        )
