"""Stores' bots, and the one-use tokens by which ambassadors connect. Whose chat is whose stands with the people."""

from sqlalchemy import Column, Index, LargeBinary, Table

from services.kernel.tables import moment, text
from services.links.settings import METADATA

TELEGRAM_BOTS = Table(
    "telegram_bots",
    METADATA,
    text("store_id", primary_key=True),
    text("bot_id"),
    text("hook"),
    text("username", nullable=True),
    Column("sealed_token", LargeBinary, nullable=False),
    text("state"),
    text("reason", nullable=True),
    moment("created_at"),
)

TELEGRAM_STARTS = Table(
    "telegram_starts",
    METADATA,
    text("store_id", primary_key=True),
    text("token_hash", primary_key=True),
    text("ambassador_id"),
    moment("expires_at"),
    Index(None, "store_id", "ambassador_id"),
)
