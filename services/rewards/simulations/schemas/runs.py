"""What to try on what, and what a past period would come to under it."""

from datetime import datetime
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from contracts.program import Program
from services.common.money import in_units
from services.rewards.ledger.schemas import currency_of
from services.rewards.rules.domain import Side
from services.rewards.simulations.domain.figures import Discounts, RuleSum
from services.rewards.simulations.schemas.trials import ImaginedOrderIn, OurMoment
from services.rewards.simulations.sql.runs import Run, ShareRow, State


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

    asked: Literal["group", "role", "channel", "months", "country", "membership"]
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
