"""Domains that a store has to prove, and those that it proved. Where links may lead is in `stores.domains` alone."""

from sqlalchemy import Table

from services.kernel.tables import moment, text
from services.links.changes.tables import METADATA

STORE_DOMAINS = Table(
    "store_domains",
    METADATA,
    text("store_id", primary_key=True),
    text("domain", primary_key=True),
    text("token"),
    moment("claimed_at"),
    moment("checked_at", nullable=True),
    moment("proved_at", nullable=True),
    text("method", nullable=True),
)
