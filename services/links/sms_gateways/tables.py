"""Stores' SMS gateways, and what was spent by day."""

from sqlalchemy import Column, Date, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.kernel.tables import moment, text
from services.links.settings import METADATA

SMS_GATEWAYS = Table(
    "sms_gateways",
    METADATA,
    text("store_id", primary_key=True),
    text("hook"),
    text("url"),
    text("sender"),
    Column("sealed_secret", LargeBinary, nullable=False),
    text("secret_end"),
    Column("prefixes", ARRAY(Text), nullable=False),
    *(Column(name, Integer, nullable=False) for name in ("most_a_day", "most_a_month", "most_codes_a_day")),
    text("state"),
    text("reason", nullable=True),
    moment("created_at"),
    moment("changed_at"),
)
"""`secret_end` are the secret's last signs, by which its owner knows it. Sealed beside the secret is the one before,
for a day.
"""

SMS_SPENT = Table(
    "sms_spent",
    METADATA,
    text("store_id", primary_key=True),
    Column("day", Date, primary_key=True),
    Column("segments", Integer, nullable=False),
)
"""Segments by day of the store's time zone."""
