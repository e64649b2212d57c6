"""Applicants: beside `people` and `invites` the only table of personal data in the product."""

from sqlalchemy import Index, Table

from services.kernel.tables import moment, text
from services.links.settings import METADATA

APPLICANTS = Table(
    "applicants",
    METADATA,
    text("applicant_id", primary_key=True),
    text("store_id"),
    text("program_id"),
    text("mail_hash"),
    text("email"),
    text("name", nullable=True),
    text("role", nullable=True),
    text("code", nullable=True),
    text("terms_version", nullable=True),
    text("locale"),
    text("invitation", nullable=True),
    moment("created_at"),
    moment("expires_at"),
    Index(None, "store_id", "mail_hash"),
    Index(None, "store_id", "expires_at"),
)
"""Who wants to join and has yet to prove the address: forgotten after a day, and as soon as they have joined.
`invitation` is the one that they came by.
"""
