"""Materials of a program, their pictures, and how often each was seen and clicked by day."""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, Table

from services.kernel.tables import moment, text
from services.links.settings import METADATA

MATERIALS = Table(
    "materials",
    METADATA,
    text("material_id", primary_key=True),
    text("store_id"),
    text("program_id"),
    text("kind"),
    text("language", nullable=True),
    text("title"),
    text("body"),
    Column("width", Integer, nullable=True),
    Column("height", Integer, nullable=True),
    moment("created_at"),
    moment("updated_at"),
    moment("deleted_at", nullable=True),
    Index(None, "store_id", "program_id", "material_id"),
)

MATERIAL_PICTURES = Table(
    "material_pictures",
    METADATA,
    text("material_id", primary_key=True),
    text("store_id"),
    Column("picture", LargeBinary, nullable=False),
)
"""As WebP, made anew from what was given."""

MATERIAL_DAYS = Table(
    "material_days",
    METADATA,
    text("store_id", primary_key=True),
    text("material_id", primary_key=True),
    Column("day", Date, primary_key=True),
    Column("views", BigInteger, nullable=False, server_default="0"),
    Column("clicks", BigInteger, nullable=False, server_default="0"),
)
"""Days are UTC's."""
