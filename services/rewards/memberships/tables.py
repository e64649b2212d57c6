"""Purchases of memberships, by what their buyers are known, and what was held at orders whose rules ask for it."""

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, Index, Integer, Table, Text
from sqlalchemy import text as sql

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

MEMBERSHIP_PURCHASES = Table(
    "membership_purchases",
    METADATA,
    text("store_id", primary_key=True),
    # Of the source: an order or a custom event.
    text("kind", primary_key=True),
    text("source_id", primary_key=True),
    text("program_id", primary_key=True),
    text("membership", primary_key=True),
    # By the one name under which the order, or the event, has them.
    text("buyer"),
    moment("bought_at"),
    # When all of it was undone, if it was.
    moment("ended_at", nullable=True),
    Column("days", Integer, nullable=True),
    Column("months", Integer, nullable=True),
    # The store's when it was bought: months are by its clock.
    text("zone"),
    CheckConstraint("kind in ('order', 'event')", name="kind"),
    CheckConstraint("(days is null) <> (months is null)", name="lasts"),
)
"""As they count now: one that stops counting is deleted."""

MEMBERSHIP_NAMES = Table(
    "membership_names",
    METADATA,
    text("store_id", primary_key=True),
    # A customer id, or the keyed hash of a contact.
    text("name", primary_key=True),
    text("kind", primary_key=True),
    text("source_id", primary_key=True),
    Index("membership_names_source_idx", "store_id", "source_id"),
)
"""By what buyers of memberships are known, as their purchases have them."""

AMBASSADOR_NAMES = Table(
    "ambassador_names",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    text("name", primary_key=True),
    text("program_id"),
    Index("ambassador_names_name_idx", "store_id", "name"),
)
"""By what ambassadors buy: the store's own id of the customer, hashes of contacts. Erased with them."""

MEMBERSHIP_ORDERS = Table(
    "membership_orders",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    text("ambassador_id"),
    text("program_id"),
    moment("placed_at"),
    # Names of memberships that the ambassador held when it was placed.
    Column("held", ARRAY(Text), nullable=False),
    Column("settled", Boolean, nullable=False),
    Index(
        "membership_orders_open_idx",
        *("store_id", "ambassador_id", "program_id"),
        postgresql_where=sql("not settled"),
    ),
)
"""Orders under rules that ask for memberships, with what their rewards rest on. That of a settled one stays."""

MEMBERSHIP_STANDINGS = Table(
    "membership_standings",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    text("membership", primary_key=True),
    text("buyer", primary_key=True),
    moment("since", nullable=True),
    moment("until", nullable=True),
    Column("revision", Integer, nullable=False),
    CheckConstraint("(since is null) = (until is null)", name="span"),
)
"""Until when each buyer holds what, as it was told last."""
