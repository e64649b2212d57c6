"""What rewards keeps of others' set-up: each version of each program, the ambassadors, and whose portal is closed."""

from sqlalchemy import BigInteger, Column, Integer, Table

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

PROGRAMS = Table(
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

AMBASSADORS = Table(
    "ambassadors",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("program_id"),
    text("status"),
    Column("revision", Integer, nullable=False),
)
"""Ambassadors by id: in which program, and whether they are active, blocked or erased."""

CLOSED_PORTALS = Table(
    "closed_portals",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
)
"""Ambassadors who were erased: their portal's address was given out, and opens nothing any more."""
