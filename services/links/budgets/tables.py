"""Programs whose budget was used up at some time, and whether it is."""

from sqlalchemy import Boolean, Column, Integer, Table

from services.kernel.tables import text
from services.links.settings import METADATA

PROGRAM_BUDGETS = Table(
    "program_budgets",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    Column("exhausted", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
)
