"""Which one-time sign-in addresses were used, by a random text and a moment; and the sessions of ambassadors."""

from sqlalchemy import Index, Table

from services.kernel.tables import PIPE, moment, text
from services.links.settings import METADATA

USED_SIGN_INS = Table(
    "used_sign_ins",
    METADATA,
    text("nonce", primary_key=True),
    moment("expires_at"),
    info=PIPE,
)

PORTAL_SESSIONS = Table(
    "portal_sessions",
    METADATA,
    text("session_id", primary_key=True),
    text("store_id"),
    text("ambassador_id"),
    text("way"),
    moment("started_at"),
    moment("expires_at"),
    moment("ended_at", nullable=True),
    Index(None, "store_id", "ambassador_id"),
)
"""Of ambassadors at the portal. Moments are real time: the demo clock signs nobody out."""
