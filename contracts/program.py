"""A referral program as a store writes it, and as it travels in `program.published`.

The same model is the request body of links, the event payload and the slice that attribution and rewards keep:
a rule has one shape everywhere. Later versions only add optional fields.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

from contracts.fields import Currency, Minor

EvidenceKind = Literal["code", "click", "customer"]


class Strict(BaseModel):
    """Base of everything a store may post inside a program: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Attribution(Strict):
    """How a purchase finds its ambassador."""

    priority: tuple[EvidenceKind, ...] = Field(
        ("code", "click", "customer"), min_length=1, max_length=3, description="Which proof wins, best first."
    )
    model: Literal["first", "last"] = Field("last", description="Which of several touches of one kind counts.")
    click_window_days: int = Field(
        30, ge=1, le=400, strict=True, description="Days from a click in which a purchase counts."
    )
    new_customers_only: bool = Field(True, description="Refuse people who had a paid order before they were won.")
    min_subtotal_minor: Minor = Field(0, description="Smallest subtotal that counts, in the program's currency.")

    @model_validator(mode="after")
    def _no_kind_twice(self) -> Self:
        if len(set(self.priority)) != len(self.priority):
            raise ValueError("priority names a kind twice; name each of code, click, customer at most once")
        return self


class Budget(Strict):
    """The most that a program may owe, over its whole life, in its currency. Reversed rewards give it back."""

    amount_minor: Minor


class Fixed(Strict):
    """The same amount for each reward, in the program's currency."""

    kind: Literal["fixed"]
    amount_minor: Minor


class Percent(Strict):
    """A share of a figure of the order; 10,000 basis points are the whole."""

    kind: Literal["percent"]
    basis_points: int = Field(ge=1, le=10_000, strict=True)
    of: Literal["subtotal", "total"] = "subtotal"


class PerAmbassador(Strict):
    """At most so many rewards, or so much money, for one ambassador in each period."""

    count: int | None = Field(None, ge=1, le=1_000_000, strict=True)
    amount_minor: Minor | None = None
    period: Literal["day", "week", "month", "year", "ever"] = "month"

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.count is None and self.amount_minor is None:
            raise ValueError("per_ambassador limits nothing; give count or amount_minor")
        return self


class Limits(Strict):
    """Caps of one rule."""

    per_order_minor: Minor | None = None
    per_ambassador: PerAmbassador | None = None


class RewardRule(Strict):
    """What one side gets, and when it becomes available."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Unique within the program.")]
    to: Literal["ambassador", "friend"]
    on: Literal["order"] = "order"
    which: Literal["first", "every"] = "first"
    give: Annotated[Fixed | Percent, Field(discriminator="kind")]
    pay_as: Literal["cash", "store_credit", "points"] = "store_credit"
    hold_days: int = Field(
        14, ge=0, le=365, strict=True, description="Days from the purchase until the reward can be used."
    )
    limits: Limits = Limits()
    on_partial_refund: Literal["share", "keep"] = Field(
        "share",
        description="What a refund of a part of the order leaves: the same share of the reward, or all of a fixed one.",
    )

    @model_validator(mode="after")
    def _only_fixed_rewards_are_kept(self) -> Self:
        if self.on_partial_refund == "keep" and self.give.kind != "fixed":
            raise ValueError("on_partial_refund can be keep for a fixed reward only; a percentage follows its order")
        return self


class Program(Strict):
    """A program's whole definition. Each change makes a new version; a version never changes."""

    name: str = Field(min_length=1, max_length=120)
    status: Literal["active", "paused", "archived"] = "active"
    currency: Currency
    rank: int = Field(
        1, ge=1, le=1000, strict=True, description="Of several programs with a valid candidate the lowest rank wins."
    )
    landing_url: HttpUrl
    attribution: Attribution = Attribution()
    budget: Budget | None = None
    rewards: tuple[RewardRule, ...] = Field((), max_length=20)

    @model_validator(mode="after")
    def _rules_have_own_names(self) -> Self:
        names = [rule.name for rule in self.rewards]
        if len(set(names)) != len(names):
            raise ValueError("two rewards have the same name; give each rule its own")
        return self
