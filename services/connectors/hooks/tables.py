"""Addresses that platforms deliver to: a store's accounts with them."""

from sqlalchemy import Column, LargeBinary, Table

from services.connectors.settings import METADATA
from services.kernel.tables import moment, text

HOOKS = Table(
    "hooks",
    METADATA,
    text("store_id", primary_key=True),
    text("hook_id", primary_key=True),
    text("platform"),
    Column("secret", LargeBinary, nullable=False),
    moment("created_at"),
    moment("deleted_at", nullable=True),
)
"""`secret` is sealed (see hooks.domain)."""
