"""Facts about orders, each under its own key, for ever."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from services.attribution.settings import METADATA
from services.kernel.tables import moment, text

ORDER_FACTS = Table(
    "order_facts",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    text("fact_id", primary_key=True),
    text("kind"),
    Column("seq", BigInteger, nullable=True),
    moment("received_at"),
    Column("body", LargeBinary, nullable=False),
)
"""`kind` is report, refund, cancel (reported by stores), use or settled (our own). `seq` is null until the consumer has
seen the fact: it is the inbox."""
