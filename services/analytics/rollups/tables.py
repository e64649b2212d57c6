"""The roll-ups' tables, made from the lists of their keys and sums, the sketches, and how far each store is counted."""

from typing import Any

from sqlalchemy import BigInteger, Column, Date, Integer, LargeBinary, Table

from services.analytics.rollups.domain.measures import ROLLUPS
from services.analytics.settings import METADATA
from services.kernel.tables import moment, text


def _key(name: str) -> Column[Any]:
    if name == "lag_days":
        return Column(name, Integer, primary_key=True)
    return Column(name, Date, primary_key=True) if name in {"day", "start"} else text(name, primary_key=True)


TABLES = {
    name: Table(
        name,
        METADATA,
        *(_key(column) for column in keys),
        *(Column(column, BigInteger, nullable=False, server_default="0") for column in sums),
    )
    for name, (keys, sums) in ROLLUPS.items()
}

CHANGED_RESULTS = Table(
    "changed_results",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
)
"""Ambassadors of whom something changed since their standing was last taken over from `results`."""

SKETCHES = Table(
    "sketches",
    METADATA,
    text("store_id", primary_key=True),
    Column("day", Date, primary_key=True),
    text("kind", primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)
"""Distinct people of a day: visitors, viewers of the invitation, sharers."""

PROGRESS = Table(
    "progress",
    METADATA,
    text("store_id", primary_key=True),
    moment("newest_at"),
    moment("counted_at"),
    Column("delay_ms", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
)
"""`newest_at`: recording time of the newest event counted. `delay_ms`: how old the last batch's newest event was."""
