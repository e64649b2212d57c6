"""Destinations with what is sealed of them, and marks by which a change of mail or phone is seen."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table
from sqlalchemy import text as sql_text

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

DESTINATIONS = Table(
    "destinations",
    METADATA,
    text("store_id", primary_key=True),
    text("destination_id", primary_key=True),
    text("ambassador_id"),
    text("method"),
    text("hint"),
    Column("sealed", LargeBinary, nullable=True),
    moment("made_at"),
    moment("usable_at"),
    moment("ended_at", nullable=True),
    Index(
        "destinations_current_key",
        *("store_id", "ambassador_id"),
        unique=True,
        postgresql_where=sql_text("ended_at is null"),
    ),
    Index("destinations_ambassador_idx", "store_id", "ambassador_id", "destination_id"),
)
"""`sealed`: method, holder and account (see destinations.domain); null once nobody needs it, and of who was erased.
`usable_at`: from when money may go there.
"""

CONTACTS_SEEN = Table(
    "contacts_seen",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    Column("mark", LargeBinary, nullable=False),
    Column("revision", Integer, nullable=False),
    # Nothing is paid to whoever is blocked, until they are not.
    Column("blocked", Boolean, nullable=False, server_default="false"),
    Index("contacts_seen_blocked_idx", "store_id", "ambassador_id", postgresql_where=sql_text("blocked")),
)
"""A hash of an ambassador's keyed contact hashes: that it changed is all that is kept."""
