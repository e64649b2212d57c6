"""Codes that were asked for. Whose phone is whose stands with the people."""

from sqlalchemy import Column, Index, Integer, Table

from services.kernel.tables import moment, text
from services.links.settings import METADATA

PHONE_CODES = Table(
    "phone_codes",
    METADATA,
    text("code_id", primary_key=True),
    text("store_id"),
    text("ambassador_id"),
    text("number_hash"),
    Column("tries", Integer, nullable=False, server_default="0"),
    moment("created_at"),
    moment("expires_at"),
    moment("used_at", nullable=True),
    Index(None, "store_id", "ambassador_id", "created_at"),
    Index(None, "store_id", "number_hash", "created_at"),
    Index(None, "store_id", "created_at"),
)
"""Codes that were asked for, in real time. A code is derived from its id and kept nowhere; which number it went to
stands with the person, here is its keyed hash.
"""
