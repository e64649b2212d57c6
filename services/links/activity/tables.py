"""What ambassadors do, as two moments each: nobody is followed."""

from sqlalchemy import Table

from services.kernel.tables import moment, text
from services.links.settings import METADATA

ACTIVITIES = Table(
    "activities",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    moment("clicked_at", nullable=True),
    moment("shared_at", nullable=True),
)
"""`clicked_at` is the first click of a friend that was received, whether or not anybody was notified; `shared_at` the
newest share. Whoever neither shared nor was clicked has no row.
"""
