"""Each version of each program, as links published it."""

from sqlalchemy import BigInteger, Column, Integer, Table

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

programs = Table(
    "programs",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    text("currency"),
    Column("budget_minor", BigInteger, nullable=True),
    text("definition"),
    moment("published_at"),
)
