"""How far the import of each connection has come."""

from sqlalchemy import Column, Integer, SmallInteger, Table

from services.connectors.settings import METADATA
from services.kernel.tables import moment, text

HISTORIES = Table(
    "histories",
    METADATA,
    text("store_id", primary_key=True),
    text("hook_id", primary_key=True),
    text("host", nullable=True),
    text("state"),
    text("reason", nullable=True),
    Column("round", Integer, nullable=False),
    moment("before_at"),
    moment("since_at"),
    moment("until_at"),
    text("cursor", nullable=True),
    Column("size", SmallInteger, nullable=False),
    moment("began_at"),
    moment("moved_at"),
    moment("ended_at", nullable=True),
    Column("asked", Integer, nullable=False),
    Column("found", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("unreadable", Integer, nullable=False),
)
"""An import. `state`: `running`, `done`, or `stopped` until somebody gives access or asks for it; `reason`: why it
stopped. `before_at`, `since_at`, `until_at` are by the platform's clock: it takes orders placed before `before_at`, and
asks for what changed from `since_at` on and before `until_at`; it has come to `cursor` at `moved_at`. The last four say
how many pages were asked for, how many entries they had, how many of these are orders from before, and how many could
not be read. `host` is the shop that it is of.
"""
