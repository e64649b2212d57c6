"""Uses of limited codes."""

from sqlalchemy import Table

from services.attribution.settings import METADATA
from services.kernel.tables import moment, text

CODE_USES = Table(
    "code_uses",
    METADATA,
    text("store_id", primary_key=True),
    text("code_id", primary_key=True),
    text("use_id", primary_key=True),
    moment("at"),
)
"""`use_id` is the order's id with `o:` before it, or that of a redemption without an order with `r:`."""
