"""Deliveries. A body is a platform's own words and holds personal data: it is kept sealed, for a few days, so that a
mistake in reading it can be mended (`kith deliveries`), and never leaves this table.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import ARRAY

from services.connectors.settings import METADATA
from services.kernel.tables import moment, text

ASKED_FOR_PEOPLE: Final = ("customers/data_request", "customers/redact", "shop/redact")
"""Topics under which a platform asks something in people's name. Another one is to come into the index."""

OF_ASKED_FOR_PEOPLE: Final = f"topic in {ASKED_FOR_PEOPLE}"
"""The same in a statement, with its topics written out: only so does the partial index serve it."""

DELIVERIES = Table(
    "deliveries",
    METADATA,
    text("store_id", primary_key=True),
    text("delivery_id", primary_key=True),
    text("hook_id"),
    text("platform"),
    text("topic"),
    moment("received_at"),
    text("outcome"),
    Column("reason", Text, nullable=True),
    Column("order_id", Text, nullable=True),
    Column("body", LargeBinary, nullable=False),
    Column("said", ARRAY(Text), nullable=True),
    moment("as_of", nullable=True),
    moment("done_at", nullable=True),
    Index("deliveries_received_idx", "store_id", "received_at"),
    Index("deliveries_of_hook_idx", "store_id", "hook_id", "received_at"),
    Index(
        "deliveries_of_order_idx",
        "store_id",
        "hook_id",
        "order_id",
        postgresql_where=sql_text("order_id is not null"),
    ),
    Index(
        "deliveries_asked_idx",
        "store_id",
        "hook_id",
        "received_at",
        postgresql_where=sql_text(OF_ASKED_FOR_PEOPLE),
    ),
    Index("deliveries_waiting_idx", "store_id", "received_at", postgresql_where=sql_text("outcome = 'waiting'")),
)
"""`delivery_id` is a hash of what was signed, so that a repetition is found; `body` is sealed (see inbox.domain);
`said` and `as_of` are what it said, without its words (see inbox.domain.marks);
`done_at` is when somebody of the store said that what it asks in people's name was done.
"""

DELIVERY_TOTALS = Table(
    "delivery_totals",
    METADATA,
    text("store_id", primary_key=True),
    Column("acked", BigInteger, nullable=False),
    Column("taken", BigInteger, nullable=False, server_default="0"),
    Column("ignored", BigInteger, nullable=False, server_default="0"),
    Column("failed", BigInteger, nullable=False, server_default="0"),
)
"""How many deliveries of a store were acknowledged as new, ever; and of those that were dropped since, how they had
ended: what is acknowledged and what became of it are counted apart, so that they can be compared.
"""
