"""A referral program as a store writes it, and as it travels in `program.published`.

The same model is the request body of links, the event payload and the slice that attribution and rewards keep:
a rule has one shape everywhere. Later versions only add optional fields.
"""

from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    HttpUrl,
    ValidationInfo,
    field_validator,
    model_validator,
)

from contracts.cashback import CashbackRule
from contracts.event_rules import FRIEND_JOINED as FRIEND_JOINED
from contracts.event_rules import EventName as EventName
from contracts.event_rules import EventRule as EventRule
from contracts.expiry import Expiring, GoodwillDays
from contracts.fields import MAX_MINOR, Currency, Minor
from contracts.gifts import Fixed
from contracts.goals import Strict
from contracts.joining import Joining
from contracts.limits import Limits as Limits
from contracts.limits import PerAmbassador as PerAmbassador
from contracts.limits import Percent as Percent
from contracts.memberships import MOST as MOST_MEMBERSHIPS
from contracts.memberships import Membership, refuse_missing
from contracts.milestones import MilestoneRule
from contracts.plans import PlanRule
from contracts.reward_terms import Boost, Span, Term, When, named_twice
from contracts.splits import Split
from contracts.sponsors import SponsorRule
from contracts.tiers import Tiers
from contracts.wording import Texts, Utm

EvidenceKind = Literal["code", "click", "customer"]
FriendBenefit = Literal["discount", "credit", "both", "none"]
"""How a friend is served: a discount at the checkout, a credit after the hold, both of them, or nothing."""


