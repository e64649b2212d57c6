"""By what lists of ambassadors are ordered and narrowed. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

Sort = Literal["clicks", "friends", "orders", "revenue", "rewards", "balance", "active", "joined"]
Direction = Literal["desc", "asc"]
Status = Literal["active", "blocked", "erased"]
Activity = Literal["recent", "quiet", "never"]

COLUMNS: Final[dict[Sort, str]] = {
    "clicks": "clicks",
    "friends": "friends",
    "orders": "orders",
    "revenue": "revenue_minor",
    "rewards": "reward_minor",
    "balance": "available_minor",
    "active": "last_active_s",
    "joined": "joined_at",
}
RECENT: Final = timedelta(days=30)
"""Who had a click or an order within so long is active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which ambassadors, and in which order. Erased ones only where they are asked for."""

    sort: Sort = "revenue"
    order: Direction = "desc"
    program_id: str | None = None
    group: str | None = None
    status: Status | None = None
    activity: Activity | None = None
    joined_from: datetime | None = None
    joined_to: datetime | None = None
    """Before this moment."""
    among: tuple[str, ...] | None = None
    """Nobody but these, some at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an ambassador brought in all; money in the store's currency."""

    ambassador_id: str
    program_id: str
    group_name: str | None
    status: Status
    joined_at: datetime
    clicks: int
    friends: int
    orders: int
    revenue_minor: int
    reward_minor: int
    available_minor: int
    points: int
    last_active_s: int
    """When the last click or order was, in seconds since 1970; 0 for never."""
    code: str | None = None
    """What names them on pages. Filled in by the caller."""

    def place(self, sort: Sort) -> tuple[int | datetime, str]:
        """Where they stand in this order."""
        return getattr(self, COLUMNS[sort]), self.ambassador_id
