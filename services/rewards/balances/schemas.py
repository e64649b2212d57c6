"""Bodies of the balances' API."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.rewards.balances.actions import Progress
from services.rewards.ledger.domain import Holding
from services.rewards.ledger.schemas import currency_of


class BalanceOut(BaseModel):
    """What somebody has in one currency or unit.

    Always lifetime = clawed back + pending + available + in payout + paid.
    """

    unit: str = Field(description="A currency, or points.")
    currency: str | None
    pending: int = Field(description="Granted and still on hold, in minor units or points.")
    available: int = Field(
        description="Can be used. Below zero when more was clawed back than was left: carried forward."
    )
    in_payout: int = Field(description="Set aside for a payout that is on its way.")
    paid: int = Field(description="Paid out, less what came back.")
    lifetime: int = Field(description="All that was ever granted.")
    clawed_back: int = Field(description="What refunds, cancellations and rejections took back.")

    @classmethod
    def of(cls, unit: str, holding: Holding) -> Self:
        """As callers see it."""
        return cls(
            unit=unit,
            currency=currency_of(unit),
            pending=holding.pending,
            available=holding.available,
            in_payout=holding.in_payout,
            paid=holding.paid,
            lifetime=holding.granted,
            clawed_back=holding.clawed_back,
        )


class MilestoneOut(BaseModel):
    """How far an ambassador is on the way to a milestone of their program's newest version."""

    rule: str
    of: Literal["friends", "orders", "revenue"] = Field(description="What is counted; revenue in minor units.")
    counted: int = Field(description="What counts now: orders that are settled and not returned.")
    next: int | None = Field(description="The count at which it is reached next; null where nothing is left to reach.")

    @classmethod
    def as_seen(cls, one: Progress) -> Self:
        """As callers see it."""
        return cls(rule=one.rule.name, of=one.rule.on.of, counted=one.count, next=one.next)


class BalancesOut(BaseModel):
    """One balance for each currency or unit that something was ever granted in."""

    data: list[BalanceOut]
    milestones: list[MilestoneOut] | None = Field(
        None, description="Of an ambassador, as it stands now; null for a friend, and for a past moment."
    )

    @classmethod
    def of(cls, holdings: dict[str, Holding], progress: Sequence[Progress] | None = None) -> Self:
        """As callers see it."""
        return cls(
            data=[BalanceOut.of(unit, holding) for unit, holding in sorted(holdings.items())],
            milestones=None if progress is None else [MilestoneOut.as_seen(one) for one in progress],
        )
