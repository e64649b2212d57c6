"""Months that were closed, and the exports that were made of them. Neither ever changes."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, LargeBinary, Table

from services.kernel.tables import APPEND_ONLY, moment, text
from services.rewards.settings import METADATA

MONTH_CLOSES = Table(
    "month_closes",
    METADATA,
    text("store_id", primary_key=True),
    # As 2026-10: sorts as it follows.
    text("month", primary_key=True),
    text("timezone"),
    moment("ends_at"),
    moment("closed_at"),
    # The sets of the month: those behind the first number, up to the last.
    Column("after_number", BigInteger, nullable=False),
    Column("last_number", BigInteger, nullable=False),
    Column("last_hash", LargeBinary, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("csv_bytes", BigInteger, nullable=False),
    Column("csv_sha256", LargeBinary, nullable=False),
    # How each kind of account stood before and after, as JSON.
    text("totals"),
    CheckConstraint("month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="month"),
    CheckConstraint("after_number >= 0 and last_number >= after_number", name="numbers"),
    CheckConstraint("octet_length(last_hash) = 32 and octet_length(csv_sha256) = 32", name="hashes"),
    CheckConstraint("closed_at >= ends_at", name="over"),
    info=APPEND_ONLY,
)

MONTH_CLOSE_PARTS = Table(
    "month_close_parts",
    METADATA,
    text("store_id", primary_key=True),
    text("month", primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("csv", LargeBinary, nullable=False),
    info=APPEND_ONLY,
)
