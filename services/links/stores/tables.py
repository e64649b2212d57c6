"""Domains that a store has to prove, and those that it proved. Where links may lead is in `stores.domains` alone.

And what stands for nobody at a store: ids, addresses and numbers that its systems fill in where a buyer gave none.
"""

from sqlalchemy import Column, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.kernel.tables import moment, text
from services.links.settings import METADATA

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

STORE_PLACEHOLDERS = Table(
    "store_placeholders",
    METADATA,
    text("store_id", primary_key=True),
    Column("customer_ids", ARRAY(Text), nullable=False),
    Column("emails", ARRAY(Text), nullable=False),
    Column("phones", ARRAY(Text), nullable=False),
    Column("names", ARRAY(Text), nullable=False),
)
"""`names` is how the others travel to those who must not know an address."""
