"""The slices of programs, ambassadors, codes and links."""

from sqlalchemy import ARRAY, Boolean, Column, Date, Index, Integer, Table, Text

from services.analytics.settings import METADATA
from services.kernel.tables import moment, text

PROGRAMS = Table(
    "programs",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    Column("version", Integer, primary_key=True),
    text("name"),
    text("currency"),
    text("status"),
    moment("published_at"),
    Column("click_window_days", Integer, nullable=False),
    text("discount", nullable=True),
)
"""`discount`: what a version takes off at the checkout, as JSON."""

AMBASSADORS = Table(
    "ambassadors",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("program_id"),
    text("status"),
    moment("joined_at"),
    Column("day", Date, nullable=False),
    text("external_id", nullable=True),
    Column("contact_hashes", ARRAY(Text), nullable=False),
    Column("revision", Integer, nullable=False),
    text("group_name", nullable=True),
    text("code_id", nullable=True),
)

AMBASSADOR_NAMES = Table(
    "ambassador_names",
    METADATA,
    text("store_id", primary_key=True),
    text("name", primary_key=True),
    text("ambassador_id", primary_key=True),
    info={"what": "customer id or keyed contact hash by which events may mean this ambassador"},
)

CODES = Table(
    "codes",
    METADATA,
    text("store_id", primary_key=True),
    text("code_id", primary_key=True),
    text("code"),
    text("ambassador_id"),
    moment("created_at"),
    Column("retired", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("codes_ambassador_idx", "store_id", "ambassador_id"),
)

LINK_PAGES = Table(
    "link_pages",
    METADATA,
    text("store_id", primary_key=True),
    text("link_id", primary_key=True),
    text("program_id"),
    text("page", nullable=True),
    Column("revision", Integer, nullable=False),
)
"""Which page of the store a link leads to; none where that is the program's landing page."""
