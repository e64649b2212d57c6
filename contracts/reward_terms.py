"""When a rule gives something, for which of a friend's orders, and what else than its own gift for some goods and days.

All of it is optional, and stands in a rule for orders (`contracts.program.RewardRule`).
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from contracts.countries import Country
from contracts.fields import Minor, Role
from contracts.goals import Strict


def _day(given: Any) -> Any:
    if isinstance(given, str) and len(given) == len("2026-12-01"):
        return given
    if type(given) is date:
        return given
    raise ValueError("write a day as 2026-12-01; it is one where the store is")


Day = Annotated[date, BeforeValidator(_day)]
"""A calendar day where the store is: it begins at 00:00 by the store's clock."""

Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]+$")]
Names = Annotated[tuple[Name, ...], Field(max_length=200)]
MembershipName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]+$")]
"""How a membership is called by its program."""
MembershipNames = Annotated[tuple[MembershipName, ...], Field(max_length=5)]


def _twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            return name
        seen.add(name.casefold())
    return None


class Goods(Strict):
    """Some of what a store sells. Large and small letters are alike in names."""

    products: Names = Field((), description="By the store's own ids of products or by SKU, as orders have them.")
    categories: Names = Field((), description="As orders have them.")

    @field_validator("products", "categories")
    @classmethod
    def _once(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if (twice := _twice(names)) is not None:
            raise ValueError(f"{info.field_name} names {twice!r} twice")
        return names


class When(Goods):
    """What an order must be for a rule to give something: all of it. What is left out or empty asks nothing.

    Of several products and categories one must be in the order; of several channels, groups, roles, countries, tiers
    or memberships one must fit.
    """

    min_subtotal_minor: Minor | None = Field(None, description="The smallest subtotal, before refunds.")
    channels: Names = Field((), description="How the link was passed on by whose click the buyer came: `telegram`.")
    groups: Names = Field((), description="The ambassador's group when the order was placed.")
    roles: tuple[Role, ...] = Field((), max_length=6, description="The ambassador's role when the order was placed.")
    countries: tuple[Country, ...] = Field(
        (), max_length=250, description="Where the order goes: ISO 3166-1 alpha-2. One without a country is for none."
    )
    tiers: Names = Field(
        (), description="The ambassador's tier when the order was first rewarded, by name. For rules to ambassadors."
    )
    buyers: Literal["new", "returning"] | None = Field(
        None, description="Buyers who had not bought before, or those who had. Left out: both."
    )
    memberships: MembershipNames = Field(
        (), description="What the ambassador must hold when the order is placed: memberships of the program, by name."
    )
    first_day: Day | None = Field(None, description="The first day on which orders count, where the store is.")
    last_day: Day | None = Field(None, description="The last one.")

    @field_validator("countries", "memberships")
    @classmethod
    def _each_once(cls, named: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if (twice := _twice(named)) is not None:
            raise ValueError(f"{info.field_name} names {twice!r} twice")
        return named

    @field_validator("last_day")
    @classmethod
    def _later(cls, last: date | None, info: ValidationInfo) -> date | None:
        return _not_before(last, info)


class Span(Strict):
    """Which of a friend's orders, where not each: one of the three."""

    nth: int | None = Field(None, ge=2, le=1_000, strict=True, description="That order alone, by its number.")
    orders: int | None = Field(None, ge=2, le=1_000, strict=True, description="So many orders, from the first.")
    months: int | None = Field(
        None,
        ge=1,
        le=120,
        strict=True,
        description="Orders of so many months, from the day of the order by which the program won the friend.",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if [self.nth, self.orders, self.months].count(None) != 2:
            raise ValueError("give one of nth, orders and months")
        return self


class ForEach(Strict):
    """The same amount for each piece, in the program's currency, or points."""

    kind: Literal["fixed"]
    amount_minor: Minor


class ShareOf(Strict):
    """A share of what these goods cost, after discounts; 10,000 basis points are the whole."""

    kind: Literal["percent"]
    basis_points: int = Field(ge=0, le=10_000, strict=True)


class Term(Goods):
    """Another gift for some goods. For a line of an order a term that names its product goes before one that names its
    category, and both go before the rule's own gift.
    """

    give: Annotated[ForEach | ShareOf, Field(discriminator="kind")]

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if not self.products and not self.categories:
            raise ValueError("a term is for some products or categories; name them")
        return self


class Boost(Strict):
    """More on some days, which is said before they come. By the moment of the purchase, where the store is."""

    first_day: Day = Field(description="From 00:00 of this day.")
    last_day: Day = Field(description="To the end of this day.")
    basis_points: int = Field(ge=1, le=10_000, strict=True, description="Added to every percentage of the rule.")
    categories: Names = Field((), description="For these alone; empty: for all goods.")
    groups: Names = Field((), description="For ambassadors in these groups alone; empty: for all.")

    @field_validator("last_day")
    @classmethod
    def _later(cls, last: date, info: ValidationInfo) -> date | None:
        return _not_before(last, info)


def _not_before(last: date | None, info: ValidationInfo) -> date | None:
    first = info.data.get("first_day")
    if first is not None and last is not None and last < first:
        raise ValueError(f"it ends before it begins: give {first} or a later day")
    return last


def named_twice(terms: Iterable[Term]) -> tuple[int, str, str] | None:
    """The first product or category that a second term names: which term, what it is, its name."""
    for what in ("products", "categories"):
        seen: set[str] = set()
        for number, term in enumerate(terms):
            names = {name.casefold() for name in getattr(term, what)}
            if both := sorted(seen & names):
                return number, what, both[0]
            seen |= names
    return None
