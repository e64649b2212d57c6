"""When each store's books were last gone through, and what came of it."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Integer, Table, func

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

LEDGER_CHECKS = Table(
    "ledger_checks",
    METADATA,
    text("store_id", primary_key=True),
    Column("first_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    moment("began_at"),
    moment("checked_at", nullable=True),
    Column("sets", BigInteger, nullable=False, server_default="0"),
    text("last_hash", nullable=True),
    Column("wrong", Integer, nullable=False, server_default="0"),
    CheckConstraint("sets >= 0 and wrong >= 0", name="not_negative"),
)
"""`first_at` is when the first audit began, `began_at` when the newest did, which may be under way; the others are of
the newest one that ended.
`last_hash` is that of the last of `sets`. `wrong`: how much differed.
"""
