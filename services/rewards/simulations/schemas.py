"""Bodies of the API of simulations."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.countries import Country
from contracts.events.conversions import Circumstances
from contracts.fields import MAX_MINOR, Currency, Minor, Moment, Role
from contracts.program import EvidenceKind, PerAmbassador, Program
from services.common.money import in_units
from services.rewards.grants.schemas import LineGiftOut
from services.rewards.ledger.schemas import currency_of
from services.rewards.rules.domain import POINTS, Line, PayAs, Side
from services.rewards.simulations.domain.figures import Discounts, RuleSum
from services.rewards.simulations.domain.trial import NOBODY, Gift, Imagined, Trial, Way
from services.rewards.simulations.sql.runs import Run, ShareRow, State

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
    by: EvidenceKind = Field("click", description="What proves the ambassador: a click, a code, a known customer.")
    new_customer: bool = True
    order_number: int = Field(1, ge=1, le=1_000_000, strict=True, description="1 for this friend's first order.")
    ambassador_id: str | None = Field(
        None, max_length=64, description="Whose limits count. Left out: somebody who got nothing so far."
    )
    placed_at: OurMoment | None = Field(None, description="Left out: now.")
    group: str | None = Field(None, max_length=60, description="The ambassador's.")
    role: Role | None = Field(None, description="The ambassador's.")
    channel: str | None = Field(None, max_length=60, description="How the link was passed on: `telegram`.")
    country: Country | None = Field(None, description="Where it goes: ISO 3166-1 alpha-2.")
    brought_at: OurMoment | None = Field(
        None, description="When the first order was placed by which the program won this friend. Left out: this one."
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
            ambassador_id=self.ambassador_id or NOBODY,
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


class PeriodIn(BaseModel):
    """The past orders to be decided again: those placed from one moment up to, and without, another."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: OurMoment = Field(alias="from")
    to: OurMoment


class SimulationIn(BaseModel):
    """What to try, and on what: give `order` or `period`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"program_id": "prg_01k9x0n2r6t0w4y8b2d6f0h4k8", "order": {"total_minor": 4600, "by": "code"}}]
        },
    )

    program_id: str | None = Field(None, max_length=64, description="Left out: the draft is of a program to come.")
    draft: Program | None = Field(
        None, description="Rules to try, as `POST /v1/programs` takes them. Left out: the program's own."
    )
    order: ImaginedOrderIn | None = None
    period: PeriodIn | None = None


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
        )


class WayOut(BaseModel):
    """What the order would do for a milestone, once it has settled. In minor units, or points."""

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


class TrialOut(BaseModel):
    """What an imagined order would bring. Nothing was written."""

    refusal: str | None = Field(description="Why the order would not count at all: below_minimum, not_new_customer …")
    discount_minor: int = Field(description="What the shop would take off at the checkout, where a code is given.")
    budget_minor: int | None
    spent_minor: int = Field(description="Of that budget, so far.")
    rewards: list[GiftOut]
    milestones: list[WayOut]

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
        )


class SumOut(BaseModel):
    """What there would be beside what there is, in minor units of `unit`, or points."""

    unit: str
    rewards: int
    amount: int
    granted_rewards: int
    granted: int = Field(description="What these orders' rewards are worth now.")
    difference: int = Field(description="amount − granted.")

    @classmethod
    def _sums(cls, unit: str, found: RuleSum) -> dict[str, Any]:
        return {
            "unit": unit,
            "rewards": found.rewards,
            "amount": found.amount_minor,
            "granted_rewards": found.granted_rewards,
            "granted": found.granted_minor,
            "difference": found.amount_minor - found.granted_minor,
        }

    @classmethod
    def of(cls, unit: str, found: RuleSum) -> Self:
        """As callers see it."""
        return cls(**cls._sums(unit, found))


class RuleSumOut(SumOut):
    """The same of one rule."""

    rule: str
    to: Side

    @classmethod
    def of_rule(cls, rule: str, side: Side, unit: str, found: RuleSum) -> Self:
        """As callers see it."""
        return cls(rule=rule, to=side, **cls._sums(unit, found))


class DiscountOut(BaseModel):
    """What friends' discounts would take off at the checkout, beside what they took off, in minor units of `unit`."""

    unit: str
    amount: int = Field(
        description="Where no discount was promised, every friend is taken to use the new one; who made nothing of one"
        " would make nothing of another."
    )
    granted: int = Field(description="Of these orders' discounts what the program had promised, after refunds.")
    difference: int = Field(description="amount − granted.")

    @classmethod
    def of(cls, unit: str, found: Discounts) -> Self:
        """As callers see it."""
        difference = found.amount_minor - found.granted_minor
        return cls(unit=unit, amount=found.amount_minor, granted=found.granted_minor, difference=difference)


