"""Where a program's offer to share stands. A program without a row stands wherever the store's pages put it."""

from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.tables import moment, text
from services.links.settings import METADATA

SHARE_PLACES = Table(
    "share_places",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    Column("rules", JSONB, nullable=False),
    moment("updated_at"),
)
"""No part of the program's version: moving a banner changes nothing that anybody was promised."""
