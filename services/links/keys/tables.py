"""API keys: what they may do, never the keys themselves, which derive from the ring."""

from sqlalchemy import Column, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.kernel.tables import moment, text
from services.links.settings import METADATA

KEYS = Table(
    "keys",
    METADATA,
    text("key_id", primary_key=True),
    text("store_id"),
    text("kind"),
    Column("scopes", ARRAY(Text), nullable=False),
    text("label"),
    moment("created_at"),
    moment("revoked_at", nullable=True),
    moment("last_used_at", nullable=True),
    Index(None, "store_id", "key_id"),
)

IDENTIFY_SECRETS = Table(
    "identify_secrets",
    METADATA,
    text("store_id", primary_key=True),
    Column("generation", Integer, nullable=False),
)
"""How often a store's identify secret was rotated; none for never. The secret derives from it and the ring."""
