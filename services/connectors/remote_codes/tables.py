"""Ids of codes at platforms."""

from sqlalchemy import Table

from services.connectors.settings import METADATA
from services.kernel.tables import moment, text

REMOTE_CODES = Table(
    "remote_codes",
    METADATA,
    text("store_id", primary_key=True),
    text("connection_id", primary_key=True),
    text("remote_id", primary_key=True),
    text("code"),
    moment("noted_at"),
)
"""What a buyer types, by the platform's id of it, which never changes. Ids of former codes stay: orders that were
bought with them are reported later.
"""
