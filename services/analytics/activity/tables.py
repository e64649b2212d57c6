"""What the services noted, as their events say it."""

from sqlalchemy import Column, Index, Table
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from services.analytics.settings import METADATA
from services.kernel.tables import APPEND_ONLY, moment, text

ACTIVITY = Table(
    "activity",
    METADATA,
    text("store_id", primary_key=True),
    text("audit_id", primary_key=True),
    moment("at"),
    text("service"),
    text("actor_kind"),
    text("actor_id"),
    text("session_id", nullable=True),
    text("action"),
    text("subject"),
    Column("before", JSONB, nullable=False),
    Column("after", JSONB, nullable=False),
    text("request_id", nullable=True),
    Index(None, "store_id", "at", "audit_id"),
    Index("activity_connections_idx", "store_id", postgresql_where=sql("action in ('hook.made', 'hook.ended')")),
    info=APPEND_ONLY,
)
"""Under the store `*`: what concerns every store, and every store may read it."""