class CapOut(BaseModel):
    """How often a cap was hit, and what it cut off."""

    cap: Literal["per_order", "partly_capped", "capped_budget", "capped_ambassador"]
    rule: str
    unit: str
    rewards: int
    amount: int


class UnknownOut(BaseModel):
    """How many orders do not say what rules ask for; by those rules they bring nothing."""

    asked: Literal["group", "role", "channel", "months", "country"]
    orders: int


class SimulationOut(BaseModel):
    """A past period under rules: how far it is, and what it came to so far."""

    id: str
    program_id: str
    rules: Literal["draft", "in_force"]
    from_: datetime = Field(alias="from")
    to: datetime
    state: State
    reason: str | None = Field(description="Why it failed, in a word.")
    made_at: datetime
    ended_at: datetime | None
    orders: int | None = Field(description="In the period; null until they were counted.")
    done: int = Field(description="Of them, so far.")
    rewarded_orders: int
    more_orders: int = Field(description="For which somebody would get more than they were granted.")
    less_orders: int
    totals: list[SumOut]
    discounts: list[DiscountOut]
    by_rule: list[RuleSumOut]
    caps: list[CapOut]
    unknown: list[UnknownOut] = Field(description="What rules ask for and some orders do not say, as none asked then.")

    @classmethod
    def of(cls, run: Run) -> Self:
        """As callers see it."""
        figures = run.figures
        return cls.model_validate(
            {
                "id": run.simulation_id,
                "program_id": run.program_id,
                "rules": "in_force" if run.draft is None else "draft",
                "from": run.from_at,
                "to": run.to_at,
                "state": run.state,
                "reason": run.reason,
                "made_at": run.made_at,
                "ended_at": run.ended_at,
                "orders": run.orders,
                "done": run.done,
                "rewarded_orders": figures.rewarded,
                "more_orders": figures.more,
                "less_orders": figures.less,
                "totals": [SumOut.of(unit, found) for unit, found in figures.by_unit().items()],
                "discounts": [DiscountOut.of(unit, found) for unit, found in sorted(figures.discounts.items())],
                "by_rule": [RuleSumOut.of_rule(*key, found) for key, found in sorted(figures.rules.items())],
                "caps": [
                    {"cap": cap, "rule": rule, "unit": unit, "rewards": cut.rewards, "amount": cut.amount_minor}
                    for (cap, rule, unit), cut in sorted(figures.caps.items())
                ],
                "unknown": [{"asked": asked, "orders": n} for asked, n in sorted(figures.unknown.items())],
            }
        )


class ShareOut(BaseModel):
    """What an ambassador and their friends would get, beside what they were granted."""

    ambassador_id: str
    unit: str
    rewards: int
    own: int
    friends: int
    granted_own: int
    granted_friends: int
    difference: int

    @classmethod
    def of(cls, row: ShareRow) -> Self:
        """As callers see it."""
        ambassador_id, unit, share = row
        return cls(
            ambassador_id=ambassador_id,
            unit=unit,
            rewards=share.rewards,
            own=share.own_minor,
            friends=share.friends_minor,
            granted_own=share.granted_own_minor,
            granted_friends=share.granted_friends_minor,
            difference=share.difference_minor,
        )

    def flat(self) -> dict[str, object]:
        """As a row of a spreadsheet: money in units, points as they are."""
        currency = currency_of(self.unit)
        amounts = {name: in_units(getattr(self, name), currency) for name in _AMOUNTS}
        # Friends' discounts are nobody's in particular.
        return self.model_dump() | amounts | {"what": "rewards" if self.ambassador_id else "discounts"}


_AMOUNTS: Final = ("own", "friends", "granted_own", "granted_friends", "difference")
CSV_COLUMNS = ("ambassador_id", "ambassador_code", "unit", "rewards", *_AMOUNTS, "what")
