"""Promo codes, unique per store in their folded form for ever: a retired code is never given out again."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, UniqueConstraint

from services.kernel.tables import moment, text
from services.links.settings import METADATA

CODES = Table(
    "codes",
    METADATA,
    text("code_id", primary_key=True),
    text("store_id"),
    text("code"),
    text("program_id"),
    text("ambassador_id", nullable=True),
    Column("max_uses", Integer, nullable=True),
    moment("expires_at", nullable=True),
    Column("retired", Boolean, nullable=False, server_default="false"),
    # The ambassador's part of the reward in basis points, where an ambassador chose it. It never changes.
    Column("split", Integer, nullable=True),
    moment("created_at"),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("store_id", "code"),
    Index(None, "store_id", "code_id"),
    Index(None, "ambassador_id"),
    CheckConstraint("split between 0 and 10000", name="split"),
)
