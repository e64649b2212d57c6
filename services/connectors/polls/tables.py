"""How far each connection's poll has come, what polls have found, and what no delivery had reported of it."""

from sqlalchemy import Column, Index, Integer, SmallInteger, Table, Text
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import ARRAY

from services.connectors.settings import METADATA
from services.kernel.tables import moment, text

POLLS = Table(
    "polls",
    METADATA,
    text("store_id", primary_key=True),
    text("hook_id", primary_key=True),
    text("state"),
    text("reason", nullable=True),
    Column("round", Integer, nullable=False, server_default="0"),
    moment("reached_at"),
    moment("next_at", nullable=True),
    moment("began_at", nullable=True),
    moment("ended_at", nullable=True),
    moment("since_at", nullable=True),
    moment("until_at", nullable=True),
    text("cursor", nullable=True),
    Column("size", SmallInteger, nullable=False, server_default="50"),
    Column("asked", Integer, nullable=False, server_default="0"),
    Column("found", Integer, nullable=False, server_default="0"),
    Column("missed", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
)
"""A connection's poll. `state`: `idle`, `running`, or `stopped` until somebody gives access or asks for it; `reason`:
how the last round ended, null if well. `reached_at`, `since_at`, `until_at` are by the platform's clock: all that
changed before `reached_at` is found, a round looks for what changed from `since_at` on and before `until_at`, and has
come to `cursor`, which a round that was broken off leaves to the next. The last five say of the last round how large
its pages are, how many were asked for, how many entries they had, and what no delivery had reported.
"""

POLLED = Table(
    "polled",
    METADATA,
    text("store_id", primary_key=True),
    text("hook_id", primary_key=True),
    text("order_id", primary_key=True),
    Column("said", ARRAY(Text), nullable=False),
    moment("as_of", nullable=True),
    moment("seen_at"),
    Index(None, "store_id", "seen_at"),
)
"""What polls found of an order, as marks (see inbox.domain.marks): deliveries are forgotten sooner than orders are
looked at once more.
"""

GAPS = Table(
    "gaps",
    METADATA,
    text("store_id", primary_key=True),
    text("delivery_id", primary_key=True),
    text("hook_id"),
    text("order_id"),
    text("kind"),
    Column("said", ARRAY(Text), nullable=False),
    moment("as_of", nullable=True),
    moment("found_at"),
    moment("late_at", nullable=True),
    Index(None, "store_id", "hook_id", "found_at", "delivery_id"),
    Index(None, "store_id", "found_at"),
    Index(
        "gaps_open_idx",
        "store_id",
        "hook_id",
        "order_id",
        postgresql_where=sql_text("late_at is null"),
    ),
)
"""What a poll found that no delivery had reported: `missed` of an order that nothing was reported of, `changed` of one
that something was. `said` are the marks that nobody had reported; `late_at` is when a delivery reported them after all.
`delivery_id` is under which the finding is kept.
"""
