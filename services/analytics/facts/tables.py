"""Tables of states. Every row is found by its own key; partial indexes hold only what may still wait for a piece."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Identity, Index, Integer, LargeBinary, Table, Text
from sqlalchemy import text as sql

from services.analytics.settings import METADATA
from services.kernel.tables import moment, text

CLICKS = Table(
    "clicks",
    METADATA,
    text("store_id", primary_key=True),
    text("click_id", primary_key=True),
    moment("at", nullable=True),
    text("channel", nullable=True),
    text("visitor_id", nullable=True),
    moment("seen_at", nullable=True),
)
"""A click counts once: when `at` is set. A page may have seen its token before; then only the visitor is known."""

REPORTS = Table(
    "reports",
    METADATA,
    text("store_id", primary_key=True),
    text("track_id", primary_key=True),
    moment("counted_at"),
    Index("reports_counted_at_idx", "counted_at"),
)
"""Ids of browser reports, kept as long as the bus may repeat them."""

FRIENDS = Table(
    "friends",
    METADATA,
    text("store_id", primary_key=True),
    text("visitor_id", primary_key=True),
    moment("first_at", nullable=True),
    Column("day", Date, nullable=True),
    text("program_id"),
    text("ambassador_id"),
    text("click_id"),
    text("channel"),
    moment("signed_up_at", nullable=True),
    Column("kept", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("refunded", Integer, nullable=False),
    Column("link_id", Text, nullable=False, server_default=""),
    Index("friends_click_idx", "store_id", "click_id", postgresql_where=sql("channel = '' and click_id <> ''")),
)

SHARES = Table(
    "shares",
    METADATA,
    text("store_id", primary_key=True),
    text("track_id", primary_key=True),
    moment("at"),
    Column("day", Date, nullable=False),
    text("channel"),
    text("name"),
    text("ambassador_id"),
    text("program_id"),
    moment("joined_at", nullable=True),
    Column("joined_day", Date, nullable=True),
    Index("shares_name_idx", "store_id", "name", postgresql_where=sql("name <> ''")),
)

ORDERS = Table(
    "orders",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    Column("revision", Integer, nullable=False),
    text("status"),
    text("reason"),
    Column("cancelled", Boolean, nullable=False),
    Column("settled", Boolean, nullable=False),
    moment("placed_at"),
    Column("day", Date, nullable=False),
    text("currency"),
    Column("total_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    text("buyer"),
    Column("order_number", Integer, nullable=False),
    Column("new_customer", Boolean, nullable=False),
    text("program_id"),
    text("ambassador_id"),
    text("kind"),
    text("click_id"),
    text("visitor_id"),
    text("channel"),
    text("friend"),
    moment("joined_at", nullable=True),
    Column("joined_day", Date, nullable=True),
    moment("turned_at", nullable=True),
    Column("turned_day", Date, nullable=True),
    Column("program_version", Integer, nullable=False, server_default="0"),
    Column("subtotal_minor", BigInteger, nullable=False, server_default="0"),
    Column("discount_minor", BigInteger, nullable=False, server_default="0"),
    Column("promised_minor", BigInteger, nullable=True),
    Column("link_id", Text, nullable=False, server_default=""),
    Index("orders_click_idx", "store_id", "click_id", postgresql_where=sql("click_id <> ''")),
    Index(
        "orders_ambassador_idx",
        "store_id",
        "ambassador_id",
        postgresql_where=sql("ambassador_id <> '' and joined_at is null"),
    ),
    Index(
        "orders_buyer_idx",
        "store_id",
        "buyer",
        postgresql_where=sql("new_customer and status = 'attributed'"),
    ),
    Index(
        "orders_version_idx",
        "store_id",
        "program_id",
        "program_version",
        postgresql_where=sql("discount_minor > 0 and promised_minor is null and status = 'attributed'"),
    ),
)

BUYER_NAMES = Table(
    "buyer_names",
    METADATA,
    text("store_id", primary_key=True),
    text("buyer", primary_key=True),
    text("name", primary_key=True),
    Index("buyer_names_name_idx", "store_id", "name"),
    info={"what": "keyed contact hash by which a referred buyer may join, beside the name in `orders.buyer`"},
)

REWARDS = Table(
    "rewards",
    METADATA,
    text("store_id", primary_key=True),
    text("reward_id", primary_key=True),
    Column("revision", Integer, nullable=False),
    text("program_id"),
    text("kind"),
    text("beneficiary_id"),
    text("status"),
    Column("day", Date, nullable=False),
    text("currency"),
    Column("amount_minor", BigInteger, nullable=False),
)

PARKED = Table(
    "parked",
    METADATA,
    text("store_id", primary_key=True),
    Column("id", BigInteger, Identity(), primary_key=True),
    text("type"),
    moment("at"),
    Column("data", LargeBinary, nullable=False),
)
"""Events of a store whose time zone is not known yet: they are counted as soon as it is."""
