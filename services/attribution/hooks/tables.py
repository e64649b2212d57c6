"""Hooks and deliveries. A delivery's body is a platform's own words and holds personal data: it is kept encrypted, for
a few days, so that a mistake in reading it can be mended (`kith deliveries`), and never leaves this table.
"""

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from services.attribution.settings import METADATA
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
"""`secret` is encrypted (see hooks.domain)."""

DELIVERIES = Table(
    "deliveries",
    METADATA,
    text("store_id", primary_key=True),
    text("delivery_id", primary_key=True),
    text("hook_id"),
    text("topic"),
    moment("received_at"),
    text("outcome"),
    Column("reason", Text, nullable=True),
    Column("order_id", Text, nullable=True),
    Column("body", LargeBinary, nullable=False),
    Index("deliveries_received_idx", "store_id", "received_at"),
)
"""`delivery_id` is a hash of what was signed, so that a repetition is found; `body` is encrypted (see hooks.domain)."""
