"""Contacts that the store's server has verified, and the customer of each."""

from sqlalchemy import Table

from services.attribution.settings import METADATA
from services.kernel.tables import moment, text

VERIFIED_CONTACTS = Table(
    "verified_contacts",
    METADATA,
    text("store_id", primary_key=True),
    # Its keyed hash.
    text("contact", primary_key=True),
    text("customer_id"),
    moment("verified_at"),
)
"""Never changed: whose a contact was first it stays, since what it earned may be spent by now."""
