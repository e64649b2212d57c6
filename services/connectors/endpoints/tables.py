"""Endpoints with their secrets, the messages for them, what became of each, and every try."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text, UniqueConstraint
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.connectors.settings import METADATA
from services.kernel.tables import moment, text

ENDPOINTS = Table(
    "endpoints",
    METADATA,
    text("store_id", primary_key=True),
    text("endpoint_id", primary_key=True),
    text("url"),
    Column("events", ARRAY(Text), nullable=False),
    text("off", nullable=True),
    moment("off_at", nullable=True),
    moment("failing_since", nullable=True),
    Column("streak", Integer, nullable=False, server_default="0"),
    moment("created_at"),
)
"""`off`: why it is not called, null while it is. `failing_since`: since when nothing was delivered although it was
tried; `streak`: how often in a row it was away.
"""

ENDPOINT_SECRETS = Table(
    "endpoint_secrets",
    METADATA,
    text("store_id", primary_key=True),
    text("secret_id", primary_key=True),
    text("endpoint_id"),
    Column("secret", LargeBinary, nullable=False),
    moment("created_at"),
    moment("ends_at", nullable=True),
    Index(None, "store_id", "endpoint_id"),
)
"""`secret` is sealed (see endpoints.domain.signing). The newest has no end."""

MESSAGES = Table(
    "messages",
    METADATA,
    text("store_id", primary_key=True),
    text("message_id", primary_key=True),
    text("type"),
    moment("at"),
    text("person", nullable=True),
    Column("test", Boolean, nullable=False, server_default="false"),
    Column("body", LargeBinary, nullable=True),
    moment("kept_at"),
    Index(None, "store_id", "kept_at"),
    Index(None, "store_id", "person", postgresql_where=sql_text("person is not null")),
)
"""What endpoints are sent, byte for byte. `person`: the ambassador whom it is about alone. Once what it is about is
gone there is no body.
"""

GONE = Table("gone", METADATA, text("store_id", primary_key=True), text("subject", primary_key=True))
"""Ambassadors who were erased and links that were deleted: an event of before that comes late, or again, tells nothing
of them.
"""

SENDINGS = Table(
    "sendings",
    METADATA,
    text("store_id", primary_key=True),
    text("delivery_id", primary_key=True),
    text("endpoint_id"),
    text("message_id"),
    text("state"),
    Column("round", Integer, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    moment("next_at", nullable=True),
    Column("status", SmallInteger, nullable=True),
    text("reason", nullable=True),
    moment("created_at"),
    UniqueConstraint("store_id", "endpoint_id", "message_id", name="sendings_once_key"),
    Index(None, "store_id", "endpoint_id", "created_at", "delivery_id"),
    Index(None, "store_id", "created_at"),
    Index(None, "store_id", "message_id"),
)
"""One message for one endpoint. Each replay is a new `round`, whose task alone may still try it."""

TRIES = Table(
    "tries",
    METADATA,
    text("store_id", primary_key=True),
    text("delivery_id", primary_key=True),
    Column("number", Integer, primary_key=True),
    moment("at"),
    Column("took_ms", Integer, nullable=False),
    Column("status", SmallInteger, nullable=True),
    text("reason", nullable=True),
    text("answer", nullable=True),
    Column("request", JSONB, nullable=True),
)
"""Each call: what was answered, up to its first 2 kB, or why there was no answer. `request` is where it went and with
which headers, their signatures cut (see endpoints.domain.signing); null where nobody kept it.
"""
