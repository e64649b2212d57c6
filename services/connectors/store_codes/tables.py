"""Which connections carry codes, what became of each code there, and what is kept of links' set-up for it."""

from sqlalchemy import Boolean, Column, Index, Integer, SmallInteger, Table, Text
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import ARRAY

from services.connectors.settings import METADATA
from services.kernel.tables import moment, text

PROGRAMS = Table(
    "programs",
    METADATA,
    text("store_id", primary_key=True),
    text("program_id", primary_key=True),
    Column("version", Integer, nullable=False),
    text("body"),
    Column("serves", Boolean, nullable=False),
)
"""The newest version of each. `serves`: it runs, and promises friends a discount."""

CODES = Table(
    "codes",
    METADATA,
    text("store_id", primary_key=True),
    text("code_id", primary_key=True),
    Column("revision", Integer, nullable=False),
    text("code"),
    text("program_id"),
    text("ambassador_id", nullable=True),
    Column("max_uses", Integer, nullable=True),
    moment("expires_at", nullable=True),
    Column("retired", Boolean, nullable=False),
    Index("codes_ambassador_idx", "store_id", "ambassador_id", postgresql_where=sql_text("ambassador_id is not null")),
)

AMBASSADORS = Table(
    "ambassadors",
    METADATA,
    text("store_id", primary_key=True),
    text("ambassador_id", primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
)
"""Whether somebody takes part: the codes of who does not take nothing off."""

CODE_CARRIERS = Table(
    "code_carriers",
    METADATA,
    text("store_id", primary_key=True),
    text("connection_id", primary_key=True),
    text("platform"),
    Column("on", Boolean, nullable=False),
    text("sweep", nullable=True),
    Column("awake", Boolean, nullable=False),
    Column("round", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    text("problem", nullable=True),
    Column("applies", Boolean, nullable=False, server_default=sql_text("true")),
    Column("hosts", ARRAY(Text), nullable=False, server_default="{}"),
    moment("hosts_at", nullable=True),
)
"""Connections that carry codes, or did. `sweep`: a program changed, and behind this code the set-up was not compared
yet with what the shop has (null: all was); `awake`: a task of the connection is on its way, the one numbered `round`;
`problem`: why it stands still; `applies`: links may lead to the shop by an address that applies the code, at one of
`hosts`, as the shop said at `hosts_at`.
"""

STORE_CODES = Table(
    "store_codes",
    METADATA,
    text("store_id", primary_key=True),
    text("connection_id", primary_key=True),
    text("code_id", primary_key=True),
    text("code"),
    text("state"),
    text("reason", nullable=True),
    text("holder", nullable=True),
    text("remote_id", nullable=True),
    text("seen"),
    text("wanted"),
    text("there"),
    moment("asked_at", nullable=True),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    moment("changed_at"),
    Column("revision", Integer, nullable=False),
    Index(
        "store_codes_waiting_idx",
        "store_id",
        "connection_id",
        "code_id",
        postgresql_where=sql_text("state = 'waiting'"),
    ),
    Index(
        "store_codes_asked_idx",
        "store_id",
        "connection_id",
        "code_id",
        postgresql_where=sql_text("state = 'waiting' and asked_at is not null"),
    ),
)
"""What became of each code at each connection's checkout. `seen`: the set-up that it was last compared with; `wanted`:
the name of the terms that it should have (empty: none), `there`: of those that it has as far as we know; `asked_at`:
since when the shop was asked and has not answered.
"""

CHANGED_CODES = Table(
    "changed_codes",
    METADATA,
    text("store_id", primary_key=True),
    text("connection_id", primary_key=True),
    text("code_id", primary_key=True),
)
"""Codes that changed by themselves, until each connection's next turn compares them: one code costs no sweep of all."""
