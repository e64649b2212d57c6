"""What is in the catalogue, and what was redeemed."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Table
from sqlalchemy import text as sql

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

CATALOGUE_ITEMS = Table(
    "catalogue_items",
    METADATA,
    text("store_id", primary_key=True),
    text("item_id", primary_key=True),
    text("program_id"),
    Column("version", Integer, nullable=False),
    text("kind"),
    text("name"),
    text("description"),
    text("paid_in"),
    text("unit"),
    Column("price", BigInteger, nullable=False),
    # As JSON: price by tier.
    text("tier_prices"),
    Column("stock", BigInteger, nullable=True),
    text("pool_id", nullable=True),
    moment("from_at", nullable=True),
    moment("until_at", nullable=True),
    text("status"),
    moment("made_at"),
    moment("changed_at"),
    Index("catalogue_items_program_idx", "store_id", "program_id", "item_id"),
    CheckConstraint("price > 0", name="price"),
    CheckConstraint("stock >= 0", name="stock"),
    CheckConstraint("stock is null or pool_id is null", name="one_stock"),
)

REDEMPTIONS = Table(
    "redemptions",
    METADATA,
    text("store_id", primary_key=True),
    text("redemption_id", primary_key=True),
    text("ambassador_id"),
    text("program_id"),
    text("item_id"),
    Column("item_version", Integer, nullable=False),
    text("kind"),
    text("name"),
    text("paid_in"),
    text("unit"),
    Column("price", BigInteger, nullable=False),
    text("tier", nullable=True),
    Column("stocked", Boolean, nullable=False),
    text("pool_id", nullable=True),
    text("code", nullable=True),
    text("status"),
    Column("revision", Integer, nullable=False),
    text("reason", nullable=True),
    text("once", nullable=True),
    text("made_by"),
    moment("made_at"),
    moment("fulfilled_at", nullable=True),
    moment("ended_at", nullable=True),
    Index("redemptions_ambassador_idx", "store_id", "ambassador_id", "redemption_id"),
    Index("redemptions_status_idx", "store_id", "status", "redemption_id"),
    Index(
        "redemptions_once_key",
        "store_id",
        "ambassador_id",
        "once",
        unique=True,
        postgresql_where=sql("once is not null"),
    ),
    CheckConstraint("price > 0", name="price"),
    CheckConstraint("(pool_id is null) = (code is null)", name="code"),
    CheckConstraint("status in ('requested', 'fulfilled', 'cancelled', 'returned')", name="status"),
    CheckConstraint("(status in ('cancelled', 'returned')) = (ended_at is not null)", name="ended"),
    CheckConstraint(
        "case status when 'requested' then fulfilled_at is null when 'cancelled' then fulfilled_at is null"
        " else fulfilled_at is not null end",
        name="fulfilled",
    ),
)
"""What it cost and was called when it was redeemed. `reason` goes when the ambassador is erased."""
