"""What people chose, and which addresses get no mail: by their keyed hashes, so that nobody is named."""

from sqlalchemy import Column, Integer, Table, Text

from services.kernel.tables import moment, text
from services.links.settings import METADATA

PREFERENCES = Table(
    "preferences",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("channel"),
    Column("quiet_from", Integer, nullable=True),
    Column("quiet_to", Integer, nullable=True),
    text("zone", nullable=True),
    Column("most_a_day", Integer, nullable=False),
    text("digest"),
    Column("mail_too", Text, nullable=False, server_default="money"),
    moment("changed_at"),
)

SUPPRESSIONS = Table(
    "suppressions",
    METADATA,
    text("store_id", primary_key=True),
    text("mail_hash", primary_key=True),
    text("reason"),
    moment("at"),
)
"""Outlives the person: who asked for no mail is not written to because they were forgotten, or came back."""
