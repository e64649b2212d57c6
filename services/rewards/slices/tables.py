"""What rewards keeps of others' set-up: versions of programs, ambassadors, their codes, and whose portal is closed."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table
from sqlalchemy import text as sql

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

PROGRAMS = Table(
    "programs",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    text("currency"),
    Column("budget_minor", BigInteger, nullable=True),
    text("definition"),
    moment("published_at"),
    # Whether the version has rules for what buyers spend themselves.
    Column("cashback", Boolean, nullable=False, server_default="false"),
    # Whether the version has something that people buy for a time.
    Column("memberships", Boolean, nullable=False, server_default="false"),
    Index("programs_cashback_idx", "store_id", postgresql_where=sql("cashback")),
    Index("programs_memberships_idx", "store_id", postgresql_where=sql("memberships")),
)

AMBASSADORS = Table(
    "ambassadors",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("program_id"),
    text("status"),
    Column("revision", Integer, nullable=False),
    # Null until the catalog was read anew, in rows from before it was kept.
    moment("joined_at", nullable=True),
)
"""Ambassadors by id: in which program since when, and whether they are active, blocked or erased."""

CODES = Table(
    "codes",
    METADATA,
    text("store_id", primary_key=True),
    text("code_id", primary_key=True),
    text("ambassador_id"),
    text("code"),
    Column("retired", Boolean, nullable=False),
    moment("created_at"),
    Column("revision", Integer, nullable=False),
    Index("codes_ambassador_idx", "store_id", "ambassador_id"),
    Index("codes_code_idx", "store_id", "code"),
)
"""Ambassadors' codes, which name them in spreadsheets."""

CHOSEN_CODES = Table(
    "chosen_codes",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("code_id", nullable=True),
    Column("revision", Integer, nullable=False),
)
"""The code that an ambassador is known by, of those that they have."""

CLOSED_PORTALS = Table(
    "closed_portals",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
)
"""Ambassadors who were erased: their portal's address was given out, and opens nothing any more."""
