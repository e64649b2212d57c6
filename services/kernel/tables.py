"""Tables that every service has in its own schema: the outbox, the stores' heads, answers kept for retries, timers.

`info` on a table declares its security, which `kernel.migrate` applies after each migration:
- `{"rls": False}` marks a pipe table: no row-level security, and therefore no personal data;
- `{"append_only": True}` withholds UPDATE and DELETE from the application's role.
Every other table must have a `store_id` and gets the policy `store_id = any(kith.stores)`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql_text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

PIPE = {"rls": False}
APPEND_ONLY = {"append_only": True}

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "pk": "%(table_name)s_pkey",
}


def service_metadata() -> MetaData:
    """A service's metadata, holding the kernel's tables already."""
    metadata = MetaData(naming_convention=NAMING)
    add_kernel_tables(metadata)
    return metadata


def moment(name: str, *, nullable: bool = False) -> Column[object]:
    """A `timestamptz` column."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def text(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    """A `text` column."""
    return Column(name, Text, nullable=nullable, primary_key=primary_key)


def add_kernel_tables(metadata: MetaData) -> None:
    """Adds the kernel's tables to a service's metadata."""
    _pipe(metadata)
    _stores(metadata)
    _timers(metadata)
    _replicas(metadata)
    _work(metadata)
    _audit(metadata)


def _pipe(metadata: MetaData) -> None:
    """What travels: events that wait for the relay, and how far spools were taken in."""
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        text("event_id"),
        text("topic"),
        text("key"),
        text("type"),
        text("store_id"),
        text("subject"),
        moment("at"),
        text("traceparent", nullable=True),
        Column("data", LargeBinary, nullable=False),
        info=PIPE,
    )
    Table(
        "spool_cursors",
        metadata,
        text("spool", primary_key=True),
        Column("position", BigInteger, nullable=False),
        moment("at"),
        info=PIPE,
    )


def _stores(metadata: MetaData) -> None:
    """Stores: the lock and last fact number of each, what they are called, answers kept for retries."""
    Table(
        "head",
        metadata,
        text("store_id", primary_key=True),
        Column("seq", BigInteger, nullable=False, server_default="0"),
    )
    Table(
        "stores",
        metadata,
        text("store_id", primary_key=True),
        text("name"),
        text("currency"),
        text("timezone"),
        Column("domains", ARRAY(Text), nullable=False),
        text("locale"),
        moment("created_at"),
        Column("revision", Integer, nullable=False),
    )
    Table(
        "answers",
        metadata,
        text("store_id", primary_key=True),
        Column("caller", Text, primary_key=True, server_default=""),
        text("route", primary_key=True),
        text("key", primary_key=True),
        Column("body_hash", LargeBinary, nullable=False),
        Column("status", SmallInteger, nullable=True),
        Column("answer", LargeBinary, nullable=True),
        moment("at"),
        Index("answers_at_idx", "at"),
    )


def _timers(metadata: MetaData) -> None:
    """When jobs must look at a store, and where to find one by a public name."""
    Table(
        "due",
        metadata,
        text("job", primary_key=True),
        text("store_id", primary_key=True),
        moment("at"),
        Index("due_job_at_idx", "job", "at"),
        info=PIPE,
    )
    Table(
        "directory",
        metadata,
        text("kind", primary_key=True),
        text("key", primary_key=True),
        text("store_id"),
        text("id"),
        Index("directory_kind_store_id_idx", "kind", "store_id"),
        info=PIPE,
    )


def _replicas(metadata: MetaData) -> None:
    """What every replica must know within a second."""
    Table(
        "revoked_keys",
        metadata,
        text("key_id", primary_key=True),
        moment("revoked_at"),
        info=PIPE,
    )
    Table(
        "ended_sessions",
        metadata,
        text("session_id", primary_key=True),
        moment("expires_at"),
        info=PIPE,
    )
    Table(
        "clock",
        metadata,
        Column("one", Boolean, primary_key=True, server_default="true"),
        Column("offset_seconds", BigInteger, nullable=False),
        Column("revision", Integer, nullable=False),
        info=PIPE,
    )


def _work(metadata: MetaData) -> None:
    """Tasks that talk to somebody outside (`kernel.work`): ids only, so that they are a pipe and hold nobody's data."""
    waiting = sql_text("state = 'waiting'")
    Table(
        "work_tasks",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        text("kind"),
        text("store_id"),
        text("lane"),
        text("key"),
        text("payload"),
        text("traceparent", nullable=True),
        text("state"),
        moment("due"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("failures", Integer, nullable=False, server_default="0"),
        moment("leased_until", nullable=True),
        text("reason", nullable=True),
        moment("created_at"),
        moment("ended_at", nullable=True),
        UniqueConstraint("kind", "store_id", "key", name="work_tasks_kind_store_id_key_key"),
        Index("work_tasks_lane_idx", "kind", "lane", "due", "id", postgresql_where=waiting),
        Index("work_tasks_due_idx", "kind", "due", postgresql_where=waiting),
        Index("work_tasks_leased_idx", "kind", "leased_until", postgresql_where=sql_text("leased_until is not null")),
        Index("work_tasks_ended_idx", "state", "ended_at", postgresql_where=sql_text("state <> 'waiting'")),
        info=PIPE,
    )
    Table(
        "work_lanes",
        metadata,
        text("kind", primary_key=True),
        text("lane", primary_key=True),
        moment("held_until"),
        info=PIPE,
    )


def _audit(metadata: MetaData) -> None:
    """Who did what (`kernel.audit`): kept for ever, and changed by nobody."""
    Table(
        "audit",
        metadata,
        text("store_id", primary_key=True),
        text("audit_id", primary_key=True),
        moment("at"),
        text("actor_kind"),
        text("actor_id"),
        text("session_id", nullable=True),
        text("action"),
        text("subject"),
        Column("before", JSONB, nullable=False),
        Column("after", JSONB, nullable=False),
        text("request_id", nullable=True),
        Index(None, "store_id", "at"),
        info=APPEND_ONLY,
    )
