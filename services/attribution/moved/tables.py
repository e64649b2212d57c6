"""What lay here before connectors had a database of its own. `moved_at`: taken over by connectors, since when."""

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
    moment("moved_at", nullable=True),
)

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
    moment("moved_at", nullable=True),
    Index("deliveries_received_idx", "store_id", "received_at"),
)
"""`body` is encrypted under the key ring, as is a hook's `secret`."""