class Attribution(Strict):
    """How a purchase finds its ambassador."""

    priority: tuple[EvidenceKind, ...] = Field(
        ("code", "click", "customer"), min_length=1, max_length=3, description="Which proof wins, best first."
    )
    model: Literal["first", "last"] = Field("last", description="Which of several touches of one kind counts.")
    click_window_days: int = Field(
        30, ge=1, le=400, strict=True, description="Days from a click in which a purchase counts."
    )
    code_window_days: int | None = Field(
        None, ge=1, le=3650, strict=True, description="Days from the making of a code in which it counts; null: no end."
    )
    customer_window_days: int | None = Field(
        None,
        ge=1,
        le=3650,
        strict=True,
        description="Days from the order by which an ambassador won a friend in which later ones count without another"
        " click or code; null: for ever.",
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


def _of_goods(info: ValidationInfo, what: str) -> None:
    give = info.data.get("give")
    if isinstance(give, Percent) and give.of != "subtotal":
        raise ValueError(f"{what} of goods: set give.of to subtotal, since shipping and tax are in no line")


class RewardRule(Expiring):
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
    when: When | None = Field(None, description="What an order must be. Left out: any order counts.")
    span: Span | None = Field(
        None, description="Which of a friend's orders, where `which` is `every`. Left out: each of them."
    )
    per_minor: int | None = Field(
        None,
        ge=1,
        le=MAX_MINOR,
        strict=True,
        description="A fixed amount is given for each time that the subtotal holds so much: 1 point per 10.00.",
    )
    terms: tuple[Term, ...] = Field(
        (), max_length=50, description="Other gifts for some goods, line by line. Limits hold for the sum."
    )
    boosts: tuple[Boost, ...] = Field((), max_length=50, description="More on some days. Several at once add up.")
    split: Split | None = Field(
        None, description="How ambassadors may share it with their friends. Of one rule to the ambassador at most."
    )

    @property
    def by_line(self) -> bool:
        """Whether lines of an order differ in what they give."""
        return bool(self.terms) or any(boost.categories for boost in self.boosts)

    @property
    def by_day(self) -> bool:
        """Whether it depends on the day of the purchase where the store is."""
        when, span = self.when, self.span
        return (
            bool(self.boosts)
            or (when is not None and (when.first_day is not None or when.last_day is not None))
            or (span is not None and span.months is not None)
        )

    @field_validator("when")
    @classmethod
    def _tiers_of_ambassadors(cls, when: When | None, info: ValidationInfo) -> When | None:
        if when is not None and when.tiers and info.data.get("to") != "ambassador":
            raise ValueError("tiers are ambassadors'; leave tiers out of a rule to friends")
        return when

    @field_validator("span")
    @classmethod
    def _of_every_order(cls, span: Span | None, info: ValidationInfo) -> Span | None:
        if span is not None and info.data.get("which") == "first":
            raise ValueError("the first order is one alone; set which to every, or leave span out")
        return span

    @field_validator("per_minor")
    @classmethod
    def _for_a_fixed_amount(cls, per_minor: int | None, info: ValidationInfo) -> int | None:
        if per_minor is not None and isinstance(info.data.get("give"), Percent):
            raise ValueError("a percentage is per unit already; give a fixed amount, or leave it out")
        return per_minor

    @field_validator("terms")
    @classmethod
    def _one_for_each(cls, terms: tuple[Term, ...], info: ValidationInfo) -> tuple[Term, ...]:
        if terms:
            _of_goods(info, "terms are")
        if terms and info.data.get("on_partial_refund") == "keep":
            raise ValueError("what is given by line goes back by line; set on_partial_refund to share")
        if (twice := named_twice(terms)) is not None:
            number, what, name = twice
            raise ValueError(f"{number}.{what} names {name!r}, which an earlier term names too")
        return terms

    @field_validator("boosts")
    @classmethod
    def _of_a_percentage(cls, boosts: tuple[Boost, ...], info: ValidationInfo) -> tuple[Boost, ...]:
        if any(boost.categories for boost in boosts):
            _of_goods(info, "boosts of categories are")
        shares = [info.data.get("give"), *(term.give for term in info.data.get("terms", ()))]
        if boosts and not any(getattr(give, "kind", "percent") == "percent" for give in shares):
            raise ValueError("a boost is added to a percentage, and the rule has none; give a percentage")
        return boosts

    @field_validator("split")
    @classmethod
    def _of_the_ambassador(cls, split: Split | None, info: ValidationInfo) -> Split | None:
        if split is not None and info.data.get("to") != "ambassador":
            raise ValueError("only a rule to the ambassador is shared with the friend; leave split out")
        return split

    @model_validator(mode="after")
    def _only_fixed_rewards_are_kept(self) -> Self:
        if self.on_partial_refund == "keep" and self.give.kind != "fixed":
            raise ValueError("on_partial_refund can be keep for a fixed reward only; a percentage follows its order")
        return self


class Discount(Strict):
    """What a friend's order costs less at the checkout, by the ambassador's code. The shop takes it off."""

    give: Annotated[Fixed | Percent, Field(discriminator="kind")]
    which: Literal["first", "every"] = "first"

    @model_validator(mode="after")
    def _goods_only(self) -> Self:
        if isinstance(self.give, Percent) and self.give.of != "subtotal":
            raise ValueError("discount.give.of must be subtotal: a discount is taken off goods, not off shipping")
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
    event_rewards: tuple[EventRule, ...] = Field(
        (), max_length=20, description="What is given for events that are no orders. Not the friend's benefit."
    )
    milestone_rewards: tuple[MilestoneRule, ...] = Field(
        (), max_length=20, description="What ambassadors get for having brought so many friends, orders or revenue."
    )
    cashback_rewards: tuple[CashbackRule, ...] = Field(
        (), max_length=5, description="What buyers get for what they spend themselves, where nobody referred them."
    )
    retry_capped: bool = Field(
        False,
        description="Whether what the budget or a limit refused is given once there is room, the oldest purchase first."
        " Left out: only if its order changes.",
    )
    plan_rewards: tuple[PlanRule, ...] = Field(
        (),
        max_length=10,
        description="What ambassadors get for a period in which they reach the target that was set for them.",
    )
    sponsor_rewards: tuple[SponsorRule, ...] = Field(
        (), max_length=5, description="What the sponsors of an ambassador get for that ambassador's orders, by level."
    )
    sponsor_by_referral: bool = Field(
        False,
        description="Whether a friend who becomes an ambassador, and has no sponsor, gets who won them as theirs.",
    )
    tiers: Tiers | None = Field(None, description="Ranks of ambassadors, which multiply their rewards for orders.")
    memberships: tuple[Membership, ...] = Field(
        (),
        max_length=MOST_MEMBERSHIPS,
        validate_default=True,
        description="What people buy for a time, for rules to ask for.",
    )
    friend_benefit: FriendBenefit | None = Field(
        None,
        description="How the friend is served: `discount` at the checkout, `credit` after the hold (the rules to the"
        " friend), `both`, or `none`; a rule that it does not name gives nothing. Left out: credit, if there is one.",
    )
    discount: Discount | None = Field(None, description="What the friend's order costs less, where it is served so.")
    landing: Literal["store", "page"] = Field(
        "store", description="What share links open: the store itself, or a page that says who invites to what."
    )
    goodwill_expires_after_days: GoodwillDays = None
    joining: Joining | None = Field(
        None, description="How people join by themselves, at `/join/{program_id}`. Left out: they cannot."
    )
    texts: Texts | None = Field(
        None, description="Words of the store's own for friends and for ambassadors to send, instead of the rules'."
    )
    utm: Utm | None = Field(
        None, description="UTM values of share links; {code}, {slug}, {channel} and {program} are filled in."
    )

    @property
    def benefit(self) -> FriendBenefit:
        """How the friend is served, also by versions from before there was a choice."""
        if self.friend_benefit is not None:
            return self.friend_benefit
        return "credit" if any(rule.to == "friend" for rule in self.rewards) else "none"

    @property
    def discount_served(self) -> Discount | None:
        """The discount that a friend gets at the checkout."""
        return self.discount if self.benefit in ("discount", "both") else None

    @property
    def split(self) -> Split | None:
        """How ambassadors may share their reward with the friend; None where they may not."""
        return next((rule.split for rule in self.rewards if rule.split is not None), None)

    @property
    def rules_served(self) -> tuple[RewardRule, ...]:
        """The rules that give something: the friend's only where the friend is served by a credit."""
        credit = self.benefit in ("credit", "both")
        return tuple(rule for rule in self.rewards if credit or rule.to != "friend")

    @property
    def by_day(self) -> bool:
        """Whether some rule for orders depends on the day of the purchase where the store is."""
        return any(rule.by_day for rule in self.rules_for_orders)

    @property
    def by_circumstances(self) -> bool:
        """Whether some rule for orders asks how things stood at the purchase: whose, by what way, where to."""
        return (
            bool(self.sponsor_rewards)
            or self.by_country
            or any(
                (rule.when is not None and bool(rule.when.groups or rule.when.roles or rule.when.channels))
                or (rule.span is not None and rule.span.months is not None)
                or any(boost.groups for boost in rule.boosts)
                for rule in self.rewards
            )
        )

    @property
    def by_country(self) -> bool:
        """Whether some rule for orders asks for the country to which they go."""
        return any(rule.when is not None and bool(rule.when.countries) for rule in self.rules_for_orders)

    @property
    def sponsor_levels(self) -> int:
        """How many levels of sponsors some rule gives something to; 0 for none."""
        return max((len(rule.levels) for rule in self.sponsor_rewards), default=0)

    @property
    def finds_joined(self) -> bool:
        """Whether something follows from it that a friend became an ambassador."""
        return self.sponsor_by_referral or bool(self.rules_on(FRIEND_JOINED))

    @property
    def by_membership(self) -> bool:
        """Whether some rule for orders asks what the ambassador holds."""
        return any(rule.when is not None and bool(rule.when.memberships) for rule in self.rewards)

    def rules_on(self, event: str) -> tuple[EventRule, ...]:
        """The rules that give something for events of this name."""
        return tuple(rule for rule in self.event_rewards if rule.on == event)

    def rule_named(self, name: str) -> RewardRule | None:
        """The rule for orders of that name."""
        return next((rule for rule in self.rewards if rule.name == name), None)

    def sponsor_rule_named(self, name: str) -> SponsorRule | None:
        """The rule for sponsors of that name."""
        return next((rule for rule in self.sponsor_rewards if rule.name == name), None)

    @property
    def rules_for_orders(self) -> "tuple[RewardRule | SponsorRule, ...]":
        """The rules for orders, to whomever they give."""
        return (*self.rewards, *self.sponsor_rewards)

    @property
    def all_rules(self) -> "tuple[RewardRule | EventRule | SponsorRule, ...]":
        """The rules for one order or event each: those that have limits."""
        return (*self.rules_for_orders, *self.event_rewards)

    @field_validator("rewards")
    @classmethod
    def _one_is_shared(cls, rules: tuple[RewardRule, ...]) -> tuple[RewardRule, ...]:
        shared = [rule.name for rule in rules if rule.split is not None]
        if len(shared) > 1:
            raise ValueError(
                f"{' and '.join(shared)} both have a split; an ambassador shares one reward, leave one out"
            )
        return rules

    @field_validator("milestone_rewards")
    @classmethod
    def _never_too_much(cls, rules: tuple[MilestoneRule, ...]) -> tuple[MilestoneRule, ...]:
        if sum(rule.on.times(rule.at_most) * rule.give.amount_minor for rule in rules) > MAX_MINOR:
            raise ValueError(f"together they could give one ambassador more than {MAX_MINOR}; give less, or less often")
        return rules

    @field_validator("memberships")
    @classmethod
    def _there_by_own_names(cls, memberships: tuple[Membership, ...], info: ValidationInfo) -> tuple[Membership, ...]:
        refuse_missing(memberships, info.data.get("rewards", ()), info.data.get("cashback_rewards", ()))
        return memberships

    @model_validator(mode="after")
    def _friend_is_served_as_stated(self) -> Self:
        if self.friend_benefit in ("discount", "both") and self.discount is None:
            raise ValueError(f"friend_benefit is {self.friend_benefit}, but discount does not say what is taken off")
        if self.friend_benefit in ("credit", "both") and not any(rule.to == "friend" for rule in self.rewards):
            raise ValueError(f"friend_benefit is {self.friend_benefit}, but no rule of rewards is to the friend")
        return self

    @model_validator(mode="after")
    def _rules_have_own_names(self) -> Self:
        names = [rule.name for rule in (*self.all_rules, *self.milestone_rewards, *self.cashback_rewards)]
        names += [rule.name for rule in self.plan_rewards]
        if len(set(names)) != len(names):
            raise ValueError("two rewards have the same name; give each rule its own")
        return self
