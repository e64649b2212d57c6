"""What payments paid."""

from sqlalchemy import Index, Table

from services.connectors.settings import METADATA
from services.kernel.tables import moment, text

PAYMENTS = Table(
    "payments",
    METADATA,
    text("store_id", primary_key=True),
    text("payment_id", primary_key=True),
    text("order_id"),
    moment("noted_at"),
    Index(None, "store_id", "noted_at"),
)
"""Which order a payment paid, under the store's ids of both: refunds name the payment alone."""
