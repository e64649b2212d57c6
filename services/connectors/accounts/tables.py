"""Addresses that platforms deliver to: a store's accounts with them."""

from sqlalchemy import Column, LargeBinary, Table, Text
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB

from services.connectors.settings import METADATA
from services.kernel.tables import PIPE, moment, text

HOOKS = Table(
    "hooks",
    METADATA,
    text("store_id", primary_key=True),
    text("hook_id", primary_key=True),
    text("platform"),
    Column("secret", LargeBinary, nullable=False),
    moment("created_at"),
    moment("deleted_at", nullable=True),
    Column("former_secret", LargeBinary, nullable=True),
    moment("former_ends_at", nullable=True),
    Column("order_prefix", Text, nullable=False, server_default=""),
    Column("options", JSONB, nullable=False, server_default=sql_text("'{}'")),
    Column("host", Text, nullable=True),
    Column("access", LargeBinary, nullable=True),
    moment("access_at", nullable=True),
    Column("access_hint", Text, nullable=True),
)
"""`secret`, `former_secret` and `access` are sealed (see accounts.domain). `order_prefix` stands before the ids of all
orders that come this way; `host` is where the platform's own API is asked. `access_at`: when `access` was given, by
the real clock; null where nobody noted it. `access_hint`: what is shown of it, since not everybody can open it.
"""

OPENING_KEYS = Table(
    "opening_keys",
    METADATA,
    text("kid", primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    moment("published_at"),
    info=PIPE,
)
"""What workers publish for others to seal with: the public half of their pair, sealed under the service's own keys, so
that whoever can write the database alone cannot put another in its place.
"""
