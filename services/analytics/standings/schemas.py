"""What callers get of ambassadors' results."""

from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.analytics.standings.domain import Standing, Status


class ResultOut(BaseModel):
    """What an ambassador brought in all, some seconds old. Money in the store's currency, in minor units."""

    ambassador_id: str
    code: str | None = Field(description="The promo code that names them; their name is at GET /v1/ambassadors.")
    program_id: str
    group: str | None
    status: Status
    joined_at: datetime
    last_active_at: datetime | None = Field(description="The last click on a link of theirs, or order by them.")
    clicks: int = Field(description="By people.")
    friends: int = Field(description="Who came to the store by a link.")
    orders: int = Field(description="Attributed ones that stand, in whatever currency.")
    currency: str
    revenue_minor: int = Field(description="Of the orders in the store's currency, net of refunds.")
    rewards_minor: int = Field(description="The ambassador's own rewards, also those on hold.")
    available_minor: int = Field(description="Of these, what is off its hold. The ledger is at GET /v1/balances.")
    points: int = Field(description="Rewards in points.")

    @classmethod
    def of(cls, standing: Standing, currency: str) -> Self:
        """As callers see it."""
        return cls(
            ambassador_id=standing.ambassador_id,
            code=standing.code,
            program_id=standing.program_id,
            group=standing.group_name,
            status=standing.status,
            joined_at=standing.joined_at,
            last_active_at=last_active(standing),
            clicks=standing.clicks,
            friends=standing.friends,
            orders=standing.orders,
            currency=currency,
            revenue_minor=standing.revenue_minor,
            rewards_minor=standing.reward_minor,
            available_minor=standing.available_minor,
            points=standing.points,
        )


def last_active(standing: Standing) -> datetime | None:
    """When the last click or order was; None for never."""
    return datetime.fromtimestamp(standing.last_active_s, UTC) if standing.last_active_s else None
