"""How stores look. A store without a row has our own colour and its first letter."""

from sqlalchemy import Column, LargeBinary, Table

from services.kernel.tables import text
from services.links.settings import METADATA

STORE_LOOKS = Table(
    "store_looks",
    METADATA,
    text("store_id", primary_key=True),
    text("color", nullable=True),
    Column("logo", LargeBinary, nullable=True),
)
"""`logo`: as WebP, made anew from what was given."""
