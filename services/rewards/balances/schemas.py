"""Bodies of the balances' API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.rewards.balances.actions import Progress, Rank
from services.rewards.ledger.domain import Holding
from services.rewards.ledger.schemas import currency_of
from services.rewards.lots.sql.lots import Left
from services.rewards.tiers.domain import NO_TIER


class ExpiringOut(BaseModel):
    """What is left of lots that expire at one moment."""

    expires_at: datetime = Field(description="The first moment at which it can no longer be used.")
    amount: int = Field(description="In minor units, or points.")
    kind: Literal["store_credit", "points"]
    idle: bool = Field(description="Whether it stays where the holder earns or spends some of it before then.")

    @classmethod
    def of(cls, left: Left) -> Self:
        """As callers see it."""
        return cls(expires_at=left.expires_at, amount=left.amount, kind=left.kind, idle=left.idle)


class BalanceOut(BaseModel):
    """What somebody has in one currency or unit.

    Always lifetime = clawed back + pending + available + in payout + paid + expired + reserved + used.
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
    expired: int = Field(description="Points and store credit that were not used in time.")
    reserved: int = Field(description="Set aside for purchases that are not through yet.")
    used: int = Field(description="Spent, less what was returned.")
    expiring: list[ExpiringOut] | None = Field(
        None, description="What is left and expires, the next first, at most 100; null for a past moment."
    )

    @classmethod
    def of(cls, unit: str, holding: Holding, left: Sequence[Left] | None) -> Self:
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
            expired=holding.expired,
            reserved=holding.reserved,
            used=holding.used,
            expiring=None if left is None else [ExpiringOut.of(one) for one in left if one.unit == unit],
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


class TierOut(BaseModel):
    """In which tier of their program's newest version an ambassador is, and how far the next one is."""

    name: str | None = Field(description="Null where they are in none.")
    multiplier_basis_points: int = Field(description="What their next rewards for orders are multiplied by.")
    privileges: list[str] = Field(description="What else the store does for who is in it, in its own words.")
    since: datetime | None = Field(description="Since when; null for who has always been there.")
    falls_at: datetime | None = Field(description="When they fall by one tier, unless the count is back by then.")
    of: Literal["friends", "orders", "revenue", "clicks", "tenure"] = Field(
        description="What is counted: revenue in minor units, tenure in months."
    )
    counted: int = Field(description="What counts now, within the window.")
    next: str | None = Field(description="The tier after it; null in the last one.")
    next_at: int | None = Field(description="The count from which they are in that.")

    @classmethod
    def as_seen(cls, rank: Rank) -> Self:
        """As callers see it."""
        return cls(
            name=None if rank.tier is None else rank.tier.name,
            multiplier_basis_points=NO_TIER if rank.tier is None else rank.tier.multiplier_basis_points,
            privileges=[] if rank.tier is None else list(rank.tier.privileges),
            since=rank.standing.since if rank.standing.revision else None,
            falls_at=rank.standing.falls_at,
            of=rank.tiers.measure,
            counted=rank.count,
            next=None if rank.next is None else rank.next.name,
            next_at=None if rank.next is None else rank.next.at,
        )


class BalancesOut(BaseModel):
    """One balance for each currency or unit that something was ever granted in."""

    data: list[BalanceOut]
    milestones: list[MilestoneOut] | None = Field(
        None, description="Of an ambassador, as it stands now; null for a friend, and for a past moment."
    )
    tier: TierOut | None = Field(None, description="Likewise; null too where their program has no tiers.")

    @classmethod
    def of(
        cls,
        holdings: dict[str, Holding],
        left: Sequence[Left] | None = None,
        progress: Sequence[Progress] | None = None,
        rank: Rank | None = None,
    ) -> Self:
        """As callers see it."""
        return cls(
            data=[BalanceOut.of(unit, holding, left) for unit, holding in sorted(holdings.items())],
            milestones=None if progress is None else [MilestoneOut.as_seen(one) for one in progress],
            tier=None if rank is None else TierOut.as_seen(rank),
        )
