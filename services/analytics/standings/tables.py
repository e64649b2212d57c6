"""Where each ambassador stands: what lists are ordered and narrowed by, in one row."""

from sqlalchemy import BigInteger, Column, Index, Table

from services.analytics.settings import METADATA
from services.analytics.standings.domain import COLUMNS
from services.kernel.tables import moment, text

STANDINGS = Table(
    "standings",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("program_id"),
    text("group_name", nullable=True),
    text("status"),
    moment("joined_at"),
    *(
        Column(name, BigInteger, nullable=False)
        for name in (
            *("clicks", "friends", "orders", "revenue_minor", "reward_minor", "available_minor", "points"),
            "last_active_s",
        )
    ),
    *(Index(f"standings_{name}_idx", "store_id", name, "ambassador_id") for name in COLUMNS.values()),
    Index("standings_group_idx", "store_id", "group_name"),
)
"""A copy of `results` beside the slice of ambassadors, some seconds old. `results` changes with every click and has no
index but its key; here an index for each order makes a page cost what it shows.
"""
