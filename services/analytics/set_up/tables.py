"""Checks of how stores are connected, and what was seen while one went on."""

from sqlalchemy import ARRAY, Column, Table, Text

from services.analytics.settings import METADATA
from services.kernel.tables import moment, text

CHECKS = Table(
    "checks",
    METADATA,
    text("store_id", primary_key=True),
    text("check_id", primary_key=True),
    moment("started_at"),
    moment("ends_at"),
    Column("without", ARRAY(Text), nullable=False),
)
"""`without`: the steps that this store does without."""

SIGHTS = Table(
    "sights",
    METADATA,
    text("store_id", primary_key=True),
    text("check_id", primary_key=True),
    text("step", primary_key=True),
    text("on_what", primary_key=True),
    text("said", primary_key=True),
    moment("at"),
    text("detail"),
)
"""The newest of each kind. `on_what` is a connection or empty, `said` why it was refused or empty, `detail` an order, a
host, a key or a code: what there are of these is bounded by what there are of steps and reasons.
"""
