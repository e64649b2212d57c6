"""Under which number an ambassador sees the buyer of an order."""

from sqlalchemy import Column, Index, Integer, Table

from services.attribution.settings import METADATA
from services.kernel.tables import text

FRIEND_NUMBERS = Table(
    "friend_numbers",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("order_id", primary_key=True),
    Column("number", Integer, nullable=False),
    Index("friend_numbers_number_idx", "store_id", "ambassador_id", "number"),
)
"""Each ambassador's own count: a number says nothing about anybody else's friends, and once shown it stays."""
