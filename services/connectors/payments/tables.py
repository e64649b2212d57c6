"""What payments paid, and in which form refunds are reported."""

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

REFUND_FORMS = Table(
    "refund_forms",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    text("form"),
    moment("noted_at"),
    Index(None, "store_id", "noted_at"),
)
"""In which form an order's refunds were reported first: `each`, or the `sum` of all (see platforms.domain.port). An
endpoint and its account may have two versions of one API; what the other form says of the order does not count.
"""
