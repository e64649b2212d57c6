"""Ambassadors, and apart from them the one table of personal data in the product."""

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY

from services.kernel.tables import moment, text
from services.links.changes.tables import METADATA

AMBASSADORS = Table(
    "ambassadors",
    METADATA,
    text("ambassador_id", primary_key=True),
    text("store_id"),
    text("program_id"),
    text("external_id", nullable=True),
    text("status"),
    text("group_name", nullable=True),
    text("sponsor_id", nullable=True),
    text("locale", nullable=True),
    Column("contact_hashes", ARRAY(Text), nullable=False),
    text("link_id"),
    text("code_id"),
    moment("created_at"),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("store_id", "program_id", "external_id"),
    Index(None, "store_id", "ambassador_id"),
)

AMBASSADOR_MAILS = Table(
    "ambassador_mails",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    text("hash", primary_key=True),
    text("ambassador_id"),
    Index(None, "store_id", "ambassador_id"),
)
"""Whom a program knows by a mail address (its keyed hash): the first who came with it. Others may have the same one if
the store knows them under another customer id.
"""

PEOPLE = Table(
    "people",
    METADATA,
    text("ambassador_id", primary_key=True),
    text("store_id"),
    text("name", nullable=True),
    text("email", nullable=True),
    text("phone", nullable=True),
    Index(None, "store_id"),
)
