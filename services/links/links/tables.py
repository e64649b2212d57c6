"""Share links. Which slugs lead to which link stands in the kernel's directory."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.tables import moment, text
from services.links.settings import METADATA

LINKS = Table(
    "links",
    METADATA,
    text("link_id", primary_key=True),
    text("store_id"),
    text("program_id"),
    text("ambassador_id"),
    text("slug"),
    text("destination", nullable=True),
    text("channel", nullable=True),
    Column("utm", JSONB, nullable=False),
    moment("expires_at", nullable=True),
    text("fallback", nullable=True),
    # The ambassador's part of the reward in basis points, where an ambassador chose it. It never changes.
    Column("split", Integer, nullable=True),
    moment("deleted_at", nullable=True),
    moment("created_at"),
    Column("revision", Integer, nullable=False),
    Index(None, "store_id", "link_id"),
    Index(None, "ambassador_id"),
    CheckConstraint("split between 0 and 10000", name="split"),
)
