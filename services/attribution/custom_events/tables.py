"""Custom events: the fact, what was decided on it, and what bears on it while it is open."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, Table
from sqlalchemy import text as sql

from services.attribution.settings import METADATA
from services.kernel.tables import moment, text

CUSTOM_EVENTS = Table(
    "custom_events",
    METADATA,
    text("store_id", primary_key=True),
    text("event_id", primary_key=True),
    text("name"),
    moment("happened_at"),
    moment("received_at"),
    Column("mark", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    moment("cancelled_at", nullable=True),
    text("cancel_reason", nullable=True),
    text("person_id", nullable=True),
    Column("stale", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("told_hash", LargeBinary, nullable=True),
    Column("decision", LargeBinary, nullable=True),
    moment("decided_at", nullable=True),
    moment("settle_at", nullable=True),
    moment("settled_at", nullable=True),
    Column("number", Integer, nullable=False),
    text("joined", nullable=True),
    Index("custom_events_person_idx", "store_id", "person_id"),
    Index("custom_events_at_hand_idx", "store_id", "person_id", postgresql_where=sql("settled_at is null or stale")),
    Index(
        "custom_events_standing_idx",
        *("store_id", "person_id", "name", "number", "happened_at", "event_id", "joined"),
        postgresql_where=sql("settled_at is not null and cancelled_at is null and not stale"),
    ),
    Index("custom_events_joined_idx", "store_id", "person_id", postgresql_where=sql("joined is not null")),
    Index("custom_events_newest_idx", "store_id", "happened_at", "event_id"),
    Index("custom_events_stale_idx", "store_id", "event_id", postgresql_where=sql("stale and person_id is not null")),
    Index(
        "custom_events_open_idx",
        *("store_id", "settle_at"),
        postgresql_where=sql("settled_at is null and settle_at is not null"),
    ),
    CheckConstraint("(cancelled_at is null) = (cancel_reason is null)", name="cancelled"),
    CheckConstraint("settled_at is null or decision is not null", name="settled"),
)
"""`mark` is the keyed hash of all that was reported. `person_id` is null until the consumer knows whose it is. `stale`:
something came that the decision does not know yet. A settled one keeps its person; `person_merges` says who that is
now. `joined`: the program of which a friend became an ambassador, where that is the event.
"""

CUSTOM_EVENT_TIES = Table(
    "custom_event_ties",
    METADATA,
    text("store_id", primary_key=True),
    text("key", primary_key=True),
    text("event_id", primary_key=True),
    Index("custom_event_ties_event_idx", "store_id", "event_id"),
)
"""Which events a browser (`v:`), code (`d:`), program (`p:`) or ambassador (`a:`) bears on until they settle; before
that, by which names (`c:` customer ids, `h:` contacts) an event waits to be somebody's.
"""

CUSTOM_EVENT_CLICKS = Table(
    "custom_event_clicks",
    METADATA,
    text("store_id", primary_key=True),
    text("person_id", primary_key=True),
    text("click_id", primary_key=True),
    moment("at"),
    Column("body", LargeBinary, nullable=False),
    Index(
        "custom_event_clicks_newest_idx",
        *("store_id", "person_id", "at", "click_id"),
        postgresql_ops={"click_id": "text_pattern_ops"},
    ),
)
"""The clicks that events of a person came with, as the tokens said, so that settled ones are not read for what they
lend. The person is the one that the events have kept. A trigger of `custom_events` writes them.
"""

JOINED_SWEEPS = Table(
    "joined_sweeps",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    text("after"),
)
"""Programs of which a version that rewards joining has come: those who joined before it was known here are gone through
(`actions/look_back.py`), and `after` whom to go on.
"""
