"""Decisions as append-only revisions, the current state of each order, and the index of who is one person."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from services.attribution.settings import METADATA
from services.kernel.tables import APPEND_ONLY, moment, text

DECISIONS = Table(
    "decisions",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("as_of", BigInteger, nullable=False),
    text("engine"),
    moment("decided_at"),
    Column("body", LargeBinary, nullable=False),
    info=APPEND_ONLY,
)

ORDERS = Table(
    "orders",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    text("person_id"),
    moment("placed_at"),
    text("status"),
    text("reason"),
    Column("cancelled", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("told_hash", LargeBinary, nullable=True),
    moment("settle_at", nullable=True),
    moment("settled_at", nullable=True),
    Column("programs", ARRAY(Text), nullable=False),
    Column("pieces", ARRAY(Text), nullable=False),
    text("currency"),
    Column("total_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("ambassador_id", Text, nullable=True),
    Column("program_id", Text, nullable=True),
    Column("tail", Text, Computed("reverse(order_id)", persisted=True), nullable=True),
    Index("orders_person_idx", "store_id", "person_id", "placed_at", "order_id"),
    Index("orders_placed_idx", "store_id", "placed_at", "order_id"),
    Index(
        "orders_open_person_idx",
        "store_id",
        "person_id",
        "placed_at",
        "order_id",
        postgresql_where=sql("settled_at is null"),
    ),
    Index("orders_open_idx", "store_id", "settle_at", postgresql_where=sql("settled_at is null")),
    Index("orders_number_idx", "store_id", "order_id", postgresql_ops={"order_id": "text_pattern_ops"}),
    Index("orders_tail_idx", "store_id", "tail", postgresql_ops={"tail": "text_pattern_ops"}),
    Index(
        "orders_ambassador_idx",
        "store_id",
        "ambassador_id",
        "placed_at",
        "order_id",
        postgresql_where=sql("ambassador_id is not null"),
    ),
    Index(
        "orders_program_idx",
        "store_id",
        "program_id",
        "placed_at",
        "order_id",
        postgresql_where=sql("program_id is not null"),
    ),
)
"""`body_hash` is that of the newest decision, `told_hash` that of the newest event (null: there was none). `pieces` are
the rows that this order has in `ties`. A settled order keeps the person it had; `person_merges` says who that is now.
`tail` is the id from its end, for the search by how a number ends: a column, since an index of an expression is used
under the stores' policy only where its function is known to leak nothing.
"""

PERSON_KEYS = Table(
    "person_keys",
    METADATA,
    text("store_id", primary_key=True),
    text("key", primary_key=True),
    text("person_id"),
    Index(
        "person_keys_person_idx",
        *("store_id", "person_id", "key"),
        postgresql_ops={"key": "text_pattern_ops"},
    ),
)
"""Under which names (`c:` customer id, `h:` hash of a contact) a person is known. Names of merged people keep the old
person; `person_merges` says who that is now."""

PERSON_MERGES = Table(
    "person_merges",
    METADATA,
    text("store_id", primary_key=True),
    text("person_id", primary_key=True),
    text("into_id"),
    Index("person_merges_into_idx", "store_id", "into_id"),
)

PERSON_SPLITS = Table(
    "person_splits",
    METADATA,
    text("store_id", primary_key=True),
    text("person_id", primary_key=True),
    text("from_id"),
    Column("seq", BigInteger, nullable=False),
    Index("person_splits_from_idx", "store_id", "from_id"),
    info=APPEND_ONLY,
)
"""Who was one person with `from_id` until this fact number: replays of what was decided before read both."""

NOBODY_NAMES = Table(
    "nobody_names",
    METADATA,
    text("store_id", primary_key=True),
    text("key", primary_key=True),
    Column("seq", BigInteger, nullable=False),
    info=APPEND_ONLY,
)
"""Names, as in `person_keys`, that were kept and then found to stand for nobody, each a fact with its number. What
stands for nobody when it is reported is never kept, and is not here.
"""

FRIENDS = Table(
    "friends",
    METADATA,
    text("store_id", primary_key=True),
    text("person_id", primary_key=True),
    Column("orders", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What all orders of a person come to (`domain/friend.py`), so that settled ones are not read again. A person from
before this table has no row until somebody asks; then it is made from the facts."""

SETTLED_MARKS = Table(
    "settled_marks",
    METADATA,
    text("store_id", primary_key=True),
    text("person_id", primary_key=True),
    Column("level", SmallInteger, primary_key=True),
    Column("placed_at", DateTime(timezone=True), primary_key=True),
    text("order_id", primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
"""What the settled orders of a person come to that stand between two of them, for one that is reported late
(`domain/marks.py`): from the mark before on this level, or the beginning, up to this one. The person is the one that
the orders have kept, as in `orders`."""

SWEEPS = Table(
    "sweeps",
    METADATA,
    text("store_id", primary_key=True),
    text("key", primary_key=True),
    moment("since"),
    text("after"),
)
"""What came and concerns so many open orders that they are decided person by person (`actions/sweep.py`): `p:` a
program, `a:` an ambassador, `d:` a code, and after whom to go on."""

BACKLOGS = Table(
    "backlogs",
    METADATA,
    text("store_id", primary_key=True),
    text("person_id", primary_key=True),
    moment("since_at"),
    text("since_order"),
    moment("turn_at"),
    Column("began_at", DateTime(timezone=True), nullable=False, server_default=sql("now()")),
    Column("moved_back", Integer, nullable=False, server_default=sql("0")),
)
"""People with so many open orders that they are decided some at a time (`actions/backlog.py`): from which place on they
are still to be decided, since when this person waits for a turn, since when there is a backlog, and how many times
something moved its place back."""

UNDECIDED = Table(
    "undecided",
    METADATA,
    text("store_id", primary_key=True),
    text("order_id", primary_key=True),
    text("person_id"),
    moment("placed_at"),
    Index("undecided_person_idx", "store_id", "person_id", "placed_at", "order_id"),
)
"""Orders in a backlog of which something was reported that no decision knows: whose they are, and where they stand."""

TIES = Table(
    "ties",
    METADATA,
    text("store_id", primary_key=True),
    text("key", primary_key=True),
    text("order_id", primary_key=True),
)
"""Which orders a missing or changed piece bears on: `v:` a visitor (for ever, but of one person not every order), `a:`
an ambassador, `d:` a code (these until the order settles); `s:` before the last two whom an order named that settled
without a winner (for ever)."""
