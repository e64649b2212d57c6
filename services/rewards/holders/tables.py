"""Contacts that the store's server has verified, and the customer of each."""

from sqlalchemy import Table

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

CONTACT_HOLDERS = Table(
    "contact_holders",
    METADATA,
    text("store_id", primary_key=True),
    # Its keyed hash, as rewards of friends name who gets them.
    text("contact", primary_key=True),
    text("customer_id"),
    moment("joined_at"),
)
"""A contact without a row holds what it earned itself."""
