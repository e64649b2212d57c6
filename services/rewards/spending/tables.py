"""Spends, and the posting sets by which each moved. Which lots a set moved says `lot_entries`."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table
from sqlalchemy import text as sql

from services.kernel.tables import APPEND_ONLY, moment, text
from services.rewards.settings import METADATA

SPENDS = Table(
    "spends",
    METADATA,
    text("store_id", primary_key=True),
    text("spend_id", primary_key=True),
    text("purpose"),
    text("purpose_id"),
    text("owner"),
    text("side"),
    text("unit"),
    text("pay_as"),
    Column("amount", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False, server_default="0"),
    Column("given_back", BigInteger, nullable=False, server_default="0"),
    text("status"),
    # Of the set by which it was reserved.
    Column("number", BigInteger, nullable=False),
    moment("reserved_at"),
    moment("expires_at", nullable=True),
    moment("ended_at", nullable=True),
    Index(
        "spends_live_key",
        *("store_id", "purpose", "purpose_id"),
        unique=True,
        postgresql_where=sql("status = 'reserved' or captured > given_back"),
    ),
    Index("spends_purpose_idx", "store_id", "purpose_id", "spend_id"),
    Index("spends_owner_idx", "store_id", "owner", "spend_id"),
    Index("spends_checkout_idx", "store_id", "spend_id", postgresql_where=sql("purpose <> 'redemption'")),
    Index("spends_status_idx", "store_id", "status", "spend_id", postgresql_where=sql("purpose <> 'redemption'")),
    Index(
        "spends_due_idx",
        *("store_id", "expires_at"),
        postgresql_where=sql("status = 'reserved' and expires_at is not null"),
    ),
    CheckConstraint("amount > 0 and given_back >= 0 and given_back <= captured and captured <= amount", name="amounts"),
    CheckConstraint("status in ('reserved', 'captured', 'released')", name="status"),
    CheckConstraint("(status = 'captured') = (captured > 0)", name="captured"),
    CheckConstraint("(status = 'reserved') = (ended_at is null)", name="ended"),
    CheckConstraint("purpose in ('order', 'cart', 'redemption')", name="purpose"),
    CheckConstraint("pay_as in ('store_credit', 'points')", name="pay_as"),
)

SPEND_STEPS = Table(
    "spend_steps",
    METADATA,
    text("store_id", primary_key=True),
    # Of the posting set.
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    text("spend_id"),
    # Names what happened: each happens once.
    text("step"),
    Column("amount", BigInteger, nullable=False),
    Index("spend_steps_key", "store_id", "spend_id", "step", unique=True),
    CheckConstraint("amount > 0", name="amount"),
    info=APPEND_ONLY,
)
