"""Lots, what posting sets did to them, debts, and the clocks of idle holders. Lots and debts are folds of
`lot_entries`, which follow the books.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, Index, Integer, Table, Text
from sqlalchemy import text as sql

from services.kernel.tables import APPEND_ONLY, moment, text
from services.rewards.settings import METADATA

LOTS = Table(
    "lots",
    METADATA,
    text("store_id", primary_key=True),
    text("lot_id", primary_key=True),
    text("owner"),
    text("side"),
    text("unit"),
    text("pay_as"),
    text("program_id"),
    # Empty for what a person gave.
    text("rule"),
    # On which it became available, where the store was then.
    Column("day", Date, nullable=False),
    # 0: never. Below 0: so many days after the holder was last active, by its clock.
    Column("expires_days", Integer, nullable=False),
    # Null where it never does, or by its clock.
    moment("expires_at", nullable=True),
    Column("granted", BigInteger, nullable=False),
    Column("clawed_back", BigInteger, nullable=False),
    Column("expired", BigInteger, nullable=False),
    Column("remaining", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("used", BigInteger, nullable=False, server_default="0"),
    Column("expired_by", BigInteger, nullable=True),
    # The contact under which it lay before that was a customer's.
    Column("joined_from", Text, nullable=False, server_default=""),
    text("clock_id", nullable=True),
    # When the holder is told that it expires; null where they were, or are not to be, or by its clock.
    moment("notice_at", nullable=True),
    Index(
        "lots_key",
        *("store_id", "owner", "side", "unit", "pay_as", "program_id", "rule", "day", "expires_days", "joined_from"),
        unique=True,
    ),
    Index(
        "lots_left_idx",
        *("store_id", "owner", "side", "unit", "expires_at"),
        postgresql_where=sql("remaining > 0"),
    ),
    Index(
        "lots_due_idx",
        *("store_id", "expires_at"),
        postgresql_where=sql("remaining > 0 and expires_at is not null"),
    ),
    Index(
        "lots_clock_idx",
        *("store_id", "clock_id"),
        postgresql_where=sql("remaining > 0 and clock_id is not null"),
    ),
    Index(
        "lots_notice_idx",
        *("store_id", "notice_at"),
        postgresql_where=sql("remaining > 0 and notice_at is not null"),
    ),
    CheckConstraint("granted >= 0 and clawed_back >= 0 and expired >= 0 and remaining >= 0", name="not_negative"),
    CheckConstraint("reserved >= 0 and used >= 0", name="spent"),
    CheckConstraint("granted = clawed_back + expired + reserved + used + remaining", name="partition"),
    CheckConstraint(
        "(expires_days > 0) = (expires_at is not null) and (expires_days < 0) = (clock_id is not null)", name="expires"
    ),
    CheckConstraint("pay_as in ('store_credit', 'points')", name="pay_as"),
)

LOT_ENTRIES = Table(
    "lot_entries",
    METADATA,
    text("store_id", primary_key=True),
    # Of the posting set.
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    # Below 0: what of that which returned to a lot paid the debt at once.
    Column("line", Integer, primary_key=True, autoincrement=False),
    # Null: the holder's debt.
    text("lot_id", nullable=True),
    Column("amount", BigInteger, nullable=False),
    Index("lot_entries_lot_idx", "store_id", "lot_id"),
    CheckConstraint("amount <> 0", name="amount"),
    info=APPEND_ONLY,
)

LOT_DEBTS = Table(
    "lot_debts",
    METADATA,
    text("store_id", primary_key=True),
    text("owner", primary_key=True),
    text("side", primary_key=True),
    text("unit", primary_key=True),
    text("pay_as", primary_key=True),
    Column("amount", BigInteger, nullable=False),
    CheckConstraint("amount >= 0", name="not_negative"),
)

LOT_CLOCKS = Table(
    "lot_clocks",
    METADATA,
    text("store_id", primary_key=True),
    text("clock_id", primary_key=True),
    text("owner"),
    text("side"),
    text("unit"),
    text("pay_as"),
    # Whole days after the one on which the holder was last active.
    Column("days", Integer, nullable=False),
    Column("notice_days", Integer, nullable=True),
    moment("expires_at"),
    moment("notice_at", nullable=True),
    # It has run out, and nothing is left by it.
    Column("ended", Boolean, nullable=False, server_default="false"),
    Index("lot_clocks_holder_idx", "store_id", "owner", "side", "unit", "pay_as", "expires_at"),
    Index("lot_clocks_due_idx", "store_id", "expires_at", postgresql_where=sql("not ended")),
    Index(
        "lot_clocks_notice_idx",
        *("store_id", "notice_at"),
        postgresql_where=sql("not ended and notice_at is not null"),
    ),
    CheckConstraint("days > 0", name="days"),
)
"""All lots of one holder that expire after as many idle days follow one clock: activity moves one row."""
