"""Settled orders that count towards tiers, what they come to by day, and where each ambassador stands."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, Table
from sqlalchemy import text as sql

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

TIER_ORDERS = Table(
    "tier_orders",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    text("ambassador_id"),
    text("program_id"),
    text("friend_id"),
    # On which it settled, where the store was then.
    Column("day", Date, nullable=False),
    Column("revenue_minor", BigInteger, nullable=False),
    Index("tier_orders_friend_idx", "store_id", "ambassador_id", "program_id", "friend_id", "day"),
    CheckConstraint("revenue_minor >= 0", name="revenue"),
)
"""As they count now: one that stops counting is deleted."""

TIER_COUNTS = Table(
    "tier_counts",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("program_id", primary_key=True),
    # -infinity: of all days together.
    Column("day", Date, primary_key=True, autoincrement=False),
    Column("friends", Integer, nullable=False),
    Column("orders", Integer, nullable=False),
    Column("revenue_minor", BigInteger, nullable=False),
    Column("clicks", Integer, nullable=False, server_default="0"),
    CheckConstraint("friends >= 0 and orders >= 0 and revenue_minor >= 0", name="not_negative"),
)

TIER_CLICKS = Table(
    "tier_clicks",
    METADATA,
    text("store_id", primary_key=True),
    text("click_id", primary_key=True),
    Column("day", Date, nullable=False),
    Index("tier_clicks_day_idx", "store_id", "day"),
)
"""Clicks that count, for as long as they may be reported again."""

TIER_STANDINGS = Table(
    "tier_standings",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("program_id", primary_key=True),
    text("tier", nullable=True),
    moment("since"),
    # Of the program, whose tiers say so.
    Column("version", Integer, nullable=False),
    moment("falls_at", nullable=True),
    moment("due_at", nullable=True),
    Column("revision", Integer, nullable=False),
    Index("tier_standings_due_idx", "store_id", "due_at", postgresql_where=sql("due_at is not null")),
)
"""Who is missing is where everybody begins."""

TIER_SWEEPS = Table(
    "tier_sweeps",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    # The last ambassador who was looked at.
    text("after"),
)
"""Programs that have other tiers now: their ambassadors are looked at one after the other."""
