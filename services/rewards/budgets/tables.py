"""What was reported of programs' budgets."""

from sqlalchemy import Boolean, Column, Integer, Table

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

BUDGET_STATES = Table(
    "budget_states",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    Column("exhausted", Boolean, nullable=False),
    moment("changed_at"),
    Column("revision", Integer, nullable=False),
)
"""A program without a row was never used up."""
