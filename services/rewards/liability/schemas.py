"""Bodies of the API of what is owed."""

from typing import Literal, Self

from pydantic import BaseModel, Field

from services.rewards.liability.domain import Liability
from services.rewards.lots.sql.lots import Liable


class AccountLiabilityOut(BaseModel):
    """One kind of account, in minor units or points: the four ages less `overdrawn` are `total`."""

    account: str
    unit: str
    days_0_30: int = Field(description="Granted in the last 30 days where the store is.")
    days_31_60: int
    days_61_90: int
    days_over_90: int
    overdrawn: int = Field(description="Paid out and taken back since: set off against what is granted next.")
    total: int = Field(description="As the trial balance has it, credits less debits.")

    @classmethod
    def of(cls, liability: Liability) -> Self:
        """As callers see it."""
        first, second, third, oldest = liability.buckets
        return cls(
            account=liability.account,
            unit=liability.unit,
            days_0_30=first,
            days_31_60=second,
            days_61_90=third,
            days_over_90=oldest,
            overdrawn=liability.overdrawn,
            total=liability.total,
        )


class ExpiringOut(BaseModel):
    """What is available of points or store credit and expires, by days until it does, today's included."""

    unit: str
    kind: Literal["store_credit", "points"]
    days_0_30: int
    days_31_60: int
    days_61_90: int
    days_over_90: int

    @classmethod
    def of(cls, one: Liable) -> Self:
        """As callers see it."""
        first, second, third, later = one.amounts
        return cls(
            unit=one.unit,
            kind=one.kind,
            days_0_30=first,
            days_31_60=second,
            days_61_90=third,
            days_over_90=later,
        )


class LiabilityOut(BaseModel):
    """What the store owes, by unit and kind of account, and what of it expires."""

    data: list[AccountLiabilityOut]
    expiring: list[ExpiringOut]
