"""Every message that was to be sent, and what became of it. No address, no name and no text of any."""

from sqlalchemy import Column, Index, Integer, Table, Text

from services.kernel.tables import moment, text
from services.links.settings import METADATA

MAILS = Table(
    "mails",
    METADATA,
    text("mail_id", primary_key=True),
    text("store_id"),
    text("kind"),
    text("about"),
    Column("channel", Text, nullable=False, server_default="email"),
    text("ambassador_id", nullable=True),
    Column("segments", Integer, nullable=True),
    text("state"),
    text("reason", nullable=True),
    moment("created_at"),
    moment("ended_at", nullable=True),
    Index(None, "store_id", "created_at", "mail_id"),
    Index(None, "store_id", "ambassador_id"),
    Index(None, "store_id", "about"),
)
"""`about` is the id of what the mail is about; to whom is known when it is sent, as `ambassador_id`. Of an SMS,
`segments` are what it was counted as.
"""
