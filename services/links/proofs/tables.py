"""Proofs that were asked for, by keyed hashes alone; and how many mails an address was asked to get lately."""

from sqlalchemy import Column, Index, Integer, Table

from services.kernel.tables import PIPE, moment, text
from services.links.settings import METADATA

PROOFS = Table(
    "proofs",
    METADATA,
    text("proof_id", primary_key=True),
    text("store_id"),
    text("purpose"),
    text("program_id"),
    text("about", nullable=True),
    text("mail_hash"),
    text("browser_hash"),
    text("language"),
    Column("tries", Integer, nullable=False, server_default="0"),
    moment("created_at"),
    moment("expires_at"),
    moment("used_at", nullable=True),
    Index(None, "store_id", "browser_hash"),
    Index(None, "store_id", "expires_at"),
)
"""Moments are real time. What the mail holds, its token and its code, is derived from the id and kept nowhere."""

ASKED_MAILS = Table(
    "asked_mails",
    METADATA,
    text("hash"),
    moment("at"),
    Index(None, "hash", "at"),
    Index(None, "at"),
    info=PIPE,
)
"""Whom strangers had written to in the last hour: `hash` is the store, the purpose, and the address as a keyed hash."""
