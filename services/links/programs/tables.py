"""Programs, and each of their versions as it was written."""

from sqlalchemy import Column, Index, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.tables import APPEND_ONLY, moment, text
from services.links.settings import METADATA

PROGRAMS = Table(
    "programs",
    METADATA,
    text("program_id", primary_key=True),
    text("store_id"),
    Column("version", Integer, nullable=False),
    text("name"),
    text("status"),
    Column("rank", Integer, nullable=False),
    text("landing_url"),
    moment("created_at"),
    moment("updated_at"),
    Index(None, "store_id", "program_id"),
)

PROGRAM_VERSIONS = Table(
    "program_versions",
    METADATA,
    text("program_id", primary_key=True),
    Column("version", Integer, primary_key=True),
    text("store_id"),
    Column("definition", JSONB, nullable=False),
    moment("published_at"),
    info=APPEND_ONLY,
)
