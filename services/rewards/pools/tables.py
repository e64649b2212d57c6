"""Pools of codes, their codes, and for what each was handed out. Codes and hand-outs are only ever added."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.kernel.tables import moment, text
from services.rewards.settings import METADATA

POOLS = Table(
    "pools",
    METADATA,
    text("store_id", primary_key=True),
    text("pool_id", primary_key=True),
    text("name"),
    text("prefix"),
    Column("signs", Integer, nullable=False),
    Column("low_below", Integer, nullable=False),
    moment("low_since", nullable=True),
    text("state"),
    text("reason", nullable=True),
    Column("wanted", Integer, nullable=False),
    Column("made", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("handed", Integer, nullable=False),
    # The highest place that a code may have, and that of the code that was handed out last.
    Column("last_place", Integer, nullable=False),
    Column("handed_place", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    moment("made_at"),
    CheckConstraint("state in ('ready', 'making', 'cancelled', 'failed')", name="state"),
    CheckConstraint("made <= wanted and 0 <= added and handed <= made + added", name="counts"),
    CheckConstraint("handed_place <= last_place", name="places"),
)
"""`made`, `added` and `handed` are counted in the transactions that add and hand out, under this row's lock."""

POOL_SLICES = Table(
    "pool_slices",
    METADATA,
    text("store_id", primary_key=True),
    text("pool_id", primary_key=True),
    Column("slice", Integer, primary_key=True, autoincrement=False),
    Column("codes", ARRAY(Text), nullable=False),
)
"""A pool's codes in the order in which they are handed out, up to a thousand in a row: the place of a code is that of
its row and where it stands there. An index entry for each would cost more than all else of making it.
"""

POOL_CODES = Table(
    "pool_codes",
    METADATA,
    text("store_id"),
    text("pool_id"),
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
    text("code"),
)
"""That a code is there once in its store, whatever the pool. `mark` is a hash of store and code, eight bytes that an
index takes three times as fast as both; two codes that share one by chance count as the same, and another is made.
"""

POOL_HANDOUTS = Table(
    "pool_handouts",
    METADATA,
    text("store_id", primary_key=True),
    text("pool_id", primary_key=True),
    text("reference", primary_key=True),
    Column("place", Integer, nullable=False),
    moment("at"),
    Index("pool_handouts_once_key", "store_id", "pool_id", "place", unique=True),
)
"""`reference` names what it was for: a redemption, or the store's own word for whoever asked."""
