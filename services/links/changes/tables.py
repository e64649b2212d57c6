"""The list of what changed.

One row per thing, so the list is as long as what there is, not as its history.
"""

from sqlalchemy import Column, DateTime, Index, Table, func

from services.kernel.tables import PIPE, text
from services.links.settings import METADATA

CHANGES = Table(
    "changes",
    METADATA,
    text("kind", primary_key=True),
    text("key", primary_key=True),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index(None, "changed_at"),
    info=PIPE,
)
