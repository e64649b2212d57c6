"""What ambassadors wrote about their friends' orders, and what the store answered."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table
from sqlalchemy import text as sql

from services.attribution.settings import METADATA
from services.kernel.tables import moment, text

APPEALS = Table(
    "appeals",
    METADATA,
    text("store_id", primary_key=True),
    text("appeal_id", primary_key=True),
    text("ambassador_id"),
    text("kind"),
    Column("friend_number", Integer, nullable=True),
    text("order_id", nullable=True),
    text("order_number", nullable=True),
    text("words", nullable=True),
    text("state"),
    moment("opened_at"),
    moment("answered_at", nullable=True),
    text("answer", nullable=True),
    text("outcome", nullable=True),
    Index("appeals_queue_idx", "store_id", "state", "appeal_id"),
    Index("appeals_ambassador_idx", "store_id", "ambassador_id", "appeal_id"),
    Index(
        "appeals_one_open_key",
        *("store_id", "ambassador_id", "friend_number"),
        unique=True,
        postgresql_where=sql("state = 'open' and friend_number is not null"),
    ),
    CheckConstraint("kind = 'missing' or (friend_number is not null and order_id is not null)", name="about"),
    CheckConstraint("(state in ('accepted', 'refused')) = (answered_at is not null)", name="answered"),
)
"""`order_number`, `words` and `answer` are what people wrote: they may name somebody, leave this table by no event, and
go when the ambassador is erased. `order_id` is the store's own, once it is known which order is meant.
"""
