"""Shares of an order, and how much the rules of a program give at most."""

from typing import Literal, Self

from pydantic import Field, model_validator

from contracts.fields import Minor
from contracts.goals import Strict


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


class EventLimits(Strict):
    """Caps of a rule for events."""

    per_ambassador: PerAmbassador | None = None
